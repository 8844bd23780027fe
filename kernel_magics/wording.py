"""Times, durations and states in the words that every card, table and panel uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.domain.run import ENDED, Phase

if TYPE_CHECKING:
    from datetime import datetime

    from jupyter_secure_jobs.wire.dataset import DatasetWire
    from jupyter_secure_jobs.wire.job import ActionWire, GrantWire, StopWire
    from jupyter_secure_jobs.wire.run import InputValue, RunWire

DASH: Final = "\N{EN DASH}"
_ASSURANCE: Final = {
    Assurance.SOFTWARE: "Software enclave, not hardware",
    Assurance.HARDWARE: "Hardware enclave",
}
_ICONS: Final = {
    "Draft": "✎",
    "Under Review": "◇",
    "Accepted": "✓",
    "Queued": "…",
    "Running": "▶",
    "Succeeded": "✔",
    "Failed": "✖",
    "Cancelled": "⊘",
    "Archived": "▣",
}


def local_time(moment: datetime | None) -> str:
    """Return local time as MM/DD/YYYY, h:mm a, or a dash."""
    if moment is None:
        return DASH
    local = moment.astimezone()
    return f"{local:%m/%d/%Y}, {local.hour % 12 or 12}:{local:%M %p}"


def duration(milliseconds: int | None) -> str:
    """Return a duration as `0:42` or `1:02:03`, or as `0.3 s` below a second; a dash if it is not known."""
    if milliseconds is None:
        return DASH
    if milliseconds < 1000:  # noqa: PLR2004 -- one second
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def with_icon(status: str) -> str:
    """Return a status with its icon; the word always stands beside it."""
    return f"{_ICONS.get(status, '•')} {status}"


def assurance_chip(assurance: str) -> str:
    """Return the assurance in words; one that this version does not know is named as it came."""
    known = {str(kind): text for kind, text in _ASSURANCE.items()}
    return known.get(assurance, assurance)


def grant_words(grant: GrantWire) -> str:
    """Return what an acceptance is good for."""
    if not grant.reruns:
        return "one run"
    most = f", up to {grant.most_runs} runs" if grant.most_runs is not None else ""
    until = f", until {local_time(grant.until)}" if grant.until is not None else ""
    return f"reruns{most}{until}"


def heard_words(stop: StopWire | DatasetWire) -> str:
    """Return whose key services have said that they heard of a stop, and whose have not yet."""
    heard = f"heard by {', '.join(stop.heard_by)}" if stop.heard_by else "heard by none yet"
    return f"{heard}; not yet by {', '.join(stop.waiting_for)}" if stop.heard_by and stop.waiting_for else heard


def values_words(inputs: dict[str, InputValue]) -> str:
    """Return input values as `month=7, carrier=UA`."""
    return ", ".join(
        f"{name}={'|'.join(value) if isinstance(value, list) else value}" for name, value in inputs.items()
    )


def allowed_words(actions: list[ActionWire]) -> str:
    """Return the labels of the actions that are allowed now."""
    return ", ".join(action.label for action in actions if action.allowed) or "none"


def refused_words(actions: list[ActionWire]) -> str:
    """Return the actions that are not, each with its reason."""
    return "; ".join(f"{action.label} ({action.reason or 'not now'})" for action in actions if not action.allowed)


def phases_words(run: RunWire) -> str:
    """Return a run's phases, ticked as they happened, with the one it is in marked."""
    reached = {step.phase for step in run.phases}
    steps = []
    for phase in Phase:
        if phase is run.phase and run.status not in ENDED:
            steps.append(f"▸ {phase}")
        elif phase in reached:
            steps.append(f"✓ {phase}")
    return " → ".join(steps)


def ended_words(run: RunWire) -> str:
    """Return how a run stands, in a line: status, why it waits or failed, how long it took, how many rows."""
    parts = [with_icon(run.status)]
    if run.status not in ENDED and run.waiting:
        parts.append(run.waiting)
    if run.error_class:
        at = f" in line {run.error_line}" if run.error_line is not None else ""
        parts.append(f"{run.error_class}{at}")
    if run.error_text and run.error_text != run.status:
        parts.append(run.error_text)
    if run.next_step:
        parts.append(run.next_step)
    if run.run_ms is not None:
        parts.append(f"ran for {duration(run.run_ms)}")
    if run.rows is not None:
        parts.append(f"{run.rows:,} rows")
    if run.cancel_requested and run.status not in ENDED:
        parts.append("cancel asked")
    return " · ".join(parts)
