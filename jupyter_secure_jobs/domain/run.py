"""Runs: their statuses, the phases that a person watches, and which change may follow which."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from jupyter_secure_jobs.domain.errors import ConflictError

ORDER_DAYS: Final = 7
LEASE_SECONDS: Final = 60
HEARTBEAT_SECONDS: Final = 15
MOST_GRANTS_PER_ORDER: Final = 3
REGRANT_HOURS: Final = 24
MEMBERS_CHANGED: Final = "MembersChanged"


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


ACTIVE: Final = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
ENDED: Final = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})

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


def after_lost_lease(*, keys_released: bool, already_retried: bool) -> RunStatus:
    """Return what becomes of a run whose worker went silent.

    Before keys it is queued again, as often as needed. After keys the same order is tried once more; then it fails.
    """
    return RunStatus.FAILED if keys_released and already_retried else RunStatus.QUEUED


def ends_with_the_roster(*, keys_released: bool) -> bool:
    """Return whether a change of the members ends an active job run: one that has a key may finish."""
    return not keys_released
