"""Compute profiles of a workspace: who may change one, what a draft says of the one it took, and who can run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import EngineName, Package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.domain.compute import Compute
    from jupyter_secure_jobs.domain.job import JobLimits

MOST_PROFILES: Final = 100
MOST_OFFERED: Final = 1_000
NEVER_REACHES: Final = (
    "Editing a profile never changes an accepted version, nor a draft or a run: each keeps the copy that it was made "
    "with."
)
_MIB: Final = 1024**2
ENGINE_WORDS: Final = {
    EngineName.SAIL: "Sail: fast, starts at once; for SQL, DataFrames and Python functions",
    EngineName.SPARK: "Spark on the JVM: slower to start; for what Sail lacks, such as ML and RDDs",
}


def change_refused(*, built_in: bool, made_by: str, made_at: str, member: str, organisation: str) -> str | None:
    """Return why `member` of `organisation` may not change or delete a profile, or None.

    `made_by` and `made_at` are the member who made it, and that member's organisation then.
    """
    if built_in:
        return "This profile comes with the product: everybody can rely on it. Save yours under another name."
    if member == made_by or organisation == made_at:
        return None
    return f"{made_by} of {made_at} made it; only members of {made_at} change it. Save yours under another name."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Which profile a draft was filled from, and in which of its revisions."""

    profile: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a draft says of its profile; `take_over` is the name to choose again, where that changes the draft."""

    text: str
    take_over: str | None = None


def notice(taken: Taken | None, *, name: str, now: tuple[int, str] | None, same: bool) -> Notice | None:
    """Return what to say in a draft, or None where it has what its profile has.

    Args:
        taken: what the draft was filled from; None if its author typed it all.
        name: the profile's name in the draft.
        now: the profile's revision and name now; None if it is gone.
        same: whether the draft has the profile's content of now.
    """
    if taken is None:
        return None
    if now is None:
        return Notice(text=f'The profile "{name}" was deleted. This draft keeps what it took from it.')
    if now[0] == taken.revision or same:
        return None
    return Notice(
        text=f'The profile "{now[1]}" was changed after this draft took it. The draft keeps what it had.',
        take_over=now[1],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a worker says that runs can have there. It decides nothing: the worker's enclave checks for itself."""

    cores: int
    memory_bytes: int
    engines: tuple[EngineName, ...]
    packages: tuple[Package, ...] = ()


def unfit(compute: Compute, limits: JobLimits, offers: Sequence[Offer]) -> list[str]:
    """Return why none of the workspace's workers could run this, a sentence each; nothing is known without offers."""
    if not offers:
        return []
    lacks = [_lacks(compute, limits, offer) for offer in offers]
    if any(not each for each in lacks):
        return []
    shared = [sentence for sentence in lacks[0] if all(sentence in each for each in lacks)]
    most_cores, most_memory = max(each.cores for each in offers), max(each.memory_bytes for each in offers)
    words = {
        _CORES: f"The job may use {limits.cores} cores; no worker has more than {most_cores}.",
        _MEMORY: f"The job may use {limits.memory_bytes // _MIB:,} MiB of memory; "
        f"no worker has more than {most_memory // _MIB:,} MiB.",
    }
    return [words.get(each, each) for each in shared] or ["No worker has all that this asks for; each lacks a part."]


def for_others(compute: Compute, limits: JobLimits, own: Offer, others: Sequence[Offer]) -> bool:
    """Tell whether a worker with `own` offer lacks something for a run that one of the others has."""
    return bool(_lacks(compute, limits, own)) and any(not _lacks(compute, limits, other) for other in others)


_CORES: Final = "cores"
_MEMORY: Final = "memory"


def _lacks(compute: Compute, limits: JobLimits, offer: Offer) -> list[str]:
    lacks = []
    if compute.engine not in offer.engines:
        lacks.append(f"No worker has the engine {compute.engine}.")
    if limits.cores > offer.cores:
        lacks.append(_CORES)
    if limits.memory_bytes > offer.memory_bytes:
        lacks.append(_MEMORY)
    return lacks + [
        f"No worker has the wheel of {package.name} {package.version} that is named here; whoever runs a worker adds "
        "it with `jupyter secure-jobs worker add-wheel FILE`."
        for package in compute.packages
        if package not in offer.packages
    ]
