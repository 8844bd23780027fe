"""A worker that was told whose runs to take: it says so, and takes no other's, whatever the server hands out."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from jupyter_secure_jobs.cli.main import parser
from jupyter_secure_jobs.client.mailbox import WorkerMailbox
from jupyter_secure_jobs.crypto.keyfile import KeyRing
from jupyter_secure_jobs.domain.errors import ConflictError, SecureJobsError
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import LeaseAnswer, LeaseNew, LeaseWire
from jupyter_secure_jobs.worker.loop import Worker
from tests.support.keys import Keys
from tests.support.refusal import refused
from tests.support.world import WORKSPACE, World

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.client.connection import Connection
    from jupyter_secure_jobs.wire.mailbox import Dossier
    from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess

LEASE = LeaseWire(run="r", workspace="attacker's", kind=RunKind.TEST, lease="l", lease_seconds=60.0,
                  heartbeat_seconds=2.0)  # fmt: skip


class Parts:
    """An enclave that notes what it is asked, and a server that hands out one lease and takes it back."""

    alive = True

    def __init__(self, lease: LeaseWire, gone: Exception | None = None) -> None:
        self.handed, self.gone = lease, gone
        self.asked: list[object] = []
        self.released: list[str] = []

    def wait(self) -> None:
        pass

    def close(self) -> None:
        pass

    def ask(self, frame: dict[str, object]) -> dict[str, object]:
        self.asked.append(frame["do"])
        return {"cores": 1, "memory_bytes": 1, "engines": [], "packages": []}

    def lease(self, _offer: object) -> LeaseWire:
        return self.handed

    def release(self, lease: LeaseWire) -> None:
        self.released.append(lease.lease)
        if self.gone is not None:
            raise self.gone


def turned(folder: Path, parts: Parts, *workspaces: str) -> list[LeaseWire]:
    """Let a worker that serves these workspaces take what the server hands out; return what it set out to run."""
    keys, carried = Keys.of("worker"), list[LeaseWire]()
    ring = KeyRing(signing=keys.signing, sealing=keys.sealing, label={})
    enclave = cast("EnclaveProcess", parts)
    worker = Worker(ring, "http://127.0.0.1:1", folder, start=lambda: enclave, enclave=enclave, workspaces=workspaces)
    worker._mailbox = cast("WorkerMailbox", parts)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(worker, "_carry", lambda lease, _enclave: carried.append(lease))
        worker._turn()
    return carried


def job_run(workspace: str, version: object) -> LeaseWire:
    dossier = cast("Dossier", SimpleNamespace(version=version))
    return LEASE.model_copy(update={"workspace": workspace, "kind": RunKind.JOB, "dossier": dossier})


VERSION = EnvelopeWire.model_validate(World().version.to_json())
NO_VERSION = EnvelopeWire(payload="", payloadType="", signatures=[])


@pytest.mark.parametrize(
    ("lease", "code"),
    [
        (LEASE, "not_served"),
        (job_run("attacker's", VERSION), "not_served"),
        # The name on the lease is the server's word; what the enclave would run is said by the version.
        (job_run("mine", VERSION), "not_served"),
        (job_run("mine", NO_VERSION), "statement_type"),
    ],
    ids=["test", "job run", "job run under another's name", "no version"],
)
def test_a_run_of_another_workspace_is_given_back_before_the_enclave_hears_of_it(
    tmp_path: Path, lease: LeaseWire, code: str
) -> None:
    parts = Parts(lease)
    with refused(code):
        turned(tmp_path, parts, "mine", "ours")
    assert parts.released == ["l"]
    assert parts.asked == ["offer"]


def test_runs_of_the_workspaces_that_it_serves_are_taken(tmp_path: Path) -> None:
    for lease in (LEASE.model_copy(update={"workspace": "ours"}), job_run(WORKSPACE, VERSION)):
        parts = Parts(lease)
        assert turned(tmp_path, parts, "ours", WORKSPACE) == [lease]
        assert parts.released == []


def test_without_the_option_every_run_is_taken(tmp_path: Path) -> None:
    assert turned(tmp_path, Parts(LEASE)) == [LEASE]


def test_a_server_that_hands_it_out_again_and_again_does_not_end_the_worker(tmp_path: Path) -> None:
    parts, stopped = Parts(LEASE, ConflictError("lease_lost", "Gone.", "Go on.")), threading.Event()
    ring = KeyRing(signing=Keys.of("worker").signing, sealing=Keys.of("worker").sealing, label={})
    enclave = cast("EnclaveProcess", parts)
    worker = Worker(ring, "http://127.0.0.1:1", tmp_path, start=lambda: enclave, enclave=enclave, workspaces=["mine"])
    worker._mailbox = cast("WorkerMailbox", parts)
    running = threading.Thread(target=worker.run, args=(stopped,))
    running.start()
    while len(parts.released) < 3:
        assert running.is_alive()
        stopped.wait(0.05)
    stopped.set()
    running.join(10)
    assert not running.is_alive()
    assert set(parts.asked) == {"offer"}


class Sends:
    """A connection that keeps what is posted."""

    def __init__(self) -> None:
        self.posted: list[LeaseNew] = []

    def post(self, _address: str, body: LeaseNew, _shape: object, **_: object) -> LeaseAnswer:
        self.posted.append(body)
        return LeaseAnswer(lease=None)


@pytest.mark.parametrize(("told", "sent"), [((), None), (("b", "a", "b"), ["a", "b"])])
def test_it_says_with_each_call_whose_runs_it_takes(told: tuple[str, ...], sent: list[str] | None) -> None:
    connection = Sends()
    mailbox = WorkerMailbox(cast("Connection", connection), workspaces=set(told))
    mailbox.lease()
    mailbox.lease()
    assert [each.workspaces for each in connection.posted] == [sent, sent]


def test_the_option_can_be_given_several_times_and_not_empty(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["worker", "run", "--workspace-url", "http://127.0.0.1:1"]
    assert parser("worker").parse_args(words).workspace == []
    assert parser("worker").parse_args([*words, "--workspace", "a", "--workspace", "b"]).workspace == ["a", "b"]
    with pytest.raises(SystemExit):
        parser("worker").parse_args([*words, "--workspace", ""])
    assert "a workspace's id" in capsys.readouterr().err


def test_a_refusal_is_one_that_the_workers_loop_survives(tmp_path: Path) -> None:
    with pytest.raises(SecureJobsError) as error:
        turned(tmp_path, Parts(LEASE), "mine")
    assert "attacker" not in str(error.value), "a name of the server's choice is not for the log"
