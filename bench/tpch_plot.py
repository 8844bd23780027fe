"""The picture of the TPC-H benchmark: who takes how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.tpch_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(figures: Mapping[str, float], path: Path) -> Path:
    """Draw medians with their least and greatest; return the file."""
    picture = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    kinds = [kind for kind in KINDS if f"{kind}_median_ms" in figures]
    medians = [figures[f"{kind}_median_ms"] / 1000 for kind in kinds]
    reach = [
        [(figures[f"{kind}_median_ms"] - figures[f"{kind}_least_ms"]) / 1000 for kind in kinds],
        [(figures[f"{kind}_greatest_ms"] - figures[f"{kind}_median_ms"]) / 1000 for kind in kinds],
    ]
    axes.barh([KINDS[kind] for kind in kinds], medians, xerr=reach, color="tab:blue", ecolor="tab:gray", capsize=3)
    axes.invert_yaxis()
    axes.set_xlabel("seconds: median, least and greatest")
    axes.set_title(f"TPC-H at scale factor {figures['scale_factor']:g}, 22 queries")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path
