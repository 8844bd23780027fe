"""Sealing outcomes again: for a colleague who joined later, or for one's own new keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto import sealing
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.member import receipts
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.order import Reseal
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.run import ResealNew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.domain.workspace import Member
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.receipts import CheckedRun
    from jupyter_secure_jobs.wire.job import JobWire
    from jupyter_secure_jobs.wire.run import RunWire


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """How many outcomes were sealed again, how many the colleague could open anyway, how many one cannot open."""

    sealed: int
    open_already: int
    not_mine: int


def reseal(
    acting: Acting, workspace: str, email: str, *, job: str | None = None, old_keys: KeyRing | None = None
) -> Resealed:
    """Seal the outcomes of the own organisation's job runs (or of one job's) to a colleague's key of now.

    `old_keys` opens and signs in place of the member's own keys: those of a key store from before a change of keys.

    Raises:
        InvalidError: the colleague is not a member of the own organisation, or the old key store is somebody else's.
        RefusedError: a run does not verify; those before it are done.
    """
    newest = acting.rosters(workspace)
    recipient = newest.newest.member(email)
    if recipient is None or recipient.organisation != acting.card.organisation:
        raise InvalidError("not_a_colleague", f"{email} is no member of your organisation.", "See `roster show`.")
    ring = old_keys or acting.ring
    if ring.label.get("name") != acting.email:
        raise InvalidError("other_key_store", "The old key store is somebody else's.", "Give your own.")
    sealed = open_already = not_mine = 0
    for run in _ended(acting, workspace, job):
        outcome = acting.client.outcome(workspace, run.id)
        if outcome.receipt is None:
            continue
        found = receipts.checked(acting, run, outcome)
        if any(key.recipient == recipient.keys.sealing for key in found.receipt.keys):
            open_already += 1
            continue
        keys = receipts.sealed_to(ring, found)
        if keys is None:
            not_mine += 1
            continue
        statement = resealed(found, keys, member=acting.email, recipient=recipient)
        signed = EnvelopeWire.model_validate(envelopes.sign(statement, ring.signing).to_json())
        acting.client.reseal(workspace, run.id, ResealNew(reseal=signed))
        sealed += 1
    return Resealed(sealed=sealed, open_already=open_already, not_mine=not_mine)


def _ended(acting: Acting, workspace: str, job: str | None) -> Iterator[RunWire]:
    for each in _jobs(acting, workspace):
        if each.organisation != acting.card.organisation or job not in (None, each.id):
            continue
        for run in acting.client.runs(workspace, each.id, kind=RunKind.JOB):
            if run.has_result or run.has_log:
                yield run


def _jobs(acting: Acting, workspace: str) -> Iterator[JobWire]:
    for which in (None, "archived"):
        yield from acting.client.jobs(workspace, which=which)


def resealed(found: CheckedRun, keys: bytes, *, member: str, recipient: Member) -> Reseal:
    """Return the statement that gives the keys of one run's outcome to a colleague."""
    own = recipient.keys.sealing
    return Reseal(
        workspace=found.run.rosters.workspace,
        genesis=found.run.rosters.genesis,
        order=found.run.order_hash,
        receipt=found.receipt_hash,
        member=member,
        recipient=recipient.email,
        sealing_key=own,
        sealed=sealing.seal(own, keys, info=places.outcome_keys(order=found.run.order_hash, recipient=own)),
        time=utc_now(),
    )
