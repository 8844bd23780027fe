"""Changes of the members or workers: proposed, signed by everybody concerned, refused, or in force."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire


class ChangeNew(Wire):
    """The next roster (null if only the workers change) and the worker list that goes with it, as signed so far."""

    roster: EnvelopeWire | None = None
    workers: EnvelopeWire


class ChangeSignatures(Wire):
    """More signatures on the change of this hash: its statements, with one's own signature added."""

    change: str
    envelopes: list[EnvelopeWire]


class ChangeRefusal(Wire):
    """Who refuses a change, or takes it back, says why."""

    change: str
    reason: str


class ChangeWire(Wire):
    """A change that waits for signatures. `missing` says in words who has still to sign."""

    hash: str
    proposer: str
    proposed: datetime
    roster: EnvelopeWire | None
    workers: EnvelopeWire
    missing: list[str]


class EndedChangeWire(Wire):
    """What became of an earlier change: `in force`, or `refused` by whom and why."""

    hash: str
    proposer: str
    proposed: datetime
    ended: datetime
    outcome: str
    ended_by: str
    reason: str


class ChangesWire(Wire):
    """The chains in force, oldest first; the change that waits, if one does; and what became of the last ones."""

    rosters: list[EnvelopeWire]
    workers: list[EnvelopeWire]
    pending: ChangeWire | None
    ended: list[EndedChangeWire]


class InvitationWire(Wire):
    """A change that names the caller's key, in a workspace of which the caller is no member yet."""

    workspace: str
    name: str
    genesis: str
    change: str
    proposer: str
    proposed: datetime
