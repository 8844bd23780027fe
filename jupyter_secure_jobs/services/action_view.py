"""Actions as clients draw them: how each is called, what it does, and which come first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.activation import activated
from jupyter_secure_jobs.domain.effect import effect
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.lifecycle import Action, offers
from jupyter_secure_jobs.domain.primary import primary
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.wire.job import ActionWire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.domain.lifecycle import Facts, Offer
    from jupyter_secure_jobs.store.jobs import Bundle
    from jupyter_secure_jobs.store.tables import JobRow

_MEMBER: Final = "member/"
# How each action is called: method, path below the job, whether it goes through the member side, what to ask first.
_CALLS: Final[dict[Action, tuple[str, str, bool, tuple[str, ...]]]] = {
    Action.EDIT: ("PATCH", "", False, ("page",)),
    Action.STARTER_SCRIPTS: ("GET", "../../starter-scripts", False, ("page",)),
    Action.ADD_INPUT: ("PATCH", "", False, ("page",)),
    Action.REQUEST_RERUNS: ("PATCH", "", False, ("page",)),
    Action.TEST: ("POST", "/tests", False, ("inputs",)),
    Action.SUBMIT: ("POST", "/submit", True, ("confirm", "shown")),
    Action.DISCARD_DRAFT: ("POST", "/discard-draft", False, ("confirm",)),
    Action.DELETE: ("DELETE", "", False, ("confirm",)),
    Action.CANCEL_REVIEW: ("POST", "/cancel-review", False, ("confirm",)),
    Action.ACCEPT: ("POST", "/decisions", True, ("comment", "passphrase")),
    Action.DECLINE: ("POST", "/decisions", True, ("comment", "passphrase")),
    Action.RUN: ("POST", "/runs", True, ("inputs",)),
    Action.CANCEL: ("POST", "/cancel", False, ("confirm",)),
    Action.NEW_DRAFT: ("POST", "/new-draft", False, ()),
    Action.ACTIVATE: ("POST", "/activate", False, ("version",)),
    Action.REVOKE: ("POST", "/revocations", True, ("confirm",)),
    Action.WITHDRAW: ("POST", "/revocations", True, ("confirm",)),
    Action.VIEW_RESULTS: ("GET", "/result", True, ()),
    Action.EXPORT_RESULTS: ("GET", "/result.csv", True, ()),
    Action.VIEW_LOGS: ("GET", "/log", True, ()),
    Action.EXPORT_LOGS: ("GET", "/log.txt", True, ()),
    Action.ARCHIVE: ("POST", "/archive", False, ("confirm",)),
    Action.UNARCHIVE: ("POST", "/unarchive", False, ()),
}
_OF_RUN: Final = {Action.VIEW_RESULTS, Action.EXPORT_RESULTS, Action.VIEW_LOGS, Action.EXPORT_LOGS}
# What goes along with a call as it stands: two actions share one route and differ in what they say.
_BODIES: Final[dict[Action, dict[str, str | int]]] = {
    Action.ACCEPT: {"decision": str(Verdict.ACCEPT)},
    Action.DECLINE: {"decision": str(Verdict.DECLINE)},
    Action.REVOKE: {"scope": str(Scope.RERUNS)},
    Action.WITHDRAW: {"scope": str(Scope.ALL)},
}


def _href(bundle: Bundle, action: Action, path: str, *, own: bool) -> str:
    job, run = bundle.job, bundle.live_run
    if action in _OF_RUN:
        return f"member/workspaces/{job.workspace}/runs/{run.id if run else 'none'}{path}"
    if path.startswith("../../"):
        return f"workspaces/{job.workspace}/{path.removeprefix('../../')}"
    return f"{_MEMBER if own else ''}workspaces/{job.workspace}/jobs/{job.id}{path}"


def actions(bundle: Bundle, facts: Facts) -> list[ActionWire]:
    """Return every action that the table lists, with how to call it and what it does."""
    made = []
    first = primary(facts)
    for offer in offers(facts):
        method, path, own, needs = _CALLS[offer.action]
        made.append(
            ActionWire(
                name=str(offer.action), label=offer.label, allowed=offer.allowed, reason=offer.reason,
                method=method, href=_href(bundle, offer.action, path, own=own), needs=list(needs),
                body=_BODIES.get(offer.action, {}), effect=effect(facts, offer.action), primary=offer.action in first,
            )
        )  # fmt: skip
    return made


def warned(action: ActionWire, unfit: Sequence[str]) -> ActionWire:
    """Return an action that leads to runs with what stands in their way said before it is agreed to."""
    if not unfit or action.name not in (Action.SUBMIT, Action.TEST):
        return action
    return action.model_copy(update={"effect": f"{action.effect} No run could start now: {' '.join(unfit)}".strip()})


def activate(job: JobRow, offer: Offer, number: int) -> ActionWire:
    """Return the action that makes one accepted version the live one."""
    method, path, _, _ = _CALLS[Action.ACTIVATE]
    return ActionWire(
        name=str(offer.action), label=offer.label, allowed=offer.allowed, reason=offer.reason, method=method,
        href=f"workspaces/{job.workspace}/jobs/{job.id}{path}", needs=["confirm"], body={"version": number},
        effect=activated(number),
    )  # fmt: skip
