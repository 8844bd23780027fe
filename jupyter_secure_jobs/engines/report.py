"""What a forked process leaves behind for process 1 of its sandbox: a report in a file without a name."""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jupyter_secure_jobs.sandbox.supervisor import Reason

OVER: Final[dict[Reason, str]] = {
    "time": "TimeLimit",
    "memory": "MemoryLimit",
    "processes": "ProcessLimit",
    "disk": "DiskFull",
    "result": "ResultTooLarge",
    "log": "LogTooLarge",
}


def unnamed() -> int:
    """Return an open file without a name in the file system: nothing can stand in its place, no link and no pipe."""
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)  # noqa: PTH108 -- a text path
    return descriptor


def read(report: int, most: int) -> dict[str, Any]:
    """Return the report as a JSON object, empty if it is none; its fields may be anybody's."""
    try:
        parts = json.loads(os.pread(report, most, 0))
    except (ValueError, RecursionError):
        return {}
    return parts if isinstance(parts, dict) else {}
