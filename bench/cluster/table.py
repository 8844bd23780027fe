"""The cluster benchmark's figures as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.cluster.data import QUERIES
from bench.cluster.kinds import ENGINES, GOT, KEYS, STARTS, WAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print what was measured; what was not, for want of a JVM, is left out."""
    figures = report.figures
    console.print(_ways(figures), _starts(figures), _got(figures))
    if "spark_requests_count" in figures:
        keys = _table("Keys of a Spark job", "count")
        for name, words in KEYS.items():
            keys.add_row(words, f"{figures[f'spark_{name}_count']:.0f}")
        console.print(keys)
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    table.add_column("what")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _ways(figures: Mapping[str, float]) -> Table:
    columns = [f"{query}: {words}" for query in QUERIES for words in ("ms (median)", "over plain")]
    table = _table("Reading on a cluster of two executors", *columns)
    for way, words in WAYS.items():
        if f"{way}_narrow_median_ms" not in figures:
            continue
        cells = []
        for query in QUERIES:
            ratio = figures.get(f"{way}_over_plain_{query}_ratio")
            cells += [f"{figures[f'{way}_{query}_median_ms']:,.0f}", "" if ratio is None else f"{ratio:.2f}"]
        table.add_row(words, *cells)
    return table


def _starts(figures: Mapping[str, float]) -> Table:
    table = _table("From nothing to the first answer", "ms (median)", "UDFs that reached the host")
    for name, words in STARTS.items():
        if f"{name}_start_median_ms" not in figures:
            continue
        keys = (f"{name}_start_median_ms", f"{name}_reached_host_count")
        table.add_row(words, *(f"{figures[key]:,.0f}" if key in figures else "" for key in keys))
    return table


def _got(figures: Mapping[str, float]) -> Table:
    measured = [engine for engine in ENGINES if f"{engine}_stranger_file_count" in figures]
    table = _table("A stranger at the port of Spark Connect", *measured)
    for name, words in GOT.items():
        got = (figures[f"{engine}_stranger_{name}_count"] for engine in measured)
        table.add_row(words, *("yes" if each else "no" for each in got))
    return table
