"""Where plaintext may lie: a folder on a file system in memory, held by a lock, wiped when its holder is gone."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TMPFS_MAGIC: Final = 0x01021994
_PREFIX: Final = "secure-jobs-"
_LOCK: Final = "lock"
_RESERVED: Final = "reserved"


class _StatFs(ctypes.Structure):
    _fields_ = (("type", ctypes.c_long), ("rest", ctypes.c_long * 32))


def _is_tmpfs(path: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    found = _StatFs()
    return bool(libc.statfs(os.fsencode(path), ctypes.byref(found)) == 0 and found.type == _TMPFS_MAGIC)


def swap_is_on(table: Path = Path("/proc/swaps")) -> bool:
    """Whether this machine may write memory to a disk: a tmpfs is memory, and no protection from that."""
    try:
        return len(table.read_text().splitlines()) > 1
    except OSError:
        return False


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
        """Return how much fits, beside what others of the same account have reserved and not used yet."""
        found = os.statvfs(self.folder)
        free = found.f_bavail * found.f_frsize
        for other in self.folder.parent.glob(f"{_PREFIX}*"):
            if other != self.folder and _is_ours(other):
                free -= max(0, _reserved(other) - _used(other))
        return max(0, free)

    def reserve(self, size: int) -> None:
        """Keep room for `size` bytes of data until `release`, so that two who look at once do not both take it.

        Raises:
            UnavailableError: they do not fit.
        """
        with _turn(self.folder.parent):
            self.release()
            free = self.free_bytes()
            if size > free:
                raise UnavailableError(
                    "data_too_large",
                    f"The tables have {size:,} bytes; {free:,} are free in this worker's memory file system.",
                    "Enlarge its /dev/shm, wait until other runs have ended, or use a worker with more memory.",
                )
            (self.folder / _RESERVED).write_text(str(size), encoding="ascii")

    def release(self) -> None:
        """Give up what was reserved."""
        (self.folder / _RESERVED).unlink(missing_ok=True)

    def remove(self) -> None:
        """Wipe everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


@contextmanager
def _turn(base: Path) -> Iterator[None]:
    """Let one process of this account reserve at a time."""
    flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(base / f".{_PREFIX}turn-{os.getuid()}", flags, 0o600)
    except OSError:
        # Another account has taken the name; then two that look at the same moment may still both take the room.
        yield
        return
    try:
        # Another account's file, which it may have let us open, would be locked for as long as that one likes.
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_ours(folder: Path) -> bool:
    """Whether this account made it: what another one says of its room must not leave us without any."""
    try:
        return folder.lstat().st_uid == os.getuid()
    except OSError:
        return False  # it was removed meanwhile


def _reserved(folder: Path) -> int:
    try:
        return int((folder / _RESERVED).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0  # it has reserved nothing, or is gone


def _used(folder: Path) -> int:
    used = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                used += Path(place, name).lstat().st_blocks * 512
            except OSError:
                continue  # it was removed meanwhile
    return used


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
