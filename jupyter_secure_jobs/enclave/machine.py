"""What this machine has, held against what a job asks for, before a key is asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import LEAST_MEMORY, EngineName
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.domain.job import GIB
from jupyter_secure_jobs.engines import found
from jupyter_secure_jobs.sandbox import cores

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.compute import Compute
    from jupyter_secure_jobs.domain.job import JobLimits

_NEXT_STEP: Final = "Choose a smaller compute profile, or use a larger worker."


def memory_bytes() -> int:
    """Return how much memory this machine has, in use or not."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def engines() -> list[str]:
    """Return the names of the engines that this machine has."""
    return [str(each) for each in EngineName if not found.find(each).problem]


def check(compute: Compute, limits: JobLimits) -> None:
    """Make sure that this machine has the job's engine, processors and memory.

    Raises:
        UnavailableError: it has not; with what it has.
    """
    found.need(compute.engine)
    if limits.cores > cores.available():
        raise UnavailableError(
            "profile_too_large",
            f"The job asks for {limits.cores} processors; this worker has {cores.available()}.",
            _NEXT_STEP,
        )
    if limits.memory_bytes > memory_bytes():
        raise UnavailableError(
            "profile_too_large",
            f"The job asks for {limits.memory_bytes / GIB:.1f} GiB of memory; this worker has "
            f"{memory_bytes() / GIB:.1f} GiB.",
            _NEXT_STEP,
        )
    least = LEAST_MEMORY[compute.engine]
    if limits.memory_bytes < least:
        raise UnavailableError(
            "profile_too_small",
            f"The engine {compute.engine} needs at least {least / GIB:.1f} GiB of memory; the job asks for "
            f"{limits.memory_bytes / GIB:.1f} GiB.",
            "Choose a compute profile with more memory.",
        )
