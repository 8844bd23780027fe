"""Fills a workspace with jobs and runs in every state, straight through the tables, for lists that must stay smooth.

Nothing here is signed: the columns are the index that the server keeps beside statements, so that lists and job pages
show such jobs, while no enclave, key service or member's side would ever believe them. Queued and running runs are
held by a worker that does not exist, until long after any measurement, so that no real worker takes them.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from bench.bulk import bulk
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.job import Language, Scope
from jupyter_secure_jobs.domain.job_list import searched
from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.domain.review import DECISION_DAYS, Verdict
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.domain.text import DESCRIPTION_LENGTH, clean_name, folded
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.services import terms
from jupyter_secure_jobs.store import datasets, job_index, statements, workspaces
from jupyter_secure_jobs.store.history_tables import EventRow, HistoryRow
from jupyter_secure_jobs.store.identifiers import uuid7
from jupyter_secure_jobs.store.tables import Base, DecisionRow, JobRow, RevocationRow, RunRow, VersionRow, WorkspaceRow
from jupyter_secure_jobs.wire.job import DraftChange, GrantWire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from jupyter_secure_jobs.store.tables import MemberRow

FAR: Final = datetime(2100, 1, 1, tzinfo=UTC)
STEP: Final = timedelta(minutes=3)
# Each has room for the number that makes the name of a job its own.
NAMES: Final = (
    "Delays by plane age {}",
    "Flights a month {}",
    "A name that is as long as a name may ever be {:05}",
    "תוצאות לפי חודש {}",
    "رحلات متأخرة {}",
    "<img src=x onerror=alert({})>",
    "<script>alert(1)</script> {}",
    "🛫🌧️ delays {}",
    "=HYPERLINK(A1) {}",
    "e\u0301te\u0301 & 100% of_it {}",
)
CODES: Final = (
    (Language.SQL, "SELECT month, count(*) AS n\nFROM flights\nGROUP BY month\nORDER BY month"),
    (
        Language.SQL,
        "SELECT origin, round(avg(dep_delay)) AS delay\nFROM flights\nGROUP BY origin\nHAVING count(*) >= 10",
    ),
    (Language.PYTHON, "spark.table('flights').groupBy('month').count()"),
)
_ORDER: Final[tuple[type[Base], ...]] = (JobRow, VersionRow, DecisionRow, RevocationRow, RunRow, HistoryRow)
_ROWS_AT_ONCE: Final = 20_000
_RESTING: Final = (Status.DRAFT, Status.UNDER_REVIEW, Status.ACCEPTED, Status.DRAFT, Status.ARCHIVED)


@dataclass(slots=True, kw_only=True)
class _Job:
    # What one job is to become; times of its life follow each other.
    number: int
    id: str
    author: MemberRow
    status: Status
    created: datetime
    beside: bool = False  # an accepted version stands beside the draft or review
    runs: int = 0
    tests: int = 0

    @property
    def released(self) -> int:
        """For how many of its runs a key was released: all but a newest one that waits."""
        return self.runs - (self.status is Status.QUEUED) if self.runs else 0


@dataclass(kw_only=True)
class _Filling:
    workspace: str
    members: Sequence[MemberRow]
    epoch: int
    reads: list[dict[str, str]]
    now: datetime
    chance: random.Random
    session: Session
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=dict)
    held: int = 0
    places: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, table: type[Base], **values: Any) -> None:  # noqa: ANN401 -- a row's values
        self.rows.setdefault(table, []).append(values)
        self.held += 1

    def write(self, *, least: int = 0) -> None:
        """Write the rows that were added, once there are `least` of them: a million never stand in memory."""
        if self.held < least:
            return
        for table in _ORDER:
            if rows := self.rows.pop(table, None):
                self.session.execute(insert(table), rows)
        self.held = 0

    @cached_property
    def organisations(self) -> dict[str, str]:
        return {row.email: row.organisation for row in self.members}

    def id_at(self, time: datetime) -> str:
        return uuid7(int(time.timestamp() * 1000), self.chance.randbytes(10))

    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.chance.randbytes(16)).hexdigest()

    @cached_property
    def texts(self) -> list[tuple[terms.Terms, str]]:
        made = []
        for language, code in CODES:
            change = DraftChange(code=code, grant=GrantWire(reruns=True, most_runs=5))
            drafted = {**terms.changed(terms.blank(language), change, known=()), "datasets": self.reads}
            made.append((drafted, terms.tested_text(drafted)))
        return made

    def job(self, job: _Job) -> None:
        """Add one job with its versions, decisions, runs and events."""
        name = job_name(job.number)
        description = f"{CODES[job.number % len(CODES)][1]}"[:DESCRIPTION_LENGTH].replace("\n", " ")
        resting = job.status in (Status.DRAFT, Status.UNDER_REVIEW)
        live = 1 if job.beside or not resting else None
        opened = (2 if live else 1) if resting else None
        time = job.created + STEP
        for number in (n for n in (live, opened) if n is not None):
            time = self._version(job, number, name, description, time=time, open_=number == opened)
        self.add(
            JobRow, id=job.id, workspace=self.workspace, name=name, folded=folded(name), description=description,
            author=job.author.email, organisation=job.author.organisation, archived=job.status is Status.ARCHIVED,
            created=job.created, updated=time + STEP * (job.runs + job.tests), revision=1, open_version=opened,
            live_version=live,
            searched=searched(name=name, description=description, author=job.author.email,
                              organisation=job.author.organisation),
        )  # fmt: skip
        self._runs(job, live or 1, name, time)
        self.write(least=_ROWS_AT_ONCE)

    def _version(self, job: _Job, number: int, name: str, description: str, *, time: datetime, open_: bool) -> datetime:
        drafted, text_hash = self.texts[job.number % len(CODES)]
        review = open_ and job.status is Status.UNDER_REVIEW
        stage = "review" if review else "draft" if open_ else "accepted"
        statement = self.digest() if stage != "draft" else None
        self._event(job, name, job.author.email, Event.CREATED if number == 1 else Event.DRAFT_OPENED, number, time)
        self.add(
            VersionRow, job=job.id, number=number, stage=stage, text_hash=text_hash, statement=statement,
            terms=drafted if stage == "draft" else {**drafted, "name": name, "description": description},
            epoch=self.epoch if statement else None, submitted=time if statement else None,
            used=job.released if stage == "accepted" else 0,
        )  # fmt: skip
        if statement is None:
            return time + STEP
        self._event(job, name, job.author.email, Event.SUBMITTED, number, time)
        for place, member in enumerate(member for member in self.members if member.email != job.author.email):
            if review and (job.number // len(_RESTING) + place) % 3 == 0:
                continue
            time += STEP
            declined = review and (job.number + place) % 4 == 0
            self.add(
                DecisionRow, version=statement, member=member.email, workspace=self.workspace, statement=self.digest(),
                verdict=str(Verdict.DECLINE if declined else Verdict.ACCEPT), salt="", time=time,
                comment="Round it, please." if declined else "", expires=self.now + timedelta(days=DECISION_DAYS),
            )  # fmt: skip
            self._event(job, name, member.email, Event.DECLINED if declined else Event.ACCEPTED, number, time)
        if stage == "accepted" and job.number % 7 == 0:
            stopper = next(member for member in self.members if member.email != job.author.email)
            self.add(
                RevocationRow, version=statement, member=stopper.email, scope=str(Scope.RERUNS),
                workspace=self.workspace, statement=self.digest(), time=time,
            )  # fmt: skip
        return time + STEP

    def _runs(self, job: _Job, version: int, name: str, time: datetime) -> None:
        for kind, times in (("test", job.tests), ("job", job.runs)):
            for number in range(1, times + 1):
                newest = kind == "job" and number == times and str(job.status) in set(RunStatus)
                status = RunStatus(job.status) if newest else RunStatus.SUCCEEDED
                time = self._run(job, version, kind, number, status, time)
                if kind == "job":
                    self._event(job, name, job.author.email, Event.ORDERED, version, time)
                # The job and its version were added before, so that a part of its runs may be written already.
                self.write(least=_ROWS_AT_ONCE)

    def _run(self, job: _Job, version: int, kind: str, number: int, status: RunStatus, time: datetime) -> datetime:
        drafted, text_hash = self.texts[job.number % len(CODES)]
        waits, runs = status is RunStatus.QUEUED, status is RunStatus.RUNNING
        ended = not waits and not runs
        failed = status is RunStatus.FAILED
        self.add(
            RunRow, id=self.id_at(time), workspace=self.workspace, job=job.id, version=version, kind=kind,
            number=number, status=str(status), phase="queued" if waits else "run" if runs else "done",
            phases=[["queued", time.isoformat()]], member=job.author.email,
            organisation=job.author.organisation, turn=0, inputs={},
            statement=self.digest() if kind == "job" else None, text_hash=text_hash, text=drafted, created=time,
            started=None if waits else time + timedelta(seconds=2),
            finished=time + timedelta(seconds=9) if ended else None, expires=FAR,
            lease=None if ended else self.id_at(time), lease_expires=None if ended else FAR,
            worker="worker-that-is-not", keys_released=not waits and kind == "job", retried=False,
            cancel_requested=False, error_class="CAST_INVALID_INPUT" if failed else None,
            error_line=4 if failed else None, error_text=None,
            rows=12_345 if status is RunStatus.SUCCEEDED else None, result=None, log=None, receipt=None, evidence=None,
            test=None, request=None, request_evidence=None,
        )  # fmt: skip
        return time + STEP

    def _event(self, job: _Job, name: str, member: str, event: Event, version: int, time: datetime) -> None:
        self.add(
            HistoryRow, workspace=self.workspace, job=job.id, job_name=name, member=member,
            organisation=self.organisations[member], action=str(event), detail="", version=version, run=None,
            statement=None, salt="", place=next(self.places), time=time,
        )  # fmt: skip


def job_name(number: int) -> str:
    """Return the name of a filled job: among them long, right-to-left, emoji, formula and markup names."""
    return clean_name(NAMES[number % len(NAMES)].format(number), what="job's name")


def _planned(filling: _Filling, *, jobs: int, runs: int) -> list[_Job]:
    planned = []
    for number in range(jobs):
        created = filling.now - STEP * 20 * (jobs - number)
        author = filling.members[number % len(filling.members)]
        status = _RESTING[number % len(_RESTING)]
        planned.append(_Job(number=number, id=filling.id_at(created), author=author, status=status, created=created))
    # At most every second job has run; half of the other runs are one long-lived job's, the rest tests of drafts.
    ran = planned[:: max(2, jobs // (runs // 2))][: runs // 2] if runs > 1 else []
    for place, job in enumerate(ran):
        job.status, job.runs = Status(str(tuple(RunStatus)[place % len(RunStatus)])), 1
    left = runs - len(ran)
    if ran:
        ran[0].runs += left // 2
        left -= left // 2
    drafts = [job for job in planned if job.status is Status.DRAFT]
    for place in range(left if drafts else 0):
        drafts[place % len(drafts)].tests += 1
    for job in planned[::3]:
        job.beside = job.status in (Status.DRAFT, Status.UNDER_REVIEW)
    return planned


def fill(
    session: Session, workspace: str, *, jobs: int, runs: int, seed: int = 0, now: datetime | None = None
) -> dict[str, Status]:
    """Fill a workspace that has members; return the status that each new job is to have, by the job's id.

    The same seed, workspace, moment and members make the same rows. Names of jobs are numbered: a workspace is filled
    once.
    """
    now = now or utc_now()
    found, _ = datasets.listed(session, workspace, after=None, limit=1)
    filling = _Filling(
        workspace=workspace,
        members=workspaces.members(session, workspace),
        epoch=statements.count(session, workspace, "roster"),
        reads=[{"table": "flights", "dataset": row.id} for row in found],
        now=now,
        session=session,
        chance=random.Random(f"{seed} {workspace}"),  # noqa: S311 -- rows that can be made again, nothing secret
    )
    made = {}
    for job in _planned(filling, jobs=jobs, runs=runs):
        filling.job(job)
        made[job.id] = job.status
    filling.write()
    job_index.refresh(session, JobRow.workspace == workspace)
    session.execute(delete(EventRow).where(EventRow.workspace == workspace))
    session.add(EventRow(workspace=workspace))
    session.flush()
    return made


def main(words: list[str] | None = None) -> int:
    """Fill the workspaces of a database; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.ui_workspace", description=__doc__)
    parser.add_argument("database", help="SQLAlchemy URL, such as sqlite:///server/workspace.sqlite")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(words)
    with bulk(asked.database) as session:
        for workspace in session.scalars(select(WorkspaceRow.id)).all():
            fill(session, workspace, jobs=asked.jobs, runs=asked.runs, seed=asked.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
