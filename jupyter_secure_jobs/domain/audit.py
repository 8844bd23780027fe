"""Every kind of event that the audit log keeps, who does it, and the words for it.

`docs/audit.md` shows `MEANINGS` as a table; a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.run import RunKind

DETAIL_LENGTH: Final = 500
# Within this time one reader's reading, or one author's saving of one draft, is one event and not a flood of them.
QUIET: Final = timedelta(minutes=5)
MOST_EXPORTED: Final = 100_000
SERVER: Final = "workspace server"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPACES: Final = re.compile(r"\s+")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


class Event(StrEnum):
    """What happened; the names that filters and exports use."""

    FOUNDED = "founded"
    JOINED = "joined"
    CHANGE_PROPOSED = "change_proposed"
    CHANGE_REFUSED = "change_refused"
    MEMBERS_CHANGED = "members_changed"
    WORKERS_CHANGED = "workers_changed"
    DATASET_PUBLISHED = "dataset_published"
    DATASET_WITHDRAWN = "dataset_withdrawn"
    PROFILE_MADE = "profile_made"
    PROFILE_CHANGED = "profile_changed"
    PROFILE_DELETED = "profile_deleted"
    CREATED = "created"
    EDITED = "edited"
    TESTED = "tested"
    TEST_ENDED = "test_ended"
    SUBMITTED = "submitted"
    REVIEW_CANCELLED = "review_cancelled"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ORDERED = "ordered"
    KEY_RELEASED = "key_released"
    KEY_REFUSED = "key_refused"
    RUN_ENDED = "run_ended"
    CANCELLED = "cancelled"
    RESULT_OPENED = "result_opened"
    RESULT_EXPORTED = "result_exported"
    LOG_OPENED = "log_opened"
    LOG_EXPORTED = "log_exported"
    RECEIPT_EXPORTED = "receipt_exported"
    RESEALED = "resealed"
    OUTPUT_REMOVED = "output_removed"
    RERUNS_REVOKED = "reruns_revoked"
    ACCEPTANCE_WITHDRAWN = "acceptance_withdrawn"
    STOP_HEARD = "stop_heard"
    DRAFT_OPENED = "draft_opened"
    DRAFT_DISCARDED = "draft_discarded"
    VERSION_ACTIVATED = "version_activated"
    ARCHIVED = "archived"
    UNARCHIVED = "unarchived"
    DELETED = "deleted"
    AUDIT_READ = "audit_read"
    AUDIT_EXPORTED = "audit_exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The words for an event: its label, who does it, what its detail says, and the signed statement behind it."""

    label: str
    by: str
    detail: str = ""
    signed: str = ""


MEANINGS: Final[dict[Event, Meaning]] = {
    Event.FOUNDED: Meaning(label="Workspace founded", by="member", detail="the name", signed="roster"),
    Event.JOINED: Meaning(label="Workspace joined", by="member", signed="roster"),
    Event.CHANGE_PROPOSED: Meaning(
        label="Change of members or workers proposed", by="member", detail="what would change"
    ),
    Event.CHANGE_REFUSED: Meaning(
        label="Change of members or workers refused", by="member or who is named by it", detail="whose proposal"
    ),
    Event.MEMBERS_CHANGED: Meaning(label="Members changed", by="member", detail="who came and went", signed="roster"),
    Event.WORKERS_CHANGED: Meaning(
        label="Workers changed", by="member", detail="the workers listed now", signed="worker list"
    ),
    Event.DATASET_PUBLISHED: Meaning(
        label="Dataset published", by="member", detail="the dataset and its version", signed="manifest"
    ),
    Event.DATASET_WITHDRAWN: Meaning(
        label="Dataset withdrawn", by="member", detail="the dataset", signed="withdrawal"
    ),
    Event.PROFILE_MADE: Meaning(label="Compute profile made", by="member", detail="its name"),
    Event.PROFILE_CHANGED: Meaning(
        label="Compute profile changed", by="member", detail="its name; no draft, version or run changes with it"
    ),
    Event.PROFILE_DELETED: Meaning(label="Compute profile deleted", by="member", detail="its name"),
    Event.CREATED: Meaning(label="Job created", by="member"),
    Event.EDITED: Meaning(
        label="Draft edited", by="member", detail="changes within five minutes of one another are one event"
    ),
    Event.TESTED: Meaning(label="Test run started", by="member", detail="the test run and its input values"),
    Event.TEST_ENDED: Meaning(
        label="Test run ended", by="worker or workspace server", detail="how it ended", signed="test result"
    ),
    Event.SUBMITTED: Meaning(label="Submitted for review", by="member", signed="version"),
    Event.REVIEW_CANCELLED: Meaning(label="Review cancelled", by="member"),
    Event.ACCEPTED: Meaning(label="Accepted", by="member", signed="decision"),
    Event.DECLINED: Meaning(label="Declined", by="member", signed="decision"),
    Event.ORDERED: Meaning(
        label="Job run ordered", by="member", detail="the job run and its input values", signed="run order"
    ),
    Event.KEY_RELEASED: Meaning(label="Key released", by="key service", detail="the job run", signed="key grant"),
    Event.KEY_REFUSED: Meaning(
        label="Key refused", by="key service", detail="the job run and the reason; once for each run"
    ),
    Event.RUN_ENDED: Meaning(
        label="Job run ended", by="worker or workspace server", detail="how it ended", signed="receipt"
    ),
    Event.CANCELLED: Meaning(label="Run cancelled", by="member", detail="the run"),
    Event.RESULT_OPENED: Meaning(label="Result opened", by="member", detail="the run"),
    Event.RESULT_EXPORTED: Meaning(label="Result exported", by="member", detail="the run and the format"),
    Event.LOG_OPENED: Meaning(label="Log opened", by="member", detail="the run"),
    Event.LOG_EXPORTED: Meaning(label="Log exported", by="member", detail="the run and the format"),
    Event.RECEIPT_EXPORTED: Meaning(
        label="Receipt exported", by="member", detail="the run, and whether what proves its rows went along"
    ),
    Event.RESEALED: Meaning(
        label="Outcome keys sealed again", by="member", detail="the run; for which colleague", signed="re-sealed keys"
    ),
    Event.OUTPUT_REMOVED: Meaning(
        label="Result and log removed", by="workspace server", detail="the run; after how many days"
    ),
    Event.RERUNS_REVOKED: Meaning(label="Repeatability revoked", by="member", signed="revocation"),
    Event.ACCEPTANCE_WITHDRAWN: Meaning(label="Acceptance withdrawn", by="member", signed="revocation"),
    Event.STOP_HEARD: Meaning(
        label="Revocation or withdrawal heard", by="key service", detail="what it heard", signed="acknowledgement"
    ),
    Event.DRAFT_OPENED: Meaning(label="New draft opened", by="member"),
    Event.DRAFT_DISCARDED: Meaning(label="Draft discarded", by="member"),
    Event.VERSION_ACTIVATED: Meaning(label="Earlier version activated", by="member", detail="the version"),
    Event.ARCHIVED: Meaning(label="Job archived", by="member", detail="whether a review was cancelled by it"),
    Event.UNARCHIVED: Meaning(label="Job taken out of the archive", by="member"),
    Event.DELETED: Meaning(label="Job deleted", by="member", detail="what was deleted; the job's events stay"),
    Event.AUDIT_READ: Meaning(
        label="Audit log read", by="member", detail="reading within five minutes is one event"
    ),
    Event.AUDIT_EXPORTED: Meaning(label="Audit log exported", by="member", detail="how many events"),
}  # fmt: skip

OF_ACTION: Final[dict[Action, Event]] = {
    Action.EDIT: Event.EDITED,
    Action.TEST: Event.TESTED,
    Action.SUBMIT: Event.SUBMITTED,
    Action.DISCARD_DRAFT: Event.DRAFT_DISCARDED,
    Action.DELETE: Event.DELETED,
    Action.CANCEL_REVIEW: Event.REVIEW_CANCELLED,
    Action.ACCEPT: Event.ACCEPTED,
    Action.DECLINE: Event.DECLINED,
    Action.RUN: Event.ORDERED,
    Action.CANCEL: Event.CANCELLED,
    Action.NEW_DRAFT: Event.DRAFT_OPENED,
    Action.ACTIVATE: Event.VERSION_ACTIVATED,
    Action.REVOKE: Event.RERUNS_REVOKED,
    Action.WITHDRAW: Event.ACCEPTANCE_WITHDRAWN,
    Action.ARCHIVE: Event.ARCHIVED,
    Action.UNARCHIVE: Event.UNARCHIVED,
}
ENDED: Final = {RunKind.TEST: Event.TEST_ENDED, RunKind.JOB: Event.RUN_ENDED}


class Purpose(StrEnum):
    """Why a member fetches a result or log: the member side's own word, since both take the same file."""

    OPEN = "open"
    EXPORT = "export"


OUTPUT: Final = {
    ("result", Purpose.OPEN): Event.RESULT_OPENED,
    ("result", Purpose.EXPORT): Event.RESULT_EXPORTED,
    ("log", Purpose.OPEN): Event.LOG_OPENED,
    ("log", Purpose.EXPORT): Event.LOG_EXPORTED,
}
FORMATS: Final = ("csv", "parquet", "txt")


def purpose_of(text: str) -> Purpose:
    """Return the purpose of that name.

    Raises:
        InvalidError: there is none.
    """
    if text not in set(Purpose):
        raise InvalidError("purpose", "There is no such purpose.", f"Use {' or '.join(Purpose)}.")
    return Purpose(text)


def output_event(kind: str, purpose: str, form: str) -> tuple[Event, str]:
    """Return the event of fetching a `result` or `log`, and the words about the format.

    Raises:
        InvalidError: the purpose or the format is unknown.
    """
    why = purpose_of(purpose)
    if form and form not in FORMATS:
        raise InvalidError("format", "There is no such format.", f"Use one of {', '.join(FORMATS)}.")
    return OUTPUT[kind, why], f", as {form}" if form and why is Purpose.EXPORT else ""


def key_service(organisation: str) -> str:
    """Return who acts when an organisation's key service does. No e-mail address looks like it."""
    return f"key service of {organisation}"


def worker(name: str | None) -> str:
    """Return who acts when a worker does."""
    return f"worker {name or 'unknown'}"


def clean_detail(text: str) -> str:
    """Return a detail on one line, in NFC, at most 500 characters, hidden characters replaced."""
    line = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    shown = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _HIDDEN else c for c in line)
    return shown if len(shown) <= DETAIL_LENGTH else shown[: DETAIL_LENGTH - 1] + "…"


def events_of(text: str) -> tuple[Event, ...]:
    """Return the kinds that a filter names, separated by commas.

    Raises:
        InvalidError: one is no kind of event.
    """
    named = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    for part in named:
        if part not in set(Event):
            raise InvalidError("audit_kind", f"{part[:40]!r} is no kind of event.", f"Use: {', '.join(Event)}.")
    return tuple(Event(part) for part in named)


def moment(text: str, *, end: bool) -> datetime:
    """Return the moment of a filter: RFC 3339, or a date in UTC that means its start, or with `end` its end.

    Raises:
        InvalidError: it is neither.
    """
    try:
        read = datetime.fromisoformat(text)
        if _DATE.fullmatch(text) and end:
            read = datetime.combine(read.date(), time.max)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidError(
            "audit_time", "A time of the filter cannot be read.", "Write 2026-11-01 or 2026-11-01T12:00:00Z."
        ) from error


def table() -> str:
    """Return the events as a Markdown table."""
    lines = ["| event | label | by | detail | signed statement |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{event}` | {said.label} | {said.by} | {said.detail} | {said.signed} |" for event, said in MEANINGS.items()
    ]
    return "\n".join(lines) + "\n"
