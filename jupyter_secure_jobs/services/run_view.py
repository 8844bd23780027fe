"""A run as people see it, with the reason why it waits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.failure import next_step
from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.domain.run import ACTIVE, Phase, RunKind, RunStatus, may_cancel, may_open
from jupyter_secure_jobs.domain.step import steps
from jupyter_secure_jobs.services.queue import Queue, present
from jupyter_secure_jobs.services.retention import kept_until
from jupyter_secure_jobs.services.run_state import sandbox_ms, silent_services
from jupyter_secure_jobs.wire.run import PhaseWire, RunWire, StepWire

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import JobRow, MemberRow, RunRow


def queue_of(unit: Unit, workspace: str, shown: Iterable[RunRow | None]) -> Queue:
    """Return what those of a page's runs wait for that are queued, and whose keys each has."""
    return Queue(unit, workspace, [run for run in shown if run is not None])


def place(run: RunRow, queue: Queue) -> int | None:
    """Return the place in the queue, from 1, of a run that no worker has yet; else None."""
    if run.status != RunStatus.QUEUED or run.lease is not None:
        return None
    return queue.place(run)


def waiting(unit: Unit, run: RunRow, queue: Queue | None = None) -> str | None:
    """Return in words why a queued run waits, or None. `queue`: what was fetched for a whole page."""
    if run.status != RunStatus.QUEUED:
        return None
    queue = queue or queue_of(unit, run.workspace, [run])
    if not any(present(unit, worker) for worker in queue.workers):
        return "no worker connected"
    away = away_services(unit, run, queue)
    if away:
        return f"waiting for the key service of {', '.join(away)}"
    silent = silent_services(run)
    if silent:
        return f"waiting for the key service of {', '.join(silent)}, which is connected and did not answer"
    at = place(run, queue)
    return f"place {at} in the queue" if at is not None and at > 1 else None


def away_services(unit: Unit, run: RunRow, queue: Queue | None = None) -> list[str]:
    """Return the organisations whose key service a run needs and that have not called lately."""
    queue = queue or Queue(unit, run.workspace, [run])
    known = queue.services
    return [name for name in queue.owners(run) if name not in known or not present(unit, known[name])]


def wire(
    unit: Unit,
    run: RunRow,
    job: JobRow,
    *,
    code: bool = False,
    tested_hash: str | None = None,
    queue: Queue | None = None,
    viewer: MemberRow | None = None,
) -> RunWire:
    """Return a run as `viewer` may have it, by default the caller; with `code` also the full text that ran."""
    viewer = viewer or unit.member(run.workspace)
    queued_until = run.started or run.finished
    queue = queue or queue_of(unit, run.workspace, [run])
    kind, why = RunKind(run.kind), waiting(unit, run, queue)
    phases = [(Phase(name), datetime.fromisoformat(at)) for name, at, *_ in run.phases]
    active = RunStatus(run.status) in ACTIVE
    return RunWire(
        id=run.id,
        workspace=run.workspace,
        job=run.job,
        job_name=job.name,
        number=run.number,
        kind=kind,
        status=RunStatus(run.status),
        phase=Phase(run.phase),
        phases=[PhaseWire(phase=phase, at=at) for phase, at in phases],
        steps=[
            StepWire(phase=step.phase, label=step.label, at=step.at, detail=step.detail)
            for step in steps(
                kind, phases, waiting=why, granted=queue.granted(run), active=active, sandbox_ms=sandbox_ms(run)
            )
        ],
        waiting=why,
        waits_until=run.expires if run.status == RunStatus.QUEUED else None,
        place=place(run, queue),
        active=active,
        version=run.version,
        version_hash=run.text.get("version"),
        tested_this_text=None if tested_hash is None else run.text_hash == tested_hash,
        member=run.member,
        inputs=run.inputs,
        created=run.created,
        started=run.started,
        finished=run.finished,
        queued_ms=_milliseconds(queued_until - run.created) if queued_until else None,
        run_ms=_milliseconds(run.finished - run.started) if run.finished and run.started else None,
        cancel_requested=run.cancel_requested,
        used_up=run.keys_released,
        error_class=run.error_class,
        error_line=run.error_line,
        error_text=run.error_text,
        next_step=next_step(run.error_class, told=run.error_text is not None),
        rows=run.rows,
        has_result=run.result is not None,
        has_log=run.log is not None,
        outputs_until=kept_until(unit, run),
        outputs_removed=run.removed,
        can_open=may_open(kind, colleague=viewer.organisation == job.organisation),
        can_cancel=may_cancel(
            kind,
            RunStatus(run.status),
            concerned=viewer.email in (run.member, job.author),
            asked=run.cancel_requested,
        ),
        worker=run.worker,
        assurance=str(Assurance.SOFTWARE),
        code=run.text.get("code") if code else None,
    )


def _milliseconds(time: timedelta) -> int:
    return max(0, round(time.total_seconds() * 1000))
