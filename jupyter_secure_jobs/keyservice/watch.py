"""Looks into the inbox every few seconds, and tells the workspace server what was heard there."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.client.mailbox import KeyServiceMailbox
from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.keyservice.inbox import Inbox
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import Acknowledged

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.keyservice.service import KeyService

log: Final = logging.getLogger(__name__)
LOOK_SECONDS: Final = 2.0
# A server that does not take an acknowledgement is asked again less often; a key service heeds what it heard anyway.
_TELL_EVERY: Final = 15


class Watch:
    """Beside the loop, with a `KeyService` of its own over the same memory: one thread, one connection to the file."""

    def __init__(
        self,
        service: KeyService,
        ring: KeyRing,
        key_store: Path,
        workspace_url: str,
        *,
        clock: Callable[[], datetime] = utc_now,
        ca_file: Path | None = None,
    ) -> None:
        """Prepare; the server is not called until there is something to tell."""
        self._service, self._clock = service, clock
        self._inbox = Inbox(service, key_store)
        self._login = LoggedIn(workspace_url, ring.signing, ca_file=ca_file)
        self._mailbox = KeyServiceMailbox(self._login.connection)

    def run(self, stopped: threading.Event) -> None:
        """Look and tell until stopped."""
        looks = 0
        while not stopped.is_set():
            try:
                heard = self._inbox.look(now=self._clock())
                if heard or looks % _TELL_EVERY == 0:
                    self.tell(stopped)
            except (OSError, sqlite3.Error) as error:
                # A full disk or a busy file: what was not heard lies there still.
                log.warning("%s: the inbox waits: %s", self._service.organisation, type(error).__name__)
            looks += 1
            stopped.wait(LOOK_SECONDS)
        self._login.close()

    def tell(self, stopped: threading.Event) -> None:
        """Send each acknowledgement with its statement, so that a server that does not have it learns it.

        What the server refuses, or is not there to take, stays to be told. After each word the inbox is looked into:
        a server that takes its time over its answers must not keep a revocation there from being heard.
        """
        for each in self._service.untold():
            if stopped.is_set():
                return
            word = Acknowledged(
                acknowledgement=EnvelopeWire.model_validate(each.acknowledgement.to_json()),
                statement=EnvelopeWire.model_validate(each.statement.to_json()),
            )
            try:
                self._mailbox.acknowledge(each.workspace, word)
            except SecureJobsError as error:
                log.warning("%s cannot tell the server what it heard: %s", self._service.organisation, error)
            else:
                self._service.told(each.statement.hash)
            self._inbox.look(now=self._clock())
