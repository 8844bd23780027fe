"""The crypto benchmark's figures as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.crypto_kinds import KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print who takes how long, the ratios, and the machine."""
    figures = report.figures
    table = Table(title=f"Files of {figures['size_mebibytes_count']:,.0f} MiB (milliseconds)")
    table.add_column("what")
    for name in ("median", "least", "greatest", "runs"):
        table.add_column(name, justify="right")
    for kind, words in KINDS.items():
        if f"{kind}_median_ms" in figures:
            cells = [figures[f"{kind}_{name}"] for name in ("median_ms", "least_ms", "greatest_ms", "runs_count")]
            table.add_row(words, *(f"{cell:,.0f}" for cell in cells))
    console.print(table)
    for key, figure in figures.items():
        if key.endswith("_ratio") or key == "open_rest_ms":
            console.print(f"{key}: {figure:,.2f}")
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))
