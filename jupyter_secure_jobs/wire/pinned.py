"""Pinned queries: one's own, in one workspace."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.wire.base import Wire


class PinnedNew(Wire):
    """A snippet or a full query to keep."""

    title: str
    language: Language
    code: str


class PinnedWire(PinnedNew):
    """A kept query."""

    id: str
    created: datetime


class ScriptWire(Wire):
    """A starter script, filled in with the workspace's tables."""

    name: str
    title: str
    language: Language
    code: str
