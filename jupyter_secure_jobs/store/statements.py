"""Statements: the append-only record behind the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from jupyter_secure_jobs.store.paging import page
from jupyter_secure_jobs.store.tables import StatementRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


def get(session: Session, workspace: str, digest: str) -> StatementRow | None:
    """Return the statement of this hash."""
    return session.get(StatementRow, (workspace, digest))


def append(
    session: Session, workspace: str, digest: str, *, kind: str, leaf: bytes, envelope: bytes, time: datetime
) -> StatementRow:
    """Append a statement; one that is there already stays where it is."""
    found = get(session, workspace, digest)
    if found is not None:
        return found
    place = session.scalar(
        select(func.coalesce(func.max(StatementRow.place) + 1, 0)).where(StatementRow.workspace == workspace)
    )
    row = StatementRow(
        workspace=workspace, hash=digest, kind=kind, place=place or 0, leaf=leaf, envelope=envelope, time=time
    )
    session.add(row)
    session.flush()
    return row


def of_kind(session: Session, workspace: str, kind: str) -> Sequence[StatementRow]:
    """Return all statements of one kind, oldest first."""
    query = select(StatementRow).where(StatementRow.workspace == workspace, StatementRow.kind == kind)
    return session.scalars(query.order_by(StatementRow.place)).all()


def by_hashes(session: Session, workspace: str, hashes: Collection[str]) -> dict[str, StatementRow]:
    """Return the statements of these hashes."""
    query = select(StatementRow).where(StatementRow.workspace == workspace, StatementRow.hash.in_(list(hashes)))
    return {row.hash: row for row in session.scalars(query)}


def leaves(session: Session, workspace: str, *, start: int = 0) -> Sequence[bytes]:
    """Return leaf hashes from place `start` on."""
    query = select(StatementRow.leaf).where(StatementRow.workspace == workspace, StatementRow.place >= start)
    return session.scalars(query.order_by(StatementRow.place)).all()


def entries(
    session: Session, workspace: str, *, after: str | None, limit: int
) -> tuple[Sequence[StatementRow], str | None]:
    """Return a page of statements, newest first; the cursor is the place."""
    query = select(StatementRow).where(StatementRow.workspace == workspace)
    return page(session, query, StatementRow.place, after=after, limit=limit)
