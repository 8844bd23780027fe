"""Statements: the append-only record behind the log."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import bindparam, func, select, union_all

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.store.paging import page
from jupyter_secure_jobs.store.tables import LogNodeRow, StatementRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy import CompoundSelect
    from sqlalchemy.orm import Session

A = TypeVar("A")


def get(session: Session, workspace: str, digest: str) -> StatementRow | None:
    """Return the statement of this hash."""
    return session.get(StatementRow, (workspace, digest))


def append(
    session: Session,
    workspace: str,
    digest: str,
    *,
    kind: str,
    leaf: bytes,
    envelope: bytes,
    time: datetime,
    new: bool = False,
) -> StatementRow:
    """Append a statement; one that is there already stays where it is, unless it is known to be `new`."""
    found = None if new else get(session, workspace, digest)
    if found is not None:
        return found
    place = size(session, workspace)
    row = StatementRow(
        workspace=workspace, hash=digest, kind=kind, place=place, leaf=leaf, envelope=envelope, time=time
    )
    session.add(row)
    for level, at, hashed in merkle.completed(leaf, place, _reader(session, workspace)):
        session.add(LogNodeRow(workspace=workspace, level=level, place=at, hash=hashed))
    session.flush()
    return row


def length(session: Session, workspace: str, kinds: Collection[str]) -> int:
    """Return how many bytes all statements of these kinds have; none of them is read."""
    return session.scalar(_LENGTH, {"workspace": workspace, "kinds": list(kinds)}) or 0


def size(session: Session, workspace: str) -> int:
    """Return how many statements the log has."""
    place = session.scalar(_NEWEST, {"workspace": workspace})
    return 0 if place is None else place + 1


# Built once: building such a query takes longer than running it.
_NEWEST: Final = select(func.max(StatementRow.place)).where(StatementRow.workspace == bindparam("workspace"))
_BY_HASHES: Final = select(StatementRow).where(
    StatementRow.workspace == bindparam("workspace"), StatementRow.hash.in_(bindparam("hashes", expanding=True))
)
_OF_KINDS: Final = (
    select(StatementRow)
    .where(StatementRow.workspace == bindparam("workspace"), StatementRow.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(StatementRow.place)
)
_LENGTH: Final = select(func.sum(func.length(StatementRow.envelope))).where(
    StatementRow.workspace == bindparam("workspace"), StatementRow.kind.in_(bindparam("kinds", expanding=True))
)
_COUNT: Final = select(func.count()).where(
    StatementRow.workspace == bindparam("workspace"), StatementRow.kind == bindparam("kind")
)
_NODE: Final = select(LogNodeRow.hash).where(
    LogNodeRow.workspace == bindparam("workspace"),
    LogNodeRow.level == bindparam("level"),
    LogNodeRow.place == bindparam("place"),
)
_LEAF: Final = select(StatementRow.leaf).where(
    StatementRow.workspace == bindparam("workspace"), StatementRow.place == bindparam("place")
)


def _reader(session: Session, workspace: str) -> Callable[[int, int], bytes]:
    def node(level: int, place: int) -> bytes:
        at = {"workspace": workspace, "place": place}
        rows = session.scalars(_NODE, {**at, "level": level}) if level else session.scalars(_LEAF, at)
        return rows.one()

    return node


def tree(session: Session, workspace: str) -> merkle.Tree:
    """Return the log's tree; each answer of it reads a logarithmic number of rows, one by one. See `answer`."""
    return merkle.Tree(size(session, workspace), _reader(session, workspace))


@functools.cache
def _nodes(highest: int) -> CompoundSelect[int, int, bytes]:
    # Joined level by level, so that each place is found by the table's key: put otherwise, SQLite reads the whole log.
    # Every level is there, whether places are wanted of it or not: with the wanted ones alone, almost each size of the
    # log would make a query of its own, which SQLAlchemy compiles and keeps.
    return union_all(
        *(
            select(LogNodeRow.level, LogNodeRow.place, LogNodeRow.hash).where(
                LogNodeRow.workspace == bindparam("workspace"),
                LogNodeRow.level == bindparam(f"level_{level}", level),
                LogNodeRow.place.in_(bindparam(f"at_{level}", expanding=True)),
            )
            for level in range(1, highest + 1)
        )
    )


# No subtree has this place; a list without any would be put as a query of its own within the query.
_NOWHERE: Final = -1
_LEAVES: Final = select(StatementRow.place, StatementRow.leaf).where(
    StatementRow.workspace == bindparam("workspace"), StatementRow.place.in_(bindparam("places", expanding=True))
)


def answer(session: Session, workspace: str, question: Callable[[merkle.Tree], A]) -> A:
    """Return what `question` finds out from the log's tree, as it is now; what that takes is read all at once.

    Which subtrees it takes depends on sizes and places alone, so that it is put to a tree without hashes first: a
    proof takes dozens, and reading each by itself was most of the time that a run's requests took.
    """
    whole = size(session, workspace)
    wanted: dict[int, list[int]] = defaultdict(list)

    def noted(level: int, place: int) -> bytes:
        wanted[level].append(place)
        return b""

    question(merkle.Tree(whole, noted))
    known: dict[tuple[int, int], bytes] = {}
    if leaves := wanted.pop(0, []):
        asked = {"workspace": workspace, "places": leaves}
        known |= {(0, place): leaf for place, leaf in session.execute(_LEAVES, asked)}
    if wanted:
        highest = max(wanted)
        at = {f"at_{level}": list(dict.fromkeys(wanted[level])) or [_NOWHERE] for level in range(1, highest + 1)}
        rows = session.execute(_nodes(highest), {"workspace": workspace, **at})
        known |= {(level, place): hashed for level, place, hashed in rows}
    return question(merkle.Tree(whole, lambda level, place: known[level, place]))


def of_kind(session: Session, workspace: str, kind: str) -> Sequence[StatementRow]:
    """Return all statements of one kind, oldest first."""
    query = select(StatementRow).where(StatementRow.workspace == workspace, StatementRow.kind == kind)
    return session.scalars(query.order_by(StatementRow.place)).all()


def of_kinds(session: Session, workspace: str, kinds: Collection[str]) -> Sequence[StatementRow]:
    """Return all statements of these kinds, oldest first."""
    return session.scalars(_OF_KINDS, {"workspace": workspace, "kinds": list(kinds)}).all()


def count(session: Session, workspace: str, kind: str) -> int:
    """Return how many statements of one kind there are."""
    return session.scalar(_COUNT, {"workspace": workspace, "kind": kind}) or 0


def by_hashes(session: Session, workspace: str, hashes: Collection[str]) -> dict[str, StatementRow]:
    """Return the statements of these hashes."""
    if not hashes:
        return {}
    rows = session.scalars(_BY_HASHES, {"workspace": workspace, "hashes": list(hashes)})
    return {row.hash: row for row in rows}


def entries(
    session: Session, workspace: str, *, after: str | None, limit: int
) -> tuple[Sequence[StatementRow], str | None]:
    """Return a page of statements, newest first; the cursor is the place."""
    query = select(StatementRow).where(StatementRow.workspace == workspace)
    return page(session, query, StatementRow.place, after=after, limit=limit)
