"""The queue as a server keeps it: what a worker is handed is what every page said would come next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.errors import BusyError, SecureJobsError
from jupyter_secure_jobs.domain.job import GIB
from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.domain.queue import Bounds
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.protocol.envelope import sign
from jupyter_secure_jobs.protocol.login import Login
from jupyter_secure_jobs.services import keymail, queue, run_view, runs
from jupyter_secure_jobs.store import queue as lines
from jupyter_secure_jobs.store import runs as stored
from jupyter_secure_jobs.store.tables import JobRow, KeyMailRow, QueueRow, RunRow, ServiceKeyRow
from jupyter_secure_jobs.wire import run as shapes
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import KeyTasksAsked
from tests.support.filled import ANA, ELSEWHERE, HERE, MIA, NOW, PEOPLE, WEI, Filled, copied

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.orm import Session

    from jupyter_secure_jobs.services.unit import Unit

AWAY = NOW - timedelta(hours=1)


@pytest.fixture
def empty(tmp_path: Path) -> Filled:
    """Give a workspace in which nothing waits, with a worker and a key service that is there and one that is not."""
    filled = Filled(tmp_path, jobs=40, runs=20)
    with filled.unit(ANA, reading=False) as unit:
        unit.session.execute(update(RunRow).values(status="Succeeded", lease=None, lease_expires=None))
        for kind, name, seen in (("worker", "one", NOW), ("keyservice", "Airline", NOW), ("keyservice", "Away", AWAY)):
            unit.session.add(ServiceKeyRow(workspace=HERE, kind=kind, name=name, key=f"key of {name}", seen=seen))
    return filled


def ordered(unit: Unit, who: str, kind: str = "job", *, service: str | None = None) -> str:
    """Queue a run as the use cases do, past the statements of a real order; return its id."""
    form = unit.session.scalars(select(RunRow).where(RunRow.kind == "test", RunRow.workspace == HERE).limit(1)).one()
    organisation = PEOPLE[who]
    taken = unit.session.query(RunRow).where(RunRow.job == form.job).count()
    run = copied(
        form,
        id=f"01900000-0000-7000-8000-{taken:012}",
        kind=kind,
        number=1000 + taken,
        status="Queued",
        member=who,
        organisation=organisation,
        turn=queue.turn(unit, HERE, organisation, RunKind(kind)),
        lease=None,
        lease_expires=None,
        finished=None,
        started=None,
        keys_released=False,
        phases=[["queued", NOW.isoformat()]],
    )
    unit.session.add(run)
    unit.session.flush()
    if service is not None:
        unit.session.add(KeyMailRow(run=run.id, organisation=service, workspace=HERE, nonce=None, grant=None,
                                    refusal=None))  # fmt: skip
        unit.session.flush()
    return run.id


def worker(unit: Unit, name: str = "one") -> dict[str, ServiceKeyRow]:
    """Return where a worker serves."""
    return {HERE: unit.session.get_one(ServiceKeyRow, (HERE, "worker", name))}


def claimed(unit: Unit, name: str = "one") -> str | None:
    """Take the next run as a worker's claim does."""
    run = queue.next_run(unit, worker(unit, name))
    if run is None:
        return None
    run.lease = unit.new_id()
    unit.session.flush()
    return run.id


def places(unit: Unit) -> dict[str, int]:
    """Return the place that a page tells of each run that waits."""
    found = unit.session.scalars(select(RunRow).where(RunRow.status == "Queued", RunRow.lease.is_(None))).all()
    page = run_view.queue_of(unit, HERE, found)
    return {run.id: place for run in found if (place := run_view.place(run, page)) is not None}


def test_runs_are_taken_in_the_order_of_the_places_that_were_told(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        for _ in range(5):
            ordered(unit, ANA)
        ordered(unit, WEI)
        ordered(unit, MIA, "test")
        ordered(unit, WEI)
        told = places(unit)
        assert sorted(told.values()) == list(range(1, 9))
        taken = [claimed(unit) for _ in told]
        assert taken == sorted(told, key=lambda run: told[run])
        assert claimed(unit) is None
        kinds = [unit.session.get_one(RunRow, run).organisation for run in taken if run is not None]
        assert kinds[:4] == [PEOPLE[MIA], "Airline", PEOPLE[WEI], "Airline"]


def test_runs_that_wait_for_an_absent_key_service_are_passed_by(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        stuck = [ordered(unit, ANA, service="Away") for _ in range(80)]
        there = ordered(unit, ANA, service="Airline")
        told = places(unit)
        assert told[there] == 1, "whom the queue cannot hand out does not count"
        assert told[stuck[0]] == 1
        run = unit.session.get_one(RunRow, stuck[0])
        assert run_view.waiting(unit, run) == "waiting for the key service of Away"
        assert claimed(unit) == there
        assert claimed(unit) is None
        unit.session.execute(update(ServiceKeyRow).where(ServiceKeyRow.name == "Away").values(seen=NOW))
        assert claimed(unit) == stuck[0]


def test_runs_that_waited_for_an_absent_key_service_have_saved_up_no_turns(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        stuck = [ordered(unit, ANA, service="Away") for _ in range(30)]
        for _ in range(40):
            ordered(unit, WEI)
            assert claimed(unit)
        unit.session.execute(update(ServiceKeyRow).where(ServiceKeyRow.name == "Away").values(seen=NOW))
        waited = ordered(unit, MIA)
        assert claimed(unit) == stuck[0]
        late = ordered(unit, WEI)
        next_four = [claimed(unit) for _ in range(4)]
        assert next_four.index(stuck[2]) > max(next_four.index(waited), next_four.index(late)), "each is delayed by one"
        told = places(unit)
        assert [run for run in stuck[3:] if run in told] == sorted(stuck[3:], key=lambda run: told[run])


def offers(engines: tuple[str, ...], *, cores: int = 2) -> dict[str, object]:
    """Return what a worker tells that runs can have there."""
    return {"cores": cores, "memory_bytes": 8 * GIB, "engines": list(engines), "packages": []}


def asks(unit: Unit, run: str, engine: str = "spark", **limits: int) -> str:
    """Let a test run ask for an engine, and for these limits; return its id."""
    row = unit.session.get_one(RunRow, run)
    row.text = {**row.text, "compute": {"engine": engine}, "limits": {**row.text["limits"], **limits}}
    unit.session.flush()
    return run


def test_a_worker_leaves_to_another_what_it_cannot_run(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        small = worker(unit)[HERE]
        large = ServiceKeyRow(workspace=HERE, kind="worker", name="large", key="k", seen=NOW)
        small.offer, large.offer = offers(("sail",)), offers(("sail", "spark"), cores=8)
        unit.session.add(large)
        first = [asks(unit, ordered(unit, ANA, "test")) for _ in range(3)]
        plain = asks(unit, ordered(unit, ANA, "test"), "sail")
        assert claimed(unit) == plain, "what comes first is of no use to this worker"
        assert claimed(unit) is None
        assert claimed(unit, "large") == first[0]
        # Where nobody can run it, or who could is away, whoever is there takes it, and says what is missing.
        wide = asks(unit, ordered(unit, MIA, "test"), cores=64)
        assert claimed(unit) == wide
        large.seen = AWAY
        unit.session.flush()
        assert claimed(unit) == first[1]


def test_two_workers_that_offer_the_same_take_in_order(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        twin = ServiceKeyRow(workspace=HERE, kind="worker", name="twin", key="k", seen=NOW, offer=offers(("sail",)))
        unit.session.add(twin)
        worker(unit)[HERE].offer = offers(("sail",))
        runs_in_order = [asks(unit, ordered(unit, ANA, "test")), asks(unit, ordered(unit, ANA, "test"), "sail")]
        assert [claimed(unit), claimed(unit, "twin")] == runs_in_order


def test_a_run_that_got_no_keys_lets_the_next_of_every_line_go_first(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        silent, other = ordered(unit, ANA, service="Airline"), ordered(unit, WEI)
        assert claimed(unit) == silent
        run = unit.session.get_one(RunRow, silent)
        run.lease = None
        queue.let_others_first(unit, run)
        unit.session.flush()
        assert claimed(unit) == other
        assert claimed(unit) == silent


def test_two_workers_never_get_the_same_run(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        first = ordered(unit, ANA)
        assert claimed(unit) == first
        assert lines.take(unit.session, first) is None, "another worker was faster"


def test_the_taken_turn_only_grows(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        late, early = ordered(unit, ANA, service="Away"), [ordered(unit, WEI) for _ in range(3)]
        assert [claimed(unit) for _ in early] == early
        before = lines.taken(unit.session)
        unit.session.execute(update(ServiceKeyRow).where(ServiceKeyRow.name == "Away").values(seen=NOW))
        assert claimed(unit) == late
        assert lines.taken(unit.session) == before


def test_an_organisation_fills_its_own_line_alone(empty: Filled) -> None:
    empty.server.settings = replace(empty.server.settings, queue=Bounds(workspace=5, organisation=3))
    with empty.unit(ANA, reading=False) as unit:
        for _ in range(3):
            queue.check_room(unit, HERE, "Airline")
            ordered(unit, ANA)
        with pytest.raises(BusyError, match="3 runs of Airline wait"):
            queue.check_room(unit, HERE, "Airline")
        queue.check_room(unit, HERE, PEOPLE[WEI])
        ordered(unit, WEI)
        ordered(unit, WEI)
        with pytest.raises(BusyError, match="5 runs wait for a worker in this workspace"):
            queue.check_room(unit, HERE, PEOPLE[MIA])
        assert claimed(unit) is not None
        queue.check_room(unit, HERE, PEOPLE[MIA])
        unit.session.execute(delete(ServiceKeyRow).where(ServiceKeyRow.kind == "worker"))
        ordered(unit, MIA)
        with pytest.raises(BusyError, match="none is connected"):
            queue.check_room(unit, HERE, PEOPLE[MIA])


def test_what_the_queue_is_asked_is_found_by_indexes_of_what_waits(empty: Filled) -> None:
    with empty.unit(ANA, reading=False) as unit:
        ordered(unit, ANA, service="Airline")
        with empty.queries() as asked:
            places(unit)
            queue.check_room(unit, HERE, "Airline")
            queue.turn(unit, HERE, "Airline", RunKind.JOB)
            queue.next_run(unit, worker(unit))
        assert unit.session.scalar(select(QueueRow.taken)) > 0
        found = [(statement, values) for statement, values in asked if "FROM run" in statement and "turn" in statement]
    seen = 0
    with empty.database.engine.connect() as connection:
        for statement, values in asked:
            if "status = 'Queued' AND lease IS NULL" in statement:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
                lines_ = [row[3] for row in plan]
                assert any("USING COVERING INDEX ix_run_waiting" in line for line in lines_), lines_
                seen += 1
    assert seen >= 4
    assert found


def test_a_full_queue_takes_no_test_and_no_order(empty: Filled) -> None:
    """It is refused before the statements of an order are looked at."""
    drafts = [job for job, status in empty.statuses.items() if status is Status.DRAFT]
    accepted = [job for job, status in empty.statuses.items() if status is Status.ACCEPTED]
    no_order = sign(Login(audience="", key="", nonce="", time=NOW), SigningKey.generate())
    order = shapes.RunNew(order=EnvelopeWire.model_validate(no_order.to_json()))
    author = {row.id: row.author for row in _jobs(empty)}
    for bounds in (Bounds(workspace=0), Bounds(organisation=0)):
        empty.server.settings = replace(empty.server.settings, queue=bounds)
        with empty.unit(author[drafts[0]], reading=False) as unit:
            with pytest.raises(BusyError) as full:
                runs.test(unit, HERE, drafts[0], shapes.TestNew())
            assert (full.value.code, full.value.status) == ("queue_full", 429)
        with empty.unit(author[accepted[0]], reading=False) as unit, pytest.raises(BusyError):
            runs.order(unit, HERE, accepted[0], order)
    empty.server.settings = replace(empty.server.settings, queue=Bounds())
    with empty.unit(author[drafts[0]], reading=False) as unit:
        made = runs.test(unit, HERE, drafts[0], shapes.TestNew())
        assert (made.status, made.place) == ("Queued", 1)
        assert unit.session.get_one(RunRow, made.id).organisation == PEOPLE[author[drafts[0]]]
    with empty.unit(author[accepted[0]], reading=False) as unit, pytest.raises(SecureJobsError) as refused:
        runs.order(unit, HERE, accepted[0], order)
    assert refused.value.code != "queue_full"


def _jobs(filled: Filled) -> list[JobRow]:
    with filled.unit(ANA) as unit:
        return list(unit.session.scalars(select(JobRow).where(JobRow.workspace == HERE)))


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (lambda s: stored.lost(s, now=NOW), "ix_run_lease_expires"),
        (lambda s: stored.overdue(s, now=NOW), "ix_run_expires"),
        (lambda s: stored.open_mail(s, HERE, "Airline"), "ix_run_leased"),
        (lambda s: stored.open_notices(s, HERE, "Airline"), "ix_notice_open"),
        (lambda s: stored.leased_by(s, HERE, "one"), "ix_run_leased"),
        (lambda s: stored.active_anywhere(s, HERE), "ix_run_active"),
        (lambda s: stored.active(s, "job", "test"), "ix_run_job_kind_status_id"),
        (lambda s: stored.next_number(s, "job", "test"), "ix_run_job_kind_number"),
        (lambda s: stored.listed(s, HERE, job=None, kind=None, after=None, limit=9), "ix_run_workspace_id"),
        (lambda s: stored.listed(s, HERE, job=None, kind="job", after=None, limit=9), "ix_run_workspace_kind_id"),
        (lambda s: stored.listed(s, HERE, job="job", kind=None, after=None, limit=9), "ix_run_job_id"),
        (lambda s: lines.waiting(s, HERE), "ix_run_waiting"),
    ],
)
def test_what_workers_and_key_services_ask_for_costs_what_is_open(
    empty: Filled, asked: Callable[[Session], object], index: str
) -> None:
    with empty.unit(ANA) as unit, empty.queries() as queries:
        asked(unit.session)
    ((statement, values),) = [each for each in queries if each[0] != "BEGIN"]
    with empty.database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
        found = [row[3] for row in plan]
    assert index in found[0], found
    assert not [line for line in found if line.startswith("SCAN") or "TEMP B-TREE" in line], found


def test_a_key_service_whose_call_waits_is_seen_in_a_workspace_founded_meanwhile(empty: Filled) -> None:
    """It calls once for all its workspaces and then waits; until it was seen, no run of the new one is handed out."""
    key = "key of Airline"
    with empty.unit(key) as unit:
        assert not keymail.waits(unit)
    with empty.unit(ANA, reading=False) as unit:
        unit.session.add(ServiceKeyRow(workspace=ELSEWHERE, kind="keyservice", name="Airline", key=key, seen=None))
    with empty.unit(key) as unit:
        assert keymail.waits(unit)
    with empty.unit(key, reading=False) as unit:
        assert keymail.tasks(unit, KeyTasksAsked(seen={})).items == []
    with empty.unit(key) as unit:
        assert queue.present(unit, unit.session.get_one(ServiceKeyRow, (ELSEWHERE, "keyservice", "Airline")))
        assert not keymail.waits(unit)
