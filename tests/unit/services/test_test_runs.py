"""Test runs: nobody accepted them, so that they take no worker for long, everybody can stop them, and they end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy import select, update

from jupyter_secure_jobs.domain.errors import ConflictError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.job import MOST_TEST_SECONDS, JobLimits
from jupyter_secure_jobs.domain.run import MEMBERS_CHANGED, TEST_TIME_IS_UP, Phase, RunKind, RunStatus
from jupyter_secure_jobs.services import activation, dispatch, runs
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import RunRow
from jupyter_secure_jobs.wire.mailbox import Finished, Heartbeat, PhaseReached
from tests.support.filled import ANA, BEN, HERE, MIA, NOW, OUTSIDER, PEOPLE, WEI, copied
from tests.support.refusal import refused
from tests.unit.services.test_leases import LATER, Clocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.trust.change import Change
    from jupyter_secure_jobs.wire.mailbox import LeaseWire

WEEK = 7 * 86400
TEXT = {"language": "python", "code": "import time\ntime.sleep(604800)", "datasets": [], "inputs": [],
        "limits": asdict(JobLimits(seconds=WEEK, cores=1))}  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Clocked]:
    """Give a server on which nothing but the tests of these tests waits."""
    made = Clocked(tmp_path)
    with made.unit(ANA, reading=False) as unit:
        unit.session.execute(update(RunRow).values(status="Succeeded"))
    yield made
    made.database.close()


def started(server: Clocked, who: str = ANA, **changes: object) -> str:
    """Queue a test of a member's, past the draft that it would be of; return its id."""
    with server.unit(ANA, reading=False) as unit:
        form = unit.session.get_one(RunRow, "run-0")
        number = unit.session.query(RunRow).count()
        values = {"kind": "test", "status": "Queued", "phase": "queued", "member": who, "organisation": PEOPLE[who],
                  "text": TEXT, "statement": None, "error_class": None, "error_text": None}  # fmt: skip
        row = copied(form, id=f"test-{number}", number=5000 + number, **{**values, **changes})
        unit.session.add(row)
        return f"test-{number}"


def taken(server: Clocked) -> LeaseWire:
    """Give the next run to a worker."""
    with server.unit("key of one", reading=False) as unit:
        lease = dispatch.claim(unit).lease
    assert lease is not None
    return lease


def stranger_to(server: Clocked, run: str) -> str:
    """Return a member who neither started a run nor is its job's author."""
    with server.unit(ANA) as unit:
        row, job, _ = runs._run(unit, HERE, run)
        return next(who for who in PEOPLE if who not in (row.member, job.author))


@pytest.mark.parametrize(("drafted", "given"), [(WEEK, 3600), (3601, 3600), (3600, 3600), (60, 60)])
def test_a_test_gets_an_hour_at_most_and_all_else_that_its_draft_says(
    server: Clocked, drafted: int, given: int
) -> None:
    limits = JobLimits(seconds=drafted, cores=1, result_bytes=2048)
    run = started(server, text={**TEXT, "limits": asdict(limits)})
    lease = taken(server)
    assert (lease.run, lease.kind) == (run, RunKind.TEST)
    assert lease.test is not None
    assert lease.test.limits.model_dump() == {**asdict(limits), "seconds": given}
    assert lease.test.text_hash == server.row(run).text_hash, "what is signed names no limit"


def finished(server: Clocked, run: str, lease: str, error_class: str) -> str:
    outcome = Finished(lease=lease, status=RunStatus.FAILED, error_class=error_class, error_text="Failed in line 2.")
    with server.unit("key of one", reading=False) as unit:
        dispatch.finish(unit, HERE, run, outcome)
    return server.row(run).error_text or ""


def test_a_test_that_met_its_time_limit_says_so(server: Clocked) -> None:
    run = started(server)
    assert finished(server, run, taken(server).lease, "TimeLimit") == f"{TEST_TIME_IS_UP}\nFailed in line 2."
    run = started(server)
    assert finished(server, run, taken(server).lease, "ValueError") == "Failed in line 2."
    assert "an hour at most" in TEST_TIME_IS_UP
    assert MOST_TEST_SECONDS == 3600
    lease = server.taken("run-1")
    with server.unit(ANA, reading=False) as unit:
        unit.session.get_one(RunRow, "run-1").status = "Running"
    assert finished(server, "run-1", lease, "TimeLimit") == "Failed in line 2.", "a job run has its version's time"


def test_every_member_cancels_a_test_whether_it_waits_or_runs(server: Clocked) -> None:
    waiting, running = started(server), started(server, BEN)
    lease = server.taken(running)
    with server.unit("key of one", reading=False) as unit:
        beat = Heartbeat(lease=lease, phases=[PhaseReached(phase=Phase.RUN, ago_ms=0)])
        dispatch.heartbeat(unit, HERE, running, beat)
    for run, status, left in ((waiting, "Cancelled", None), (running, "Running", lease)):
        who = stranger_to(server, run)
        with server.unit(who) as unit:
            assert runs.get(unit, HERE, run).can_cancel
        with server.unit(who, reading=False) as unit:
            told = runs.cancel(unit, HERE, run)
            assert (str(told.status), told.can_cancel) == (status, False)
        assert (server.row(run).lease, server.row(run).cancel_requested) == (left, True)
        with server.unit(ANA) as unit:
            events = unit.session.scalars(select(HistoryRow).where(HistoryRow.run == run)).all()
            assert ("cancelled", who) in {(each.action, each.member) for each in events}
    with server.unit("key of one", reading=False) as unit:
        assert dispatch.heartbeat(unit, HERE, running, Heartbeat(lease=lease)).cancel
        with refused("no_workspace", kind=NotFoundError):
            runs.cancel(unit, HERE, running)
    with server.unit(OUTSIDER, reading=False) as unit, refused("no_workspace", kind=NotFoundError):
        runs.cancel(unit, HERE, running)
    with server.unit(ANA, reading=False) as unit, refused("run_ended", kind=NotAllowedError):
        runs.cancel(unit, HERE, waiting)


def test_a_job_run_stays_its_starters_and_its_authors_to_cancel(server: Clocked) -> None:
    with server.unit(ANA, reading=False) as unit:
        unit.session.get_one(RunRow, "run-0").status = "Queued"
    who = stranger_to(server, "run-0")
    with server.unit(who) as unit:
        assert not runs.get(unit, HERE, "run-0").can_cancel
    with server.unit(who, reading=False) as unit, refused("not_yours", kind=NotAllowedError):
        runs.cancel(unit, HERE, "run-0")


def test_a_test_whose_worker_dies_twice_is_not_tried_again(server: Clocked) -> None:
    """A worker that is started again would get it for ever: it may be what ends the worker."""
    run = started(server)
    for dies in range(2):
        assert taken(server).run == run
        server.now += LATER
        with server.unit("key of two", reading=False) as unit:
            dispatch.sweep(unit)
        assert server.row(run).status == ("Queued" if dies == 0 else "Failed")
    assert server.row(run).error_class == "WorkerLost"
    assert "not tried a third time" in (server.row(run).error_text or "")


def test_a_job_run_without_keys_is_tried_as_often_as_its_workers_die(server: Clocked) -> None:
    with server.unit(ANA, reading=False) as unit:
        unit.session.get_one(RunRow, "run-0").status = "Queued"
    for _ in range(4):
        server.taken("run-0")
        server.now += LATER
        with server.unit("key of two", reading=False) as unit:
            dispatch.sweep(unit)
        assert (server.row("run-0").status, server.row("run-0").retried) == ("Queued", False)


def changed(server: Clocked, *left: str, members: bool = True) -> None:
    """Put a roster without these members in force, as far as runs go; or a worker list alone."""
    after = SimpleNamespace(workspace=HERE, members=[SimpleNamespace(email=who) for who in PEOPLE if who not in left])
    workers = [SimpleNamespace(name="one", platform_key="key of one")]
    change = SimpleNamespace(after=after, listed=SimpleNamespace(workers=workers), roster=object() if members else None)
    with server.unit(ANA, reading=False) as unit:
        activation._end_runs(unit, cast("Change", change))


def test_the_tests_of_a_member_who_left_are_cancelled(server: Clocked) -> None:
    waiting, running, other = started(server, MIA), started(server, MIA), started(server, WEI)
    lease = server.taken(running)
    with server.unit("key of one", reading=False) as unit:
        beat = Heartbeat(lease=lease, phases=[PhaseReached(phase=Phase.RUN, ago_ms=0)])
        dispatch.heartbeat(unit, HERE, running, beat)
    changed(server, MIA, members=False)
    changed(server, ANA)
    assert {server.row(each).status for each in (waiting, other)} == {"Queued"}
    assert server.row(running).status == "Running"
    changed(server, MIA)
    for run in (waiting, running):
        row = server.row(run)
        assert (row.status, row.error_class, row.lease) == ("Cancelled", MEMBERS_CHANGED, None)
        assert "no member any more" in (row.error_text or "")
    assert server.row(other).status == "Queued"
    assert server.row(running).finished == NOW
    server.now += timedelta(seconds=1)
    with server.unit("key of one", reading=False) as unit, refused("lease_lost", kind=ConflictError):
        dispatch.heartbeat(unit, HERE, running, Heartbeat(lease=lease))  # the worker ends it then
