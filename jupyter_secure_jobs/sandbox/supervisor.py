"""Process 1 of the sandbox: starts the author's code as another process, watches it, and ends it.

As process 1 of its namespace it cannot be killed or stopped from inside (pid_namespaces(7)), and because it is not
"dumpable" (prctl(2)) no process beside it can read its memory or its open files.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from jupyter_secure_jobs.sandbox.limits import GIBIBYTE, MEBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

Reason = Literal["exited", "time", "memory", "processes", "disk", "result", "log"]

_PR_SET_DUMPABLE: Final = 4
_SCRATCH: Final = "/tmp"  # noqa: S108 -- the sandbox's own file system
_LOOK_MILLISECONDS: Final = 10
_MOST_FILES: Final = 200_000
_MOST_OPEN_FILES: Final = 4096
_CRASHED: Final = 70
# Memory that a process holds, by the kernel's names in proc_pid_status(5). Page tables are in none of the resident
# counts: touching one page in every two mebibytes of a huge empty mapping would fill the host with them.
_HELD: Final = (b"RssAnon:", b"RssShmem:", b"VmPTE:", b"VmSwap:", b"HugetlbPages:")
# What lies in a socket's or a pipe's buffer is in no process's memory; each counts as full. A pipe has two pages once
# its user has filled 64 MiB of pipes (pipe(7)), and one of its two ends is enough to keep it.
_SOCKET_BYTES: Final = MEBIBYTE
_OPEN_FILE_BYTES: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An open file whose growth over `most` bytes ends the run for `reason`."""

    reason: Reason
    descriptor: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why a watched process ended; `code` is its exit code, negative for a signal, there if it ended by itself."""

    reason: Reason
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What all processes but this one use together: bytes of memory with the kernel's for them, processes, threads."""

    memory: int
    processes: int
    threads: int


def guard() -> None:
    """Close this process to the others; call it first.

    Raises:
        OSError: the kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_DUMPABLE was refused")
    # A signal for which process 1 has no handler is dropped by the kernel; Python installs one for SIGINT.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _sockets() -> int:
    """Return how many sockets this network namespace has, those on their way in another socket included."""
    with open("/proc/net/sockstat", "rb", buffering=0) as file:  # noqa: PTH123 -- read a hundred times a second
        return int(file.read(128).split(maxsplit=3)[2])


def usage() -> Usage:
    """Return what the other processes of the namespace use now."""
    memory = _SOCKET_BYTES * _sockets()
    processes = threads = 0
    for entry in os.listdir("/proc"):  # noqa: PTH208 -- read a hundred times a second
        if not entry.isdigit() or entry == "1":
            continue
        try:
            with open(f"/proc/{entry}/status", "rb", buffering=0) as file:  # noqa: PTH123 -- read a hundred times a second
                lines = file.read(8192).split(b"\n")
        except (FileNotFoundError, ProcessLookupError):
            continue
        processes += 1
        for line in lines:
            if line.startswith(_HELD):
                memory += int(line.split()[1]) * 1024
            elif line.startswith(b"FDSize:"):
                memory += int(line.split()[1]) * _OPEN_FILE_BYTES
            elif line.startswith(b"Threads:"):
                threads += int(line.split()[1])
    return Usage(memory=memory, processes=processes, threads=threads)


def _most_threads(limits: Limits) -> int:
    # Sail starts several threads a core.
    return limits.processes + 512 + 64 * (os.cpu_count() or 1)


def confine(limits: Limits) -> None:
    """Hold this process, and all that it will start, to what the kernel can hold; call it before the author's code.

    Threads that already run are held as well (setrlimit(2) is of the whole process).
    """
    cores = os.cpu_count() or 1
    # The watcher holds the memory limit; this one stops a single huge request before the watcher's next look. Sail
    # reserves far more address space than it uses (about 1.3 GiB on two cores), so it has to lie above the limit.
    address = limits.memory_bytes + 2 * GIBIBYTE + cores * GIBIBYTE // 4
    file = max(limits.scratch_bytes, limits.result_bytes) + MEBIBYTE
    for kind, value in (
        (resource.RLIMIT_DATA, address),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_NPROC, _most_threads(limits)),
        (resource.RLIMIT_NOFILE, min(_MOST_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])),
        (resource.RLIMIT_CPU, limits.seconds * cores + 10),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def _over(limits: Limits, deadline: float, watched: tuple[Watched, ...]) -> Reason | None:
    if time.monotonic() > deadline:
        return "time"
    now = usage()
    if now.processes > limits.processes or now.threads > _most_threads(limits):
        return "processes"
    if now.memory > limits.memory_bytes:
        return "memory"
    disk = os.statvfs(_SCRATCH)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    for file in watched:
        status = os.fstat(file.descriptor)
        if status.st_size > file.most:
            return file.reason
        used -= status.st_blocks * 512
    if used > limits.scratch_bytes or disk.f_files - disk.f_ffree > _MOST_FILES:
        return "disk"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """A forked process: its number, a handle of it (pidfd_open(2)), and a pipe on which it says how it will end.

    Its word is worth as much as its exit code, which it may choose as well, and comes while the kernel still takes its
    memory back. It lasts as long as process 1, which is no longer than the run.
    """

    process: int
    handle: int
    said: int


def _reap(process: int) -> int | None:
    """Collect ended orphans; return the code of the watched process if it has ended, and leave it to be collected."""
    while True:
        try:
            seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return _CRASHED
        if seen is None:
            return None
        if seen.si_pid == process:
            return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status
        os.waitpid(seen.si_pid, 0)


def _others(but: int) -> bool:
    """Whether there is a process beside process 1 and this one, be it only its end that nobody has collected yet."""
    return any(int(entry) not in (1, but) for entry in os.listdir("/proc") if entry.isdigit())  # noqa: PTH208 -- as above


def alone(but: Forked | None = None) -> None:
    """Return once every other process has ended, all memory of theirs given back; `watch` has killed them.

    Args:
        but: one that was forked since and may stay.
    """
    kept = but.process if but is not None else 1
    while _others(kept):
        try:
            seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return  # What was listed has been collected by the kernel since.
        if seen is not None and seen.si_pid != kept:
            os.waitpid(seen.si_pid, 0)
        elif seen is not None:
            # It has ended before its turn and would hide the others: `watch` will find nothing of it.
            os.waitpid(kept, 0)
            kept = 1


def _kill_all() -> None:
    # From process 1, -1 means every other process of the namespace, at once: a fork bomb cannot outrun it.
    with contextlib.suppress(ProcessLookupError):  # There was none left.
        os.kill(-1, signal.SIGKILL)


def fork(body: Callable[[], None], *, kept: tuple[int, ...]) -> Forked:
    """Run `body` in a forked process; it must `confine` itself before any code of the author's.

    Args:
        body: the code; its exceptions become exit code 70 without a word.
        kept: the open files that the forked process may have besides standard input, output and error.
    """
    sys.stdout.flush()
    said, saying = os.pipe()
    # Whoever fills the pipe must not keep this process from ending; whoever takes a word back between the look whether
    # there is one and the reading must not keep process 1 from watching.
    os.set_blocking(saying, False)
    os.set_blocking(said, False)
    process = os.fork()
    if process:
        os.close(saying)
        return Forked(process=process, handle=os.pidfd_open(process), said=said)
    code, own = _CRASHED, os.getpid()
    try:
        open_files = {int(name) for name in os.listdir("/proc/self/fd")}  # noqa: PTH208 -- a plain list of names
        for descriptor in open_files - {0, 1, 2, saying, *kept}:
            try:
                os.close(descriptor)
            except OSError:
                continue  # It was the listing's own.
        # Process 1 must get its turn also when the author's code keeps every core busy. Linux counts niceness by
        # thread, and a thread takes it from the one that starts it, so that it is set while there is only one.
        os.nice(5)
        body()
        code = 0
    finally:
        # What the author's code forks may come out here as well.
        if os.getpid() == own:
            with contextlib.suppress(OSError):
                os.write(saying, bytes([code]))
        os._exit(code)


def _said(forked: Forked, poll: select.poll) -> int | None:
    """Wait a moment; return the code that the process has said or ended with."""
    for descriptor, _ in poll.poll(_LOOK_MILLISECONDS):
        if descriptor == forked.said:
            try:
                word = os.read(forked.said, 1)
            except BlockingIOError:
                continue  # It was taken back.
            if word:
                return word[0]
            # All who could have said something are gone or have closed the pipe: its handle tells the end.
            poll.unregister(forked.said)
    return _reap(forked.process)


def watch(forked: Forked, limits: Limits, *, watched: tuple[Watched, ...]) -> Ended:
    """Watch a forked process from now on; when it ends, or goes over a limit, kill every other process.

    They may still be about to end when this returns: see `alone`.

    Args:
        forked: what `fork` returned.
        limits: what all processes may use together; the time counts from this call.
        watched: files whose size is bounded.
    """
    poll = select.poll()
    for each in (forked.handle, forked.said):
        poll.register(each, select.POLLIN)
    deadline = time.monotonic() + limits.seconds
    try:
        while True:
            code_now = _said(forked, poll)
            reason = _over(limits, deadline, watched)
            # A file may go over its limit in the last moment before a clean exit.
            if code_now is not None and reason not in {"result", "log", "disk"}:
                return Ended(reason="exited", code=code_now)
            if reason is not None:
                return Ended(reason=reason)
    finally:
        _kill_all()


def run_watched(
    body: Callable[[], None], limits: Limits, *, watched: tuple[Watched, ...], kept: tuple[int, ...]
) -> Ended:
    """Run `body` alone in a forked process under the limits; when it ends, or goes over one, end every other process.

    Args:
        body: the code; its exceptions become exit code 70 without a word.
        limits: what all processes may use together.
        watched: files whose size is bounded.
        kept: the open files that the forked process may have besides standard input, output and error.
    """

    def confined() -> None:
        confine(limits)
        body()

    alone()
    ended = watch(fork(confined, kept=kept), limits, watched=watched)
    alone()
    return ended
