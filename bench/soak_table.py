"""The figures of the soak benchmark as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.soak_watch import HELD, PARTS

if TYPE_CHECKING:
    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print what was lost, what grew, what stayed behind, and the machine."""
    figures = report.figures
    table = Table(title=f"{figures['runs_count']:,.0f} runs in {figures['seconds']:,.0f} s")
    table.add_column("what")
    for name in ("after warm-up", "at the end", "ratio or count", "aim"):
        table.add_column(name, justify="right")
    table.add_row("runs lost", "", "", f"{figures['lost_runs']:,.0f}", "0")
    for name in PARTS:
        first, last = (figures[f"rss_{name}_{when}_mib"] for when in ("first", "last"))
        ratio = figures[f"rss_{name}_growth_ratio"]
        table.add_row(f"memory of {name} (MiB)", f"{first:,.1f}", f"{last:,.1f}", f"{ratio:.3f}", "≤ 1.1")
    table.add_row("greatest growth of memory", "", "", f"{figures['rss_growth_ratio']:.3f}", "≤ 1.1")
    for name in HELD:
        table.add_row(f"leaked {name.replace('_', ' ')}", "", "", f"{figures[f'leaked_{name}_count']:,.0f}", "0")
    for name in ("restarted_parts", "left_processes", "left_memory_folders"):
        table.add_row(name.replace("_", " "), "", "", f"{figures[f'{name}_count']:,.0f}", "0")
    table.add_row("runs a second", "", "", f"{figures['runs_per_second']:.2f}", "")
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))
