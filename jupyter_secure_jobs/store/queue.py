"""The queue as the tables have it: who waits, in which order, and what a worker takes. The rule is `domain.queue`'s."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import func, select, text, update

from jupyter_secure_jobs.domain.queue import moved_up
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.store.tables import WAITING, KeyMailRow, QueueRow, RunRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import CursorResult, Select
    from sqlalchemy.orm import Session

    from jupyter_secure_jobs.domain.queue import Turn

# In the words of the index `ix_run_waiting`: what it costs to look depends on what waits, which is bounded.
_WAITS: Final = text(WAITING)


def taken(session: Session) -> int:
    """Return the newest turn that a worker has taken."""
    return session.scalar(select(QueueRow.taken).where(QueueRow.id == 1)) or 0


def last(session: Session, workspace: str, organisation: str, kind: str) -> int | None:
    """Return the newest turn in a line, or None if nothing waits in it."""
    line = (RunRow.workspace == workspace, RunRow.organisation == organisation, RunRow.kind == kind)
    return session.scalar(select(func.max(RunRow.turn)).where(_WAITS, *line))


def waiting(session: Session, workspace: str) -> dict[str, int]:
    """Return how many runs of a workspace wait for a worker, by the organisation of who started them."""
    # In the order of the index of what waits: grouped by the database, SQLite reads every run of the workspace.
    query = select(RunRow.organisation).where(_WAITS, RunRow.workspace == workspace).order_by(RunRow.turn)
    return Counter(session.scalars(query))


def _takeable(workspace: str, present: Collection[str]) -> Select[int, str]:
    # A run that waits for an absent key service must not keep those behind it from a worker.
    away = select(KeyMailRow.run).where(KeyMailRow.run == RunRow.id, KeyMailRow.organisation.not_in(list(present)))
    query = select(RunRow.turn, RunRow.id).where(_WAITS, RunRow.workspace == workspace, ~away.exists())
    return query.order_by(RunRow.turn, RunRow.id)


def order(session: Session, workspace: str, present: Collection[str], *, most: int | None = None) -> list[Turn]:
    """Return the turns of a workspace's runs that a worker could take now, the next one first.

    `present`: the organisations whose key services are there.
    """
    return [(row[0], row[1]) for row in session.execute(_takeable(workspace, present).limit(most))]


def take(session: Session, run: str) -> RunRow | None:
    """Return a run for a worker, and remember that its turn was taken; None if another worker was faster.

    If later turns were taken before, the rest of its line moves up.
    """
    row = session.get(RunRow, run, with_for_update=True, populate_existing=True)
    if row is None or row.status != "Queued" or row.lease is not None:
        return None
    newest = update(QueueRow).where(QueueRow.id == 1, QueueRow.taken <= row.turn).values(taken=row.turn)
    if cast("CursorResult[object]", session.execute(newest)).rowcount == 0:
        _move_up(session, row)
    return row


def _move_up(session: Session, run: RunRow) -> None:
    line = (RunRow.workspace == run.workspace, RunRow.organisation == run.organisation, RunRow.kind == run.kind)
    query = select(RunRow.id, RunRow.turn).where(_WAITS, *line, RunRow.id != run.id).order_by(RunRow.turn, RunRow.id)
    # Those that another worker takes at this moment need no turn; to wait for them could be to wait for each other.
    found = session.execute(query.with_for_update(skip_locked=True)).all()
    turns = moved_up(RunKind(run.kind), [turn for _, turn in found], taken=taken(session))
    moved = [{"id": id_, "turn": new} for (id_, old), new in zip(found, turns, strict=True) if new != old]
    if moved:
        session.execute(update(RunRow), moved)
