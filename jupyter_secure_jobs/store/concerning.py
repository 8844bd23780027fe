"""The events that may concern one member, and how far the member has seen them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, or_, select

from jupyter_secure_jobs.store.caller_tables import SeenRow
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import DecisionRow, JobRow, MemberRow, RevocationRow, RunRow, VersionRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

# Notices are about what is new: what lies so many events back is found in the audit log. A member whom nothing
# concerns must not have the whole history searched, again and again.
LOOK_BACK: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Kinds of events: those that may concern `anybody`, the job's `author` alone, or the author's `organisation`.

    `asked` are those that concern who has still to decide on the version of that statement.
    """

    anybody: Collection[str]
    author: Collection[str]
    organisation: Collection[str]
    asked: Collection[str]


def events(
    session: Session, member: MemberRow, kinds: Kinds, *, since_place: int, after: int, most: int
) -> Sequence[HistoryRow]:
    """Return the newest events of these kinds, newest first, that are not the member's own; see `LOOK_BACK`.

    Args:
        session: the transaction.
        member: whom they may concern.
        kinds: which.
        since_place: the place in the log from which on the member has been one; events of before are left out.
        after: the number of an event; it and older ones are left out.
        most: how many at most.
    """
    row = HistoryRow
    # Each is looked up for one event: lists of a member's jobs would cost more the more jobs there are.
    job = select(JobRow.id).where(JobRow.id == row.job).correlate(row)
    decided = select(DecisionRow.version).where(
        DecisionRow.version == VersionRow.statement, DecisionRow.member == member.email
    )
    under_review = select(VersionRow.job).where(
        VersionRow.statement == row.statement, VersionRow.stage == "review", ~decided.exists()
    )
    newest = session.scalar(select(func.max(row.id)).where(row.workspace == member.workspace)) or 0
    query = select(row).where(
        row.workspace == member.workspace,
        row.member != member.email,
        row.place > since_place,
        row.id > max(after, newest - LOOK_BACK),
        or_(
            row.action.in_(kinds.anybody),
            and_(row.action.in_(kinds.author), job.where(JobRow.author == member.email).exists()),
            and_(row.action.in_(kinds.organisation), job.where(JobRow.organisation == member.organisation).exists()),
            and_(row.action.in_(kinds.asked), under_review.correlate(row).exists()),
        ),
    )
    return session.scalars(query.order_by(row.id.desc()).limit(most)).all()


def newest_of(session: Session, workspace: str, action: str, jobs: Collection[str]) -> set[int]:
    """Return the numbers of the newest events of one kind for each version of these jobs."""
    row = HistoryRow
    query = select(func.max(row.id)).where(row.workspace == workspace, row.action == action, row.job.in_(list(jobs)))
    return set(session.scalars(query.group_by(row.job, row.version)))


def seen(session: Session, member: MemberRow) -> int:
    """Return the number of the newest event that a member has seen, or 0."""
    row = session.get(SeenRow, (member.workspace, member.email))
    return row.up_to if row is not None else 0


def mark(session: Session, member: MemberRow, up_to: int) -> bool:
    """Keep that a member has seen all events up to one of the workspace; tell whether that is further than before."""
    newest = session.scalar(select(func.max(HistoryRow.id)).where(HistoryRow.workspace == member.workspace)) or 0
    # A number of the future would hide what has not happened yet.
    reached = min(up_to, newest)
    row = session.get(SeenRow, (member.workspace, member.email))
    if row is None:
        row = SeenRow(workspace=member.workspace, member=member.email, up_to=0)
        session.add(row)
    further = reached > row.up_to
    row.up_to = max(reached, row.up_to)
    session.flush()
    return further


def jobs_of(session: Session, ids: Collection[str]) -> dict[str, JobRow]:
    """Return the jobs of these ids that there still are."""
    return {row.id: row for row in session.scalars(select(JobRow).where(JobRow.id.in_(list(ids))))}


def runs_of(session: Session, ids: Collection[str]) -> dict[str, RunRow]:
    """Return the runs of these ids."""
    return {row.id: row for row in session.scalars(select(RunRow).where(RunRow.id.in_(list(ids))))}


def accepted_versions(session: Session, jobs: Collection[str]) -> set[tuple[str, int]]:
    """Return the accepted versions of these jobs, each as job and number."""
    query = select(VersionRow.job, VersionRow.number).where(
        VersionRow.job.in_(list(jobs)), VersionRow.stage == "accepted"
    )
    return {(row.job, row.number) for row in session.execute(query)}


def stops_of_accepted(session: Session, member: MemberRow, statements: Collection[str]) -> set[str]:
    """Return those of these revocations, by the hashes of their statements, that stop what a member accepted."""
    query = (
        select(RevocationRow.statement)
        .join(DecisionRow, DecisionRow.version == RevocationRow.version)
        .where(
            RevocationRow.workspace == member.workspace,
            RevocationRow.statement.in_(list(statements)),
            DecisionRow.member == member.email,
            DecisionRow.verdict == "accept",
        )
    )
    return set(session.scalars(query))


def live_versions(session: Session, member: MemberRow) -> Sequence[tuple[JobRow, VersionRow]]:
    """Return a member's own jobs that are not archived, each with its live version."""
    query = (
        select(JobRow, VersionRow)
        .join(VersionRow, and_(VersionRow.job == JobRow.id, VersionRow.number == JobRow.live_version))
        .where(JobRow.workspace == member.workspace, JobRow.author == member.email, JobRow.archived.is_(False))
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(JobRow.id))]
