"""How many processors a sandbox may use: told to the kernel from outside, where the author's code cannot change it."""

from __future__ import annotations

import contextlib
import os
import random

_CHANCE = random.SystemRandom()


def available() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def hold(first: int, cores: int) -> None:
    """Let a process, all that came of it and all that will come use only so many processors.

    Those are drawn by lot, so that runs beside each other do not all sit on the same ones. Inside, the system call
    filter refuses to change it (see `sandbox.syscalls`).

    Args:
        first: the process's number as this process sees it.
        cores: how many; if there are no more than that, nothing is done.
    """
    known = sorted(os.sched_getaffinity(0))
    if cores >= len(known):
        return
    chosen = _CHANCE.sample(known, cores)
    held: set[int] = set()
    # A thread that starts while this goes on takes the old processors from the one that starts it, or the new ones: it
    # is found in the next round. Nothing of the author's runs yet, so that there is an end to it.
    while new := _threads(first) - held:
        for thread in new:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(thread, chosen)
        held |= new


def _threads(first: int) -> set[int]:
    """Return the threads of a process and of all its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 -- a plain list of names
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as file:  # noqa: PTH123 -- text path
                # The name, in parentheses, may hold anything (proc_pid_stat(5)).
                parents.setdefault(int(file.read().rpartition(b")")[2].split()[1]), []).append(int(entry))
    family, waiting = set(), [first]
    while waiting:
        process = waiting.pop()
        family.add(process)
        waiting += parents.get(process, [])
    threads: set[int] = set()
    for process in family:
        with contextlib.suppress(OSError):
            threads |= {int(name) for name in os.listdir(f"/proc/{process}/task")}  # noqa: PTH208 -- as above
    return threads
