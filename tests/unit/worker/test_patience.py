"""What a worker waits for and what not: nonces while others have ordered runs, and a server that is away."""

from __future__ import annotations

import shutil
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from jupyter_secure_jobs.crypto.keyfile import KeyRing
from jupyter_secure_jobs.domain.errors import ConflictError, RefusedError, UnavailableError
from jupyter_secure_jobs.domain.run import MOST_GRANTS_PER_ORDER, RunKind
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import KeysAnswer, KeysAsked, LeaseWire
from jupyter_secure_jobs.worker import patience as patiences
from jupyter_secure_jobs.worker.loop import Worker, _ReleasedError
from jupyter_secure_jobs.worker.patience import Patience
from tests.support.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.client.mailbox import WorkerMailbox
    from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess
    from jupyter_secure_jobs.worker.life import Life

SILENT = KeysAnswer(nonces={}, grants={}, refusals={}, waiting=["Silent"])
BUSY = SILENT.model_copy(update={"others": True})
ANSWERED = KeysAnswer(nonces={"Silent": "n"}, grants={}, refusals={}, waiting=[])
ENVELOPE = EnvelopeWire(payload="", payloadType="", signatures=[])


class Mailbox:
    """Gives these answers, one after the other."""

    def __init__(self, *answers: KeysAnswer) -> None:
        self.left = list(answers)

    def keys(self, _lease: LeaseWire, _asked: KeysAsked, *, wait: float) -> KeysAnswer:
        assert wait > 0
        return self.left.pop(0)


class Alive:
    """The run was not cancelled."""

    cancelled = False


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    keys = Keys.of("worker")
    ring = KeyRing(signing=keys.signing, sealing=keys.sealing, label={})
    nothing = cast("EnclaveProcess", None)
    return Worker(ring, "http://127.0.0.1:1", tmp_path / "folder", start=lambda: nothing, enclave=nothing)


def heard(worker: Worker, mailbox: Mailbox, *, patience: float, request: bool = False) -> KeysAnswer | None:
    worker._mailbox = cast("WorkerMailbox", mailbox)
    lease = LeaseWire(run="r", workspace="w", kind=RunKind.JOB, lease="l", lease_seconds=60.0, heartbeat_seconds=2.0,
                      patience_seconds=patience)  # fmt: skip
    asked = KeysAsked(lease="l", request=ENVELOPE if request else None)
    return worker._keys(lease, asked, 3600.0, cast("Life", Alive()))


def test_a_silent_key_service_is_not_waited_for_while_others_wait(worker: Worker) -> None:
    mailbox = Mailbox(SILENT, BUSY, ANSWERED)
    assert heard(worker, mailbox, patience=0.0) == BUSY
    assert mailbox.left == [ANSWERED]


def test_without_other_work_and_within_its_patience_it_waits_on(worker: Worker) -> None:
    assert heard(worker, Mailbox(SILENT, SILENT, ANSWERED), patience=0.0) == ANSWERED
    assert heard(worker, Mailbox(BUSY, BUSY, ANSWERED), patience=3600.0) == ANSWERED


def test_once_keys_are_asked_for_it_waits_on(worker: Worker) -> None:
    """A key that is on its way counts as a run: giving up early would waste it."""
    granted = KeysAnswer(nonces={"Silent": "n"}, grants={"Silent": ENVELOPE}, refusals={}, waiting=[])
    nothing_yet = granted.model_copy(update={"grants": {}, "others": True})
    assert heard(worker, Mailbox(nothing_yet, nothing_yet, granted), patience=0.0, request=True) == granted


class Asks:
    """An enclave that is there, and a server that would hand out a run."""

    alive = True

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def wait(self) -> None:
        pass

    def close(self) -> None:
        pass

    def ask(self, _frame: object) -> dict[str, object]:
        return {"cores": 1, "memory_bytes": 1, "engines": [], "packages": []}

    def lease(self, _offer: object) -> None:
        self.stopped.set()


def test_a_worker_without_room_on_its_disk_takes_no_run_and_asks_again(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, free = Asks(), [0, 0, 10**12]
    worker._enclave, worker._mailbox = cast("EnclaveProcess", parts), cast("WorkerMailbox", parts)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free.pop(0)))
    worker.run(parts.stopped)
    assert free == [], "it looked again, and took a run once there was room"


NO_NONCE = "nonce: No fresh nonce of this key service is open for the run."


def refusing(*reasons: str) -> Mailbox:
    said = {f"Owner {number}": reason for number, reason in enumerate(reasons)}
    return Mailbox(ANSWERED.model_copy(update={"refusals": said}))


def test_a_nonce_that_is_used_up_gives_the_run_back_but_not_for_ever(worker: Worker) -> None:
    """A key service whose reply was lost is asked again, and has used its nonce up: no verdict about the run."""
    for _ in range(MOST_GRANTS_PER_ORDER - 1):
        with pytest.raises(_ReleasedError):
            heard(worker, refusing(NO_NONCE), patience=1.0, request=True)
    with pytest.raises(RefusedError, match="No fresh nonce"):
        heard(worker, refusing(NO_NONCE), patience=1.0, request=True)


@pytest.mark.parametrize("reason", ["order_used: Keys were released.", "withdrawn: nonce: of it", "nonces: no"])
def test_any_other_refusal_is_final(worker: Worker, reason: str) -> None:
    with pytest.raises(RefusedError):
        heard(worker, refusing(NO_NONCE, reason), patience=1.0, request=True)


AWAY = UnavailableError("unreachable", "The server cannot be reached.", "Wait.")
LOST = ConflictError("lease_lost", "The run was taken back.", "Drop it.")


class Server:
    """Is away so many times, then takes what it is told; `lease` is its answer to a sign of life."""

    def __init__(self, away: int, lease: Exception | None = None) -> None:
        self.away, self.lease, self.beats, self.acts = away, lease, 0, 0

    def heartbeat(self, _lease: LeaseWire, _beat: object) -> None:
        self.beats += 1
        if self.lease is not None:
            raise self.lease

    def act(self) -> str:
        self.acts += 1
        if self.acts <= self.away:
            raise AWAY
        return "taken"


@pytest.fixture
def lease(monkeypatch: pytest.MonkeyPatch) -> LeaseWire:
    monkeypatch.setattr(patiences, "_PAUSES", ())
    monkeypatch.setattr(patiences, "_LAST_PAUSE", 0.0)
    return LeaseWire(run="r", workspace="w", kind=RunKind.JOB, lease="l", lease_seconds=60.0, heartbeat_seconds=2.0)


def asked(server: Server, lease: LeaseWire, seconds: float = 60.0) -> str:
    return Patience(cast("WorkerMailbox", server), lease).ask(server.act, seconds=seconds)


def test_a_server_that_answers_is_asked_once_and_told_nothing_else(lease: LeaseWire) -> None:
    server = Server(away=0)
    assert asked(server, lease) == "taken"
    assert (server.acts, server.beats) == (1, 0)


def test_a_server_that_is_away_is_asked_until_it_is_back(lease: LeaseWire) -> None:
    for word in (None, AWAY):
        server = Server(away=9, lease=word)
        assert asked(server, lease) == "taken"
        assert (server.acts, server.beats) == (10, 9), "the lease is prolonged as soon as that is heard"


def test_a_lost_lease_ends_it(lease: LeaseWire) -> None:
    server = Server(away=9, lease=LOST)
    with pytest.raises(ConflictError):
        asked(server, lease)
    assert server.acts == 1


def test_a_server_that_stays_away_is_given_up(lease: LeaseWire) -> None:
    server = Server(away=9)
    with pytest.raises(UnavailableError):
        asked(server, lease, seconds=0.0)
    assert server.acts == 1
