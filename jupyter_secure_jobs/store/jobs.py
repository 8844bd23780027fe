"""Jobs and versions, with all that a job's status is derived from, fetched for a whole page at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from jupyter_secure_jobs.store.tables import (
    DecisionRow,
    JobRow,
    RevocationRow,
    RunRow,
    VersionRow,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session


# Built once: building such a query takes longer than running it.
_DECISIONS: Final = select(DecisionRow).where(DecisionRow.version == bindparam("version"))
_REVOCATIONS: Final = select(RevocationRow).where(RevocationRow.version == bindparam("version"))


@dataclass(slots=True, kw_only=True)
class Bundle:
    """A job with what its status depends on."""

    job: JobRow
    versions: dict[int, VersionRow] = field(default_factory=dict)
    decisions: dict[str, dict[str, DecisionRow]] = field(default_factory=dict)
    revocations: dict[str, list[RevocationRow]] = field(default_factory=dict)
    live_run: RunRow | None = None
    ran: bool = False
    succeeded: bool = False

    @property
    def used(self) -> int:
        """How many runs of the live version had a key released."""
        return self.live.used if self.live is not None else 0

    @property
    def open(self) -> VersionRow | None:
        """The version being written or reviewed."""
        return self.versions.get(self.job.open_version) if self.job.open_version is not None else None

    @property
    def live(self) -> VersionRow | None:
        """The version that runs use."""
        return self.versions.get(self.job.live_version) if self.job.live_version is not None else None


def get(session: Session, workspace: str, job: str) -> JobRow | None:
    """Return a job of this workspace."""
    row = session.get(JobRow, job)
    return row if row is not None and row.workspace == workspace else None


def by_ids(session: Session, workspace: str, ids: Collection[str]) -> dict[str, JobRow]:
    """Return the jobs of these ids."""
    query = select(JobRow).where(JobRow.workspace == workspace, JobRow.id.in_(list(ids)))
    return {row.id: row for row in session.scalars(query)}


def by_name(session: Session, workspace: str, folded: str) -> JobRow | None:
    """Return the job with this folded name."""
    query = select(JobRow).where(JobRow.workspace == workspace, JobRow.folded == folded)
    return session.scalars(query).one_or_none()


def versions(session: Session, job: str) -> Sequence[VersionRow]:
    """Return all versions of a job, newest first."""
    return session.scalars(select(VersionRow).where(VersionRow.job == job).order_by(VersionRow.number.desc())).all()


def version(session: Session, job: str, number: int) -> VersionRow | None:
    """Return one version."""
    return session.get(VersionRow, (job, number))


def of_version(session: Session, workspace: str, digest: str) -> JobRow | None:
    """Return the job of this workspace that a submitted version of this hash is of."""
    query = select(JobRow).join(VersionRow, VersionRow.job == JobRow.id)
    return session.scalars(query.where(JobRow.workspace == workspace, VersionRow.statement == digest)).one_or_none()


def decisions_on(session: Session, version: str) -> dict[str, DecisionRow]:
    """Return the decisions on a submission by member, also on one whose review was closed."""
    found = session.scalars(_DECISIONS, {"version": version})
    return {row.member: row for row in found}


def close_review(version: VersionRow) -> None:
    """Take a version under review back to draft; which submission it was stays known."""
    version.reviewed = version.statement
    version.stage, version.statement, version.submitted, version.epoch = "draft", None, None, None


def revocation(session: Session, version: str, member: str, scope: str) -> RevocationRow | None:
    """Return a member's revocation of a version."""
    return session.get(RevocationRow, (version, member, scope))


def revocations_of(session: Session, version: str) -> Sequence[RevocationRow]:
    """Return every member's revocations of a version."""
    return session.scalars(_REVOCATIONS, {"version": version}).all()


def bundle(session: Session, job: JobRow) -> Bundle:
    """Return one job with what its status depends on."""
    return bundles(session, [job])[0]


def bundles(session: Session, jobs: Sequence[JobRow]) -> list[Bundle]:
    """Return jobs with what their status depends on, in a fixed number of queries."""
    ids = [job.id for job in jobs]
    made = {job.id: Bundle(job=job) for job in jobs}
    for row in session.scalars(select(VersionRow).where(VersionRow.job.in_(ids))):
        made[row.job].versions[row.number] = row
    owner = {row.statement: bundle for bundle in made.values() for row in bundle.versions.values() if row.statement}
    hashes = list(owner)
    votes: dict[str, dict[str, DecisionRow]] = defaultdict(dict)
    for vote in session.scalars(select(DecisionRow).where(DecisionRow.version.in_(hashes))):
        votes[vote.version][vote.member] = vote
    stops: dict[str, list[RevocationRow]] = defaultdict(list)
    for stop in session.scalars(select(RevocationRow).where(RevocationRow.version.in_(hashes))):
        stops[stop.version].append(stop)
    for digest, bundle in owner.items():
        bundle.decisions[digest] = votes.get(digest, {})
        bundle.revocations[digest] = stops.get(digest, [])
    # By index for each job, however often it ran: neither of the two is counted, and the newest is the first found.
    job_runs = select(RunRow.id).where(RunRow.job == JobRow.id, RunRow.kind == "job").correlate(JobRow)
    live = job_runs.where(RunRow.version == JobRow.live_version).order_by(RunRow.id.desc()).limit(1)
    asked = select(
        JobRow.id, job_runs.exists(), job_runs.where(RunRow.status == "Succeeded").exists(), live.scalar_subquery()
    ).where(JobRow.id.in_(ids))
    newest: list[str] = []
    for job, ran, succeeded, run in session.execute(asked):
        made[job].ran, made[job].succeeded = ran, succeeded
        newest += [run] if run is not None else []
    for each in session.scalars(select(RunRow).where(RunRow.id.in_(newest))):
        made[each.job].live_run = each
    return list(made.values())


def under_review(session: Session, workspace: str) -> Sequence[tuple[JobRow, VersionRow]]:
    """Return every job whose open version is under review, with that version."""
    query = (
        select(JobRow, VersionRow)
        .join(VersionRow, (VersionRow.job == JobRow.id) & (VersionRow.number == JobRow.open_version))
        .where(JobRow.workspace == workspace, VersionRow.stage == "review")
    )
    return [(row[0], row[1]) for row in session.execute(query)]
