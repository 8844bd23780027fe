"""Login by signed challenge: a bearer token for 15 minutes, for whoever proves a key."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import UnauthenticatedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.login import Login
from jupyter_secure_jobs.services.logbook import envelope_of
from jupyter_secure_jobs.store import sessions
from jupyter_secure_jobs.store.caller_tables import ChallengeRow, SessionRow
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.wire.session import Challenge, LoginWire, Session

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Server, Unit

SESSION: Final = timedelta(minutes=15)
CHALLENGE: Final = timedelta(minutes=2)


def _hash(token: str) -> str:
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def challenge(unit: Unit) -> Challenge:
    """Return a nonce to sign; good once, for two minutes."""
    sessions.sweep(unit.session, now=unit.now, answers_before=unit.now - timedelta(hours=24))
    nonce = secrets.token_urlsafe(32)
    unit.session.add(ChallengeRow(nonce=nonce, expires=unit.now + CHALLENGE))
    return Challenge(audience=unit.server.settings.audience, nonce=nonce)


def login(unit: Unit, body: LoginWire) -> Session:
    """Return a session for the key that signed the challenge.

    Raises:
        UnauthenticatedError: the nonce is unknown, used or old, or the answer is for another server.
        RefusedError: the signature does not verify.
    """
    envelope = envelope_of(body.login)
    answer = envelopes.read(Login, envelope)
    if not sessions.take_challenge(unit.session, answer.nonce, now=unit.now):
        raise UnauthenticatedError("challenge", "The login challenge is unknown, used or too old.", "Log in again.")
    if answer.audience != unit.server.settings.audience:
        raise UnauthenticatedError("audience", "The login is for another server.", "Check the server's address.")
    signatures.require(envelope, answer.key, who="the key's holder")
    token = secrets.token_urlsafe(32)
    expires = unit.now + SESSION
    unit.session.add(SessionRow(token=_hash(token), key=answer.key, expires=expires))
    return Session(token=token, expires=expires)


def authenticate(server: Server, token: str | None) -> str | None:
    """Return the key behind a bearer token, or None."""
    if not token:
        return None
    found = sessions.holder(server.database, _hash(token))
    return found.key if found is not None and found.expires >= server.clock() else None
