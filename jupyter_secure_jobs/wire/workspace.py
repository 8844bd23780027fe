"""Workspaces, members and rosters."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire


class ServerWire(Wire):
    """What a workspace server says of itself to anybody: the key that signs its logs' checkpoints."""

    log_key: str
    version: str


class WorkspaceNew(Wire):
    """A genesis roster and a worker list, signed by the inviter."""

    roster: EnvelopeWire
    workers: EnvelopeWire


class WorkspaceWire(Wire):
    """A workspace as its members see it. `waiting_for`: members who have not signed yet; it is active when empty."""

    id: str
    name: str
    genesis: str
    epoch: int
    roster: str
    active: bool
    waiting_for: list[str]
    members: int
    organisations: list[str]
    log_key: str
    log_origin: str
    created: datetime


class RosterWire(Wire):
    """The chain of rosters and of worker lists, oldest first."""

    rosters: list[EnvelopeWire]
    workers: list[EnvelopeWire]


class RosterSignatures(Wire):
    """The newest roster or worker list with one's own signature added."""

    envelopes: list[EnvelopeWire]


class WorkersNew(Wire):
    """A newer worker list, signed by every member."""

    workers: EnvelopeWire


class MemberWire(Wire):
    """A member of the newest roster."""

    email: str
    organisation: str
    signing_key: str
    fingerprint: str
    joined: bool
