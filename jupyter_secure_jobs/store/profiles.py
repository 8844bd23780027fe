"""Compute profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from jupyter_secure_jobs.store.profile_table import ProfileRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def get(session: Session, workspace: str, profile: str) -> ProfileRow | None:
    """Return a profile of a workspace by its id."""
    row = session.get(ProfileRow, profile)
    return row if row is not None and row.workspace == workspace else None


def by_name(session: Session, workspace: str, folded: str) -> ProfileRow | None:
    """Return the profile whose folded name this is."""
    query = select(ProfileRow).where(ProfileRow.workspace == workspace, ProfileRow.folded == folded)
    return session.scalars(query).one_or_none()


def listed(session: Session, workspace: str) -> Sequence[ProfileRow]:
    """Return a workspace's profiles by name."""
    return session.scalars(
        select(ProfileRow).where(ProfileRow.workspace == workspace).order_by(ProfileRow.folded)
    ).all()


def count(session: Session, workspace: str) -> int:
    """Return how many a workspace has."""
    return session.scalar(select(func.count()).select_from(ProfileRow).where(ProfileRow.workspace == workspace)) or 0
