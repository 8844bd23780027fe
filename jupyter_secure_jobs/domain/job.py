"""A job's parts: languages, policies, limits, and the grant of runs that an acceptance gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations of a grant at run time
from enum import StrEnum
from typing import Final

from jupyter_secure_jobs.domain.errors import InvalidError

GIB: Final = 1024**3
MOST_DATASETS: Final = 100
MOST_TEST_SECONDS: Final = 3600


class Language(StrEnum):
    """What the author writes."""

    SQL = "sql"
    PYTHON = "python"


class LogPolicy(StrEnum):
    """What of a run's output reaches its sealed log."""

    FULL = "full"
    STANDARD = "standard"
    ERRORS = "errors"

    @property
    def words(self) -> str:
        """What it lets out, to be read by those who accept it."""
        return {
            LogPolicy.FULL: "all that is printed, the standard error too, and messages of errors, which may quote data",
            LogPolicy.STANDARD: "what is printed, without the standard error; of an error its class and line",
            LogPolicy.ERRORS: "of an error its class and line, nothing else",
        }[self]


class Assurance(StrEnum):
    """Who is kept out while a job runs; ordered from weak to strong."""

    SOFTWARE = "software"
    HARDWARE = "hardware"

    def meets(self, lowest: Assurance) -> bool:
        """Tell whether this is at least `lowest`."""
        order = list(Assurance)
        return order.index(self) >= order.index(lowest)


_LIMIT_WORDS: Final = {
    "seconds": "time in seconds",
    "memory_bytes": "memory",
    "result_bytes": "the result",
    "log_bytes": "the log",
    "scratch_bytes": "temporary files",
    "cores": "cores",
}


def _bytes_words(value: int) -> str:
    return f"{value / 1024**2:,.0f} MiB" if value % 1024**2 == 0 else f"{value:,} bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """Limits of one run, part of what is accepted; over one the run fails with the reason, nothing is cut."""

    seconds: int = 3600
    memory_bytes: int = 4 * GIB
    result_bytes: int = GIB
    log_bytes: int = 1024**2
    scratch_bytes: int = 2 * GIB
    cores: int = 2

    def __post_init__(self) -> None:
        """Refuse limits that no run could meet or no worker should try.

        Raises:
            InvalidError: one is outside its range.
        """
        ranges = {"seconds": (1, 7 * 86400), "memory_bytes": (GIB // 2, 1024 * GIB),
                  "result_bytes": (1024, 64 * GIB), "log_bytes": (0, 64 * 1024**2),
                  "scratch_bytes": (1024**2, 1024 * GIB), "cores": (1, 256)}  # fmt: skip
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                shown = _bytes_words if name.endswith("_bytes") else "{:,}".format
                what = f"The limit of {_LIMIT_WORDS[name]}"
                raise InvalidError(
                    "limit",
                    f"{what} must be from {shown(low)} to {shown(high)}; {shown(getattr(self, name))} is outside.",
                    "Choose a value in this range.",
                )

    def for_test(self) -> JobLimits:
        """Return the limits of a test: nobody has accepted it, so that it takes a worker for an hour at most."""
        return replace(self, seconds=min(self.seconds, MOST_TEST_SECONDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """How many runs an acceptance is good for: one, or reruns without bound, up to a count, until a time."""

    reruns: bool = False
    most_runs: int | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse bounds without a request, and bounds that mean nothing.

        Raises:
            InvalidError: with the part that is wrong.
        """
        if not self.reruns and (self.most_runs is not None or self.until is not None):
            raise InvalidError("grant", "Bounds on reruns need the request for reruns.", "Ask for reruns too.")
        if self.most_runs is not None and not 1 <= self.most_runs <= 1_000_000:  # noqa: PLR2004 -- said in the text
            raise InvalidError("grant", "The most-runs count must be from 1 to 1,000,000.", "Change it.")
        if self.until is not None and self.until.tzinfo is None:
            raise InvalidError("grant", "The expiry needs a time zone.", "Write it as 2026-12-31T23:59:59Z.")


class Scope(StrEnum):
    """What a revocation stops: every run after the first, or every further key."""

    RERUNS = "reruns"
    ALL = "all"


STOPPED: Final = {Scope.RERUNS: "No run after the first.", Scope.ALL: "No further key is released."}


def runs_refused(grant: Grant, *, used: int, revoked: Scope | None, now: datetime, single_member: bool) -> str | None:  # noqa: PLR0911 -- one return for each reason
    """Return why the grant is good for no further run, or None if one more may start.

    `used` counts distinct run orders for which a first key was released. The key services' own count and clock
    decide; the workspace server asks the same question early, so that people get an answer at once.
    """
    if revoked is Scope.ALL:
        return "An acceptance was withdrawn; no further run."
    if single_member:
        return None
    if revoked is Scope.RERUNS and used >= 1:
        return "Repeatability was revoked; no run after the first."
    if grant.until is not None and now > grant.until:
        return f"The approval for reruns expired on {grant.until:%m/%d/%Y}."
    if not grant.reruns and used >= 1:
        return "Accepted for one run, which is used up; reruns were not requested."
    if grant.most_runs is not None and used >= grant.most_runs:
        return f"All {grant.most_runs} approved runs are used up."
    return None
