"""The latency benchmark's figures as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.latency_kinds import KINDS, SECURE
from bench.secure_job import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print who takes how long, where a secure job's time goes, the ratios, and the machine."""
    console.print(_kinds(report.figures), _steps(report.figures))
    for key, figure in report.figures.items():
        if key.endswith("_ratio") or key == "parts_start_median_ms":
            console.print(f"{key}: {figure:,.2f}")
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))


def _kinds(figures: Mapping[str, float]) -> Table:
    table = Table(title="One trivial query, from asking to seeing the answer (milliseconds)")
    table.add_column("what")
    for name in ("median", "least", "greatest", "runs"):
        table.add_column(name, justify="right")
    for kind, words in KINDS.items():
        cells = [figures[f"{kind}_{name}"] for name in ("median_ms", "least_ms", "greatest_ms", "runs_count")]
        table.add_row(words, *(f"{cell:,.0f}" for cell in cells))
    return table


def _steps(figures: Mapping[str, float]) -> Table:
    table = Table(title="Where a secure job's time goes (median milliseconds of each step)")
    table.add_column("step")
    for kind in SECURE:
        table.add_column(KINDS[kind].removeprefix("secure job, "), justify="right")
    for step in STEPS:
        table.add_row(step, *(f"{figures[f'{kind}_{step}_step_ms']:,.0f}" for kind in SECURE))
    return table
