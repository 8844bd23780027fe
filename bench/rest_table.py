"""The figures of the rest benchmark as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.rest_kinds import LISTS, MEDIAN_AIM_MS, P95_AIM_MS, PAGES, size_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print all lists together, each kind of page, many clients at once, and the machine."""
    console.print(_together(report.figures), _each(report.figures))
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))


def _together(figures: Mapping[str, float]) -> Table:
    jobs, runs = figures["jobs_count"], figures["runs_count"]
    table = Table(title=f"Pages of the list of jobs, {jobs:,.0f} jobs and {runs:,.0f} runs (milliseconds)")
    table.add_column("what")
    for name in ("median", "95 of 100", "greatest", "requests"):
        table.add_column(name, justify="right")
    lists = f"list_{size_in_words(round(jobs))}_jobs"
    found = [figures[f"{lists}_{name}_ms_sqlite"] for name in ("median", "p95", "greatest")]
    table.add_row(
        "one client, SQLite", *(f"{each:,.1f}" for each in found), f"{figures[f'{lists}_requests_count']:,.0f}"
    )
    table.add_row("… to stay below", f"{MEDIAN_AIM_MS}", f"{P95_AIM_MS}", "", "")
    crowd = [figures[f"crowd_list_{name}_ms"] for name in ("median", "p95", "greatest")]
    words = (
        f"{figures['crowd_clients_count']:,.0f} clients at once, {figures['crowd_requests_per_second']:,.0f} a second"
    )
    table.add_row(words, *(f"{each:,.1f}" for each in crowd), f"{figures['crowd_list_runs_count']:,.0f}")
    return table


def _each(figures: Mapping[str, float]) -> Table:
    table = Table(title="Each kind of page, one client (milliseconds)")
    table.add_column("what")
    for name in ("median", "least", "greatest"):
        table.add_column(name, justify="right")
    for prefix, kinds in (("list_", LISTS), ("", PAGES)):
        for kind, meant in kinds.items():
            cells = [figures[f"{prefix}{kind}_{name}_ms"] for name in ("median", "least", "greatest")]
            table.add_row(("jobs: " if prefix else "") + meant.words, *(f"{cell:,.1f}" for cell in cells))
    return table
