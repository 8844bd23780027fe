"""Stored files, named by their digest; written once, in parts, and only under a name that matches the content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from jupyter_secure_jobs.domain.digest import file_name
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PART_BYTES: Final = 8 * 1024 * 1024
MOST_BYTES: Final = 10 * 1024**3
_SCRATCH: Final = "scratch-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A file as it was at a moment: whatever writes to it leaves another mark."""

    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> Self:
        found = path.stat()
        return cls(inode=found.st_ino, size=found.st_size, modified=found.st_mtime_ns, changed=found.st_ctime_ns)


class Blobs:
    """A folder of stored files and one of uploads in progress."""

    def __init__(self, folder: Path) -> None:
        """Make the folders, readable by this account alone."""
        self.stored = folder / "files"
        self.partial = folder / "uploads"
        for path in (folder, self.stored, self.partial):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hashed: dict[str, tuple[_Mark, str]] = {}
        self._writers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="blobs")
        for left in self.partial.glob(_SCRATCH + "*"):
            left.unlink(missing_ok=True)  # of a server that ended while it was sending

    def path(self, digest: str) -> Path:
        """Return where the file of this digest is.

        Raises:
            NotFoundError: it is not stored.
        """
        path = self.stored / file_name(digest)
        if not path.is_file():
            raise NotFoundError("no_file", "There is no such file.", "It may have been swept; publish it again.")
        return path

    def received(self, upload: str) -> int:
        """Return how many bytes of an upload are on disk."""
        path = self.partial / upload
        return path.stat().st_size if path.exists() else 0

    def append(self, upload: str, offset: int, data: bytes, *, total: int) -> int:
        """Write one part at `offset`; return the bytes on disk now. A part that is there already is skipped.

        With the last one the file is hashed: `finish` is called within a transaction, which is not to last as long.

        Raises:
            ConflictError: `offset` leaves a gap.
            InvalidError: more bytes than announced.
            UnavailableError: the disk is full; what was received stays.
        """
        have = self.received(upload)
        if offset > have:
            raise ConflictError("upload_gap", f"{have} bytes are here; a part cannot start later.", "Send from there.")
        fresh = data[have - offset :]
        if have + len(fresh) > total:
            raise InvalidError("upload_long", "More bytes came than were announced.", "Start the upload again.")
        try:
            with (self.partial / upload).open("ab") as file:
                file.write(fresh)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            with (self.partial / upload).open("ab") as file:
                file.truncate(have)
            raise UnavailableError(
                "disk_full", "The workspace server cannot store the part.", "Free space there; the upload can go on."
            ) from error
        if have + len(fresh) == total and (fresh or upload not in self._hashed):
            self._hash(upload)
        return have + len(fresh)

    def _hash(self, upload: str) -> str:
        path = self.partial / upload
        # The mark is of before: what is written while this reads leaves another one, and is hashed again.
        mark = _Mark.of(path)
        with path.open("rb") as file:
            found = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        self._hashed[upload] = mark, found
        return found

    def finish(self, upload: str, digest: str) -> None:
        """Move a complete upload to its place.

        Raises:
            InvalidError: the content has another digest; the upload is dropped.
        """
        source, target = self.partial / upload, self.stored / file_name(digest)
        if not source.exists() and target.exists():
            return
        mark, found = self._hashed.pop(upload, (None, ""))
        if mark != _Mark.of(source):
            found = self._hash(upload)
            del self._hashed[upload]
        if found != digest:
            source.unlink()
            raise InvalidError("upload_digest", "The file arrived altered.", "Send it again.")
        source.replace(target)

    def keep(self, files: Sequence[bytes]) -> list[str]:
        """Store small files whole; return their digests. They are on the disk then: one wait for it serves them all.

        Raises:
            UnavailableError: the disk is full.
        """
        return list(self._writers.map(self._keep, files))

    def _keep(self, data: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        made = self.scratch()
        try:
            with made.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            made.replace(self.stored / file_name(digest))
        except OSError as error:
            made.unlink(missing_ok=True)
            raise UnavailableError(
                "disk_full", "The workspace server cannot store the file.", "Free space there, then try again."
            ) from error
        return digest

    def scratch(self) -> Path:
        """Return a new empty file, readable by this account alone, that whoever asked for it removes."""
        descriptor, name = tempfile.mkstemp(dir=self.partial, prefix=_SCRATCH)
        os.close(descriptor)
        return Path(name)

    def drop(self, upload: str) -> None:
        """Remove an upload in progress."""
        self._hashed.pop(upload, None)
        (self.partial / upload).unlink(missing_ok=True)

    def is_older(self, digest: str, *, than: datetime) -> bool:
        """Return whether a file, if it is stored, was stored last before a moment."""
        path = self.stored / file_name(digest)
        return not path.exists() or path.stat().st_mtime < than.timestamp()

    def remove(self, digest: str) -> None:
        """Remove a stored file."""
        (self.stored / file_name(digest)).unlink(missing_ok=True)
