"""Signs of life of a run in hand, given in the background, and with them the phases that it goes through."""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from jupyter_secure_jobs.domain.errors import ConflictError, SecureJobsError
from jupyter_secure_jobs.domain.run import Phase
from jupyter_secure_jobs.wire.mailbox import LONGEST_AGO_MS, Heartbeat, PhaseReached

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.mailbox import WorkerMailbox
    from jupyter_secure_jobs.wire.mailbox import LeaseWire
    from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess

log: Final = logging.getLogger(__name__)
# A cancellation must be heard within seconds, so the sign of life comes at least this often.
_SECONDS: Final = 2.0
# Phases that follow one another faster than a person sees are told together, the last ones with the outcome.
_GATHERED: Final = 0.1


class Life:
    """Beats while the context lasts; what has not been told at its end is `untold`."""

    def __init__(self, mailbox: WorkerMailbox, lease: LeaseWire, enclave: EnclaveProcess) -> None:
        """Keep who is told, of which run, and whose work a cancellation stops."""
        self._mailbox, self._lease, self._enclave = mailbox, lease, enclave
        self._phases: queue.SimpleQueue[tuple[Phase, float] | None] = queue.SimpleQueue()
        self._untold: list[tuple[Phase, float]] = []
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._phases.put(None)
        self._thread.join()

    def tell(self, phase: str) -> None:
        """Tell a phase, without waiting until the server knows it."""
        self._phases.put((Phase(phase), time.monotonic()))

    def untold(self) -> list[PhaseReached]:
        """Return the phases that no sign of life has told, to be told with the next one or with the outcome."""
        now = time.monotonic()
        return [
            PhaseReached(phase=phase, ago_ms=min(round((now - at) * 1000), LONGEST_AGO_MS))
            for phase, at in self._untold
        ]

    @property
    def cancelled(self) -> bool:
        """Whether the server has said that the run is to be cancelled; the enclave was told then."""
        return self._cancelled.is_set()

    def _keep(self) -> None:
        every = min(self._lease.heartbeat_seconds, _SECONDS)
        while self._gathered(every):
            try:
                self._beat()
            except ConflictError:
                self._enclave.cancel()  # the lease is lost: whatever comes out would be thrown away
                return
            except SecureJobsError as error:
                log.warning("run %s: no sign of life given: %s", self._lease.run, error)

    def _gathered(self, seconds: float) -> bool:
        """Return when it is time for a sign of life: soon after a phase, else after `seconds`; False at the end."""
        until = time.monotonic() + seconds
        while True:
            try:
                found = self._phases.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return True
            if found is None:
                return False
            self._untold.append(found)
            until = min(until, found[1] + _GATHERED)

    def _beat(self) -> None:
        told = Heartbeat(lease=self._lease.lease, phases=self.untold())
        answer = self._mailbox.heartbeat(self._lease, told)
        self._untold.clear()
        if answer.cancel and not self._cancelled.is_set():
            self._cancelled.set()
            self._enclave.cancel()
