"""What a benchmark hands over: `NAME.json`, with figures that others can compare."""

from __future__ import annotations

import json
import math
import re
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one benchmark on one machine; a key ends in its unit (`_ms`, `_ratio`, `_count`)."""

    name: str
    machine: Mapping[str, str | int | float]
    figures: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse what a reader of the file could not use.

        Raises:
            ValueError: there is no figure, a key is not in lower_snake_case, or a figure is not a finite number.
        """
        if not self.figures:
            raise ValueError(f"The benchmark {self.name} measured nothing.")
        for key, figure in self.figures.items():
            if not _KEY.fullmatch(key):
                raise ValueError(f"{key!r} is not a figure's name: use lower_snake_case.")
            if not math.isfinite(figure):
                raise ValueError(f"The figure {key} is not a finite number.")

    def write(self, folder: Path) -> Path:
        """Write `NAME.json` into `folder`, which is made if needed; return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        figures = {key: round(figure, 3) for key, figure in self.figures.items()}
        text = json.dumps({"name": self.name, "machine": dict(self.machine), "figures": figures}, indent=2)
        path.write_text(text + "\n", encoding="utf-8")
        return path


def spread(prefix: str, milliseconds: Sequence[float]) -> dict[str, float]:
    """Return the median, least, greatest and number of some measurements as figures that begin with `prefix`."""
    return {
        f"{prefix}_median_ms": statistics.median(milliseconds),
        f"{prefix}_least_ms": min(milliseconds),
        f"{prefix}_greatest_ms": max(milliseconds),
        f"{prefix}_runs_count": len(milliseconds),
    }
