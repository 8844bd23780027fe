"""Workspaces, members, and the keys of services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select

from jupyter_secure_jobs.store.tables import MemberRow, ServiceKeyRow, WorkspaceRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


# Built once: these are asked by nearly every request, and building one takes longer than running it.
_MEMBER: Final = select(MemberRow).where(
    MemberRow.workspace == bindparam("workspace"), MemberRow.signing_key == bindparam("key")
)
_MEMBERS: Final = select(MemberRow).where(MemberRow.workspace == bindparam("workspace")).order_by(MemberRow.place)
_SERVICE_KEYS: Final = select(ServiceKeyRow).where(
    ServiceKeyRow.key == bindparam("key"), ServiceKeyRow.kind.in_(bindparam("kinds", expanding=True))
)
_SERVICES: Final = select(ServiceKeyRow).where(
    ServiceKeyRow.workspace == bindparam("workspace"), ServiceKeyRow.kind == bindparam("kind")
)


def get(session: Session, workspace: str) -> WorkspaceRow | None:
    """Return a workspace."""
    return session.get(WorkspaceRow, workspace)


def of_key(session: Session, key: str) -> Sequence[WorkspaceRow]:
    """Return the workspaces whose roster has a member with this signing key, newest first."""
    query = select(WorkspaceRow).join(MemberRow, MemberRow.workspace == WorkspaceRow.id)
    return session.scalars(query.where(MemberRow.signing_key == key).order_by(WorkspaceRow.id.desc())).all()


def member_of_key(session: Session, workspace: str, key: str) -> MemberRow | None:
    """Return the member of a workspace with this signing key."""
    return session.scalars(_MEMBER, {"workspace": workspace, "key": key}).one_or_none()


def members(session: Session, workspace: str) -> Sequence[MemberRow]:
    """Return the members in the roster's order."""
    return session.scalars(_MEMBERS, {"workspace": workspace}).all()


def service_keys(session: Session, key: str, *kinds: str) -> Sequence[ServiceKeyRow]:
    """Return where a key is listed as a worker or key service."""
    return session.scalars(_SERVICE_KEYS, {"key": key, "kinds": kinds}).all()


def services(session: Session, workspace: str, kind: str) -> Sequence[ServiceKeyRow]:
    """Return a workspace's workers or key services."""
    return session.scalars(_SERVICES, {"workspace": workspace, "kind": kind}).all()


def replace_members(session: Session, workspace: str, rows: Sequence[MemberRow]) -> None:
    """Put the members of a newer roster in place of the last one's."""
    session.execute(delete(MemberRow).where(MemberRow.workspace == workspace))
    session.add_all(rows)
    session.flush()
