"""The events of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.paging import page
from jupyter_secure_jobs.store.tables import DecisionRow, MemberRow, RunRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events of a workspace are wanted; None does not narrow, an empty list matches nothing."""

    actions: Collection[str] | None = None
    member: str | None = None
    organisation: str | None = None
    jobs: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


def query(workspace: str, wanted: Wanted) -> Select[HistoryRow]:
    """Return the query of the wanted events, without order."""
    row = HistoryRow
    made = select(row).where(row.workspace == workspace)
    if wanted.actions is not None:
        made = made.where(row.action.in_(list(wanted.actions)))
    if wanted.member is not None:
        made = made.where(row.member == wanted.member)
    if wanted.organisation is not None:
        made = made.where(row.organisation == wanted.organisation)
    if wanted.jobs is not None:
        made = made.where(row.job.in_(list(wanted.jobs)))
    if wanted.since is not None:
        made = made.where(row.time >= wanted.since)
    if wanted.until is not None:
        made = made.where(row.time <= wanted.until)
    return made


def listed(
    session: Session, workspace: str, wanted: Wanted, *, after: str | None, limit: int
) -> tuple[Sequence[HistoryRow], str | None]:
    """Return a page, newest first."""
    return page(session, query(workspace, wanted), HistoryRow.id, after=after, limit=limit)


def walk(session: Session, workspace: str, wanted: Wanted) -> Iterator[HistoryRow]:
    """Give every wanted event, newest first, a few at a time: memory does not grow with their number."""
    ordered = query(workspace, wanted).order_by(HistoryRow.id.desc())
    yield from session.scalars(ordered, execution_options={"yield_per": _CHUNK})


def count(session: Session, workspace: str, wanted: Wanted, *, most: int) -> int:
    """Return how many events are wanted; counting stops after `most`."""
    some = query(workspace, wanted).with_only_columns(HistoryRow.id).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def of_job(session: Session, job: str, *, limit: int = 100) -> Sequence[HistoryRow]:
    """Return the newest events of a job, newest first."""
    return session.scalars(
        select(HistoryRow).where(HistoryRow.job == job).order_by(HistoryRow.id.desc()).limit(limit)
    ).all()


def newest(session: Session, workspace: str, wanted: Wanted) -> HistoryRow | None:
    """Return the newest of the wanted events."""
    return session.scalars(query(workspace, wanted).order_by(HistoryRow.id.desc()).limit(1)).one_or_none()


def of_run(session: Session, run: RunRow, action: str, organisation: str) -> HistoryRow | None:
    """Return an event of one kind about one run, by one organisation."""
    row = HistoryRow
    asked = select(row).where(
        row.job == run.job, row.run == run.id, row.action == action, row.organisation == organisation
    )
    return session.scalars(asked.limit(1)).one_or_none()


def is_actor(session: Session, workspace: str, member: str) -> bool:
    """Tell whether somebody is a member, or acted."""
    if session.get(MemberRow, (workspace, member)) is not None:
        return True
    return newest(session, workspace, Wanted(member=member)) is not None


def is_organisation(session: Session, workspace: str, organisation: str) -> bool:
    """Tell whether an organisation has members, or acted."""
    has = select(MemberRow.email).where(MemberRow.workspace == workspace, MemberRow.organisation == organisation)
    if session.scalar(has.limit(1)) is not None:
        return True
    return newest(session, workspace, Wanted(organisation=organisation)) is not None


def jobs_named(session: Session, workspace: str, name: str) -> set[str]:
    """Return the ids of jobs that had this name at an event, deleted ones too."""
    asked = select(HistoryRow.job).where(HistoryRow.workspace == workspace, HistoryRow.job_name == name)
    return {job for job in session.scalars(asked.distinct()) if job is not None}


def comments(session: Session, statements: Collection[str]) -> dict[str, str]:
    """Return the comments of decisions by the hashes of the decisions' statements."""
    asked = select(DecisionRow.statement, DecisionRow.comment).where(DecisionRow.statement.in_(list(statements)))
    return {row.statement: row.comment for row in session.execute(asked)}
