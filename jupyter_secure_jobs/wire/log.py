"""The log of statements."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.wire.base import Wire


class CheckpointWire(Wire):
    """The newest signed checkpoint (C2SP signed note), with the proof that it continues the one asked about."""

    checkpoint: str | None
    consistency: list[str]


class LogEntryWire(Wire):
    """One statement's place in the log."""

    index: int
    hash: str
    kind: str
    time: datetime
