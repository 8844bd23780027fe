"""Beyond one machine: what executors of a cluster cost that read encrypted data, and what they give away."""

from __future__ import annotations

import socket
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.cluster import data, jar, plot, table
from bench.cluster.program import SHARED_NETWORK, run
from bench.machine import describe
from bench.report import Report, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

NAME: Final = "cluster"
ROWS: Final = 2_000_000
WORKERS: Final = (1, 2, 4)
_STARTS: Final = 3
_APART_SECONDS: Final = 20


def measure(folder: Path, rounds: int, console: Console) -> None:
    """Measure everything in one go; print it, and write `cluster.json` and `cluster.png` into `folder`.

    Parts that need a JVM are left out, with the reason, where there is none.

    Raises:
        WrongAnswerError: a query answered otherwise than pyarrow.
        ProgramFailedError: a cluster did not start, or broke down.
    """
    machine = describe()
    reason = jar.missing()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        console.print(f"Writing {ROWS:,} rows …")
        prepared = data.prepare(place / "data", ROWS)
        figures = sail(place, prepared, rounds, console)
        if not reason:
            figures |= spark(place, prepared, rounds, console)
    report = Report(name=NAME, machine=machine, figures=figures)
    table.show(report, console)
    if reason:
        console.print(reason)
    console.print(f"Written: {report.write(folder)}, {plot.draw(report.figures, folder / f'{NAME}.png')}")


def sail(
    place: Path,
    prepared: data.Prepared,
    rounds: int,
    console: Console,
    *,
    workers: Sequence[int] = WORKERS,
    starts: int = _STARTS,
) -> dict[str, float]:
    """Return the figures of Sail."""
    console.print("Sail: ways of reading …")
    settings: dict[str, object] = {"folder": str(place / "reading"), "prepared": str(prepared.folder)}
    figures = _ways("sail", run("sail_program", {"what": "reading", **settings, "rounds": rounds}))
    # What a function in a worker must not reach: a port of this machine.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for number in workers:
            console.print(f"Sail: {number} workers, plain and each in a sandbox …")
            for name, network, around in (("plain", None, ()), ("sandboxed", "shared", SHARED_NETWORK)):
                settings |= {"workers": number, "network": network, "port": port}
                found = [
                    run(
                        "sail_program",
                        {"what": "start", **settings, "folder": str(place / f"{number}-{name}-{attempt}")},
                        around=around,
                    )
                    for attempt in range(starts)
                ]
                figures |= spread(f"sail_{number}_{name}_start", [each["taken"] for each in found])
                figures[f"sail_{number}_{name}_reached_host_count"] = sum(each["reached"] for each in found)
    apart = {"folder": str(place / "apart"), "seconds": _APART_SECONDS}
    answered = run("sail_program", {"what": "apart", **apart}, around=SHARED_NETWORK)
    figures["sail_apart_answered_count"] = answered["answered"]
    return figures | _stranger("sail", place, prepared)


def spark(
    place: Path, prepared: data.Prepared, rounds: int, console: Console, *, starts: int = _STARTS
) -> dict[str, float]:
    """Return the figures of Spark; it needs a JDK."""
    console.print("Spark: modular encryption …")
    where = place / "spark"
    where.mkdir()
    settings: dict[str, object] = {"folder": str(where), "prepared": str(prepared.folder)}
    found = run("spark_program", {"what": "reading", **settings, "rounds": rounds})
    figures = _ways("spark", {name: taken for name, taken in found.items() if isinstance(taken, list)})
    figures |= {f"spark_{name}_count": count for name, count in found.items() if not isinstance(count, list)}
    taken: dict[str, list[float]] = {"plain": [], "sandboxed": []}
    for number in range(starts):
        for name in taken:
            console.print(f"Spark: executors, {name} …")
            where = place / f"spark-{name}-{number}"
            where.mkdir()
            settings = {"folder": str(where), "prepared": str(prepared.folder), "sandbox": name == "sandboxed"}
            taken[name] += run("spark_program", {"what": "start", **settings}, around=SHARED_NETWORK)["taken"]
    for name, measured in taken.items():
        figures |= spread(f"spark_2_{name}_start", measured)
    return figures | _stranger("spark", place, prepared)


def _ways(engine: str, taken: Mapping[str, Any]) -> dict[str, float]:
    """Return the spread of each way of reading, and its ratio to the plain way, round by round."""
    figures: dict[str, float] = {}
    for name, measured in taken.items():
        figures |= spread(f"{engine}_{name}", measured)
        way, _, query = name.partition("_")
        if way != "plain":
            pairs = [one / plain for one, plain in zip(measured, taken[f"plain_{query}"], strict=True)]
            over = f"{engine}_{way}_over_plain_{query}"
            figures[f"{over}_ratio"] = statistics.median(pairs)
            figures[f"{over}_least_ratio"] = min(pairs)
            figures[f"{over}_greatest_ratio"] = max(pairs)
    return figures


def _stranger(engine: str, place: Path, prepared: data.Prepared) -> dict[str, float]:
    where = place / f"stranger-{engine}"
    where.mkdir()
    found = run("stranger_program", {"folder": str(where), "table": str(prepared.plain), "engine": engine})
    return {f"{engine}_stranger_{name}_count": got for name, got in found.items()}
