"""Which one or two of the allowed actions most people want next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.lifecycle import Action, Role, Status, offers, statuses

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.lifecycle import Facts

MOST: Final = 2
Choice = tuple[Action, ...]

# Of each choice the first action that is allowed is taken: who cannot run any more most likely wants a new draft.
_AGAIN: Final[tuple[Choice, ...]] = ((Action.RUN, Action.NEW_DRAFT),)
_STOP: Final[dict[Role, tuple[Choice, ...]]] = {Role.AUTHOR: ((Action.CANCEL,),)}
_READ_LOGS: Final[dict[Role, tuple[Choice, ...]]] = {
    Role.AUTHOR: _AGAIN,
    Role.ORGANISATION: ((Action.VIEW_LOGS,),),
}

PRIMARY: Final[dict[Status, dict[Role, tuple[Choice, ...]]]] = {
    Status.DRAFT: {
        Role.AUTHOR: ((Action.SUBMIT, Action.EDIT), (Action.TEST,)),
        Role.REVIEWER: ((Action.TEST,),),
    },
    Status.UNDER_REVIEW: {
        Role.AUTHOR: ((Action.CANCEL_REVIEW,),),
        Role.REVIEWER: ((Action.ACCEPT,), (Action.DECLINE,)),
    },
    Status.ACCEPTED: {Role.AUTHOR: _AGAIN},
    Status.QUEUED: _STOP,
    Status.RUNNING: _STOP,
    Status.SUCCEEDED: {Role.AUTHOR: _AGAIN, Role.ORGANISATION: ((Action.VIEW_RESULTS,),)},
    Status.FAILED: _READ_LOGS,
    Status.CANCELLED: {Role.AUTHOR: _AGAIN},
    Status.ARCHIVED: {Role.AUTHOR: ((Action.UNARCHIVE,),), Role.ORGANISATION: ((Action.VIEW_RESULTS,),)},
}


def primary(facts: Facts) -> tuple[Action, ...]:
    """Return at most two allowed actions for this viewer; those of an open draft or review come before the others."""
    allowed = {offer.action for offer in offers(facts) if offer.allowed}
    found: dict[Action, None] = {}
    for now in statuses(facts):
        for role in reversed(Role):  # what came out is looked at before it is run again
            for choice in PRIMARY[now].get(role, ()) if role in facts.roles else ():
                found |= dict.fromkeys([action for action in choice if action in allowed][:1])
    return tuple(found)[:MOST]
