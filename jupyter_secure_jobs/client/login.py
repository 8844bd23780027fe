"""A connection that proves a key: login by signed challenge, renewed before it ends or when the server asks."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from jupyter_secure_jobs.client.connection import Connection
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError, UnauthenticatedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.login import Login
from jupyter_secure_jobs.wire.base import EnvelopeWire, Nothing
from jupyter_secure_jobs.wire.session import Challenge, LoginWire, Session

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.protocol.envelope import Signer

_EARLY: Final = timedelta(minutes=2)
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


class LoggedIn:
    """Logs a signing key in at one workspace server and keeps the session fresh; may be shared by threads."""

    def __init__(self, base_url: str, signer: Signer, *, ca_file: Path | None = None) -> None:
        """Prepare; nothing is sent yet. With a `ca_file` (PEM) its certificates alone count.

        Raises:
            InvalidError: the URL is plain http and not of this machine: tokens would travel in the clear; or the CA
                file holds no certificate.
        """
        parts = urlsplit(base_url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise InvalidError(
                "tls_needed",
                "The workspace server's address is plain http on another machine.",
                "Use its https address.",
            )
        self._signer, self._audience = signer, parts.netloc
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._base_url, self._ca_file = base_url, ca_file
        self.connection = Connection(base_url, headers=self.headers, renew=self.forget, ca_file=ca_file)

    def headers(self) -> dict[str, str]:
        """Return the header with a fresh bearer token.

        Raises:
            SecureJobsError: the server refused the login or does not answer.
        """
        with self._lock:
            if self._session is None or self._session.expires - datetime.now(UTC) < _EARLY:
                self._session = self._login()
            return {"Authorization": f"Bearer {self._session.token}"}

    def forget(self) -> None:
        """Drop the session; the next request logs in again."""
        with self._lock:
            self._session = None

    def _login(self) -> Session:
        with closing(Connection(self._base_url, ca_file=self._ca_file)) as bare:
            try:
                return self._prove(bare)
            except UnauthenticatedError as error:
                if error.code != "challenge":
                    raise
                # Sent twice because the first reply was lost, an answer finds its challenge used: with a new one, once.
                return self._prove(bare)

    def _prove(self, bare: Connection) -> Session:
        challenge = bare.post("sessions/challenge", Nothing(), Challenge)
        if challenge.audience != self._audience:
            # Signing another server's name would let this one pass our answer on and log in there as us.
            raise RefusedError(
                "audience",
                "The server names another address than the one it was reached under.",
                "Use the address that the server's administrator set as its audience.",
            )
        now = datetime.now(UTC)
        answer = Login(audience=challenge.audience, nonce=challenge.nonce, key=self._signer.public, time=now)
        signed = EnvelopeWire.model_validate(envelopes.sign(answer, self._signer).to_json())
        return bare.post("sessions", LoginWire(login=signed), Session)

    def close(self) -> None:
        """Close the sockets."""
        self.connection.close()
