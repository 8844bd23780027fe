"""The enclave as a process of its own, seen from the loop that carries its bytes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from jupyter_secure_jobs.domain.errors import RefusedError, UnavailableError
from jupyter_secure_jobs.enclave import frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_secure_jobs.enclave.frames import Frame


class EnclaveProcess:
    """Starts it and exchanges frames; one question at a time, `cancel` from any thread."""

    def __init__(
        self, key_file: Path, passphrase: str, *, ready_sandboxes: int | None = None, wheels: Path | None = None
    ) -> None:
        """Start it; `wait` until it is ready.

        Args:
            key_file: the platform key's store.
            passphrase: what opens it.
            ready_sandboxes: how many are to wait for runs, if not as usual.
            wheels: the folder of the wheel house.
        """
        self._process = subprocess.Popen(  # noqa: S603 -- our own module, no shell
            [
                sys.executable,
                "-m",
                "jupyter_secure_jobs.enclave.main",
                *(str(each) for each in (key_file, wheels) if each),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: os.environ[name] for name in ("PATH", "XDG_RUNTIME_DIR", "JAVA_HOME") if name in os.environ},
        )
        self._writing = threading.Lock()
        more = {} if ready_sandboxes is None else {"ready_sandboxes": ready_sandboxes}
        # If it has ended already, `wait` says so.
        with contextlib.suppress(frames.FrameError):
            self._send({"passphrase": passphrase, **more})

    def wait(self) -> None:
        """Return once it is ready.

        Raises:
            UnavailableError: it did not start.
            RefusedError: its key store did not open.
        """
        self._answer(lambda _name: None)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def _send(self, frame: Frame) -> None:
        with self._writing:
            frames.write(cast("BinaryIO", self._process.stdin), frame)

    def ask(self, frame: Frame, *, phase: Callable[[str], None] = lambda _name: None) -> Frame:
        """Send a question and return the answer; `phase` is told the steps in between.

        Raises:
            RefusedError: the enclave refused, with its reason.
            UnavailableError: something that it needs is missing, or the process is gone.
        """
        try:
            self._send(frame)
        except frames.FrameError as error:
            raise _gone() from error
        return self._answer(phase)

    def _answer(self, phase: Callable[[str], None]) -> Frame:
        try:
            while (answer := frames.read(cast("BinaryIO", self._process.stdout))) is not None:
                if set(answer) == {"phase"}:
                    phase(str(answer["phase"]))
                    continue
                _raise_problem(answer)
                return answer
        except frames.FrameError as error:
            raise _gone() from error
        raise _gone()

    def cancel(self) -> None:
        """Tell it to stop what runs."""
        try:
            self._send({"do": "cancel"})
        except frames.FrameError:
            return  # it is gone, and with it what ran

    def close(self) -> None:
        """End it; it wipes its memory when its input ends."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _gone() -> UnavailableError:
    return UnavailableError("enclave_gone", "The enclave's process ended.", "Look at the worker's log.")


def _raise_problem(answer: Frame) -> None:
    problem: Any = answer.get("problem")
    if problem is None:
        return
    kind = UnavailableError if problem["kind"] == "unavailable" else RefusedError
    raise kind(problem["code"], problem["detail"], problem["next_step"])
