"""The secure side: a workspace of three organisations with one accepted job, all parts on this machine."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar

from bench import sample
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import Phase, RunStatus
from jupyter_secure_jobs.member import deciding, opening, publishing
from jupyter_secure_jobs.rest.embedded import DEMO_MEMBERS, Embedded
from jupyter_secure_jobs.rest.member_host import MemberHost
from jupyter_secure_jobs.wire.job import DatasetReadWire, GrantWire, JobNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.run import RunWire

AUTHOR: Final = "ana@airline.example"
OWNER: Final = "mia@registry.example"
STEPS: Final = ("order", *(str(phase) for phase in Phase if phase is not Phase.DONE), "notice", "opening")
_RUN_SECONDS: Final = 120.0
_Seen = TypeVar("_Seen")


class RunFailedError(Exception):
    """A measured run did not succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One run from the order to the opened result, in milliseconds; `steps` has every one of `STEPS` and adds up."""

    total: float
    steps: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedJob:
    """A job that every member has accepted, for any number of runs."""

    workspace: str
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Running parts: the members' side, how long the start of all parts took, and the parts' processes by name."""

    host: MemberHost
    milliseconds: float
    pids: Callable[[], Mapping[str, int]]


def _host(embedded: Embedded) -> MemberHost:
    host = MemberHost(embedded.members, mode="embedded", workspace_url=embedded.url)
    for email, _ in DEMO_MEMBERS:
        host.unlock(email, embedded.passphrase())
    return host


@contextmanager
def started(folder: Path, *, workers: int = 1) -> Iterator[Started]:
    """Start every part anew over `folder`, with the members' keys unlocked; stop all parts afterwards."""
    embedded = Embedded(folder, workers=workers)
    # Keys are unlocked once a session, by a person who types a passphrase: that is no part of a run, and if it were
    # done after the start, the worker would get ready meanwhile. Only the first start has no keys before it.
    host = _host(embedded) if embedded.members else None
    tick = time.perf_counter()
    embedded.start()
    taken = (time.perf_counter() - tick) * 1000
    try:
        host = host or _host(embedded)
        yield Started(host=host, milliseconds=taken, pids=lambda: embedded.pids)
    finally:
        embedded.stop()
        for email, _ in DEMO_MEMBERS:
            if host is not None:
                host.acting(email).client.connection.close()


def accepted_job(host: MemberHost, table: Path) -> AcceptedJob:
    """Publish the table, draft the job, submit it, and let everybody accept it."""
    author, owner = host.acting(AUTHOR), host.acting(OWNER)
    workspace = author.client.workspaces()[0].id
    publishing.publish(
        owner, workspace, DatasetAsked(name=sample.TABLE, files=[str(table)]), agree=lambda _proposal: True
    )
    return accepted(host, workspace, draft(workspace, author, name="Latency"))


def another_job(host: MemberHost, like: AcceptedJob, name: str) -> AcceptedJob:
    """Have another job of the same text accepted."""
    return accepted(host, like.workspace, draft(like.workspace, host.acting(AUTHOR), name=name))


def draft(workspace: str, author: Acting, *, name: str) -> JobNew:
    """Return the job that is measured, as a draft of this name, for any number of runs."""
    (dataset,) = [each.id for each in author.client.datasets(workspace) if each.name == sample.TABLE]
    return JobNew(
        name=name,
        language=Language.SQL,
        code=sample.QUERY,
        datasets=[DatasetReadWire(table=sample.TABLE, dataset=dataset)],
        grant=GrantWire(reruns=True),
    )


def accepted(host: MemberHost, workspace: str, new: JobNew) -> AcceptedJob:
    """Make this draft, submit it, and let everybody accept it."""
    author = host.acting(AUTHOR)
    job = author.client.create_job(workspace, new).id
    deciding.submit(author, workspace, job)
    for email, _ in DEMO_MEMBERS:
        if email != AUTHOR:
            member = host.acting(email)
            seen = deciding.review(member, workspace, job)
            deciding.decide(
                member, workspace, job, version_hash=seen.version_hash, verdict=Verdict.ACCEPT, comment="For timing."
            )
    return AcceptedJob(workspace=workspace, job=job)


def timed_run(author: Acting, job: AcceptedJob) -> Timing:
    """Order one run, wait for its end, verify and open the result; return how long each step took.

    Raises:
        RunFailedError: it did not succeed.
        WrongAnswerError: the rows are not the expected ones.
    """
    preview, timing = timed(author, job, lambda run: opening.preview(author, job.workspace, run.id))
    sample.check(preview.rows[0][0] or "", who="The secure job")
    return timing


def timed(
    author: Acting, job: AcceptedJob, look: Callable[[RunWire], _Seen], *, seconds: float = _RUN_SECONDS
) -> tuple[_Seen, Timing]:
    """Order one run, wait at most so long for its end, look at it; return what was seen and how long each step took.

    Raises:
        RunFailedError: it did not succeed.
    """
    began, tick = datetime.now(UTC), time.perf_counter()
    ordered = deciding.run(author, job.workspace, job.job, {})
    run = author.client.wait(ordered, timeout=seconds)
    noticed = datetime.now(UTC)
    if run.status is not RunStatus.SUCCEEDED:
        raise RunFailedError(f"The run is {run.status}: {run.error_class} {run.error_text or ''}")
    seen = look(run)
    total = (time.perf_counter() - tick) * 1000
    return seen, Timing(total=total, steps=_steps(began, noticed, run, total))


def _steps(began: datetime, noticed: datetime, run: RunWire, total: float) -> dict[str, float]:
    # Every part is on this machine, so that their clocks are one; the server's times are whole milliseconds.
    moments = [("order", began), *((str(each.phase), each.at) for each in run.phases), ("notice", noticed)]
    steps = dict.fromkeys(STEPS, 0.0)
    for (name, at), (_, then) in pairwise(moments):
        # From `done` on, the author's side has not yet heard of it.
        step = "notice" if name == Phase.DONE else name
        steps[step] += (then - at).total_seconds() * 1000
    steps["opening"] = total - (noticed - began).total_seconds() * 1000
    return steps
