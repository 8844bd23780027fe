"""Proposed changes of the members or workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from jupyter_secure_jobs.store.tables import ProposalRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def pending(session: Session, workspace: str) -> ProposalRow | None:
    """Return the change that waits for signatures."""
    query = select(ProposalRow).where(ProposalRow.workspace == workspace, ProposalRow.ended.is_(None))
    return session.scalars(query).one_or_none()


def pending_anywhere(session: Session) -> Sequence[ProposalRow]:
    """Return the changes that wait in any workspace, oldest first."""
    return session.scalars(select(ProposalRow).where(ProposalRow.ended.is_(None)).order_by(ProposalRow.proposed)).all()


def ended(session: Session, workspace: str, *, limit: int = 20) -> Sequence[ProposalRow]:
    """Return what became of earlier changes, newest first."""
    query = select(ProposalRow).where(ProposalRow.workspace == workspace, ProposalRow.ended.is_not(None))
    return session.scalars(query.order_by(ProposalRow.number.desc()).limit(limit)).all()


def by_hash(session: Session, workspace: str, digest: str) -> ProposalRow | None:
    """Return the newest proposal of exactly this change."""
    query = select(ProposalRow).where(ProposalRow.workspace == workspace, ProposalRow.hash == digest)
    return session.scalars(query.order_by(ProposalRow.number.desc()).limit(1)).one_or_none()


def next_number(session: Session, workspace: str) -> int:
    """Return the number of a workspace's next proposal: two made at once collide on it."""
    query = select(func.max(ProposalRow.number)).where(ProposalRow.workspace == workspace)
    return (session.scalar(query) or 0) + 1
