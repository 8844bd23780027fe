"""Ciphertext that a worker has fetched, kept for the next runs that read the same files."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import threading
from typing import TYPE_CHECKING, BinaryIO, Final

from jupyter_secure_jobs.domain.digest import file_name
from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_BYTES: Final = 10 * 1024**3


class Ciphertext:
    """Files by digest in a folder of this worker's: those that were used longest ago go when room is needed.

    Nothing in it is secret: who has the folder still needs every owner's key. A file is kept only if it is the one that
    its digest names; the enclave checks it again, since it believes nothing that it is brought.
    """

    def __init__(self, folder: Path, *, most: int = MOST_BYTES) -> None:
        """Keep at most so many bytes; none with 0."""
        self._folder, self._most = folder, most
        self._lock = threading.Lock()
        self._make_folder()

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def bring(self, digest: str, target: Path, fetch: Callable[[BinaryIO], None], *, size: int | None = None) -> None:
        """Lay the file with this digest at `target`: the kept one, or else what `fetch` writes.

        `size`: the file's bytes as its owner has signed them, if they are known. A kept file of another size is
        thrown away, before a key is asked for that could open nothing.

        Raises:
            InvalidError: that is not a digest.
            RefusedError: what was fetched is another file.
            SecureJobsError: as `fetch`.
            OSError: there is no room on the disk, even without what was kept.
        """
        kept = self._folder / file_name(digest)
        with self._lock, contextlib.suppress(OSError):
            if size is not None and kept.stat().st_size != size:
                kept.unlink()
            os.utime(kept)
            # A link holds the file for this run, whatever is thrown away meanwhile.
            os.link(kept, target, follow_symlinks=False)
            return
        with self._lock, contextlib.suppress(OSError):
            self._make_room(size or 0)
        with target.open("w+b") as sink:
            fetch(sink)
            sink.seek(0)
            found = hashlib.file_digest(sink, "sha256").hexdigest()
            if found == kept.name and self._keeps(target):
                # A name that outlasts a power failure must not outlast what it names.
                os.fsync(sink.fileno())
        if found != kept.name:
            raise RefusedError("file_altered", "A file that the server sent is not the one that was asked for.")
        self._keep(target, kept)

    def make_room(self, size: int) -> None:
        """Throw away what was used longest ago until so much is free on the disk.

        The folder is made anew if somebody has thrown away all of it.

        Raises:
            OSError: it is full of other things.
        """
        self._make_folder()
        if shutil.disk_usage(self._folder).free >= size:
            return
        with self._lock:
            self._make_room(size)
        if shutil.disk_usage(self._folder).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def forget(self, digest: str) -> None:
        """Throw a file away: the enclave could not use it."""
        (self._folder / file_name(digest)).unlink(missing_ok=True)

    def _keeps(self, target: Path) -> bool:
        return target.stat().st_size <= self._most

    def _keep(self, target: Path, kept: Path) -> None:
        if not self._keeps(target):
            return
        with self._lock, contextlib.suppress(OSError):
            self._make_room(target.stat().st_size)
            os.link(target, kept)

    def _make_room(self, size: int) -> None:
        """Throw away what was used longest ago, until so much is free on the disk, and may be kept if that ever may."""
        files = sorted(((each, each.stat()) for each in self._folder.iterdir()), key=lambda file: file[1].st_mtime_ns)
        held = sum(found.st_size for _, found in files)
        for path, found in files:
            if (held + size <= self._most or size > self._most) and shutil.disk_usage(self._folder).free >= size:
                return
            path.unlink(missing_ok=True)
            held -= found.st_size
