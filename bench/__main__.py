"""`python -m bench` runs every benchmark, `python -m bench NAME` one; `make bench` does the first."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from bench import crypto, latency, rest, soak, tpch, ui, verify
from bench.cluster import measure as cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BENCHMARKS: Final[Mapping[str, Callable[[Path, int, Console], None]]] = {
    "cluster": cluster.measure,
    "crypto": crypto.measure,
    "latency": latency.measure,
    "rest": rest.measure,
    "soak": soak.measure,
    "tpch": tpch.measure,
    "ui": ui.measure,
    "verify": verify.measure,
}


def main(words: list[str] | None = None) -> int:
    """Run what was asked for; return 0, or end with the error of the benchmark that could not be run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}; all if none is given")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="for NAME.json and NAME.png")
    parser.add_argument("--rounds", type=int, default=10, help="measured runs of each kind; 10 if not given")
    parser.add_argument("--scale", type=float, default=1.0, help="scale factor of tpch; 1 if not given")
    asked = parser.parse_args(words)
    unknown = sorted(set(asked.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    if asked.rounds < 1:
        parser.error("--rounds must be at least 1")
    console = Console(highlight=False)
    chosen: dict[str, Callable[[Path, int, Console], None]] = dict(BENCHMARKS)
    chosen["tpch"] = partial(tpch.measure, scale=asked.scale)
    for name in asked.names or BENCHMARKS:
        chosen[name](asked.folder, asked.rounds, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
