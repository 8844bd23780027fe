"""Secure jobs in a notebook: `%%securejob` cells, the `%securejob` line, a Python API, and panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel_magics.api import Job, Run, SecureJobs, connect
from kernel_magics.extension import load, unload

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__: Sequence[str] = ["Job", "Run", "SecureJobs", "connect", "load", "unload"]
