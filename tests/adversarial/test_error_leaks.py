"""Errors that quote data, in the real sandbox: each log policy lets out exactly what was accepted, and no more."""

from __future__ import annotations

import datetime as dt
import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pytest

from jupyter_secure_jobs.engines.errors import is_known
from jupyter_secure_jobs.engines.log import failure_line
from tests.support.leaking_jobs import FAILING, JOBS, PRINTING, SQL, UNASKED, LeakingJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.engines.spec import JobOutcome, LogPolicy
    from tests.support.attack import Attack

# Every policy and every job is a run of its own: the ordinary tests take each third job, by the default policy.
ORDINARY: Final = (*SQL[::3], *FAILING[::3], *PRINTING[::3], *UNASKED[::2])
POLICIES: Final[tuple[LogPolicy, ...]] = ("full", "standard", "errors")


def _word() -> str:
    return "Zq" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The one row, drawn anew for each test."""

    name: str = field(default_factory=_word)
    ticket: int = field(default_factory=lambda: 3_000_000_000 + secrets.randbelow(6_000_000_000))

    def tables(self) -> dict[str, pa.Table]:
        """Return the job's tables."""
        row = {"name": self.name, "ticket": self.ticket, "when": dt.date(2013, 1, 31)}
        return {"people": pa.Table.from_pylist([row])}

    def is_in(self, text: str) -> bool:
        """Whether a text holds one of the values in a usual spelling."""
        shown = (self.name, self.name[::-1], self.name.encode().hex(), str(self.ticket), f"{self.ticket:,}")
        return any(each.lower() in text.lower() for each in shown)


def told(job: LeakingJob) -> str:
    """Return what every policy says of how the job ended; empty if it ended well."""
    return failure_line(job.error_class, job.error_line) + "\n" if job.error_class is not None else ""


def run(attack: Attack, job: LeakingJob, policy: LogPolicy, person: Person) -> JobOutcome:
    """Run it and check what everybody is told: a class of the closed list, a line of the job's own text, no value."""
    outcome = attack.run(job.code, language=job.language, policy=policy, data=person.tables())
    assert (outcome.error_class, outcome.error_line) == (job.error_class, job.error_line), outcome.log.read_text()
    assert outcome.error_class is None or is_known(outcome.error_class)
    assert outcome.error_line is None or 1 <= outcome.error_line <= job.code.count("\n") + 1
    assert not person.is_in(repr(outcome))
    return outcome


def check_standard(attack: Attack, job: LeakingJob) -> None:
    """Printed output comes out, a message never."""
    person = Person()
    log = run(attack, job, "standard", person).log.read_text()
    assert person.is_in(log) == job.prints
    if job.prints:
        assert log.endswith(told(job))
    elif job.error_class is not None:
        assert log == told(job)
    else:
        assert log.startswith("(Empty: the job printed nothing")
        assert log.count("\n") == 1


def check_full(attack: Attack, job: LeakingJob) -> None:
    """The whole message comes out, which shows that the job quotes what the other policies keep in."""
    person = Person()
    log = run(attack, job, "full", person).log.read_text()
    assert person.is_in(log) == job.quotes
    assert log.endswith(told(job))


def check_errors(attack: Attack, job: LeakingJob) -> None:
    """Class and line come out, whatever was printed."""
    log = run(attack, job, "errors", Person()).log.read_text()
    empty = "(Empty: the job's log policy `errors` lets no printed output out, and there was no error.)\n"
    assert log == (told(job) or empty)


CHECKS: Final = {"full": check_full, "standard": check_standard, "errors": check_errors}


@pytest.mark.parametrize("job", ORDINARY, ids=lambda job: job.name)
def test_the_default_policy_keeps_messages_in(attack: Attack, job: LeakingJob) -> None:
    check_standard(attack, job)


@pytest.mark.parametrize("job", [SQL[0], FAILING[0], PRINTING[0], UNASKED[0]], ids=lambda job: job.name)
@pytest.mark.parametrize("policy", ["full", "errors"])
def test_the_other_policies_let_out_what_they_say(attack: Attack, job: LeakingJob, policy: str) -> None:
    CHECKS[policy](attack, job)


@pytest.mark.long
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_of_every_job(attack: Attack, job: LeakingJob, policy: str) -> None:
    CHECKS[policy](attack, job)


def names(jobs: Sequence[LeakingJob]) -> set[str]:
    return {job.name for job in jobs}


def test_the_corpus_is_large_and_quotes_data() -> None:
    assert len(names(JOBS)) == len(JOBS)
    assert len([job for job in JOBS if job.quotes and job.error_class is not None]) >= 45
    assert len(names([job for job in JOBS if job.language == "sql"])) >= 20
    assert names(ORDINARY) < names(JOBS)
    assert len(ORDINARY) >= 30
