"""Medians with their least and greatest, of several kinds of measurement: as bars, and as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from rich.console import Console

    from bench.report import Report


def draw(figures: Mapping[str, float], kinds: Mapping[str, str], path: Path, *, title: str, inches: float) -> Path:
    """Draw a bar for each of `kinds` that was measured, in a picture so many inches high; return the file."""
    picture = Figure(figsize=(10, inches), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    there = [kind for kind in kinds if f"{kind}_median_ms" in figures]
    medians = [figures[f"{kind}_median_ms"] / 1000 for kind in there]
    reach = [
        [(figures[f"{kind}_median_ms"] - figures[f"{kind}_least_ms"]) / 1000 for kind in there],
        [(figures[f"{kind}_greatest_ms"] - figures[f"{kind}_median_ms"]) / 1000 for kind in there],
    ]
    axes.barh([kinds[kind] for kind in there], medians, xerr=reach, color="tab:blue", ecolor="tab:gray", capsize=3)
    axes.invert_yaxis()
    axes.set_xlabel("seconds: median, least and greatest")
    axes.set_title(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path


def show(
    report: Report, kinds: Mapping[str, str], console: Console, *, title: str, besides: Collection[str] = ()
) -> None:
    """Print a row for each of `kinds` that was measured, the ratios, the figures named in `besides`, the machine."""
    figures = report.figures
    table = Table(title=f"{title} (milliseconds)")
    table.add_column("what")
    for name in ("median", "least", "greatest", "runs"):
        table.add_column(name, justify="right")
    for kind, words in kinds.items():
        if f"{kind}_median_ms" in figures:
            cells = [figures[f"{kind}_{name}"] for name in ("median_ms", "least_ms", "greatest_ms", "runs_count")]
            table.add_row(words, *(f"{cell:,.0f}" for cell in cells))
    console.print(table)
    for key, figure in figures.items():
        if key.endswith("_ratio") or key in besides:
            console.print(f"{key}: {figure:,.2f}")
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))
