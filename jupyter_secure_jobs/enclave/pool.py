"""Sandboxes that are started ahead of the runs that will use them, each for one run."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.engines.release import gate_limits, start_gate
from jupyter_secure_jobs.engines.run import start_child
from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError
from jupyter_secure_jobs.sandbox.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from jupyter_secure_jobs.crypto.memory import Memory
    from jupyter_secure_jobs.sandbox.child import Child

MOST: Final = 16
READY: Final = 2


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

    def fill(self) -> Future[None]:
        """Start what is missing, in the background and one after the other; one that has died is replaced."""
        return self._filling.submit(self._fill)

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


class Sandboxes:
    """The pools of a worker: sandboxes for jobs, and for the gates of output rules once a run has needed one."""

    def __init__(self, memory: Memory, *, ready: int = READY) -> None:
        """Keep where their folders go, and how many for jobs are to wait; nothing is started yet."""
        self.jobs = Pool(lambda limits: start_child(memory.new("child"), ceiling=limits), size=ready)
        # Spark is started for the run that asks for it: its virtual machine is made for the run's own limits.
        self.spark = Pool(
            lambda limits: start_child(memory.new("child"), engine=EngineName.SPARK, ceiling=limits), size=0
        )
        self.gates = Pool(
            lambda limits: start_gate(memory.new("gate"), ceiling=limits or gate_limits(Limits())), size=0
        )

    def fill(self) -> None:
        """Start what is missing, in the background."""
        self.jobs.fill()
        self.gates.fill()

    def job(self, limits: Limits, engine: EngineName) -> Taken:
        """Return a sandbox with this engine for a run with these limits.

        Raises:
            UnavailableError: none can be made here.
        """
        return (self.spark if engine is EngineName.SPARK else self.jobs).take(limits)

    def gate(self, limits: Limits) -> Taken:
        """Return a gate for a run with these limits; from now on one is kept waiting, if any sandbox is.

        Raises:
            UnavailableError: none can be made here.
        """
        self.gates.size = min(self.jobs.size, 1)
        return self.gates.take(gate_limits(limits))

    def close(self) -> None:
        """Throw away what waits."""
        self.jobs.close()
        self.spark.close()
        self.gates.close()
