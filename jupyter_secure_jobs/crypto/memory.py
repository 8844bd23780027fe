"""Where plaintext may lie: a folder on a file system in memory, held by a lock, wiped when its holder is gone."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

from jupyter_secure_jobs.domain.errors import UnavailableError

_TMPFS_MAGIC: Final = 0x01021994
_PREFIX: Final = "secure-jobs-"
_LOCK: Final = "lock"


class _StatFs(ctypes.Structure):
    _fields_ = (("type", ctypes.c_long), ("rest", ctypes.c_long * 32))


def _is_tmpfs(path: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    found = _StatFs()
    return bool(libc.statfs(os.fsencode(path), ctypes.byref(found)) == 0 and found.type == _TMPFS_MAGIC)


def _base(*, anywhere: bool) -> Path:
    for base in (Path("/dev/shm"), Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"))):  # noqa: S108 -- checked to be a tmpfs
        if base.is_dir() and os.access(base, os.W_OK) and _is_tmpfs(base):
            return base
    if anywhere:
        return Path(tempfile.gettempdir())
    raise UnavailableError(
        "no_tmpfs",
        "There is no file system in memory (tmpfs) for plaintext.",
        "Mount one on /dev/shm, or set XDG_RUNTIME_DIR to one.",
    )


class Memory:
    """A folder of mode 0700 on a tmpfs.

    `remove` wipes it; the next one that the same account makes wipes what a killed process left behind.
    """

    def __init__(self, *, anywhere: bool = False) -> None:
        """Wipe leftovers, then make the folder and hold its lock.

        With `anywhere`, the system's folder for temporary files will do: for one's own plaintext on one's own machine.

        Raises:
            UnavailableError: there is no tmpfs.
        """
        base = _base(anywhere=anywhere)
        for left in base.glob(f"{_PREFIX}*"):
            _sweep(left)
        # It gets the name that others look for only once its lock is held, so that nobody takes it for a leftover.
        made = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=base))
        self._lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.folder = made.rename(base / made.name.removeprefix("."))

    def new(self, name: str) -> Path:
        """Return a new folder of mode 0700 below."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def free_bytes(self) -> int:
        """Return how much fits."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def remove(self) -> None:
        """Wipe everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def _sweep(left: Path) -> None:
    try:
        found = left.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return
        descriptor = os.open(left / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return  # another account's, or one that is being made or removed right now
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
    except BlockingIOError:
        return  # its holder lives
    finally:
        os.close(descriptor)
