"""One sandboxed process for one run, started ahead of time and then thrown away."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final, Literal, Self

from jupyter_secure_jobs.sandbox import bubblewrap, cores, syscalls
from jupyter_secure_jobs.sandbox.channel import BrokenReplyError, ReplyReader, write_spec
from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

# Process 1 of the sandbox ends the author's code in time; the parent waits this much longer, for the result to be
# examined and carried out, before it kills everything on its own.
EXAMINATION_SECONDS: Final = 300
_START_SECONDS: Final = 60
_PREPARATION_SECONDS: Final = 300
_KILL_SECONDS: Final = 10
_LOOK_MILLISECONDS: Final = 20
_NEXT_STEP: Final = (
    "Run `jupyter secure-jobs worker check` on this host; allow unprivileged user namespaces "
    "(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)."
)
# The kernel's "die with the parent" follows the thread that started the child, so one lasting thread starts them all.
_STARTER: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-starter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How the run ended, as the parent saw it.

    kind: `finished` (process 1 replied), `timed_out`, `cancelled`, or `lost` (process 1 died or broke the form).
    message, files: the reply, there if finished; the files lie in the child's `out`.
    """

    kind: Literal["finished", "timed_out", "cancelled", "lost"]
    message: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)


class _StoppedError(Exception):
    def __init__(self, kind: Literal["timed_out", "cancelled"]) -> None:
        super().__init__(kind)
        self.kind = kind


class Child:
    """A sandbox with process 1 in it that waits for one job. Use it once, then `close` it (or use `with`).

    tables: put the plaintext tables here; the sandbox sees them read-only at /tables.
    packages: put the unpacked wheels of the run here, a folder each; the sandbox sees them read-only at /packages.
    out: the parent's own directory for what comes out; the sandbox never sees it.
    ceiling: the most that a run in this child may ask for.
    """

    def __init__(self, root: Path, *, program: bubblewrap.Program, ceiling: Limits) -> None:
        """Start; see `start`."""
        self._root = root
        self.tables = root / "tables"
        self.packages = root / "packages"
        self.out = root / "out"
        self.ceiling = ceiling
        self._used = False
        self._ready = False
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `close`
        for folder in (self.tables, self.packages, self.out):
            folder.mkdir(mode=0o700)
        self._process, self._number, self._one = _STARTER.submit(self._spawn, program).result()
        if self._process.stdin is None or self._process.stdout is None:
            message = "The child was started without its pipes."
            raise RuntimeError(message)
        self._request, self._reply = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._reader = ReplyReader(self._receive)
        self._stop: Callable[[], None] = self._deadline(time.monotonic() + _START_SECONDS, None)

    @classmethod
    def start(
        cls,
        root: Path,
        *,
        module: str,
        ceiling: Limits | None = None,
        arguments: tuple[str, ...] = (),
        needs: bubblewrap.Needs = bubblewrap.NOTHING_MORE,
    ) -> Self:
        """Start a sandbox that runs `python -m MODULE` as its process 1; returns before that has imported anything.

        Args:
            root: a fresh directory of mode 0700 on a temporary file system; `close` removes it and all that is in it.
            module: what runs inside; it must use `sandbox.supervisor`.
            ceiling: the most that a run may ask for; default limits if not given.
            arguments: the words after the module's name.
            needs: what it must find inside beside the interpreter.

        Raises:
            SandboxUnavailableError: bubblewrap, the system call filter or user namespaces are missing.
        """
        program = bubblewrap.Program(module=module, arguments=arguments, needs=needs)
        try:
            return cls(root, program=program, ceiling=ceiling or Limits())
        except BaseException:
            shutil.rmtree(root)
            raise

    def _spawn(self, program: bubblewrap.Program) -> tuple[subprocess.Popen[bytes], int, int]:
        bwrap = bubblewrap.find_bubblewrap()
        # The result and the log lie on the scratch file system until they are sent.
        size = self.ceiling.scratch_bytes + self.ceiling.result_bytes + 4 * self.ceiling.log_bytes + 16 * MEBIBYTE
        told, telling = os.pipe()
        with os.fdopen(told, "rb") as information, syscalls.compiled() as rules:
            try:
                process = subprocess.Popen(  # noqa: S603 -- a fixed command; nothing of the author's is in it
                    bubblewrap.command(
                        bwrap,
                        root=self._root,
                        scratch_bytes=size,
                        seccomp=rules.fileno(),
                        information=telling,
                        program=program,
                    ),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    pass_fds=(rules.fileno(), telling),
                    env={},
                    cwd="/",
                    bufsize=0,
                )
            finally:
                os.close(telling)
            try:
                number = int(json.loads(information.read())["child-pid"])
                one = os.pidfd_open(number)
            except (ValueError, KeyError, ProcessLookupError) as error:
                process.kill()
                process.wait()
                raise self._unavailable() from error
        return process, number, one

    def _unavailable(self) -> SandboxUnavailableError:
        # No code or data of anyone is in the sandbox yet, so that its words can be shown.
        self._errors.seek(0)
        words = self._errors.read(2000).decode(errors="replace").strip().splitlines()
        last = words[-1] if words else "no reason given"
        return SandboxUnavailableError(f"The sandbox did not start: {last}.", _NEXT_STEP)

    def _deadline(self, at: float, cancelled: threading.Event | None) -> Callable[[], None]:
        def stop() -> None:
            if cancelled is not None and cancelled.is_set():
                raise _StoppedError("cancelled")
            if time.monotonic() > at:
                raise _StoppedError("timed_out")

        return stop

    def _receive(self) -> bytes:
        poll = select.poll()
        poll.register(self._reply, select.POLLIN)
        while True:
            self._stop()
            if poll.poll(_LOOK_MILLISECONDS):
                return os.read(self._reply, MEBIBYTE)

    @property
    def alive(self) -> bool:
        """Whether process 1 still runs, as far as is known."""
        return self._process.poll() is None

    @property
    def came_up(self) -> bool:
        """Whether process 1 has said something, or ended: `wait_until_ready` returns or raises at once then."""
        return self._ready or self._said(0)

    def wait_for_word(self, given_up: Callable[[], bool]) -> None:
        """Return once it has come up, after a minute at the latest, or once `given_up` says so. Any thread may wait."""
        end = time.monotonic() + _START_SECONDS
        while not given_up() and time.monotonic() < end and self.alive and not self.came_up:
            self._said(_LOOK_MILLISECONDS)

    def _said(self, milliseconds: int) -> bool:
        poll = select.poll()
        poll.register(self._reply, select.POLLIN)
        return bool(poll.poll(milliseconds))

    def wait_until_ready(self) -> None:
        """Return once process 1 has imported what it needs. Call it before anything is decrypted.

        Raises:
            SandboxUnavailableError: it did not come up within a minute.
        """
        if self._ready:
            return
        # The minute counts from here: a child that was started ahead may have waited for hours.
        self._stop = self._deadline(time.monotonic() + _START_SECONDS, None)
        try:
            self._reader.ready()
        except (BrokenReplyError, _StoppedError) as error:
            self._kill()
            raise self._unavailable() from error
        self._ready = True

    def run(self, spec: bytes, limits: Limits, cancelled: threading.Event, *, files: Mapping[str, int]) -> Exit:
        """Send the job, wait for the reply, and kill every process; `close` returns when they are gone.

        Args:
            spec: what process 1 gets to read.
            limits: of this run; process 1 holds them, the parent keeps the time as well.
            cancelled: set it from another thread to stop within a fraction of a second.
            files: the names of the files that may come out and the most bytes of each.

        Raises:
            SandboxUnavailableError: the child did not come up.
            RuntimeError: the child was used before.
        """
        if self._used:
            message = "A child serves one run; start another."
            raise RuntimeError(message)
        self.wait_until_ready()
        self._used = True
        self._stop = self._deadline(time.monotonic() + _PREPARATION_SECONDS, cancelled)
        try:
            self._reader.prepared()
            # A process that is being forked has taken the old processors along already and cannot be seen yet.
            cores.hold(self._number, limits.cores)
            self._stop = self._deadline(time.monotonic() + limits.seconds + EXAMINATION_SECONDS, cancelled)
            write_spec(self._request, spec)
            message_out, written = self._reader.reply(self.out, files)
            return Exit(kind="finished", message=message_out, files=written)
        except _StoppedError as stopped:
            return Exit(kind=stopped.kind)
        except (BrokenReplyError, BrokenPipeError):
            return Exit(kind="lost")
        finally:
            # The kernel takes a while to tear a large process down; the reply need not wait for that.
            self._send_kill()

    def _send_kill(self) -> None:
        if self._one >= 0:
            # It may have ended already, and with it its namespace.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._one, signal.SIGKILL)

    def _kill(self) -> None:
        # Killing process 1 makes the kernel kill all others of its namespace; its descriptor is readable after that.
        if self._one >= 0:
            self._send_kill()
            poll = select.poll()
            poll.register(self._one, select.POLLIN)
            poll.poll(_KILL_SECONDS * 1000)
            os.close(self._one)
            self._one = -1
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Kill what still runs and remove the root and everything in it; safe to call twice."""
        self._kill()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()
        if self._root.exists():
            shutil.rmtree(self._root)

    def __enter__(self) -> Self:
        """Return the child itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
