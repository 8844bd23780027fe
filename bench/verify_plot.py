"""The picture of the verify benchmark: what verification adds to one run's way, by members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.verify_kinds import MEMBERS, STATES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(figures: Mapping[str, float], path: Path) -> Path:
    """Draw the enclave's and the slower key service's part for each state and number of members; return the file."""
    picture = Figure(figsize=(10, 5), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots(1, len(MEMBERS))
    for plot, members in zip(axes, MEMBERS, strict=True):
        enclave = [figures[f"enclave_{state}_ms_{members}_members"] for state in STATES]
        service = [figures[f"key_service_{state}_ms_{members}_members"] for state in STATES]
        names = [state.replace("_", " ") for state in STATES]
        plot.bar(names, enclave, color="C0", label="enclave")
        plot.bar(names, service, bottom=enclave, color="C1", label="slower key service")
        plot.set_title(f"{members} members")
        plot.set_ylabel("milliseconds (median)")
    axes[0].legend(frameon=False)
    picture.suptitle("What verification adds to one run's way")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=120)
    return path
