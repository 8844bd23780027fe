"""The log of statements."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.wire.base import Wire


class CheckpointWire(Wire):
    """The newest signed checkpoint (C2SP signed note), with the proof that it continues the one asked about."""

    checkpoint: str | None
    consistency: list[str]


class LogEntryWire(Wire):
    """One entry's place in the log: a statement's, or with `kind` event that of a line of the audit log.

    `leaf` is the leaf hash (RFC 9162) in base64: the root over all of them is the one of the checkpoint.
    """

    index: int
    hash: str
    leaf: str
    kind: str
    time: datetime
