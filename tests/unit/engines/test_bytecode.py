"""A sandbox cannot write bytecode: what it imports is compiled once, before, and a worker says if it could not be."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.engines import bytecode

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a module without bytecode, which this process and those that it starts can import, as Python usually is."""
    source = tmp_path / "slowly_imported.py"
    source.write_text("ONE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    return source


def test_bytecode_is_missed_then_written_then_there(module: Path) -> None:
    assert bytecode.missing([module.stem]) == [module.stem]
    bytecode.write([module.stem])
    assert bytecode.missing([module.stem]) == []


def test_bytecode_of_another_source_does_not_count(module: Path) -> None:
    bytecode.write([module.stem])
    module.write_text("ONE = 1  # and more\n")
    assert bytecode.missing([module.stem]) == [module.stem]


def test_bytecode_where_a_sandbox_would_not_find_it_does_not_count(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "elsewhere"))
    assert bytecode.missing([module.stem]) == [module.stem]
    bytecode.write([module.stem])
    assert bytecode.missing([module.stem]) == []


def test_an_operator_who_wants_no_bytecode_gets_none(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "_MODULES", (module.stem,))
    monkeypatch.setattr(bytecode, "_PROGRAMS", (module.stem,))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    bytecode.provide()
    assert bytecode.missing([module.stem]) == [module.stem]
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    bytecode.provide()
    assert bytecode.missing([module.stem]) == []


def test_what_cannot_be_imported_stops_nothing(module: Path) -> None:
    bytecode.write(["not_there_at_all", module.stem])
    assert bytecode.missing([module.stem]) == [module.stem]


def test_the_programs_import_what_is_looked_for() -> None:
    """What `missing` asks about must be what the programs of a sandbox import, else it would be missed for ever."""
    programs = "; ".join(f"import {name}" for name in bytecode._PROGRAMS)
    names = ", ".join(repr(name) for name in bytecode._MODULES)
    code = f"import sys; {programs}; print([each for each in ({names},) if each not in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
