"""The picture of the pages' benchmark: how soon each answers, beside what it is to stay below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.ui_kinds import AIMS, KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(figures: Mapping[str, float], path: Path) -> Path:
    """Draw medians with their least and greatest, and the aims; return the file."""
    picture = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    medians = [figures[f"{kind}_median_ms"] for kind in KINDS]
    reach = [
        [figures[f"{kind}_median_ms"] - figures[f"{kind}_least_ms"] for kind in KINDS],
        [figures[f"{kind}_greatest_ms"] - figures[f"{kind}_median_ms"] for kind in KINDS],
    ]
    axes.barh(list(KINDS.values()), medians, xerr=reach, color="tab:blue", ecolor="tab:gray", capsize=3)
    for place, kind in enumerate(KINDS):
        if kind in AIMS:
            axes.plot([AIMS[kind]] * 2, [place - 0.4, place + 0.4], color="tab:red", label="to stay below")
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds: median, least and greatest")
    axes.set_title(f"{figures['jobs_count']:,.0f} jobs and {figures['runs_count']:,.0f} runs, by the browser's clock")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[:1], labels[:1], frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path
