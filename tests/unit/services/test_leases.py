"""Leases: one worker a run, for as long as it gives signs of life, and nothing of one whose lease is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, UnauthenticatedError
from jupyter_secure_jobs.domain.run import NONCE_SECONDS, Phase, RunStatus, patience
from jupyter_secure_jobs.services import dispatch, keymail, run_view
from jupyter_secure_jobs.services.run_state import attempts_of, mark, note_sandbox, sandbox_ms
from jupyter_secure_jobs.store.tables import KeyMailRow, RunRow, ServiceKeyRow
from jupyter_secure_jobs.wire.mailbox import Finished, Heartbeat, KeysAsked, PhaseReached
from tests.support.filled import ANA, ELSEWHERE, HERE, NOW, PEOPLE, WEI, Filled, copied
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from jupyter_secure_jobs.services.unit import Unit

LATER = timedelta(hours=1)
WORKERS = {"key of one": HERE, "key of two": HERE, "key of theirs": ELSEWHERE}


class Clocked(Filled):
    """A server whose clock the test sets."""

    now: datetime = NOW

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, jobs=20, runs=10)
        self.server.clock = lambda: self.now
        with self.unit(ANA, reading=False) as unit:
            unit.session.execute(update(RunRow).values(status="Succeeded", lease=None, lease_expires=None))
            for key, workspace in WORKERS.items():
                unit.session.add(ServiceKeyRow(workspace=workspace, kind="worker", name=key[7:], key=key, seen=NOW))
            form = unit.session.scalars(select(RunRow).where(RunRow.kind == "test", RunRow.workspace == HERE)).first()
            assert form is not None
            for number, (who, turn) in enumerate(((ANA, 1), (WEI, 2))):
                row = copied(form, id=f"run-{number}", kind="job", number=1000 + number, status="Queued", member=who,
                             organisation=PEOPLE[who], turn=turn, lease=None, lease_expires=None, finished=None,
                             started=None, keys_released=False, retried=False, cancel_requested=False, worker=None,
                             expires=NOW + timedelta(days=7), phases=[["queued", NOW.isoformat()]])  # fmt: skip
                unit.session.add(row)

    def taken(self, run: str, worker: str = "one") -> str:
        """Hand a run to a worker, past the statements that a claim also reads; return the lease."""
        with self.unit(f"key of {worker}", reading=False) as unit:
            row = unit.session.get_one(RunRow, run)
            row.lease, row.worker, row.lease_expires = f"lease of {worker}", worker, self.now + timedelta(seconds=60)
        return f"lease of {worker}"

    def row(self, run: str) -> RunRow:
        """Return a run as it is now."""
        with self.unit(ANA) as unit:
            return copied(unit.session.get_one(RunRow, run))  # type: ignore[return-value]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Clocked]:
    made = Clocked(tmp_path)
    yield made
    made.database.close()


ASKS: list[tuple[str, Callable[[Unit, str, str], object]]] = [
    ("a sign of life", lambda unit, run, lease: dispatch.heartbeat(unit, HERE, run, Heartbeat(lease=lease))),
    ("an outcome", lambda unit, run, lease: dispatch.finish(
        unit, HERE, run, Finished(lease=lease, status=RunStatus.FAILED, error_class="Error"))),
    ("a release", lambda unit, run, lease: dispatch.release(unit, HERE, run, Heartbeat(lease=lease))),
    ("a call for keys", lambda unit, run, lease: keymail.ask(unit, HERE, run, KeysAsked(lease=lease))),
]  # fmt: skip


@pytest.mark.parametrize("ask", [ask for _, ask in ASKS], ids=[name for name, _ in ASKS])
def test_whose_lease_is_another_or_gone_is_not_heard(server: Clocked, ask: Callable[[Unit, str, str], object]) -> None:
    lease = server.taken("run-0")
    before = server.row("run-0").phases
    for key, run, said in (
        ("key of two", "run-0", "lease of two"),
        ("key of one", "run-0", ""),
        ("key of one", "run-1", lease),
        ("key of one", "run-1", ""),
    ):
        with server.unit(key, reading=False) as unit, refused("lease_lost", kind=ConflictError):
            ask(unit, run, said)
    with server.unit(ANA, reading=False) as unit, refused("not_enrolled", kind=UnauthenticatedError):
        ask(unit, "run-0", lease)
    row = server.row("run-0")
    assert (row.status, row.lease, row.phases) == ("Queued", lease, before)
    with server.unit("key of one", reading=False) as unit:
        ask(unit, "run-0", lease)


def test_a_silent_workers_run_is_taken_back_and_its_lease_is_worth_nothing(server: Clocked) -> None:
    """Only one result counts: what the first worker still brings after that is not heard."""
    lease = server.taken("run-0")
    with server.unit("key of one", reading=False) as unit:
        unit.session.add(KeyMailRow(run="run-0", organisation="Airline", workspace=HERE, nonce="old", grant=None,
                                    refusal=None))  # fmt: skip
    server.now += timedelta(seconds=59)
    for _ in range(3):
        with server.unit("key of one", reading=False) as unit:
            dispatch.heartbeat(unit, HERE, "run-0", Heartbeat(lease=lease))
            dispatch.sweep(unit)
        server.now += timedelta(seconds=59)
    assert server.row("run-0").lease == lease, "signs of life prolong it"
    server.now += timedelta(seconds=2)
    with server.unit("key of two", reading=False) as unit:
        dispatch.sweep(unit)
        assert unit.session.scalars(select(KeyMailRow.nonce)).all() == [None], "the next enclave asks with new nonces"
    assert server.row("run-0").lease is None
    again = server.taken("run-0", "two")
    for _, ask in ASKS[:2]:
        with server.unit("key of one", reading=False) as unit, refused("lease_lost", kind=ConflictError):
            ask(unit, "run-0", lease)
    assert server.row("run-0").lease == again


def test_no_lease_ends_while_the_server_is_away(server: Clocked) -> None:
    """Nobody could give a sign of life; who is still there has the time of a lease to do so."""
    leases = {run: server.taken(run, worker) for run, worker in (("run-0", "one"), ("run-1", "two"))}
    server.now += LATER
    server.server.started = server.now
    for seconds in (1, 58):
        server.now += timedelta(seconds=seconds)
        with server.unit("key of two", reading=False) as unit:
            dispatch.sweep(unit)
            assert {run: unit.session.get_one(RunRow, run).lease for run in leases} == leases
    with server.unit("key of one", reading=False) as unit:
        dispatch.heartbeat(unit, HERE, "run-0", Heartbeat(lease=leases["run-0"]))
    server.now += timedelta(seconds=1)
    with server.unit("key of two", reading=False) as unit:
        dispatch.sweep(unit)
    assert server.row("run-0").lease == leases["run-0"]
    assert server.row("run-1").lease is None, "who has gone meanwhile loses its run"


def test_a_run_whose_worker_dies_with_its_keys_is_tried_once_more(server: Clocked) -> None:
    for dies in range(2):
        server.taken("run-0")
        with server.unit("key of one", reading=False) as unit:
            unit.session.get_one(RunRow, "run-0").keys_released = True
        server.now += LATER
        with server.unit("key of two", reading=False) as unit:
            dispatch.sweep(unit)
        assert server.row("run-0").status == ("Queued" if dies == 0 else "Failed")
    assert server.row("run-0").error_class == "WorkerLost"


def test_a_run_that_is_given_back_lets_the_others_go_first(server: Clocked) -> None:
    lease = server.taken("run-0")
    with server.unit("key of one", reading=False) as unit:
        dispatch.release(unit, HERE, "run-0", Heartbeat(lease=lease))
    assert server.row("run-0").turn > server.row("run-1").turn
    assert server.row("run-0").lease is None


def test_a_run_says_whose_key_service_did_not_answer(server: Clocked) -> None:
    """It is connected, so that nothing else would tell why the run starts again and again."""
    with server.unit("key of one", reading=False) as unit:
        for name, nonce in (("Airline", "given"), ("Silent", None)):
            unit.session.add(ServiceKeyRow(workspace=HERE, kind="keyservice", name=name, key=f"of {name}", seen=NOW))
            unit.session.add(KeyMailRow(run="run-0", organisation=name, workspace=HERE, nonce=nonce, grant=None,
                                        refusal=None))  # fmt: skip
    lease = server.taken("run-0")
    with server.unit("key of one", reading=False) as unit:
        row = unit.session.get_one(RunRow, "run-0")
        mark(row, Phase.EVIDENCE, NOW)
        said = keymail.ask(unit, HERE, "run-0", KeysAsked(lease=lease))
        assert (said.waiting, said.others) == (["Silent"], True), "another organisation's run could be had"
        unit.session.get_one(RunRow, "run-1").lease = "taken"
        assert not keymail.ask(unit, HERE, "run-0", KeysAsked(lease=lease)).others
        note_sandbox(row, 7)
        dispatch.release(unit, HERE, "run-0", Heartbeat(lease=lease))
        assert "the key service of Silent, which is connected" in (run_view.waiting(unit, row) or "")
        assert (attempts_of(row), sandbox_ms(row)) == (1, None)
        mark(row, Phase.EVIDENCE, NOW)
        assert run_view.waiting(unit, row) is None


def test_patience_grows_with_each_attempt() -> None:
    """One that is only slow gets its time in the end; one that is silent holds nobody for long at first."""
    told = [patience(attempts) for attempts in range(6)]
    assert told == sorted(told)
    assert told[0] < told[-1] == NONCE_SECONDS
    assert patience(10**6) == NONCE_SECONDS


def test_a_run_ends_once_and_as_one_that_ended(server: Clocked) -> None:
    lease = server.taken("run-0")
    with server.unit("key of one", reading=False) as unit, refused("outcome", kind=InvalidError):
        dispatch.finish(unit, HERE, "run-0", Finished(lease=lease, status=RunStatus.QUEUED))
    with server.unit("key of one", reading=False) as unit:
        dispatch.finish(unit, HERE, "run-0", Finished(lease=lease, status=RunStatus.FAILED, error_class="Error"))
    with server.unit("key of one", reading=False) as unit, refused("lease_lost", kind=ConflictError):
        dispatch.finish(unit, HERE, "run-0", Finished(lease=lease, status=RunStatus.CANCELLED))
    assert (server.row("run-0").status, server.row("run-0").lease) == ("Failed", None)


def test_a_worker_gets_the_runs_and_files_of_its_own_workspaces(server: Clocked) -> None:
    with server.unit("key of theirs", reading=False) as unit:
        assert dispatch.claim(unit).lease is None
        with refused("no_workspace", kind=NotFoundError):
            dispatch.file_path(unit, HERE, "sha256:" + "1" * 64)
        with refused("lease_lost", kind=ConflictError):
            dispatch.heartbeat(
                unit,
                ELSEWHERE,
                "run-0",
                Heartbeat(lease="lease of one", phases=[PhaseReached(phase=Phase.RUN, ago_ms=0)]),
            )


def test_an_order_that_expired_is_not_handed_out(server: Clocked) -> None:
    server.now += timedelta(days=8)
    with server.unit("key of one", reading=False) as unit:
        assert dispatch.claim(unit).lease is None
    row = server.row("run-0")
    assert (row.status, row.error_class) == ("Failed", "OrderExpired")
    assert "Nothing was used up" in (row.error_text or "")
