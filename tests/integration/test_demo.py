"""The demo, run once as a user runs it: every step as expected, and nothing saved that should not be."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
# The whole demo runs in the first test's fixture; on a busy machine it takes some minutes.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "made"
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--folder", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def summary(demo: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((demo / "summary.json").read_text())
    return read


def notebooks(demo: Path) -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in demo.glob("*.ipynb")}


def test_every_step_is_as_expected(summary: dict[str, Any]) -> None:
    assert len(summary["steps"]) >= 12
    assert all(set(step) == {"step", "expected", "happened", "seconds"} for step in summary["steps"])
    assert [step for step in summary["steps"] if step["expected"] != step["happened"]] == []


def test_every_result_is_the_directly_computed_one(summary: dict[str, Any]) -> None:
    assert len(summary["results"]) == 4
    digests = [result["digest"] for result in summary["results"]]
    assert digests == [result["computed_digest"] for result in summary["results"]]
    assert len(set(digests)) == 4
    assert all(digest.startswith("sha256:") for digest in digests)


def test_every_member_has_an_executed_notebook(demo: Path) -> None:
    found = notebooks(demo)
    assert set(found) == {"ana", "ben", "wei", "mia"}
    for notebook in found.values():
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert cells
        assert all(cell["execution_count"] for cell in cells)
        failed = [cell for cell in cells if any(output["output_type"] == "error" for output in cell["outputs"])]
        assert all(cell["metadata"].get("tags") == ["raises-exception"] for cell in failed)


def test_rows_of_job_runs_are_in_the_exports_and_not_in_the_notebooks(demo: Path) -> None:
    texts = [json.dumps(notebook, ensure_ascii=False) for notebook in notebooks(demo).values()]
    exports = sorted((demo / "exports").glob("*.csv"))
    assert len(exports) == 4
    for path in exports:
        header, *rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        # The last two cells of a row are its figures, side by side in every table that shows it.
        figures = [
            re.compile(rf"(?<![\d.]){re.escape(row[-2])}(?!\d)[^\d]{{1,40}}{re.escape(row[-1])}(?!\d)")
            for row in rows
            if row[-1]
        ]
        assert len(header) >= 4
        assert figures
        assert all(pattern.search(path.read_text(encoding="utf-8")) for pattern in figures)
        assert [pattern.pattern for pattern in figures for text in texts if pattern.search(text)] == []


def test_the_parts_are_stopped(demo: Path) -> None:
    left = [
        process.info["pid"]
        for process in psutil.process_iter(["pid", "cmdline"])
        if process.info["pid"] != os.getpid() and any(str(demo) in word for word in process.info["cmdline"] or [])
    ]
    assert left == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "thesis.txt"
    kept.write_text("years of work")
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--folder", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "the demo did not make" in " ".join(done.stdout.split())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
