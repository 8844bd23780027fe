"""What a worker's processes hold, and whether all of it is gone once they were killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.support.parts import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.process import Part

MEMORY = Path("/dev/shm")


def family(part: Part) -> list[psutil.Process]:
    """Return a part's process with all that it started: for a worker the enclave, the sandbox and what runs in it."""
    try:
        own = psutil.Process(part.pid)
        return [own, *own.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def folders_in_memory(processes: Iterable[psutil.Process]) -> set[Path]:
    """Return the folders for plaintext that these processes hold the lock of."""
    found = set()
    for process in processes:
        for link in Path(f"/proc/{process.pid}/fd").glob("*"):
            try:
                target = link.readlink()
            except OSError:
                continue  # closed, or its process ended, at this moment
            if target.name == "lock" and target.parent.parent == MEMORY:
                found.add(target.parent)
    return found


def killed(part: Part) -> set[Path]:
    """Kill a worker with its enclave and sandbox, at once; return the folders in memory that it leaves behind."""
    members = family(part)
    left = folders_in_memory(members)
    part.kill()
    for process in members:
        # The sandbox has a process group of its own, and dies with the process that started it.
        wait_until(lambda process=process: not _lives(process), f"the end of process {process.pid}")  # type: ignore[misc]
    return left


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wiped(folders: Iterable[Path]) -> bool:
    """Tell whether folders in memory are gone."""
    return not [folder for folder in folders if folder.exists()]
