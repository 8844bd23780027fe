"""How soon does a workspace server answer with 100,000 jobs and 1,000,000 runs, by whatever a list is asked?"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from bench import rest_plot, rest_table
from bench.machine import describe
from bench.report import Report, spread
from bench.rest_kinds import LISTS, PAGES, Kind, size_in_words
from bench.rest_server import filled_server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from bench.rest_server import FilledServer

NAME: Final = "rest"
JOBS: Final = 100_000
RUNS: Final = 1_000_000
CLIENTS: Final = 50
_LARGEST_PAGE: Final = {"jobs": "200"}
_DEFAULT_LARGEST: Final = "100"
_MOST_PAGES_DOWN: Final = 600


class WrongPageError(Exception):
    """A page was not what was asked for; its time means nothing."""


def measure(folder: Path, rounds: int, console: Console) -> None:
    """Measure with the full size; print it, and write `rest.json` and `rest.png` into `folder`.

    Raises:
        WrongPageError: an answer was not the page that was asked for.
        NoServerError: the server did not start.
    """
    run(folder, rounds, console, jobs=JOBS, runs=RUNS)


def run(folder: Path, rounds: int, console: Console, *, jobs: int, runs: int) -> None:
    """Measure with so many jobs and runs, as `measure`."""
    machine = describe()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        console.print(f"Filling a workspace with {jobs:,} jobs and {runs:,} runs …")
        with filled_server(Path(name), jobs=jobs, runs=runs) as server:
            figures = measured(server, jobs=jobs, runs=runs, rounds=rounds, console=console)
    report = Report(name=NAME, machine=machine, figures=figures)
    rest_table.show(report, console)
    console.print(f"Written: {report.write(folder)}, {rest_plot.draw(report.figures, folder / f'{NAME}.png')}")


def measured(server: FilledServer, *, jobs: int, runs: int, rounds: int, console: Console) -> dict[str, float]:
    """Return every figure of a filled server."""
    kinds = {**LISTS, **PAGES}
    times: dict[str, list[float]] = {name: [] for name in kinds}
    with server.client() as client:
        # The last job with this form of name: nine from the end, of the ten forms that follow one another.
        asked = {name: _request(client, server, kind, rare=jobs - 9) for name, kind in kinds.items()}
        for path, query in asked.values():
            _timed(client, path, query)  # what a server's first page of a kind costs is not what a member meets
        for number in range(rounds):
            console.print(f"Round {number + 1} of {rounds} …")
            for name, (path, query) in asked.items():
                times[name].append(_timed(client, path, query))
    lists = [each for name in LISTS for each in times[name]]
    size = size_in_words(jobs)
    figures = {
        "jobs_count": float(jobs),
        "runs_count": float(runs),
        "filling_seconds": server.filled,
        f"list_{size}_jobs_median_ms_sqlite": statistics.median(lists),
        f"list_{size}_jobs_p95_ms_sqlite": percentile(lists, 95),
        f"list_{size}_jobs_greatest_ms_sqlite": max(lists),
        f"list_{size}_jobs_requests_count": float(len(lists)),
    }
    for name, values in times.items():
        figures |= spread(f"{'list_' if name in LISTS else ''}{name}", values)
    return figures | _crowd(server, [asked[name] for name in LISTS], rounds=rounds, console=console)


def _request(client: httpx.Client, server: FilledServer, kind: Kind, *, rare: int) -> tuple[str, Mapping[str, str]]:
    path = kind.path.format(job=server.most_run)
    query = {name: value.format(rare=rare) for name, value in kind.query.items()}
    if not kind.deep:
        return path, query
    # To the middle by the largest pages; the cursor of there is what is measured later.
    page = {**query, "limit": _LARGEST_PAGE.get(path, _DEFAULT_LARGEST)}
    cursors: list[str] = []
    while (after := client.get(path, params=page).raise_for_status().json()["next"]) is not None:
        cursors.append(after)
        page["after"] = after
        if len(cursors) >= _MOST_PAGES_DOWN:
            break
    if not cursors:
        return path, query
    return path, {**query, "after": cursors[len(cursors) // 2]}


def _timed(client: httpx.Client, path: str, query: Mapping[str, str]) -> float:
    tick = time.perf_counter()
    answer = client.get(path, params=query)
    taken = (time.perf_counter() - tick) * 1000
    if not answer.is_success or not answer.content.startswith(b"{"):
        raise WrongPageError(f"{path} {dict(query)}: {answer.status_code} {answer.text[:300]}")
    _check(path, query, answer.json())
    return taken


def _check(path: str, query: Mapping[str, str], page: Mapping[str, Any]) -> None:
    """Refuse a page that does not show what was asked for."""
    items = page.get("items")
    if items is None:
        return
    text, wanted = query.get("q"), query.get("status", "").split(",")
    wrong = [
        item
        for item in items
        if (text and text not in item["name"].lower())
        or (wanted != [""] and item["status"] not in wanted)
        or (query.get("kind") in ("test", "job") and "kind" in item and item["kind"] != query["kind"])
    ]
    none = text is not None and text.startswith("no such")
    if wrong or (none and items) or (not none and not items and path.endswith(("jobs", "runs"))):
        raise WrongPageError(f"{path} {dict(query)}: {len(items)} items, {len(wrong)} of them wrong")


def _crowd(
    server: FilledServer, asked: Sequence[tuple[str, Mapping[str, str]]], *, rounds: int, console: Console
) -> dict[str, float]:
    """Return the figures of so many clients at once, each with a login and a connection of its own."""
    console.print(f"{CLIENTS} clients at once …")
    clients = [server.client() for _ in range(CLIENTS)]
    each = max(4, rounds)

    def ask(number: int) -> list[float]:
        mine = [asked[(number + turn) % len(asked)] for turn in range(each)]
        return [_timed(clients[number], path, query) for path, query in mine]

    try:
        tick = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            times = [each for found in pool.map(ask, range(CLIENTS)) for each in found]
        taken = time.perf_counter() - tick
    finally:
        for client in clients:
            client.close()
    return {
        "crowd_clients_count": float(CLIENTS),
        **spread("crowd_list", times),
        "crowd_list_p95_ms": percentile(times, 95),
        "crowd_requests_per_second": len(times) / taken,
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """Return what so many per cent of the values do not exceed, as they are, without a value in between."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def main(words: list[str] | None = None) -> int:
    """Measure with another size than the full one; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.rest", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    asked = parser.parse_args(words)
    run(asked.folder, asked.rounds, Console(highlight=False), jobs=asked.jobs, runs=asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
