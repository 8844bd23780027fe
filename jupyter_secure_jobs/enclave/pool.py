"""Sandboxes that are started ahead of the runs that will use them, each for one run."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.enclave.machine import memory_bytes
from jupyter_secure_jobs.engines.release import gate_limits, start_gate
from jupyter_secure_jobs.engines.run import start_child
from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from jupyter_secure_jobs.crypto.memory import Memory
    from jupyter_secure_jobs.sandbox.child import Child

MOST: Final = 16
READY: Final = 2
# How many kinds of sandbox may wait beside the usual one, and the part of this machine's memory for all that waits.
KINDS: Final = 2
_PART: Final = 4
# What one holds while it waits; a virtual machine waits with the heap that it was started with.
_WAITING: Final = {EngineName.SAIL: 256 * MEBIBYTE, EngineName.SPARK: 768 * MEBIBYTE}


@dataclass(slots=True, kw_only=True)
class Taken:
    """A sandbox for one run, which may still be coming up, and what starts another one if it does not."""

    child: Child
    again: Callable[[], Child]
    asked: float

    def wait(self) -> int:
        """Return once it is ready: how many milliseconds the run has waited for it since it was taken.

        One that was started ahead may have died since; then a fresh one shows whether the sandbox works.

        Raises:
            UnavailableError: no sandbox can be made here.
        """
        try:
            self.child.wait_until_ready()
        except SandboxUnavailableError:
            self.child.close()
            try:
                self.child = self.again()
                self.child.wait_until_ready()
            except SandboxUnavailableError as error:
                raise UnavailableError("no_sandbox", error.reason, error.next_step) from error
        return round((time.monotonic() - self.asked) * 1000)


class Pool:
    """Keeps `size` sandboxes of one kind waiting. Each serves one run and is thrown away; none goes back."""

    def __init__(self, start: Callable[[Limits | None], Child], *, size: int) -> None:
        """Keep how to start one, with the limits of a run or the usual ones; nothing is started yet."""
        self._start, self.size = start, min(max(size, 0), MOST)
        self._spares: list[Child] = []
        self._lock = threading.Lock()
        self._closed = False
        self._filling = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-pool")
        self._next: Future[None] | None = None

    def fill(self) -> Future[None]:
        """Start what is missing, in the background and one after the other; one that has died is replaced."""
        with self._lock:
            # One that has not begun will find all that is missing. While runs follow one another without a pause, the
            # one before it does not end, and more of them would pile up.
            if self._next is None or self._next.running() or self._next.done():
                self._next = self._filling.submit(self._fill)
            return self._next

    def _fill(self) -> None:
        # Without a sandbox the worker still reports; each run is refused with the reason when it comes.
        with contextlib.suppress(SandboxUnavailableError):
            while (missing := self._next_missing()) is not None:
                with self._lock:
                    if not self._closed:
                        self._spares.append(missing)
                        continue
                missing.close()
                return

    def _next_missing(self) -> Child | None:
        with self._lock:
            dead = [each for each in self._spares if not each.alive]
            self._spares = [each for each in self._spares if each.alive]
            coming = next((each for each in self._spares if not each.came_up), None)
            wanted = not self._closed and len(self._spares) < self.size
        for each in dead:
            each.close()
        if not wanted:
            return None
        if coming is not None:
            # The first is of more use than a second one that takes half of the processor from it.
            coming.wait_for_word(self._in_the_way)
        return self._start(None)

    def _in_the_way(self) -> bool:
        return self._closed

    def take(self, limits: Limits) -> Taken:
        """Return a sandbox for one run with these limits: one that is up, else one that is coming up, else a new one.

        Raises:
            UnavailableError: none waits, and none can be started.
        """
        asked = time.monotonic()
        with self._lock:
            fitting = [each for each in self._spares if each.alive and limits.within(each.ceiling) == limits]
            found = next((each for each in fitting if each.came_up), fitting[0] if fitting else None)
            if found is not None:
                self._spares.remove(found)
        try:
            child = found if found is not None else self._start(limits)
        except SandboxUnavailableError as error:
            raise UnavailableError("no_sandbox", error.reason, error.next_step) from error
        return Taken(child=child, again=lambda: self._start(limits), asked=asked)

    def close(self) -> None:
        """Throw away what waits."""
        with self._lock:
            self._closed = True
        self._filling.shutdown(wait=True, cancel_futures=True)
        for each in self._spares:
            each.close()
        self._spares = []


# An engine, and the limits that its sandbox is made for.
Kind: TypeAlias = tuple[EngineName, Limits]


class Sandboxes:
    """The pools of a worker: sandboxes for jobs, and for the gates of output rules once a run has needed one.

    A run that asks for another engine, or for more than usual, gets a sandbox made for its own limits; from then on one
    of that kind waits as well. Only a few kinds do: those that were asked for last and fit into this machine's memory.
    """

    def __init__(self, memory: Memory, *, ready: int = READY, machine: int | None = None) -> None:
        """Keep where their folders go, and how many for jobs are to wait; nothing is started yet.

        `machine` is the memory of this machine in bytes, if it is not to be asked.
        """
        self._memory = memory
        self.jobs = Pool(lambda limits: start_child(memory.new("child"), ceiling=limits), size=ready)
        self.gates = Pool(
            lambda limits: start_gate(memory.new("gate"), ceiling=limits or gate_limits(Limits())), size=0
        )
        room = (memory_bytes() if machine is None else machine) // _PART
        self._room = room - self.jobs.size * _WAITING[EngineName.SAIL]
        self._kinds: dict[Kind, Pool] = {}  # the one that was asked for last stands last
        self._dropped: list[Pool] = []
        self._lock = threading.Lock()

    def fill(self) -> None:
        """Start what is missing, in the background; kinds that give way go first."""
        with self._lock:
            dropped, self._dropped = self._dropped, []
            kinds = list(self._kinds.values())
        for each in dropped:
            each.close()
        for pool in (self.jobs, *kinds, self.gates):
            pool.fill()

    def job(self, limits: Limits, engine: EngineName) -> Taken:
        """Return a sandbox with this engine for a run with these limits.

        Raises:
            UnavailableError: none can be made here.
        """
        if engine is EngineName.SAIL and limits.within(Limits()) == limits:
            return self.jobs.take(limits)
        return self._kind((engine, limits)).take(limits)

    def _kind(self, kind: Kind) -> Pool:
        engine, own = kind

        def start(limits: Limits | None) -> Child:
            return start_child(self._memory.new("child"), engine=engine, ceiling=limits or own)

        with self._lock:
            found = self._kinds.pop(kind, None) or Pool(start, size=0)
            self._kinds[kind] = found
            for each in self._waiting_not():
                self._dropped.append(self._kinds.pop(each))
            found.size = min(self.jobs.size, 1) if kind in self._kinds else 0
        return found

    def _waiting_not(self) -> list[Kind]:
        """Return the kinds that give way: all but the last ones that fit together, with one Spark at most."""
        kept: list[Kind] = []
        given_way = []
        room = self._room
        for kind in reversed(self._kinds):
            engine, _ = kind
            room_after = room - _WAITING[engine]
            second_machine = engine is EngineName.SPARK and any(each is EngineName.SPARK for each, _ in kept)
            if len(kept) == KINDS or second_machine or room_after < 0:
                given_way.append(kind)
            else:
                kept.append(kind)
                room = room_after
        return given_way

    def gate(self, limits: Limits) -> Taken:
        """Return a gate for a run with these limits; from now on one is kept waiting, if any sandbox is.

        Raises:
            UnavailableError: none can be made here.
        """
        self.gates.size = min(self.jobs.size, 1)
        return self.gates.take(gate_limits(limits))

    def close(self) -> None:
        """Throw away what waits."""
        with self._lock:
            pools = [self.jobs, *self._kinds.values(), *self._dropped, self.gates]
            self._kinds, self._dropped = {}, []
        for each in pools:
            each.close()
