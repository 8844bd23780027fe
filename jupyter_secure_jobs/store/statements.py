"""Statements: the append-only record behind the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.store.paging import page
from jupyter_secure_jobs.store.tables import LogNodeRow, StatementRow

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
    place = size(session, workspace)
    row = StatementRow(
        workspace=workspace, hash=digest, kind=kind, place=place, leaf=leaf, envelope=envelope, time=time
    )
    session.add(row)
    for level, at, hashed in merkle.completed(leaf, place, tree(session, workspace).node):
        session.add(LogNodeRow(workspace=workspace, level=level, place=at, hash=hashed))
    session.flush()
    return row


def size(session: Session, workspace: str) -> int:
    """Return how many statements the log has."""
    newest = select(func.max(StatementRow.place)).where(StatementRow.workspace == workspace)
    place = session.scalar(newest)
    return 0 if place is None else place + 1


# Built once: a proof reads dozens of nodes, and building the query took longer than running it.
_NODE: Final = select(LogNodeRow.hash).where(
    LogNodeRow.workspace == bindparam("workspace"),
    LogNodeRow.level == bindparam("level"),
    LogNodeRow.place == bindparam("place"),
)
_LEAF: Final = select(StatementRow.leaf).where(
    StatementRow.workspace == bindparam("workspace"), StatementRow.place == bindparam("place")
)


def tree(session: Session, workspace: str) -> merkle.Tree:
    """Return the log's tree; each answer of it reads a logarithmic number of rows, and none of them twice."""
    known: dict[tuple[int, int], bytes] = {}

    def node(level: int, place: int) -> bytes:
        if (level, place) not in known:
            at = {"workspace": workspace, "place": place}
            rows = session.scalars(_NODE, {**at, "level": level}) if level else session.scalars(_LEAF, at)
            known[level, place] = rows.one()
        return known[level, place]

    return merkle.Tree(size(session, workspace), node)


def of_kind(session: Session, workspace: str, kind: str) -> Sequence[StatementRow]:
    """Return all statements of one kind, oldest first."""
    query = select(StatementRow).where(StatementRow.workspace == workspace, StatementRow.kind == kind)
    return session.scalars(query.order_by(StatementRow.place)).all()


def count(session: Session, workspace: str, kind: str) -> int:
    """Return how many statements of one kind there are."""
    query = select(func.count()).where(StatementRow.workspace == workspace, StatementRow.kind == kind)
    return session.scalar(query) or 0


def by_hashes(session: Session, workspace: str, hashes: Collection[str]) -> dict[str, StatementRow]:
    """Return the statements of these hashes."""
    query = select(StatementRow).where(StatementRow.workspace == workspace, StatementRow.hash.in_(list(hashes)))
    return {row.hash: row for row in session.scalars(query)}


def entries(
    session: Session, workspace: str, *, after: str | None, limit: int
) -> tuple[Sequence[StatementRow], str | None]:
    """Return a page of statements, newest first; the cursor is the place."""
    query = select(StatementRow).where(StatementRow.workspace == workspace)
    return page(session, query, StatementRow.place, after=after, limit=limit)
