"""Signs of life of a run in hand, given in the background, and with them the phases that it goes through."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, Final, Self

from jupyter_secure_jobs.domain.errors import ConflictError, SecureJobsError
from jupyter_secure_jobs.domain.run import Phase
from jupyter_secure_jobs.wire.mailbox import Heartbeat

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.mailbox import WorkerMailbox
    from jupyter_secure_jobs.wire.mailbox import LeaseWire
    from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess

log: Final = logging.getLogger(__name__)
# A cancellation must be heard within seconds, so the sign of life comes at least this often.
_SECONDS: Final = 2.0


class Life:
    """Beats while the context lasts; at its end every phase has been told."""

    def __init__(self, mailbox: WorkerMailbox, lease: LeaseWire, enclave: EnclaveProcess) -> None:
        """Keep who is told, of which run, and whose work a cancellation stops."""
        self._mailbox, self._lease, self._enclave = mailbox, lease, enclave
        self._phases: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Tell what is left to tell, and end."""
        self._phases.put(None)
        self._thread.join()

    def tell(self, phase: str) -> None:
        """Tell a phase, without waiting until the server knows it."""
        self._phases.put(phase)

    @property
    def cancelled(self) -> bool:
        """Whether the server has said that the run is to be cancelled; the enclave was told then."""
        return self._cancelled.is_set()

    def _keep(self) -> None:
        while True:
            try:
                phase = self._phases.get(timeout=min(self._lease.heartbeat_seconds, _SECONDS))
                if phase is None:
                    return
            except queue.Empty:
                phase = None
            try:
                self._beat(phase)
            except ConflictError:
                self._enclave.cancel()  # the lease is lost: whatever comes out would be thrown away
                return
            except SecureJobsError as error:
                log.warning("run %s: no sign of life given: %s", self._lease.run, error)

    def _beat(self, phase: str | None) -> None:
        told = Heartbeat(lease=self._lease.lease, phase=Phase(phase) if phase else None)
        if self._mailbox.heartbeat(self._lease, told).cancel and not self._cancelled.is_set():
            self._cancelled.set()
            self._enclave.cancel()
