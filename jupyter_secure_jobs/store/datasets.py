"""Datasets, stored files and uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from jupyter_secure_jobs.store.paging import page
from jupyter_secure_jobs.store.tables import DatasetRow, FileRow, ServiceKeyRow, UploadRow, WorkspaceRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


def get(session: Session, workspace: str, dataset: str) -> DatasetRow | None:
    """Return a dataset of this workspace."""
    row = session.get(DatasetRow, dataset)
    return row if row is not None and row.workspace == workspace else None


def by_name(session: Session, workspace: str, folded: str) -> DatasetRow | None:
    """Return the dataset with this folded name."""
    query = select(DatasetRow).where(DatasetRow.workspace == workspace, DatasetRow.folded == folded)
    return session.scalars(query).one_or_none()


def listed(
    session: Session, workspace: str, *, after: str | None, limit: int
) -> tuple[Sequence[DatasetRow], str | None]:
    """Return a page, newest first."""
    query = select(DatasetRow).where(DatasetRow.workspace == workspace)
    return page(session, query, DatasetRow.id, after=after, limit=limit)


def by_ids(session: Session, workspace: str, ids: Collection[str]) -> dict[str, DatasetRow]:
    """Return the datasets of these ids."""
    query = select(DatasetRow).where(DatasetRow.workspace == workspace, DatasetRow.id.in_(list(ids)))
    return {row.id: row for row in session.scalars(query)}


def withdrawn_ids(session: Session, workspace: str) -> set[str]:
    """Return the ids of withdrawn datasets."""
    query = select(DatasetRow.id).where(DatasetRow.workspace == workspace, DatasetRow.withdrawn.is_not(None))
    return set(session.scalars(query))


def keyless_ids(session: Session, workspace: str) -> set[str]:
    """Return the ids of datasets whose owner has no key service in the newest roster."""
    served = select(ServiceKeyRow.name).where(ServiceKeyRow.workspace == workspace, ServiceKeyRow.kind == "keyservice")
    query = select(DatasetRow.id).where(DatasetRow.workspace == workspace, DatasetRow.owner.not_in(served))
    return set(session.scalars(query))


def file(session: Session, workspace: str, digest: str) -> FileRow | None:
    """Return the record of a stored file."""
    return session.get(FileRow, (workspace, digest))


def forget_file(session: Session, workspace: str, digest: str) -> bool:
    """Drop a workspace's record of a stored file; return whether no workspace has one any more."""
    session.execute(delete(FileRow).where(FileRow.workspace == workspace, FileRow.digest == digest))
    # Named by their workspaces, records are found by their key.
    every = select(WorkspaceRow.id)
    query = select(FileRow.digest).where(FileRow.workspace.in_(every), FileRow.digest == digest)
    return session.scalars(query.limit(1)).first() is None


def upload(session: Session, workspace: str, upload_id: str) -> UploadRow | None:
    """Return an upload of this workspace."""
    row = session.get(UploadRow, upload_id)
    return row if row is not None and row.workspace == workspace else None


def stale_uploads(session: Session, *, before: datetime) -> Sequence[UploadRow]:
    """Return uploads that were begun before a moment and never used."""
    return session.scalars(select(UploadRow).where(UploadRow.created < before)).all()
