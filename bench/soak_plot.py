"""The picture of the soak benchmark: the memory of each part, run after run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.soak_watch import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.soak_watch import Sample


def draw(samples: Sequence[Sample], path: Path) -> Path:
    """Draw each part's resident memory over the number of runs; return the file."""
    picture = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    for name in PARTS:
        axes.plot([each.runs for each in samples], [each.rss[name] for each in samples], label=name)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("runs so far")
    axes.set_ylabel("resident memory, MiB")
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path
