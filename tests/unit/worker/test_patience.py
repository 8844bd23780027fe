"""A worker that waits for nonces while others have ordered runs goes on to those."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from jupyter_secure_jobs.crypto.keyfile import KeyRing
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import KeysAnswer, KeysAsked, LeaseWire
from jupyter_secure_jobs.worker.loop import Worker
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
