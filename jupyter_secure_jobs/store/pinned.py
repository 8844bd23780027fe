"""Pinned queries and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from jupyter_secure_jobs.store.caller_tables import PinnedRow
from jupyter_secure_jobs.store.history_tables import EventRow
from jupyter_secure_jobs.store.paging import page
from jupyter_secure_jobs.store.tables import MemberRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def get(session: Session, workspace: str, member: str, pinned: str) -> PinnedRow | None:
    """Return a member's own pinned query."""
    row = session.get(PinnedRow, pinned)
    return row if row is not None and (row.workspace, row.member) == (workspace, member) else None


def listed(
    session: Session, workspace: str, member: str, *, after: str | None, limit: int
) -> tuple[Sequence[PinnedRow], str | None]:
    """Return a page of a member's own pinned queries, newest first."""
    query = select(PinnedRow).where(PinnedRow.workspace == workspace, PinnedRow.member == member)
    return page(session, query, PinnedRow.id, after=after, limit=limit)


def newest_event(session: Session, key: str) -> int:
    """Return the number of the newest change in any workspace of the member with this key."""
    query = (
        select(func.max(EventRow.seq))
        .join(MemberRow, MemberRow.workspace == EventRow.workspace)
        .where(MemberRow.signing_key == key)
    )
    return session.scalar(query) or 0
