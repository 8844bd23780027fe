"""Runs: their statuses, the phases that a person watches, and which change may follow which."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import ConflictError

if TYPE_CHECKING:
    from datetime import datetime

ORDER_DAYS: Final = 7
LEASE_SECONDS: Final = 60
HEARTBEAT_SECONDS: Final = 15
NONCE_SECONDS: Final = 30
_FIRST_PATIENCE: Final = 5
MOST_GRANTS_PER_ORDER: Final = 3
REGRANT_HOURS: Final = 24
REMOVED_STEP: Final = "Run the job again. The receipt is still there."
MEMBERS_CHANGED: Final = "MembersChanged"
TIME_LIMIT: Final = "TimeLimit"
TEST_TIME_IS_UP: Final = (
    "The test's time is up. A test has the time limit of its draft, and an hour at most, since nobody has accepted it; "
    "a job run has all the time that the version says."
)


class RunKind(StrEnum):
    """A test run reads synthetic tables and needs no key; a job run reads the data."""

    TEST = "test"
    JOB = "job"


class RunStatus(StrEnum):
    """Running means that every key is granted (for a test run: that a worker started it)."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


class Phase(StrEnum):
    """The steps of a run, in order."""

    QUEUED = "queued"
    EVIDENCE = "evidence"
    KEYS = "keys"
    DECRYPT = "decrypt"
    RUN = "run"
    SEAL = "seal"
    DONE = "done"


def is_later(phase: Phase, than: Phase) -> bool:
    """Tell whether a phase comes after another one."""
    order = list(Phase)
    return order.index(phase) > order.index(than)


ACTIVE: Final = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
ENDED: Final = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})


def may_open(kind: RunKind, *, colleague: bool) -> bool:
    """Tell whether a member may have a run's result and log: tests are for all, job runs for the author's organisation.

    `colleague`: the member is of the author's organisation.
    """
    return kind is RunKind.TEST or colleague


def may_stop(kind: RunKind, *, concerned: bool) -> bool:
    """Tell whether a run of a kind is a member's to stop: a test, which nobody had to accept, is every member's.

    `concerned`: the member started it, or is the job's author.
    """
    return concerned or kind is RunKind.TEST


def may_cancel(kind: RunKind, status: RunStatus, *, concerned: bool, asked: bool) -> bool:
    """Tell whether a member may ask for a run to stop now.

    Args:
        kind: of the run.
        status: of the run.
        concerned: the member started it, or is the job's author.
        asked: somebody asked for it already.
    """
    return status in ACTIVE and may_stop(kind, concerned=concerned) and not asked


def removed_words(kind: str, at: datetime) -> str:
    """Return why a run has no `result` or `log` any more."""
    return f"Its {kind} was removed on {at:%Y-%m-%d}: the workspace server keeps them for a time."


_NEXT: Final = {
    RunStatus.QUEUED: {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.FAILED, RunStatus.CANCELLED},
    RunStatus.RUNNING: {RunStatus.QUEUED, RunStatus.RUNNING, *ENDED},
    RunStatus.SUCCEEDED: set(),
    RunStatus.FAILED: set(),
    RunStatus.CANCELLED: set(),
}


def advance(now: RunStatus, to: RunStatus) -> RunStatus:
    """Return `to` if a run may go there from `now`.

    Raises:
        ConflictError: the run has ended, or never runs that way.
    """
    if to not in _NEXT[now]:
        raise ConflictError("run_ended", f"The run is {now}; it cannot become {to}.", "Look at the run again.")
    return to


def is_tried_once_more(kind: RunKind, *, keys_released: bool) -> bool:
    """Tell whether a run whose worker went silent is tried one more time, and not as often as needed.

    So is a job run that has a key, and a test: nobody accepted it, and it may be what ended the worker.
    """
    return keys_released or kind is RunKind.TEST


def after_lost_lease(kind: RunKind, *, keys_released: bool, already_retried: bool) -> RunStatus:
    """Return what becomes of a run whose worker went silent.

    A job run is queued again before keys, as often as needed. After keys the same order is tried once more, as a test
    is; then it fails. `already_retried`: that was done.
    """
    final = already_retried and is_tried_once_more(kind, keys_released=keys_released)
    return RunStatus.FAILED if final else RunStatus.QUEUED


def patience(attempts: int) -> int:
    """Return for how many seconds a worker that has other work waits for a run's nonces.

    A key service that is there and silent must not hold every worker; one that is only slow has longer each time.
    `attempts` counts those that went before.
    """
    return min(NONCE_SECONDS, _FIRST_PATIENCE << min(attempts, 10))


class Fate(StrEnum):
    """What a change of the members or workers does to an active run."""

    STAYS = "stays"
    ENDS = "ends"
    CANCELLED = "cancelled"
    AGAIN = "again"


def after_change(
    *,
    kind: RunKind,
    status: RunStatus,
    leased: bool,
    keys_released: bool,
    members_changed: bool,
    member_stays: bool,
    worker_stays: bool,
) -> Fate:
    """Return the fate of an active run when a roster, or a worker list alone, comes into force.

    When the members change, a job run that has a key may finish and any other ends; a test is cancelled if who started
    it is no member any more. When the workers alone change, a run that a worker has not begun takes another turn: its
    evidence would name a list that is not the newest.
    """
    if members_changed and kind is RunKind.JOB:
        return Fate.STAYS if keys_released else Fate.ENDS
    if members_changed and not member_stays:
        return Fate.CANCELLED
    if leased and status is RunStatus.QUEUED and (kind is RunKind.JOB or not worker_stays):
        return Fate.AGAIN
    return Fate.STAYS
