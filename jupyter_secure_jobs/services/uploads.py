"""Uploads: announced, sent in parts, resumable, and used once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.digest import check_digest
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError, TooLargeError
from jupyter_secure_jobs.store import blobs, datasets
from jupyter_secure_jobs.store.tables import FileRow, UploadRow
from jupyter_secure_jobs.wire.dataset import UploadNew, UploadWire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.services.unit import Unit


def _wire(unit: Unit, row: UploadRow) -> UploadWire:
    return UploadWire(
        id=row.id, bytes=row.bytes, received=unit.server.blobs.received(row.id), part_bytes=blobs.PART_BYTES
    )


def begin(unit: Unit, workspace: str, body: UploadNew) -> UploadWire:
    """Announce a file. Whoever may upload is checked by the route: members, and workers for outcomes.

    Raises:
        TooLargeError: over 10 GiB.
    """
    check_digest(body.digest)
    if body.bytes > blobs.MOST_BYTES:
        raise TooLargeError("upload_large", "A file has at most 10 GiB.", "Publish it as several files.")
    for stale in datasets.stale_uploads(unit.session, before=unit.now - timedelta(hours=24)):
        unit.afterwards.append(lambda upload=stale.id: unit.server.blobs.drop(upload))  # type: ignore[misc]  # bound now
        unit.session.delete(stale)
    row = UploadRow(id=unit.new_id(), workspace=workspace, key=unit.caller(), bytes=body.bytes, digest=body.digest,
                    received=0, created=unit.now)  # fmt: skip
    unit.session.add(row)
    return _wire(unit, row)


def keep(unit: Unit, workspace: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Store small files that came within a request; return the digest of each by its name."""
    digests = dict(zip(files, unit.server.blobs.keep(list(files.values())), strict=True))
    for name, digest in digests.items():
        if datasets.file(unit.session, workspace, digest) is None:
            unit.session.add(FileRow(workspace=workspace, digest=digest, bytes=len(files[name]), created=unit.now))
            unit.session.flush()
    return digests


def _own(unit: Unit, workspace: str, upload: str) -> UploadRow:
    row = datasets.upload(unit.session, workspace, upload)
    if row is None or row.key != unit.caller():
        raise NotFoundError("no_upload", "There is no such upload.", "Start it again; unfinished ones end after 24 h.")
    return row


def get(unit: Unit, workspace: str, upload: str) -> UploadWire:
    """Return how far an upload has come."""
    return _wire(unit, _own(unit, workspace, upload))


def size_of(unit: Unit, workspace: str, upload: str) -> int:
    """Return the announced size of the caller's upload."""
    return _own(unit, workspace, upload).bytes


def claim(unit: Unit, workspace: str, upload: str, *, digest: str, size: int) -> None:
    """Turn a complete upload into a stored file.

    Raises:
        InvalidError: it is incomplete, or not the file that was announced.
    """
    row = _own(unit, workspace, upload)
    if (row.digest, row.bytes) != (digest, size) or unit.server.blobs.received(row.id) not in (size, 0):
        raise InvalidError("upload_incomplete", "The upload is incomplete or another file.", "Send the missing parts.")
    unit.server.blobs.finish(row.id, digest)
    if datasets.file(unit.session, workspace, digest) is None:
        unit.session.add(FileRow(workspace=workspace, digest=digest, bytes=size, created=unit.now))
    unit.session.delete(row)
    unit.session.flush()
