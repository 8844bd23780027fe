"""The figures of the pages' benchmark as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.ui_kinds import AIMS, KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print how soon each page answers, how scrolling went and what memory grew to, and the machine."""
    console.print(_kinds(report.figures), _session(report.figures))
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))


def _kinds(figures: Mapping[str, float]) -> Table:
    jobs, runs = figures["jobs_count"], figures["runs_count"]
    table = Table(title=f"By the browser's clock, {jobs:,.0f} jobs and {runs:,.0f} runs (milliseconds)")
    table.add_column("what")
    for name in ("median", "least", "greatest", "times", "aim"):
        table.add_column(name, justify="right")
    for kind, words in KINDS.items():
        cells = [figures[f"{kind}_{name}"] for name in ("median_ms", "least_ms", "greatest_ms", "runs_count")]
        aim = f"< {AIMS[kind]:,}" if kind in AIMS else ""
        table.add_row(words, *(f"{cell:,.0f}" for cell in cells), aim)
    return table


def _session(figures: Mapping[str, float]) -> Table:
    table = Table(title="Scrolling, and the memory of a long session")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for key, figure in figures.items():
        if key.endswith(("_frames", "_pixels", "_frame_ms", "_mb")):
            table.add_row(key, f"{figure:,.1f}" if key.endswith("_mb") else f"{figure:,.0f}")
    return table
