"""Asking again while the server is away: what hours of work have given must not be lost with one answer."""

from __future__ import annotations

import logging
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, TypeVar

from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.wire.mailbox import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.client.mailbox import WorkerMailbox
    from jupyter_secure_jobs.wire.mailbox import LeaseWire

log: Final = logging.getLogger(__name__)
# A lease ends by the server's clock, and only while the server is there; after so long it surely has.
SECONDS: Final = 600.0
_PAUSES: Final = (0.2, 0.5, 1.0)
_LAST_PAUSE: Final = 2.0

T = TypeVar("T")


class Patience:
    """For one lease; a server that answers at once is asked once."""

    def __init__(self, mailbox: WorkerMailbox, lease: LeaseWire) -> None:
        """Keep whom to give signs of life in between, and for which run."""
        self._mailbox, self._lease = mailbox, lease

    def ask(self, act: Callable[[], T], *, seconds: float = SECONDS) -> T:
        """Return what `act` does, tried again while the server is away.

        Raises:
            UnavailableError: it was away for `seconds`.
            ConflictError: the lease has ended: whatever comes out would be thrown away.
            SecureJobsError: as `act`.
        """
        began = time.monotonic()
        for pause in chain(_PAUSES, repeat(_LAST_PAUSE)):
            try:
                return act()
            except UnavailableError as error:
                if time.monotonic() - began > seconds:
                    raise
                log.warning("run %s: the server is asked again: %s", self._lease.run, error)
            time.sleep(pause)
            self._live()
        raise AssertionError  # pragma: no cover -- the pauses have no end

    def _live(self) -> None:
        """Prolong the lease if the server is back: what is to be done next may take its time."""
        try:
            self._mailbox.heartbeat(self._lease, Heartbeat(lease=self._lease.lease))
        except UnavailableError:
            return
