"""The steps that a person watches a run take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.run import Phase, RunKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

# A test run reads synthetic tables: there are no keys to wait for, nothing to decrypt, and nobody to seal for.
STEPS: Final[dict[RunKind, tuple[Phase, ...]]] = {
    RunKind.TEST: (Phase.QUEUED, Phase.RUN),
    RunKind.JOB: (Phase.QUEUED, Phase.EVIDENCE, Phase.KEYS, Phase.DECRYPT, Phase.RUN, Phase.SEAL),
}
# Taking a sandbox that is up takes a few milliseconds, on a busy machine some more.
READY_MILLISECONDS: Final = 50
LABELS: Final[dict[Phase, str]] = {
    Phase.QUEUED: "Queued",
    Phase.EVIDENCE: "Evidence checked",
    Phase.KEYS: "Keys",
    Phase.DECRYPT: "Decrypting",
    Phase.RUN: "Running",
    Phase.SEAL: "Sealing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `at` is None until it begins."""

    phase: Phase
    label: str
    at: datetime | None
    detail: str = ""


def steps(
    kind: RunKind,
    phases: Sequence[tuple[Phase, datetime]],
    *,
    waiting: str | None,
    granted: Mapping[str, bool],
    active: bool,
    sandbox_ms: int | None = None,
) -> tuple[Step, ...]:
    """Return all the steps of a run in order.

    A run that was taken back from its worker begins again: what it reached in an earlier turn is not shown as reached.

    Args:
        kind: of the run.
        phases: what it went through so far, in order.
        waiting: why it waits in the queue, or None.
        granted: for each owner of its data, whether the key was given.
        active: whether it has not ended.
        sandbox_ms: how long it has waited for its sandbox, once that is known.
    """
    turns = [place for place, (phase, _) in enumerate(phases) if phase is Phase.QUEUED]
    reached = dict(phases[turns[-1] :]) if turns else dict(phases)
    if turns:
        reached[Phase.QUEUED] = phases[turns[0]][1]
    queued = "; ".join(part for part in (f"turn {len(turns)}" if len(turns) > 1 else "", waiting or "") if part)
    details = {Phase.QUEUED: queued, Phase.KEYS: keys_words(granted, active=active)}
    if sandbox_ms is not None:
        details[Phase.EVIDENCE] = sandbox_words(sandbox_ms)
    return tuple(
        Step(phase=phase, label=LABELS[phase], at=reached.get(phase), detail=details.get(phase, ""))
        for phase in STEPS[kind]
    )


def sandbox_words(milliseconds: int) -> str:
    """Return whether a run found a ready sandbox, or how long it waited for one."""
    if milliseconds < READY_MILLISECONDS:
        return "a sandbox was ready"
    return f"waited {milliseconds / 1000:.1f} s for a sandbox"


def keys_words(granted: Mapping[str, bool], *, active: bool) -> str:
    """Return how many owners have given their keys, and for whom an active run waits."""
    if not granted:
        return "no owner's key is needed"
    missing = [name for name, given in granted.items() if not given]
    owners = "owner" if len(granted) == 1 else "owners"
    text = f"{len(granted) - len(missing)} of {len(granted)} {owners}"
    return f"{text}: waits for {', '.join(missing)}" if missing and active else text
