"""What the parts of an embedded server hold at one moment: memory, descriptors, children, files."""

from __future__ import annotations

import os
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PARTS: Final = ("server", "keyservices", "worker", "enclave")
# What must not become more; of the enclave's children one or the other is always a sandbox that was started ahead.
HELD: Final = ("descriptors", "threads", "children", "memory_files", "carried_files", "unfinished_uploads")
_MIB: Final = 1024 * 1024
_ENCLAVE: Final = "jupyter_secure_jobs.enclave.main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """After so many runs: each part's resident memory in MiB, and how many of each of `HELD` there are in all."""

    runs: int
    rss: Mapping[str, float]
    held: Mapping[str, int]


def parts_of(pids: Mapping[str, int]) -> dict[str, psutil.Process]:
    """Return the processes of the parts; the enclave is the worker's child.

    Raises:
        LookupError: a part does not run.
    """
    found = {name: psutil.Process(pid) for name, pid in pids.items()}
    for child in found["worker"].children():
        if _ENCLAVE in child.cmdline():
            found["enclave"] = child
    missing = [name for name in PARTS if name not in found or not found[name].is_running()]
    if missing:
        raise LookupError(f"These parts do not run: {', '.join(missing)}. Look at their logs.")
    return found


def memory_folders(process: psutil.Process) -> set[Path]:
    """Return the folders for plaintext that a process holds."""
    found = set()
    for link in Path(f"/proc/{process.pid}/fd").glob("*"):
        try:
            target = link.readlink()
        except OSError:
            continue  # closed meanwhile
        if target.name == "lock" and target.parent.name.startswith("secure-jobs-"):
            found.add(target.parent)
    return found


def sample(parts: Mapping[str, psutil.Process], folder: Path, *, runs: int) -> Sample:
    """Look at all parts of the embedded server in `folder`."""
    return Sample(
        runs=runs,
        rss={name: parts[name].memory_info().rss / _MIB for name in PARTS},
        held={
            "descriptors": sum(parts[name].num_fds() for name in PARTS),
            "threads": sum(parts[name].num_threads() for name in PARTS),
            "children": len(parts["worker"].children(recursive=True)),
            "memory_files": sum(_files(each) for each in memory_folders(parts["enclave"])),
            "carried_files": _files(folder / "worker" / "carried"),
            "unfinished_uploads": _files(folder / "server" / "uploads"),
        },
    )


def _files(folder: Path) -> int:
    # Folders of runs come and go meanwhile, which `os.walk` takes and `Path.rglob` does not.
    return sum(len(files) for _, _, files in os.walk(folder))


def growth(samples: Sequence[Sample]) -> dict[str, float]:
    """Return what grew from the first quarter of the samples to the last, as figures.

    Memory as the ratio of medians, of each part and the greatest of them. Of everything else how many more there are
    in the last quarter at least than in the first at most: what comes and goes is no leak.
    """
    quarter = max(1, len(samples) // 4)
    first, last = samples[:quarter], samples[-quarter:]
    ratios = {
        name: statistics.median(each.rss[name] for each in last) / statistics.median(each.rss[name] for each in first)
        for name in PARTS
    }
    figures = {"rss_growth_ratio": max(ratios.values())}
    for name, ratio in ratios.items():
        figures[f"rss_{name}_growth_ratio"] = ratio
        figures[f"rss_{name}_first_mib"] = statistics.median(each.rss[name] for each in first)
        figures[f"rss_{name}_last_mib"] = statistics.median(each.rss[name] for each in last)
    for name in HELD:
        more = min(each.held[name] for each in last) - max(each.held[name] for each in first)
        figures[f"leaked_{name}_count"] = float(max(0, more))
    return figures
