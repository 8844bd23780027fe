"""THE TABLE OF NOTICES: which events concern a member, how much, and the sentence that says so.

A notice is read from the history each time and never stored, so that what no longer concerns somebody is not shown.
Nobody is told of their own deeds, and how a job run ended is told to the author's organisation alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.job import STOPPED, Scope
from jupyter_secure_jobs.domain.run import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

MOST_NOTICES: Final = 200


class Level(StrEnum):
    """How much a notice matters."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


class Tie(StrEnum):
    """What ties a member to an event. Of several the first in this order decides what they are told."""

    ASKED = "is asked to decide or to sign"
    AUTHOR = "wrote the job"
    COLLEAGUE = "is of the author's organisation"
    ACCEPTER = "accepted the version"
    READER = "wrote a live job that reads the dataset"
    PROPOSER = "proposed the change"
    MEMBER = "is a member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event with what its sentence needs; `completes` is whether it was the last acceptance that was missing."""

    event: Event
    actor: str
    organisation: str = ""
    job: str = ""
    version: int | None = None
    detail: str = ""
    commented: bool = False
    completes: bool = False
    run: int | None = None
    status: RunStatus | None = None
    error_class: str | None = None
    cancel_asked: bool = False

    @property
    def who(self) -> str:
        """Who acted, with the organisation where there is one."""
        return f"{self.actor} ({self.organisation})" if self.organisation else self.actor

    @property
    def what(self) -> str:
        """The job's version in words."""
        return f"“{self.job}”" if self.version is None else f"version {self.version} of “{self.job}”"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a member is told of an event."""

    level: Level
    text: str


Rule = tuple["Level | Callable[[Happening], Level]", "Callable[[Happening], str]"]

_ENDED: Final[dict[RunStatus | None, Level]] = {RunStatus.SUCCEEDED: Level.SUCCESS, RunStatus.FAILED: Level.ERROR}


def _decided(it: Happening) -> str:
    said = "accepted" if it.event is Event.ACCEPTED else "declined"
    text = f"{it.who} {said} {it.what}{', with a comment' if it.commented else ''}."
    return f"{text} Every member has accepted it now: it can run." if it.completes else text


def _finished(it: Happening) -> str:
    cause = f" ({it.error_class})" if it.status is RunStatus.FAILED and it.error_class else ""
    return f"Run {it.run} of “{it.job}” {str(it.status).lower()}{cause}."


def _finished_level(it: Happening) -> Level:
    return _ENDED.get(it.status, Level.INFO)


def _stopped(it: Happening) -> str:
    withdrew = it.event is Event.ACCEPTANCE_WITHDRAWN
    deed = "withdrew the acceptance of" if withdrew else "revoked the repeatability of"
    return f"{it.who} {deed} {it.what}. {STOPPED[Scope.ALL if withdrew else Scope.RERUNS]}"


_STOPPED: Final[dict[Tie, Rule]] = {
    Tie.AUTHOR: (Level.WARNING, _stopped),
    Tie.ACCEPTER: (Level.INFO, _stopped),
}
TELLS: Final[dict[Event, dict[Tie, Rule]]] = {
    Event.FOUNDED: {
        Tie.ASKED: (Level.WARNING, lambda it: f"{it.who} founded this workspace and asks you to join it."),
    },
    Event.SUBMITTED: {
        Tie.ASKED: (Level.WARNING, lambda it: f"{it.who} asks you to decide on {it.what}."),
    },
    Event.ACCEPTED: {Tie.AUTHOR: (lambda it: Level.SUCCESS if it.completes else Level.INFO, _decided)},
    Event.DECLINED: {Tie.AUTHOR: (Level.WARNING, _decided)},
    Event.REVIEW_CANCELLED: {
        Tie.AUTHOR: (Level.WARNING, lambda it: f"The review of {it.what} ended: {it.detail}. Submit it again."),
    },
    Event.RUN_ENDED: {Tie.AUTHOR: (_finished_level, _finished), Tie.COLLEAGUE: (_finished_level, _finished)},
    Event.RERUNS_REVOKED: _STOPPED,
    Event.ACCEPTANCE_WITHDRAWN: _STOPPED,
    Event.CHANGE_PROPOSED: {
        Tie.ASKED: (Level.WARNING, lambda it: f"{it.who} proposes a change that needs your signature: {it.detail}."),
    },
    Event.CHANGE_REFUSED: {
        Tie.PROPOSER: (Level.WARNING, lambda it: f"{it.who} refused the change that you proposed."),
    },
    Event.MEMBERS_CHANGED: {Tie.MEMBER: (Level.INFO, lambda it: f"The members changed: {it.detail}.")},
    Event.WORKERS_CHANGED: {Tie.MEMBER: (Level.INFO, lambda it: f"The workers changed; listed now: {it.detail}.")},
    Event.DATASET_WITHDRAWN: {
        Tie.READER: (
            Level.WARNING,
            lambda it: (
                f"{it.who} withdrew the dataset {it.detail}, which “{it.job}” reads: the live version "
                "cannot run any more."
            ),
        ),
    },
}


def told(it: Happening, *, ties: Collection[Tie], own: bool) -> Told | None:
    """Return what a member with these ties to an event is told of it, or None; `own` is whether they did it."""
    # The author alone cancels a job run: that it ended so is the author's own deed, whoever reports it.
    cancelled = it.cancel_asked and it.status is RunStatus.CANCELLED and Tie.AUTHOR in ties
    if own or cancelled:
        return None
    rules = TELLS.get(it.event, {})
    tie = next((tie for tie in Tie if tie in ties and tie in rules), None)
    if tie is None:
        return None
    level, sentence = rules[tie]
    return Told(level=level if isinstance(level, Level) else level(it), text=sentence(it))
