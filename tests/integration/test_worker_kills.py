"""Two workers, and one of them killed again and again: every run has one result, and its keys are counted once."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import select

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.run import RunKind, RunStatus
from jupyter_secure_jobs.member import opening
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import RunRow, VersionRow
from jupyter_secure_jobs.wire.job import GrantWire
from tests.support import tampering
from tests.support.kills import family, folders_in_memory, killed, wiped
from tests.support.parts import ORGANISATIONS, Draft, Parts, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.wire.run import RunWire

SEED: Final = 5
LONGEST_WAIT: Final = 2.0
MANY: Final = GrantWire(reruns=True, most_runs=400)
# Two owners, so that there is a time at which one key is released and the other is not.
BOTH: Final = Draft(
    code="SELECT f.month, max(w.wind) AS wind FROM flights f JOIN weather w ON f.month = w.month GROUP BY f.month",
    tables=("flights", "weather"), inputs=(), grant=MANY,
)  # fmt: skip
ONE: Final = Draft(code="SELECT month, count(*) AS n FROM flights GROUP BY month", inputs=(), grant=MANY)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Give parts with two workers."""
    made = Parts(tmp_path_factory.mktemp("kills") / "parts", workers=2)
    try:
        made.build()
        yield made
    finally:
        made.stop()


def counts(parts: Parts, run: RunWire, organisation: str) -> tuple[int, int]:
    """Return how many orders of the run's version a key service counts, and how often it granted this one."""
    with parts.key_service(organisation) as service, tampering.database(parts) as session:
        order = session.get_one(RunRow, run.id).statement or ""
        known = service._state.released(order)
        return service._state.used(run.version_hash or ""), known.times if known else 0


def kill_and_check(parts: Parts, times: int, *, seed: int) -> None:
    """Order two runs at once and kill one worker at a random moment, so many times; check what became of it all."""
    chance = random.Random(seed)
    jobs = {parts.accepted(BOTH).id: ("Airline", "Weather Service"), parts.accepted(ONE).id: ("Airline",)}
    ordered: dict[str, list[RunWire]] = {job: [] for job in jobs}
    left: set[Path] = set()
    hit = 0
    for _ in range(times):
        for job, runs in ordered.items():
            runs.append(parts.order(job))
        time.sleep(chance.uniform(0, LONGEST_WAIT))  # the random moment itself, not a wait for something
        holders = [parts.run(runs[-1].id) for runs in ordered.values()]
        busy = [run for run in holders if run.worker is not None and run.status in ("Queued", "Running")]
        hit += bool(busy)
        names = {f"worker-{number}": name for number, name in enumerate(parts.workers, 1)}
        victim = names[chance.choice(busy).worker or ""] if busy else chance.choice(parts.workers)
        left |= killed(parts.parts[victim])
        parts.start(victim)
        for runs in ordered.values():
            ended = parts.ended(runs[-1], seconds=120)
            assert (ended.status, ended.rows, ended.error_class) == ("Succeeded", 12, None)
            assert opening.preview(parts.ana, parts.workspace, ended.id).total == 12
    assert hit, "none of the killed workers had a run"
    check_counts(parts, jobs, ordered)
    wait_until(lambda: all(folders_in_memory(family(parts.parts[name])) for name in parts.workers), "two enclaves")
    assert left, "a killed enclave leaves its folder behind"
    wait_until(lambda: wiped(left), "the wiping of what killed enclaves left, by those that were started after them")


def check_counts(parts: Parts, jobs: dict[str, tuple[str, ...]], ordered: dict[str, list[RunWire]]) -> None:
    """Every run is there once, ended once, has one receipt, and each key service counts it once."""
    for job, owners in jobs.items():
        runs = parts.ana.client.runs(parts.workspace, job, kind=RunKind.JOB)
        assert len(runs) == len(ordered[job]), "one run for each order"
        for organisation in ORGANISATIONS:
            counted = {counts(parts, run, organisation) for run in runs}
            if organisation in owners:
                assert {used for used, _ in counted} == {len(runs)}, "each run counts once"
                assert {granted for _, granted in counted} <= {1, 2, 3}
            else:
                assert counted == {(0, 0)}
        assert parts.job(job).status == RunStatus.SUCCEEDED
        with tampering.database(parts) as session:
            ended = select(HistoryRow.run).where(HistoryRow.job == job, HistoryRow.action == Event.RUN_ENDED)
            assert sorted(session.scalars(ended)) == sorted(run.id for run in runs), "each run ended once"
            rows = session.scalars(select(RunRow).where(RunRow.job == job)).all()
            assert all(row.receipt and row.result and row.lease is None for row in rows)
            assert len({row.result for row in rows}) == len(rows)
            assert session.get_one(VersionRow, (job, 1)).used == len(runs), "members see each run once too"


def test_one_of_two_workers_killed_at_random_moments(world: Parts) -> None:
    kill_and_check(world, 6, seed=SEED)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_one_of_two_workers_killed_two_hundred_times(world: Parts) -> None:
    kill_and_check(world, 200, seed=SEED + 1)
