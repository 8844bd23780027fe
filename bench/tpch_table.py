"""The TPC-H benchmark's figures as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.tpch_kinds import KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print who takes how long, the ratios, and the machine."""
    figures = report.figures
    table = Table(title=f"TPC-H at scale factor {figures['scale_factor']:g}, 22 queries (milliseconds)")
    table.add_column("what")
    for name in ("median", "least", "greatest", "runs"):
        table.add_column(name, justify="right")
    for kind, words in KINDS.items():
        if f"{kind}_median_ms" in figures:
            cells = [figures[f"{kind}_{name}"] for name in ("median_ms", "least_ms", "greatest_ms", "runs_count")]
            table.add_row(words, *(f"{cell:,.0f}" for cell in cells))
    console.print(table)
    for key, figure in figures.items():
        if key.endswith("_ratio") or key in {"publish_ms", "spark_start_ms"}:
            console.print(f"{key}: {figure:,.2f}")
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))
