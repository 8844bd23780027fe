"""The machine that a benchmark ran on, as far as others may know it: no host name, no paths."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

_CPU_FILE: Final = Path("/proc/cpuinfo")


def _cpu_model() -> str:
    if _CPU_FILE.is_file():
        for line in _CPU_FILE.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()


def describe() -> dict[str, str | int | float]:
    """Return cores, memory (GiB), processor, versions, and the load of the last minute before the measurement.

    A load near or above the number of cores means that something else ran: take the figures with care.
    """
    return {
        "cores": os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "cpu": _cpu_model(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "sail": version("pysail"),
        "pyspark": version("pyspark"),
        "load_before": round(os.getloadavg()[0], 2),
    }
