"""Decisions and quorum: do these decisions approve this version?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

DECISION_DAYS: Final = 90


class Decision(StrEnum):
    """What a member says of a version; final for its submission."""

    PENDING = "Pending"
    ACCEPTED = "Accepted"
    DECLINED = "Declined"


class Verdict(StrEnum):
    """The two decisions that can be signed."""

    ACCEPT = "accept"
    DECLINE = "decline"


VERDICTS: Final = {Verdict.ACCEPT: Decision.ACCEPTED, Verdict.DECLINE: Decision.DECLINED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a review has come; `missing` are those who have not accepted, in the order of the roster."""

    accepted: int
    needed: int
    missing: tuple[str, ...]
    declined: tuple[str, ...]

    @property
    def approved(self) -> bool:
        """Every other member has accepted; the author decided by submitting."""
        return not self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One member's decision on one version, and until when it holds."""

    decision: Decision
    expires: datetime


def standing(
    *, members: Collection[str], author: str, votes: Mapping[str, Vote], now: datetime | None = None
) -> Standing:
    """Return how far the review has come: unanimity of all members but the author.

    With `now`, an acceptance whose time is over counts as missing. Votes of people who are not members count for
    nothing.
    """
    others = [member for member in members if member != author]

    def holds(member: str) -> bool:
        vote = votes.get(member)
        return vote is not None and vote.decision is Decision.ACCEPTED and (now is None or now <= vote.expires)

    missing = tuple(member for member in others if not holds(member))
    declined = tuple(m for m in others if m in votes and votes[m].decision is Decision.DECLINED)
    return Standing(accepted=len(others) - len(missing), needed=len(others), missing=missing, declined=declined)
