"""Uploads: a file in parts, continued where a broken connection left it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.connection import MIB, path
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, UnavailableError
from jupyter_secure_jobs.wire.dataset import UploadNew, UploadWire

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from jupyter_secure_jobs.client.connection import Connection

PART: Final = 8 * MIB
BROKEN_IN_A_ROW: Final = 5


def upload(
    connection: Connection,
    workspace: str,
    source: BinaryIO,
    *,
    size: int,
    digest: str,
    progress: Callable[[int], None] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> UploadWire:
    """Send `size` bytes of the seekable `source` in parts of at most 8 MiB; return the finished upload.

    After a broken part the server is asked how much it has, and the rest is sent from there. `progress` is told the
    bytes that have arrived.

    Raises:
        UnavailableError: five parts in a row broke without a byte arriving.
        InvalidError: the source is shorter than `size`.
        SecureJobsError: as the server said.
    """
    state = connection.post(path("workspaces", workspace, "uploads"), UploadNew(bytes=size, digest=digest), UploadWire)
    where = path("workspaces", workspace, "uploads", state.id)
    broken = 0
    while state.received < size:
        before = state.received
        source.seek(before)
        part = source.read(max(1, min(PART, state.part_bytes, size - before)))
        if not part:
            raise InvalidError("upload_short", "The file is shorter than it was when the upload began.", "Try again.")
        try:
            state = connection.put(where, part, UploadWire, query={"offset": before})
        except (UnavailableError, ConflictError):
            # The part may have arrived, wholly or in part, although the answer did not.
            broken += 1
            if broken >= BROKEN_IN_A_ROW:
                raise
            pause(0.2 * broken)
            state = connection.get(where, UploadWire)
        if state.received > before:
            broken = 0
        if progress is not None:
            progress(state.received)
    return state
