# Every command is complete on a fresh machine with Python 3.11+, Node 20, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JLPM := PATH="$(CURDIR)/$(BIN):$$PATH" jlpm
INSTALLED := $(VENV)/.installed
LABEXTENSION := jupyter_secure_jobs/labextension/package.json
SOURCES := $(shell find labextension/src labextension/style labextension/package.json labextension/tsconfig.json -type f 2>/dev/null)

# Many tests wait for real processes; a file's tests stay together, since they share what they started. The files come
# in the order of the folders, the heavy ones first: by numbers of tests, one worker would end long after the others.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

.PHONY: help install system browser demo demo-apart lab test test-long check format lint types contracts generated generate bench screenshots bite clean

help:  ## show the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	# uv writes no bytecode, and where Python may not either, every process would compile all that it imports anew.
	$(BIN)/python -m compileall -q -j 0 $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	touch $@

$(LABEXTENSION): $(INSTALLED) $(SOURCES) labextension/yarn.lock
	cd labextension && $(JLPM) install --immutable && $(JLPM) build:prod
	# An editable installation holds a copy from the day it was made; what was built now must be what JupyterLab shows.
	rm -rf $(VENV)/share/jupyter/labextensions/jupyter-secure-jobs
	ln -s $(CURDIR)/jupyter_secure_jobs/labextension $(VENV)/share/jupyter/labextensions/jupyter-secure-jobs
	touch $@

install: $(INSTALLED) $(LABEXTENSION)  ## make the environment in .venv and build the JupyterLab extension
	$(BIN)/python -m compileall -q jupyter_secure_jobs

system:
	scripts/system-packages

browser:
	scripts/system-packages chromium

demo: install system  ## run the main job on real data, from draft to opened result
	$(BIN)/python -m demo

demo-apart: install system  ## every part in its own process, folder and user; then the same under a hostile server
	$(BIN)/python -m demo.apart

lab: install system  ## open the demonstration's workspace in JupyterLab
	SECURE_JOBS_MODE=embedded SECURE_JOBS_DATA_DIR=$(CURDIR)/build/demo $(BIN)/jupyter lab --notebook-dir=build $(LAB_ARGUMENTS)

test: install browser  ## all kinds of test, the browser's included
	$(BIN)/python -m pytest -m "not long" $(PARALLEL)

test-long: install browser  ## the whole corpora too
	$(BIN)/python -m pytest $(PARALLEL)

check: install format lint types contracts generated test  ## everything that CI runs

format: install
	$(BIN)/ruff format --check .
	cd labextension && $(JLPM) prettier:check

lint: install
	$(BIN)/ruff check .
	cd labextension && $(JLPM) eslint

types: install
	$(BIN)/mypy
	cd labextension && $(JLPM) tsc --noEmit
	cd labextension && $(JLPM) test

contracts: install
	$(BIN)/lint-imports

generate: install  ## write the generated files anew
	$(BIN)/python -m jupyter_secure_jobs.rest.openapi > docs/openapi.json
	$(BIN)/python -m jupyter_secure_jobs.domain.lifecycle_page > docs/lifecycle.md
	$(BIN)/python -m tests.support.engines_page > docs/engines.md
	cd labextension && $(JLPM) generate:api

generated: install
	$(BIN)/python scripts/check_generated.py

bench: install system browser  ## tables, JSON and plots in build/bench
	$(BIN)/python -m bench

screenshots: demo browser  ## make the pictures in docs/images anew, from a real JupyterLab
	$(BIN)/python -m demo.screenshots

bite: install system  ## take out each defence in turn and see that a test notices
	$(BIN)/python -m bite

clean:  ## remove what was built; the environment stays
	rm -rf build dist jupyter_secure_jobs/labextension labextension/lib
