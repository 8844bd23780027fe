"""Decisions and revocations: is exactly this version accepted by every other member, now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.review import Decision as Standing
from jupyter_secure_jobs.domain.review import Verdict, Vote, standing
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.decision import Decision, Revocation
from jupyter_secure_jobs.trust import signatures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jupyter_secure_jobs.domain.comment import LineComment
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.version import Version
    from jupyter_secure_jobs.trust.roster import TrustedRosters

CLOCK_SKEW: Final = timedelta(seconds=120)


def verify_decision(
    envelope: Envelope, rosters: TrustedRosters, version: Version, version_hash: str, now: datetime
) -> Decision:
    """Return a member's decision on exactly this version.

    Raises:
        RefusedError: of another workspace, epoch or version, by the author or no member, unsigned, or from the future.
    """
    decision = envelopes.read(Decision, envelope)
    if (decision.workspace, decision.genesis) != (rosters.workspace, rosters.genesis):
        raise RefusedError("other_workspace", "A decision is of another workspace.")
    if decision.version != version_hash:
        raise RefusedError("other_version", "A decision is for another version or submission.")
    if decision.epoch != rosters.newest.epoch:
        raise RefusedError("stale_epoch", "A decision is of another epoch.")
    if decision.member == version.author:
        raise RefusedError("own_decision", "The author decides by submitting; this decision counts for nothing.")
    member = rosters.member(decision.member)
    signatures.require(envelope, member.keys.signing, who=member.email)
    if decision.time > now + CLOCK_SKEW:
        raise RefusedError("from_the_future", "A decision is dated in the future.", "Check the clocks.")
    return decision


def verify_comments(decision: Decision, *, salt: str, text: str, lines: Sequence[LineComment]) -> None:
    """Return if these are the comments that the member signed with the decision, each beside its line.

    Raises:
        RefusedError: they are not.
    """
    if decision.comment != places.comment(salt=salt, text=text, lines=lines):
        raise RefusedError(
            "comment_altered",
            f"The comments shown as those of {decision.member} are not the ones that were signed.",
            f"Ask {decision.member} over another channel what was written, and warn the others.",
        )


def verify_revocation(envelope: Envelope, rosters: TrustedRosters, version_hash: str | None) -> Revocation:
    """Return a member's revocation for this version (None: of whichever). Its time is not checked: stopping is easy.

    Raises:
        RefusedError: of another workspace or version, by no member, or unsigned.
    """
    revocation = envelopes.read(Revocation, envelope)
    if (revocation.workspace, revocation.genesis) != (rosters.workspace, rosters.genesis):
        raise RefusedError("other_workspace", "A revocation is of another workspace.")
    if version_hash is not None and revocation.version != version_hash:
        raise RefusedError("other_version", "A revocation is for another version.")
    member = rosters.member(revocation.member)
    signatures.require(envelope, member.keys.signing, who=member.email)
    return revocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An acceptance by every other member.

    `revoked` is the strongest revocation that leaves the first run alone; `checkpoints` are those that the decisions
    and revocations carry.
    """

    revoked: Scope | None
    checkpoints: tuple[str, ...]


def verify_approval(
    *,
    rosters: TrustedRosters,
    version: Version,
    version_hash: str,
    decisions: Sequence[Envelope],
    revocations: Sequence[Envelope],
    now: datetime,
) -> Approval:
    """Return the approval if the version is accepted by every other member.

    Order of checks: every decision handed over verifies and each member decided once; nobody declined; nobody is
    missing or expired; no acceptance was withdrawn.

    Raises:
        RefusedError: with the first check that failed.
    """
    votes: dict[str, Vote] = {}
    checkpoints: list[str] = []
    for envelope in decisions:
        decision = verify_decision(envelope, rosters, version, version_hash, now)
        if decision.member in votes:
            raise RefusedError("decided_twice", f"There are two decisions of {decision.member}.")
        checkpoints.append(decision.checkpoint)
        kind = Standing.ACCEPTED if decision.verdict is Verdict.ACCEPT else Standing.DECLINED
        votes[decision.member] = Vote(decision=kind, expires=decision.expires)
    members = [member.email for member in rosters.newest.members]
    result = standing(members=members, author=version.author, votes=votes, now=now - CLOCK_SKEW)
    if result.declined:
        raise RefusedError("declined", f"{result.declined[0]} declined this version.", "Revise and submit again.")
    if result.missing:
        raise RefusedError(
            "not_accepted",
            f"The acceptance of {result.missing[0]} is missing or has expired.",
            "Ask for a decision, or submit again.",
        )
    revoked: Scope | None = None
    for envelope in revocations:
        revocation = verify_revocation(envelope, rosters, version_hash)
        if revocation.scope is Scope.ALL:
            raise RefusedError("withdrawn", f"{revocation.member} withdrew the acceptance.", "Submit again.")
        revoked = revocation.scope
        checkpoints.append(revocation.checkpoint)
    return Approval(revoked=revoked, checkpoints=tuple(checkpoints))
