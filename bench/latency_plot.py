"""The picture of the latency benchmark: who takes how long, and where a secure job's time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.latency_kinds import KINDS, SECURE
from bench.secure_job import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(figures: Mapping[str, float], path: Path) -> Path:
    """Draw medians with their least and greatest, and the steps of warm and back-to-back runs; return the file."""
    picture = Figure(figsize=(11, 7), layout="constrained")
    FigureCanvasAgg(picture)
    above, below = picture.subplots(2, 1)
    medians = [figures[f"{kind}_median_ms"] for kind in KINDS]
    reach = [
        [figures[f"{kind}_median_ms"] - figures[f"{kind}_least_ms"] for kind in KINDS],
        [figures[f"{kind}_greatest_ms"] - figures[f"{kind}_median_ms"] for kind in KINDS],
    ]
    above.barh(list(KINDS.values()), medians, xerr=reach, color="tab:blue", ecolor="tab:gray", capsize=3)
    above.invert_yaxis()
    above.set_xlabel("milliseconds: median, least and greatest")
    above.set_title("One trivial query, from asking to seeing the answer")
    for kind in reversed(SECURE):
        left = 0.0
        for number, step in enumerate(STEPS):
            width = figures[f"{kind}_{step}_step_ms"]
            below.barh(KINDS[kind], width, left=left, color=f"C{number}", label=step if kind == "warm" else None)
            left += width
    below.set_xlabel("milliseconds: median of each step")
    below.set_title("Where a secure job's time goes")
    picture.legend(loc="outside lower center", ncols=len(STEPS), frameon=False, columnspacing=1.2, handlelength=1.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path
