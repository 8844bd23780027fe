"""Runs as members see and start them: tests on synthetic tables, job runs by signed order."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.domain import run as rules
from jupyter_secure_jobs.domain.audit import Event, output_event
from jupyter_secure_jobs.domain.errors import InvalidError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.inputs import check_values
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.run import Phase, RunKind, RunStatus
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.services import dossiers, logbook, queue, run_view, terms
from jupyter_secure_jobs.services.jobs import done, find, permitted
from jupyter_secure_jobs.services.run_state import end, mark, words
from jupyter_secure_jobs.services.unit import Waiting
from jupyter_secure_jobs.store import jobs, runs
from jupyter_secure_jobs.store.tables import KeyMailRow, RunRow
from jupyter_secure_jobs.trust.dossier import verify_run
from jupyter_secure_jobs.wire.base import Page
from jupyter_secure_jobs.wire.run import OutcomeWire, RunNew, RunWire, TestNew

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import JobRow, MemberRow, VersionRow
    from jupyter_secure_jobs.wire.job import JobDetailWire
    from jupyter_secure_jobs.wire.mailbox import Dossier

MOST_QUEUED_TESTS: Final = 5


def _new(unit: Unit, member: MemberRow, version: VersionRow, kind: RunKind, **rest: Any) -> RunRow:  # noqa: ANN401 -- columns of a row
    workspace = member.workspace
    row = RunRow(
        id=unit.new_id(),
        workspace=workspace,
        job=version.job,
        version=version.number,
        kind=str(kind),
        member=member.email,
        organisation=member.organisation,
        turn=queue.turn(unit, workspace, member.organisation, kind),
        number=runs.next_number(unit.session, version.job, str(kind)),
        status=str(RunStatus.QUEUED),
        phase=str(Phase.QUEUED),
        phases=[],
        text_hash=version.text_hash,
        created=unit.now,
        keys_released=False,
        retried=False,
        cancel_requested=False,
        **rest,
    )
    mark(row, Phase.QUEUED, unit.now)
    unit.session.add(row)
    unit.session.flush()
    return row


def _with_values(run: RunRow) -> str:
    values = ", ".join(f"{name}={value}" for name, value in run.inputs.items())
    return f"{words(run)}: {values}" if values else words(run)


def test(unit: Unit, workspace: str, job: str, body: TestNew) -> RunWire:
    """Start a test of the open version on synthetic tables.

    Raises:
        NotAllowedError: not now, or too many tests of this job are waiting.
        BusyError: so many runs wait already that no more may.
        InvalidError: an input value is missing or outside its constraint.
    """
    view, bundle = permitted(unit, workspace, job, Action.TEST)
    version = bundle.open
    if version is None:
        raise NotFoundError("no_version", "There is nothing to test.", "Open a draft.")
    queue.check_room(unit, workspace, view.member.organisation)
    if len(runs.active(unit.session, job, "test")) >= MOST_QUEUED_TESTS:
        raise NotAllowedError("tests_waiting", "Several tests of this job are waiting.", "Wait for one to end.")
    values = check_values(terms.inputs_of(version.terms), body.inputs)
    row = _new(
        unit,
        view.member,
        version,
        RunKind.TEST,
        inputs=codec.to_json(values),
        text=terms.to_test(version.terms),
        expires=unit.now + timedelta(days=rules.ORDER_DAYS),
    )
    done(unit, view, bundle.job, Action.TEST, _with_values(row), version=version.number, run=row.id)
    unit.changes(workspace, Waiting.WORK)
    return run_view.wire(unit, row, bundle.job, code=True, tested_hash=version.text_hash, viewer=view.member)


def order(unit: Unit, workspace: str, job: str, body: RunNew) -> RunWire:
    """Queue a job run by the author's signed order; the same order twice is one run.

    Raises:
        NotAllowedError: the table does not let the caller run now.
        BusyError: so many runs wait already that no more may.
        RefusedError: a statement does not verify; nothing is queued.
    """
    envelope = logbook.envelope_of(body.order)
    known = runs.by_order(unit.session, envelope.hash)
    if known is not None:
        _, bundle = find(unit, workspace, known.job)
        return run_view.wire(unit, known, bundle.job, code=True)
    view, bundle = permitted(unit, workspace, job, Action.RUN)
    live = bundle.live
    if live is None or live.statement is None:
        raise NotFoundError("no_version", "No version has been accepted.", "Submit it for review.")
    queue.check_room(unit, workspace, view.member.organisation)
    genesis = unit.workspace(workspace).genesis
    checked = verify_run(dossiers.gather(unit, live, workspace, envelope), genesis=genesis, now=unit.now)
    if checked.order.member != view.member.email:
        raise NotAllowedError("not_yours", "This order is somebody else's.", "Only the author runs a job.")
    logbook.check_carried(unit, workspace, checked.order.checkpoint)
    logbook.append(unit, workspace, "order", envelope)
    row = _new(
        unit,
        view.member,
        live,
        RunKind.JOB,
        inputs=codec.to_json(checked.inputs),
        statement=envelope.hash,
        text={"code": live.terms["code"], "language": live.terms["language"], "version": live.statement},
        expires=checked.order.expires,
    )
    for owner in checked.owners:
        unit.session.add(
            KeyMailRow(run=row.id, organisation=owner, workspace=workspace, nonce=None, grant=None, refusal=None)
        )
    unit.session.flush()
    done(unit, view, bundle.job, Action.RUN, _with_values(row), version=live.number, run=row.id,
         statement=envelope.hash)  # fmt: skip
    unit.changes(workspace, Waiting.WORK)
    return run_view.wire(unit, row, bundle.job, code=True, viewer=view.member)


def _run(unit: Unit, workspace: str, run: str) -> tuple[RunRow, JobRow, MemberRow]:
    member = unit.member(workspace)
    row = runs.get(unit.session, workspace, run)
    job = jobs.get(unit.session, workspace, row.job) if row is not None else None
    if row is None or job is None:
        raise NotFoundError("no_run", "There is no such run.", "See the run history.")
    return row, job, member


def get(unit: Unit, workspace: str, run: str) -> RunWire:
    """Return one run with the full text that ran."""
    return shown(unit, *_run(unit, workspace, run))


def shown(unit: Unit, row: RunRow, job: JobRow, member: MemberRow) -> RunWire:
    """Return a run as `member` may have it, with the full text that ran."""
    opened = jobs.version(unit.session, job.id, job.open_version) if job.open_version is not None else None
    tested = opened.text_hash if opened is not None else None
    return run_view.wire(unit, row, job, code=True, tested_hash=tested, viewer=member)


def has_ended(unit: Unit, workspace: str, run: str) -> bool:
    """Tell whether a run has ended, or is not there: what who waits for its end looks at."""
    status = runs.status(unit.session, workspace, run)
    return status is None or RunStatus(status) in rules.ENDED


def listed(
    unit: Unit, workspace: str, *, job: str | None, kind: str | None, after: str | None, limit: int
) -> Page[RunWire]:
    """Return a page of runs, newest first."""
    viewer = unit.member(workspace)
    if kind not in (None, "test", "job"):
        raise InvalidError("kind", "There is no such kind of run.", "Use test or job.")
    rows, cursor = runs.listed(unit.session, workspace, job=job, kind=kind, after=after, limit=limit)
    owners = jobs.by_ids(unit.session, workspace, {row.job for row in rows})
    queue = run_view.queue_of(unit, workspace, rows)
    items = [run_view.wire(unit, row, owners[row.job], queue=queue, viewer=viewer) for row in rows if row.job in owners]
    return Page[RunWire](items=items, next=cursor)


def cancel(unit: Unit, workspace: str, run: str) -> RunWire:
    """Ask for a run to stop: at once if no worker has it, else with the worker's next sign of life.

    A test is every member's to stop, a job run that of who started it and of the job's author.

    Raises:
        NotAllowedError: the caller may not cancel it, or it has ended.
    """
    row, job, member = _run(unit, workspace, run)
    if not rules.may_stop(RunKind(row.kind), concerned=member.email in (row.member, job.author)):
        raise NotAllowedError("not_yours", "Only who started a job run, or its author, cancels it.", "Ask them.")
    if RunStatus(row.status) in rules.ENDED:
        raise NotAllowedError("run_ended", f"The run has ended: {row.status}.", "Nothing is left to cancel.")
    row.cancel_requested = True
    unit.record(workspace=workspace, member=member.email, action=Event.CANCELLED, job=row.job, version=row.version,
                run=row.id, detail=words(row))  # fmt: skip
    if row.lease is None:
        end(unit, row, RunStatus.CANCELLED, "Cancelled")
    unit.session.flush()
    unit.changes(workspace)
    return run_view.wire(unit, row, job, code=True, viewer=member)


def cancel_job(unit: Unit, workspace: str, job: str) -> JobDetailWire:
    """Cancel the active run of the live version."""
    permitted(unit, workspace, job, Action.CANCEL)
    for row in runs.active(unit.session, job, "job"):
        cancel(unit, workspace, row.id)
    view, bundle = find(unit, workspace, job)
    return view.detail(bundle)


def readable(unit: Unit, workspace: str, run: str) -> tuple[RunRow, JobRow, MemberRow]:
    """Return a run whose outcome the caller may have, with its job and the caller.

    Raises:
        NotAllowedError: it is a job run, and the caller is not of the author's organisation.
    """
    # Results of tests are for all members: reviewers need them.
    row, job, member = _run(unit, workspace, run)
    if not rules.may_open(RunKind(row.kind), colleague=member.organisation == job.organisation):
        raise NotAllowedError(
            "not_your_organisation",
            "Results and logs of job runs are for members of the author's organisation.",
            "Ask the author.",
        )
    return row, job, member


def outcome(unit: Unit, workspace: str, run: str, *, seen: int | None = None) -> OutcomeWire:
    """Return the signed outcome of a run, for who has `seen` that much of the log.

    Raises:
        NotAllowedError: the caller is not of the author's organisation, and it is a job run.
    """
    row, _, member = readable(unit, workspace, run)
    dossier = dossiers.of_run(unit, row, seen=seen) if row.statement is not None else None
    return outcome_of(unit, row, member, dossier=dossier)


def outcome_of(unit: Unit, row: RunRow, member: MemberRow, *, dossier: Dossier | None) -> OutcomeWire:
    """Return the signed outcome of a run for `member`; `dossier` holds the statements about a job run."""
    resealed = [each.statement for each in runs.reseals(unit.session, row.id, member.email)]
    return OutcomeWire(
        receipt=logbook.wire_of(row.receipt) if row.receipt else None,
        evidence=logbook.wire_of(row.evidence) if row.evidence else None,
        test=logbook.wire_of(row.test) if row.test else None,
        order=dossier.order if dossier is not None else None,
        log=dossier.log if dossier is not None else None,
        reseals=[logbook.wire_of(each) for each in logbook.read_all(unit, row.workspace, resealed)],
    )


def output_path(unit: Unit, workspace: str, run: str, kind: str, *, purpose: str, form: str) -> Path:
    """Return where the sealed (for a test: plain, synthetic) `result` or `log` is.

    What it is fetched for, `open` or `export` and in which format, is the member side's own word: the file is the same.

    Raises:
        NotFoundError: the run has none.
        NotAllowedError: as `outcome`.
        InvalidError: the purpose or the format is unknown.
    """
    row, _, member = readable(unit, workspace, run)
    return handed_out(unit, row, member, kind, purpose=purpose, form=form)


def handed_out(unit: Unit, row: RunRow, member: MemberRow, kind: str, *, purpose: str, form: str) -> Path:
    """Return where a run's file is, for a member who may have it, and record that it was fetched.

    Raises:
        NotFoundError: the run has none.
        InvalidError: the purpose or the format is unknown.
    """
    event, how = output_event(kind, purpose, form)
    digest = row.result if kind == "result" else row.log
    if digest is None and row.removed is not None:
        raise NotFoundError("removed", rules.removed_words(kind, row.removed), rules.REMOVED_STEP)
    if digest is None:
        raise NotFoundError(f"no_{kind}", f"The run has no {kind}.", "Only runs that have ended have one.")
    unit.record(workspace=row.workspace, member=member.email, action=event, job=row.job, version=row.version,
                run=row.id, detail=words(row) + how)  # fmt: skip
    return unit.server.blobs.path(digest)
