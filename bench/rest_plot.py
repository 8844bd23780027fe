"""The picture of the rest benchmark: how soon each kind of page comes, beside what lists are to stay below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.rest_kinds import LISTS, MEDIAN_AIM_MS, PAGES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(figures: Mapping[str, float], path: Path) -> Path:
    """Draw medians with their least and greatest; return the file."""
    picture = Figure(figsize=(10, 9), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    kinds = {**{f"list_{name}": f"jobs: {kind.words}" for name, kind in LISTS.items()},
             **{name: kind.words for name, kind in PAGES.items()}}  # fmt: skip
    medians = [figures[f"{kind}_median_ms"] for kind in kinds]
    reach = [
        [figures[f"{kind}_median_ms"] - figures[f"{kind}_least_ms"] for kind in kinds],
        [figures[f"{kind}_greatest_ms"] - figures[f"{kind}_median_ms"] for kind in kinds],
    ]
    axes.barh(list(kinds.values()), medians, xerr=reach, color="tab:blue", ecolor="tab:gray", capsize=3)
    axes.axvline(MEDIAN_AIM_MS, color="tab:red", label="the median of all lists is to stay below")
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds over HTTP: median, least and greatest")
    axes.set_title(f"{figures['jobs_count']:,.0f} jobs and {figures['runs_count']:,.0f} runs, SQLite")
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path
