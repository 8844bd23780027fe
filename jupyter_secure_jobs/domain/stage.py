"""Where a job is on its way, in the words of the Job Status panel: its stage, its query, its newest test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.lifecycle import GUARDS, Action, Status, statuses
from jupyter_secure_jobs.domain.run import ACTIVE, RunStatus

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.lifecycle import Facts


class Stage(StrEnum):
    """The four stages of every job."""

    DRAFT = "Draft"
    REVIEW = "Review"
    EXECUTION = "Execution"
    OUTCOME = "Outcome"


STAGES: Final[dict[Status, Stage]] = {
    Status.DRAFT: Stage.DRAFT,
    Status.UNDER_REVIEW: Stage.REVIEW,
    Status.ACCEPTED: Stage.EXECUTION,
    Status.QUEUED: Stage.EXECUTION,
    Status.RUNNING: Stage.EXECUTION,
    Status.SUCCEEDED: Stage.OUTCOME,
    Status.FAILED: Stage.OUTCOME,
    Status.CANCELLED: Stage.OUTCOME,
}


def _underneath(facts: Facts) -> Status:
    """Return the status that an archived job would have outside the archive, or else the job's own."""
    return next(iter(statuses(replace(facts, archived=False))), Status.DRAFT)


def stage(facts: Facts) -> Stage:
    """Return the stage of a job; an archived one stays where it was."""
    return STAGES[_underneath(facts)]


def query_status(facts: Facts) -> str:
    """Return whether the query is a draft, ready for review or ready for execution; if not ready any more, why."""
    now = STAGES[_underneath(facts)]
    if now is Stage.DRAFT:
        written = facts.open is not None and facts.open.has_code
        return "Draft" if written else "Draft, no code yet"
    if now is Stage.REVIEW:
        return "Ready for review"
    if facts.live is not None and facts.live.newest_run in ACTIVE:
        return "In execution"
    reason = next((why for guard in GUARDS[Action.RUN] if (why := guard(facts)) is not None), None)
    return "Ready for execution" if reason is None else f"Accepted, not ready for execution. {reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the newest test of a text came to. It ran on synthetic data, so that all members may know."""

    status: RunStatus
    rows: int | None = None
    error_class: str | None = None
    error_line: int | None = None


def words_of_test(*, exact: Tried | None, earlier: bool) -> str:
    """Return in words how the text in front was tested.

    `exact` is the newest test of exactly this text, `earlier` whether any other text of the job was tested.
    """
    if exact is None:
        return "Tested before the last change, not since" if earlier else "No test run yet"
    text = f"{exact.status} on exactly this text"
    if exact.status in ACTIVE:
        return f"Test {exact.status.lower()}"
    if exact.status is RunStatus.SUCCEEDED and exact.rows is not None:
        return f"{text}, 1 row" if exact.rows == 1 else f"{text}, {exact.rows:,} rows"
    if exact.status is RunStatus.FAILED and exact.error_class:
        line = f" in line {exact.error_line}" if exact.error_line is not None else ""
        return f"{text}: {exact.error_class}{line}"
    return text
