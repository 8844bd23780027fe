"""THE TABLE: who may do what when, with the reason where not.

A job's status is derived from facts, never stored. Services ask `permit` before they act; every client draws
`offers` as it comes. `docs/lifecycle.md` is printed from `TABLE`; a test walks every cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import NotAllowedError
from jupyter_secure_jobs.domain.job import Grant, Scope, runs_refused
from jupyter_secure_jobs.domain.review import Decision
from jupyter_secure_jobs.domain.run import ACTIVE, RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class Status(StrEnum):
    """What a job is in now, as people read it."""

    DRAFT = "Draft"
    UNDER_REVIEW = "Under Review"
    ACCEPTED = "Accepted"
    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    ARCHIVED = "Archived"


class Role(StrEnum):
    """What the viewer is to the job. A colleague of the author is a reviewer and of the author's organisation."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    ORGANISATION = "author's organisation"


class Action(StrEnum):
    """Everything that can be done to a job; the names of REST and magics."""

    EDIT = "edit"
    STARTER_SCRIPTS = "starter_scripts"
    ADD_INPUT = "add_input"
    REQUEST_RERUNS = "request_reruns"
    TEST = "test"
    SUBMIT = "submit"
    DISCARD_DRAFT = "discard_draft"
    DELETE = "delete"
    CANCEL_REVIEW = "cancel_review"
    ACCEPT = "accept"
    DECLINE = "decline"
    RUN = "run"
    CANCEL = "cancel"
    NEW_DRAFT = "new_draft"
    ACTIVATE = "activate"
    REVOKE = "revoke"
    WITHDRAW = "withdraw"
    VIEW_RESULTS = "view_results"
    EXPORT_RESULTS = "export_results"
    VIEW_LOGS = "view_logs"
    EXPORT_LOGS = "export_logs"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"


LABELS: Final = {
    Action.EDIT: "Edit",
    Action.STARTER_SCRIPTS: "Starter Scripts",
    Action.ADD_INPUT: "Add Input Variable",
    Action.REQUEST_RERUNS: "Request Approval for Reruns",
    Action.TEST: "Test on Synthetic Data",
    Action.SUBMIT: "Submit for Review",
    Action.DISCARD_DRAFT: "Discard Draft",
    Action.DELETE: "Delete",
    Action.CANCEL_REVIEW: "Cancel Review",
    Action.ACCEPT: "Accept",
    Action.DECLINE: "Decline",
    Action.RUN: "Run Job",
    Action.CANCEL: "Cancel Job",
    Action.NEW_DRAFT: "New Draft",
    Action.ACTIVATE: "Activate Earlier Version",
    Action.REVOKE: "Revoke Repeatability",
    Action.WITHDRAW: "Withdraw Acceptance",
    Action.VIEW_RESULTS: "View Results",
    Action.EXPORT_RESULTS: "Export Results",
    Action.VIEW_LOGS: "View Logs",
    Action.EXPORT_LOGS: "Export Logs",
    Action.ARCHIVE: "Archive",
    Action.UNARCHIVE: "Take out of Archive",
}

_REVOKING: Final = (Action.REVOKE, Action.WITHDRAW)
_OUTCOME: Final = (Action.VIEW_RESULTS, Action.EXPORT_RESULTS, Action.VIEW_LOGS, Action.EXPORT_LOGS)
_ENDED: Final = {
    Role.AUTHOR: (Action.RUN, Action.NEW_DRAFT, Action.ACTIVATE, Action.DELETE, Action.ARCHIVE),
    Role.REVIEWER: _REVOKING,
    Role.ORGANISATION: _OUTCOME,
}
_ACTIVE: Final = {
    Role.AUTHOR: (Action.CANCEL, Action.DELETE, Action.ARCHIVE),
    Role.REVIEWER: _REVOKING,
    Role.ORGANISATION: (),
}

TABLE: Final[dict[Status, dict[Role, tuple[Action, ...]]]] = {
    Status.DRAFT: {
        Role.AUTHOR: (
            Action.SUBMIT,
            Action.TEST,
            Action.EDIT,
            Action.STARTER_SCRIPTS,
            Action.ADD_INPUT,
            Action.REQUEST_RERUNS,
            Action.DISCARD_DRAFT,
            Action.DELETE,
            Action.ARCHIVE,
        ),
        Role.REVIEWER: (Action.TEST,),
        Role.ORGANISATION: (),
    },
    Status.UNDER_REVIEW: {
        Role.AUTHOR: (Action.CANCEL_REVIEW, Action.TEST, Action.DELETE, Action.ARCHIVE),
        Role.REVIEWER: (Action.ACCEPT, Action.DECLINE, Action.TEST),
        Role.ORGANISATION: (),
    },
    Status.ACCEPTED: {
        Role.AUTHOR: (Action.RUN, Action.NEW_DRAFT, Action.DELETE, Action.ARCHIVE),
        Role.REVIEWER: _REVOKING,
        Role.ORGANISATION: (),
    },
    Status.QUEUED: _ACTIVE,
    Status.RUNNING: _ACTIVE,
    Status.SUCCEEDED: _ENDED,
    Status.FAILED: _ENDED,
    Status.CANCELLED: _ENDED,
    Status.ARCHIVED: {
        Role.AUTHOR: (Action.UNARCHIVE,),
        Role.REVIEWER: (),
        Role.ORGANISATION: _OUTCOME,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVersion:
    """The version being written or reviewed."""

    under_review: bool
    has_code: bool
    reruns_requested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVersion:
    """The accepted version that runs use, with what became of its grant.

    `stale` says why the version cannot run although it was accepted (members changed, a dataset withdrawn), or None.
    """

    number: int
    grant: Grant
    used: int
    revoked: Scope | None = None
    revoked_by: str | None = None
    stale: str | None = None
    newest_run: RunStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the table depends on, for one job and one viewer."""

    roles: frozenset[Role]
    now: datetime
    member_count: int
    open: OpenVersion | None = None
    live: LiveVersion | None = None
    archived: bool = False
    ever_run: bool = False
    ever_succeeded: bool = False
    activatable: int = 0
    my_decision: Decision = Decision.PENDING
    my_revocation: Scope | None = None
    workspace_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One action as a client draws it: allowed, or the reason why not."""

    action: Action
    label: str
    allowed: bool
    reason: str | None = field(default=None)


def live_status(live: LiveVersion) -> Status:
    """Return the status that the live version alone has."""
    return Status.ACCEPTED if live.newest_run is None else Status(str(live.newest_run))


def statuses(facts: Facts) -> tuple[Status, ...]:
    """Return the job's status first; then that of the live version, if a draft or review is open beside it."""
    if facts.archived:
        return (Status.ARCHIVED,)
    found: list[Status] = []
    if facts.open is not None:
        found.append(Status.UNDER_REVIEW if facts.open.under_review else Status.DRAFT)
    if facts.live is not None:
        found.append(live_status(facts.live))
    return tuple(found)


def status(facts: Facts) -> Status:
    """Return the job's one status."""
    return statuses(facts)[0]


def _no_workspace(facts: Facts) -> str | None:
    """Every member has accepted the roster."""
    return None if facts.workspace_active else "The workspace is not active: not every member has accepted the roster."


def _no_code(facts: Facts) -> str | None:
    """The draft has code."""
    return None if facts.open is None or facts.open.has_code else "The draft has no code yet."


def _cannot_delete(facts: Facts) -> str | None:
    """A draft of a job that has neither an accepted version nor a run."""
    if facts.ever_run:
        return "A job that has run cannot be deleted; archive it instead."
    if facts.live is not None:
        return "An accepted version is kept for ever; archive the job instead."
    if facts.open is None or facts.open.under_review:
        return "Only a draft can be deleted; cancel the review first."
    return None


def _cannot_discard(facts: Facts) -> str | None:
    """There is an accepted version to fall back to."""
    return None if facts.live is not None else "There is no accepted version to fall back to; delete the job instead."


def _decided(facts: Facts) -> str | None:
    """Not decided on this submission yet."""
    if facts.my_decision is Decision.PENDING:
        return None
    return f"You have {facts.my_decision.lower()} this submission; a decision is final."


def _cannot_run(facts: Facts) -> str | None:
    """No run is active, the acceptance still holds, and the grant has runs left."""
    live = facts.live
    if live is None:
        return "No version has been accepted yet."
    if live.newest_run in ACTIVE:
        return "A run is active; a job runs once at a time."
    if live.stale is not None:
        return live.stale
    return runs_refused(
        live.grant, used=live.used, revoked=live.revoked, now=facts.now, single_member=facts.member_count == 1
    )


def _open_already(facts: Facts) -> str | None:
    """No draft or review is open."""
    return None if facts.open is None else "A draft or review is already open."


def _nothing_to_activate(facts: Facts) -> str | None:
    """Another accepted version's acceptance still holds."""
    return None if facts.activatable else "There is no other accepted version whose acceptance still holds."


def _cannot_revoke(facts: Facts) -> str | None:
    """Reruns were requested, and this member has not revoked them yet."""
    if facts.live is None:
        return "No version has been accepted yet."
    if not facts.live.grant.reruns:
        return "Reruns were not requested; there is no repeatability to revoke."
    return None if facts.my_revocation is None else "You have revoked it already."


def _cannot_withdraw(facts: Facts) -> str | None:
    """This member has not withdrawn the acceptance yet."""
    return "You have withdrawn your acceptance already." if facts.my_revocation is Scope.ALL else None


def _no_run(facts: Facts) -> str | None:
    """The job has run."""
    return None if facts.ever_run else "The job has not run yet."


def _no_success(facts: Facts) -> str | None:
    """A run has succeeded."""
    return None if facts.ever_succeeded else "No run has succeeded, so there is no result."


def _single_member(facts: Facts) -> str | None:
    """The workspace has other members."""
    return "You are the only member: runs need no approval." if facts.member_count == 1 else None


GUARDS: Final[dict[Action, tuple[Callable[[Facts], str | None], ...]]] = {
    Action.REQUEST_RERUNS: (_single_member,),
    Action.TEST: (_no_workspace, _no_code),
    Action.SUBMIT: (_no_workspace, _no_code),
    Action.DISCARD_DRAFT: (_cannot_discard,),
    Action.DELETE: (_cannot_delete,),
    Action.ACCEPT: (_no_workspace, _decided),
    Action.DECLINE: (_no_workspace, _decided),
    Action.RUN: (_no_workspace, _cannot_run),
    Action.NEW_DRAFT: (_open_already,),
    Action.ACTIVATE: (_nothing_to_activate,),
    Action.REVOKE: (_cannot_revoke,),
    Action.WITHDRAW: (_cannot_withdraw,),
    Action.VIEW_RESULTS: (_no_success,),
    Action.EXPORT_RESULTS: (_no_success,),
    Action.VIEW_LOGS: (_no_run,),
    Action.EXPORT_LOGS: (_no_run,),
}


def offers(facts: Facts) -> tuple[Offer, ...]:
    """Return every action that the table lists for this viewer now, allowed or with the reason why not."""
    listed: dict[Action, None] = {}
    for now in statuses(facts):
        for role in Role:
            if role in facts.roles:
                listed |= dict.fromkeys(TABLE[now][role])
    made = []
    for action in listed:
        reason = next((why for guard in GUARDS.get(action, ()) if (why := guard(facts)) is not None), None)
        made.append(Offer(action=action, label=LABELS[action], allowed=reason is None, reason=reason))
    return tuple(made)


def permit(facts: Facts, action: Action) -> None:
    """Return if the viewer may do `action` now.

    Raises:
        NotAllowedError: the table does not list it for this status and role, or a guard says why not.
    """
    for offer in offers(facts):
        if offer.action is action:
            if offer.allowed:
                return
            raise NotAllowedError("action_refused", offer.reason or "Not now.", "See the job's actions.")
    who = " and ".join(sorted(facts.roles)) or "nobody"
    raise NotAllowedError(
        "action_not_offered",
        f"{LABELS[action]} is not offered to the {who} while the job is {status(facts)}.",
        "See the job's actions.",
    )


def rerun_indicator(facts: Facts) -> str | None:  # noqa: C901, PLR0911 -- one return for each state
    """Return the text at the top right of a job, or None where there is no indicator (one member, no request)."""
    if facts.member_count == 1:
        return None
    if facts.open is not None and not facts.archived:
        if not facts.open.under_review:
            return "Request approval for reruns"
        if facts.open.reruns_requested:
            return "Awaiting approval"
        if facts.live is None:
            return None
    live = facts.live
    if live is None or not live.grant.reruns:
        return None
    if live.revoked is not None:
        return f"Repeatability revoked by {live.revoked_by}" if live.revoked_by else "Repeatability revoked"
    if live.grant.until is not None and facts.now > live.grant.until:
        return "Expired"
    if live.grant.most_runs is not None and live.used >= live.grant.most_runs:
        return "Used up"
    text = "Approved for rerun"
    if live.grant.most_runs is not None:
        text += f" · {live.grant.most_runs - live.used} of {live.grant.most_runs} left"
    return text + (f", until {live.grant.until:%m/%d/%Y}" if live.grant.until is not None else "")
