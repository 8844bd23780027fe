"""Login to the workspace server."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire


class Challenge(Wire):
    """What the holder of a key must sign: the server's name and a single-use nonce."""

    audience: str
    nonce: str


class LoginWire(Wire):
    """The signed answer."""

    login: EnvelopeWire


class Session(Wire):
    """A bearer token, and until when it holds."""

    token: str
    expires: datetime
