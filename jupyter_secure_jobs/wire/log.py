"""The log of statements."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.wire.base import Wire


class ConsistencyWire(Wire):
    """The proof (base64 hashes, RFC 9162) that the log of `size` entries is a start of the newest one."""

    size: int
    proof: list[str]


class LogProofWire(Wire):
    """The newest signed checkpoint, and a proof for each earlier size that somebody has seen."""

    checkpoint: str
    consistency: list[ConsistencyWire]


class LogEntryWire(Wire):
    """One statement's place in the log."""

    index: int
    hash: str
    kind: str
    time: datetime
