"""How a run's row moves on: into a phase, or to its end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain import audit
from jupyter_secure_jobs.domain.run import Phase, RunKind, RunStatus, advance, after_lost_lease, is_tried_once_more
from jupyter_secure_jobs.services.unit import Waiting
from jupyter_secure_jobs.store import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RunRow


_TWICE_LOST: Final = (
    "Twice a worker had this test and gave no sign of life any more. It is not tried a third time: it may be what ends "
    "them. Look whether it needs less memory or time, then test again."
)


def mark(run: RunRow, phase: Phase, at: datetime) -> None:
    """Put a run into a phase, once."""
    run.phase = str(phase)
    if not run.phases or run.phases[-1][0] != str(phase):
        run.phases = [*run.phases, [str(phase), at.isoformat()]]


def reached(run: RunRow) -> datetime:
    """Return when a run went into the phase that it is in."""
    return datetime.fromisoformat(run.phases[-1][1])


def note_sandbox(run: RunRow, milliseconds: int) -> None:
    """Keep with the phase that a run is in how long it has waited for its sandbox, as its worker says."""
    name, at = run.phases[-1][:2]
    run.phases = [*run.phases[:-1], [name, at, milliseconds]]


def sandbox_ms(run: RunRow) -> int | None:
    """Return how long a run has waited for its sandbox in its newest turn, if its worker has said so."""
    waited: int | None = None
    for name, _, *more in run.phases:
        waited = None if name == Phase.QUEUED else int(more[0]) if more else waited
    return waited


def attempts_of(run: RunRow) -> int:
    """Return how often a worker has begun to gather a run's keys."""
    return sum(name == Phase.EVIDENCE for name, *_ in run.phases)


def note_silent(run: RunRow, organisations: Sequence[str]) -> None:
    """Keep with a run that was given back whose key services were there and did not answer."""
    name, at = run.phases[-1][:2]
    if organisations and name == Phase.QUEUED:
        run.phases = [*run.phases[:-1], [name, at, list(organisations)]]


def silent_services(run: RunRow) -> list[str]:
    """Return whose key services did not answer when a queued run was last begun."""
    name, _, *more = run.phases[-1]
    return list(more[0]) if name == Phase.QUEUED and more else []


def words(run: RunRow) -> str:
    """Return a run in words, such as `job run 3`."""
    return f"{run.kind} run {run.number}"


def end(
    unit: Unit,
    run: RunRow,
    status: RunStatus,
    error_class: str | None,
    *,
    by: str = audit.SERVER,
    statement: str | None = None,
) -> None:
    """End a run, free its lease, and keep `by` whom it ended, with the hash of the signed outcome.

    Raises:
        ConflictError: it has ended already.
    """
    run.status = str(advance(RunStatus(run.status), status))
    run.error_class, run.finished = error_class, unit.now
    run.lease = run.lease_expires = None
    mark(run, Phase.DONE, unit.now)
    cause = f" ({error_class})" if error_class and error_class != run.status else ""
    unit.record(
        workspace=run.workspace,
        member=by,
        organisation="",
        action=audit.ENDED[RunKind(run.kind)],
        job=run.job,
        version=run.version,
        run=run.id,
        detail=f"{words(run)}: {run.status}{cause}",
        statement=statement,
    )
    unit.changes(run.workspace, Waiting.ENDS)


def give_back(unit: Unit, run: RunRow, *, lost: bool) -> None:
    """Take a run from its worker: it is queued again, or ends if it was cancelled or was `lost` once too often."""
    run.lease = run.lease_expires = None
    run.request = run.request_evidence = None
    for mail in runs.mail(unit.session, run.id):
        mail.nonce = mail.grant = mail.refusal = None
    if run.cancel_requested:
        end(unit, run, RunStatus.CANCELLED, "Cancelled")
        return
    kind, released = RunKind(run.kind), run.keys_released
    if lost and after_lost_lease(kind, keys_released=released, already_retried=run.retried) is RunStatus.FAILED:
        run.error_text = _TWICE_LOST if kind is RunKind.TEST else None
        end(unit, run, RunStatus.FAILED, "WorkerLost")
        return
    run.retried = run.retried or (lost and is_tried_once_more(kind, keys_released=released))
    run.status = str(advance(RunStatus(run.status), RunStatus.QUEUED))
    run.started = None
    mark(run, Phase.QUEUED, unit.now)
    unit.changes(run.workspace)
