"""The enclave as a process of its own, seen from the loop that carries its bytes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from jupyter_secure_jobs.domain.errors import RefusedError, UnavailableError
from jupyter_secure_jobs.enclave import frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_secure_jobs.enclave.frames import Frame

# How long it may take for an answer beside the time that a run's code may take, and how long after `cancel`: one that
# hangs would keep the run, and the worker, for ever.
ANSWER_SECONDS: Final = 3600.0
STOP_SECONDS: Final = 300.0


class EnclaveProcess:
    """Starts it and exchanges frames; one question at a time, `cancel` from any thread."""

    def __init__(
        self,
        key_file: Path,
        passphrase: str,
        *,
        ready_sandboxes: int | None = None,
        wheels: Path | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        """Start it; `wait` until it is ready.

        Args:
            key_file: the platform key's store.
            passphrase: what opens it.
            ready_sandboxes: how many are to wait for runs, if not as usual.
            wheels: the folder of the wheel house.
            answer_seconds: after which silence upon a question it is ended.
            stop_seconds: after which silence upon `cancel` it is ended.
        """
        self._answer_seconds, self._stop_seconds = answer_seconds, stop_seconds
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
        self._stopping: threading.Timer | None = None
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

    def ask(self, frame: Frame, *, phase: Callable[[str], None] = lambda _name: None, seconds: float = 0.0) -> Frame:
        """Send a question and return the answer; `phase` is told the steps in between.

        One that gives no answer within `seconds` and an hour is ended.

        Raises:
            RefusedError: the enclave refused, with its reason.
            UnavailableError: something that it needs is missing, or the process is gone.
        """
        guard = self._ends_in(self._answer_seconds + seconds)
        try:
            self._send(frame)
            return self._answer(phase)
        except frames.FrameError as error:
            raise _gone() from error
        finally:
            guard.cancel()
            stopping, self._stopping = self._stopping, None
            if stopping is not None:
                stopping.cancel()

    def _ends_in(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        return timer

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
        """Tell it to stop what runs; if there is no answer minutes later, it is ended."""
        if self._stopping is None:
            self._stopping = self._ends_in(self._stop_seconds)
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
