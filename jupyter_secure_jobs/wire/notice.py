"""Notices: what happened in a workspace that concerns the caller, kept until they have seen it."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.wire.base import Wire


class NoticeWire(Wire):
    """One thing that happened. `kind` is its event; `level` is info, success, warning or error.

    `text` is the whole sentence. `job` and `run` are what it leads to, where there is such a thing.
    """

    id: str
    time: datetime
    kind: str
    level: str
    text: str
    job: str | None = None
    job_name: str = ""
    run: str | None = None
    seen: bool = False


class NoticesSeen(Wire):
    """All notices up to this one were seen."""

    up_to: str
