"""What each action does, in a sentence or two that a person reads before agreeing to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.job import STOPPED, Scope
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.review import DECISION_DAYS
from jupyter_secure_jobs.domain.run import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.domain.lifecycle import Facts

_NOTED: Final = "The audit log says that you did."
_FOR_GOOD: Final = (
    "You sign it, every key service of the job is told, and it cannot be taken back. A run that has its keys finishes."
)


def _others(facts: Facts) -> str:
    count = facts.member_count - 1
    return "The other member is" if count == 1 else f"Each of the {count} other members is"


def _stays(facts: Facts) -> str:
    return f" Version {facts.live.number} stays live meanwhile." if facts.live is not None else ""


def _submit(facts: Facts) -> str:
    if facts.member_count == 1:
        return "The text and its terms are frozen. You are the only member, so that they are accepted at once."
    return f"The text and its terms are frozen. {_others(facts)} asked to decide.{_stays(facts)}"


def _discard(facts: Facts) -> str:
    number = facts.live.number if facts.live is not None else None
    kept = f" Version {number} stays live." if number is not None else ""
    return f"The draft is closed: nobody can edit or submit it any more.{kept}"


def _accept(facts: Facts) -> str:
    reruns = facts.open is not None and facts.open.reruns_requested
    runs = "the reruns that are asked for" if reruns else "one run"
    return (
        f"You sign that exactly this version may run; it runs when every other member has accepted it too. Good for "
        f"{runs}, and for {DECISION_DAYS} days at most. Final for this submission."
    )


def _run(facts: Facts) -> str:
    live = facts.live
    text = "The enclave decrypts the data for this run alone and seals the result for your organisation."
    if live is None or facts.member_count == 1:
        return text
    if not live.grant.reruns:
        left = "the one run that was accepted"
    elif live.grant.most_runs is not None:
        count = max(0, live.grant.most_runs - live.used)
        left = "the last run that is left" if count == 1 else f"one of the {count} runs left"
    else:
        return f"{text} Reruns are approved without a count."
    return f"{text} It uses up {left} when its first key is released, even if it fails."


def _cancel(facts: Facts) -> str:
    if facts.live is not None and facts.live.newest_run is RunStatus.RUNNING:
        return "The run is stopped and gives no result. Its keys were released, so that it stays used up."
    return "The run leaves the queue. It is used up only if a first key was released already."


def _new_draft(facts: Facts) -> str:
    number = facts.live.number if facts.live is not None else 1
    return f"A draft opens with the text of version {number}, which stays live until a new one is accepted."


def _archive(facts: Facts) -> str:
    text = "The job goes to the archive; results, logs and history stay readable, and you can take it out again."
    if facts.open is not None and facts.open.under_review:
        text += " The review is cancelled; the decisions so far count for nothing."
    run = facts.live.newest_run if facts.live is not None else None
    if run is RunStatus.QUEUED:
        text += " The queued run is cancelled."
    if run is RunStatus.RUNNING:
        text += " The running run finishes."
    return text


EFFECTS: Final[dict[Action, str | Callable[[Facts], str]]] = {
    Action.EDIT: "Opens the draft to be changed. Every member can read it; nothing is asked of them yet.",
    Action.STARTER_SCRIPTS: "Shows scripts to start from. The draft changes only when you take one.",
    Action.ADD_INPUT: "Adds a variable whose value is given for each run. All members see the values.",
    Action.REQUEST_RERUNS: "The others are asked to accept more than one run, within the bounds that you set.",
    Action.TEST: "Runs the text on synthetic data, for an hour at most. No key is asked for; all members see what "
    "comes out, and each can stop it.",
    Action.SUBMIT: _submit,
    Action.DISCARD_DRAFT: _discard,
    Action.DELETE: "The job, its versions and its test runs are deleted for good. Its events stay in the audit log.",
    Action.CANCEL_REVIEW: "The version goes back to draft; the decisions so far count for nothing.",
    Action.ACCEPT: _accept,
    Action.DECLINE: "You sign that this version may not run; all members read your comment. Final for this submission: "
    "the author can cancel the review, revise and submit again.",
    Action.RUN: _run,
    Action.CANCEL: _cancel,
    Action.NEW_DRAFT: _new_draft,
    Action.ACTIVATE: "An earlier accepted version becomes the live one: runs use it from then on.",
    Action.REVOKE: f"{STOPPED[Scope.RERUNS]} {_FOR_GOOD}",
    Action.WITHDRAW: f"{STOPPED[Scope.ALL]} That stops the first run too. {_FOR_GOOD}",
    Action.VIEW_RESULTS: f"Opens the newest result with your keys. {_NOTED}",
    Action.EXPORT_RESULTS: f"Saves the newest result, in the clear, as a file of yours. {_NOTED}",
    Action.VIEW_LOGS: f"Opens the newest log with your keys. {_NOTED}",
    Action.EXPORT_LOGS: f"Saves the newest log, in the clear, as a file of yours. {_NOTED}",
    Action.ARCHIVE: _archive,
    Action.UNARCHIVE: "The job comes back into the lists as it is.",
}


def effect(facts: Facts, action: Action) -> str:
    """Return what `action` would do to this job now."""
    said = EFFECTS[action]
    return said if isinstance(said, str) else said(facts)
