"""An enclave that hangs keeps neither its run nor its worker: it is ended, and the run is told as lost."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess
from tests.support.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

OFFER = {"do": "offer"}


def started(folder: Path, *, answer_seconds: float, stop_seconds: float) -> EnclaveProcess:
    keys = Keys.of("worker")
    ring = keyfile.KeyRing(signing=keys.signing, sealing=keys.sealing, label={"name": "worker"})
    keyfile.save(folder / "keys.json", ring, "a passphrase of this test")
    enclave = EnclaveProcess(
        folder / "keys.json",
        "a passphrase of this test",
        ready_sandboxes=0,
        answer_seconds=answer_seconds,
        stop_seconds=stop_seconds,
    )
    enclave.wait()
    return enclave


def hang(enclave: EnclaveProcess) -> None:
    """Stop it; in ten seconds it would answer after all."""
    os.kill(enclave._process.pid, signal.SIGSTOP)
    threading.Timer(10, enclave._process.send_signal, (signal.SIGCONT,)).start()


@pytest.mark.parametrize("cancelled", [False, True])
def test_silent_enclave_is_ended(tmp_path: Path, *, cancelled: bool) -> None:
    patience, after = (60.0, 0.5) if cancelled else (0.5, 60.0)
    enclave = started(tmp_path, answer_seconds=patience, stop_seconds=after)
    try:
        hang(enclave)
        if cancelled:
            threading.Timer(0.2, enclave.cancel).start()
        with pytest.raises(UnavailableError, match="ended"):
            enclave.ask(OFFER)
        assert enclave._process.wait(timeout=20) == -signal.SIGKILL
    finally:
        enclave.close()


def test_enclave_that_answers_goes_on(tmp_path: Path) -> None:
    enclave = started(tmp_path, answer_seconds=60.0, stop_seconds=0.5)
    try:
        enclave.cancel()
        enclave.ask(OFFER)
        threading.Event().wait(1)
        assert enclave.ask(OFFER)["cores"]
    finally:
        enclave.close()


def test_enclave_that_fails_says_so_in_no_words_of_its_own(tmp_path: Path) -> None:
    enclave = started(tmp_path, answer_seconds=60.0, stop_seconds=60.0)
    try:
        with pytest.raises(UnavailableError) as failed:
            enclave.ask({"do": "run", "grants": 4815162342, "files": {}, "outbox": ""})
        assert failed.value.code == "enclave_failed"
        assert "4815162342" not in str(failed.value)
        assert "int" not in f"{failed.value.detail} {failed.value.next_step}".split()
        assert enclave.ask(OFFER)["cores"]
    finally:
        enclave.close()
