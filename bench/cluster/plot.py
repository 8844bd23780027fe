"""The picture of the cluster benchmark: what each way of reading takes, against plain files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.cluster.data import QUERIES
from bench.cluster.kinds import WAYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(figures: Mapping[str, float], path: Path) -> Path:
    """Draw the ratios with their spread, for each query, of what was measured; return the file."""
    picture = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots(1, len(QUERIES))
    for plot, query in zip(axes, QUERIES, strict=True):
        shown = {way: words for way, words in WAYS.items() if f"{way}_over_plain_{query}_ratio" in figures}
        for number, way in enumerate(shown):
            over = f"{way}_over_plain_{query}"
            middle = figures[f"{over}_ratio"]
            around = [[middle - figures[f"{over}_least_ratio"]], [figures[f"{over}_greatest_ratio"] - middle]]
            plot.barh([number], [middle], xerr=around, color=f"C{number}", capsize=3)
        plot.set_yticks(range(len(shown)), [way.replace("_", " ") for way in shown])
        plot.axvline(1, color="black", linewidth=0.8)
        plot.set_title(f"{query} query")
        plot.set_xlabel("time over plain files, same engine (median and spread)")
    picture.suptitle("Reading encrypted data on a cluster of two executors")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path
