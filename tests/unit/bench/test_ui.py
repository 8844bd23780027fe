"""The benchmark of the pages measures, shows and draws what it says; a workspace of 300 jobs is enough to see it."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench import ui, ui_plot, ui_table
from bench.report import Report
from bench.ui_kinds import AIMS, KINDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(300)
def test_every_figure_is_measured_shown_and_drawn(tmp_path: Path) -> None:
    said = io.StringIO()
    console = Console(file=said, width=160)
    # In a thread of its own: a browser test of this process may hold Playwright's loop in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        measuring = thread.submit(ui.measured, tmp_path, jobs=300, runs=100, rounds=1, console=console)
        figures = measuring.result()
    assert set(AIMS) <= set(KINDS)
    for kind in KINDS:
        assert figures[f"{kind}_ms"] == figures[f"{kind}_median_ms"] > 0
        assert figures[f"{kind}_least_ms"] <= figures[f"{kind}_greatest_ms"]
    for kind in ("sidebar", "list_page"):
        assert figures[f"{kind}_scrolled_pixels"] > 1_000, "it did scroll"
        assert figures[f"{kind}_scroll_frames"] > 10
    report = Report(name=ui.NAME, machine={"cores": 2}, figures=figures)
    ui_table.show(report, console)
    for words in (*KINDS.values(), "blank_frames", "heap_after_opening_mb"):
        assert words in said.getvalue()
    assert json.loads(report.write(tmp_path).read_text())["figures"]["jobs_count"] == 300
    assert ui_plot.draw(figures, tmp_path / "ui.png").stat().st_size > 5_000
