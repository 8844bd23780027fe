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
    """One entry's place in the log: a statement's, or with `kind` event that of a line of the audit log.

    `leaf` is the leaf hash (RFC 9162) in base64: the root over all of them is the one of the checkpoint.
    """

    index: int
    hash: str
    leaf: str
    kind: str
    time: datetime
