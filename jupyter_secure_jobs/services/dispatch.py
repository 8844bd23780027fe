"""Runs handed to workers: leases, signs of life, outcomes, and what becomes of a run whose worker went silent."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.domain import audit
from jupyter_secure_jobs.domain import run as rules
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, UnauthenticatedError
from jupyter_secure_jobs.domain.job import JobLimits
from jupyter_secure_jobs.domain.output import of_dataset
from jupyter_secure_jobs.domain.run import Phase, RunKind, RunStatus
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from jupyter_secure_jobs.services import dossiers, logbook, profiles, queue, run_view, uploads
from jupyter_secure_jobs.services.run_state import attempts_of, end, give_back, mark, note_silent, reached
from jupyter_secure_jobs.services.unit import Waiting
from jupyter_secure_jobs.store import datasets, runs, workspaces
from jupyter_secure_jobs.wire.base import Nothing
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import InputVariableWire, LimitsWire
from jupyter_secure_jobs.wire.mailbox import (
    Finished,
    Heartbeat,
    HeartbeatAnswer,
    LeaseAnswer,
    LeaseWire,
    PhaseReached,
    TestTask,
)
from jupyter_secure_jobs.wire.output import OutputPolicyWire, OwnerPolicyWire

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RunRow, ServiceKeyRow
    from jupyter_secure_jobs.wire.profile import OfferWire


def enrolled(unit: Unit, *kinds: str) -> list[ServiceKeyRow]:
    """Return where the caller is a worker or key service, and note that it was seen.

    A worker counts as seen where it has asked for runs: where it is listed alone, it may serve nobody.

    Raises:
        UnauthenticatedError: nowhere.
    """
    listed = list(workspaces.service_keys(unit.session, unit.caller(), *kinds))
    if not listed:
        raise UnauthenticatedError("not_enrolled", f"This key is no {kinds[0]} of any workspace.", "Have it enrolled.")
    for row in listed:
        if row.kind != "worker" or row.seen is not None:
            _saw(unit, row)
    return listed


def _saw(unit: Unit, row: ServiceKeyRow) -> None:
    step = timedelta(seconds=unit.server.settings.away_seconds / 4)
    if row.seen is None or unit.now - row.seen > step:
        was_away = not queue.present(unit, row)
        row.seen = unit.now
        if was_away:
            unit.changes(row.workspace)


def _served(unit: Unit, serves: Collection[str] | None) -> list[ServiceKeyRow]:
    """Return where the calling worker serves, by its own word; elsewhere it is there for nobody from now on."""
    listed = enrolled(unit, "worker")
    here = [row for row in listed if serves is None or row.workspace in serves]
    if not here:
        raise UnauthenticatedError(
            "not_enrolled",
            "This key is no worker of any workspace that it serves.",
            "Look at --workspace, or have the worker enrolled there.",
        )
    for row in listed:
        if row in here:
            _saw(unit, row)
        elif row.seen is not None:
            row.seen = row.offer = None
            unit.changes(row.workspace)
    return here


def sweep(unit: Unit) -> None:
    """Take back runs whose lease ended, and end runs whose order has expired.

    While this server was away no worker could give a sign of life, so that no lease ends sooner than one after its
    start: what hours of work have made is still taken.
    """
    if unit.now - unit.server.started >= timedelta(seconds=unit.server.settings.lease_seconds):
        for run in runs.lost(unit.session, now=unit.now):
            give_back(unit, run, lost=True)
    for run in runs.overdue(unit.session, now=unit.now):
        why = run_view.waiting(unit, run) or "no worker took it"
        used = "" if run.keys_released else " Nothing was used up."
        run.error_text = f"The order expired after {rules.ORDER_DAYS} days: {why}.{used} Order the run again."
        end(unit, run, RunStatus.FAILED, "OrderExpired")


def claim(unit: Unit, offer: OfferWire | None = None, *, serves: Collection[str] | None = None) -> LeaseAnswer:
    """Hand the next run to the calling worker, or nothing. A job run waits until its key services are there.

    `serves` are the workspaces whose runs it takes; None: all that list it.

    Raises:
        UnauthenticatedError: none of them lists it.
    """
    rows = _served(unit, serves)
    profiles.told(unit, rows, offer)
    mine = {row.workspace: row for row in rows}
    sweep(unit)
    run = queue.next_run(unit, mine)
    if run is None:
        return LeaseAnswer(lease=None)
    settings = unit.server.settings
    run.lease, run.worker = unit.new_id(), mine[run.workspace].name
    run.lease_expires = unit.now + timedelta(seconds=settings.lease_seconds)
    attempts = attempts_of(run)
    if run.kind == RunKind.JOB:
        mark(run, Phase.EVIDENCE, unit.now)
        unit.changes(run.workspace, Waiting.MAIL)
    return LeaseAnswer(
        lease=LeaseWire(
            run=run.id,
            workspace=run.workspace,
            kind=RunKind(run.kind),
            lease=run.lease,
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
            patience_seconds=rules.patience(attempts),
            dossier=dossiers.of_run(unit, run) if run.kind == RunKind.JOB else None,
            test=_test(unit, run) if run.kind == RunKind.TEST else None,
        )
    )


def _test(unit: Unit, run: RunRow) -> TestTask:
    text: dict[str, Any] = run.text
    workspace = workspaces.get(unit.session, run.workspace)
    rows = datasets.by_ids(unit.session, run.workspace, [read["dataset"] for read in text["datasets"]])
    tables: dict[str, str] = {}
    owners: list[OwnerPolicyWire] = []
    for read in text["datasets"]:
        manifest = envelopes.read(Manifest, logbook.read(unit, run.workspace, rows[read["dataset"]].manifest))
        tables[read["table"]] = manifest.synthetic.digest
        owners.append(
            OwnerPolicyWire(
                asked_by=of_dataset(manifest.owner, manifest.name), policy=OutputPolicyWire.of(manifest.output_policy)
            )
        )
    return TestTask(
        genesis=workspace.genesis if workspace else "",
        text_hash=run.text_hash,
        language=text["language"],
        code=text["code"],
        tables=tables,
        datasets={read["table"]: read["dataset"] for read in text["datasets"]},
        inputs=run.inputs,
        declarations=[InputVariableWire.model_validate(each) for each in text["inputs"]],
        limits=LimitsWire.model_validate(asdict(JobLimits(**text["limits"]).for_test())),
        compute=ComputeWire.model_validate(text.get("compute", {})),
        output_policy=OutputPolicyWire.model_validate(text.get("output_policy", {})),
        counts=text.get("counts", []),
        owners=owners,
    )


def leased(unit: Unit, workspace: str, run: str, lease: str) -> RunRow:
    """Return a run that the calling worker holds; one that was dropped meanwhile may finish what has its keys.

    Raises:
        ConflictError: the lease has ended or is another worker's; the worker must drop the run.
    """
    enrolled(unit, "worker", "was_worker")
    row = runs.get(unit.session, workspace, run)
    if row is None or row.lease is None or row.lease != lease:
        raise ConflictError("lease_lost", "The run was taken back from this worker.", "Drop it and ask for another.")
    return row


def heartbeat(unit: Unit, workspace: str, run: str, body: Heartbeat) -> HeartbeatAnswer:
    """Prolong a lease; tell whether to cancel."""
    row = leased(unit, workspace, run, body.lease)
    row.lease_expires = unit.now + timedelta(seconds=unit.server.settings.lease_seconds)
    if body.phases:
        _went_on(unit, row, body.phases)
        unit.changes(workspace, Waiting.NEWS)
    return HeartbeatAnswer(cancel=row.cancel_requested)


def _went_on(unit: Unit, run: RunRow, phases: Sequence[PhaseReached]) -> None:
    for each in phases:
        if not rules.is_later(each.phase, Phase(run.phase)):
            continue  # told again, since the first answer was lost
        # When it was is the worker's word, which may be wrong, but not before the phase that this server knows of.
        at = max(unit.now - timedelta(milliseconds=each.ago_ms), reached(run))
        mark(run, each.phase, at)
        begun = each.phase in (Phase.DECRYPT, Phase.RUN, Phase.SEAL)
        if begun and run.status == RunStatus.QUEUED:
            run.status, run.started = str(rules.advance(RunStatus.QUEUED, RunStatus.RUNNING)), at


def release(unit: Unit, workspace: str, run: str, body: Heartbeat) -> Nothing:
    """Take a run back from a worker that could not get its keys; it is queued again."""
    row = leased(unit, workspace, run, body.lease)
    asked = row.request is not None
    mails = runs.mail(unit.session, run)
    silent = [mail.organisation for mail in mails if (mail.grant if asked else mail.nonce) is None]
    give_back(unit, row, lost=False)
    note_silent(row, silent)
    # Its key service may be silent for a while before it counts as away: others must not wait for that.
    queue.let_others_first(unit, row)
    return Nothing()


def finish(unit: Unit, workspace: str, run: str, body: Finished) -> Nothing:
    """Keep the outcome of a run.

    Raises:
        InvalidError: it is no outcome.
        ConflictError: the lease was lost; one result is kept.
    """
    row = leased(unit, workspace, run, body.lease)
    if body.status not in rules.ENDED:
        raise InvalidError("outcome", "A run ends as succeeded, failed or cancelled.", "Report again.")
    # What goes into other tables first: the run's own row is then written once.
    brought = _files(unit, workspace, body)
    for name in ("receipt", "evidence", "test"):
        wire = getattr(body, name)
        if wire is not None:
            envelope = logbook.envelope_of(wire)
            brought[name] = envelope.to_bytes()
            if name != "evidence":
                logbook.append(unit, workspace, name, envelope)
    _went_on(unit, row, body.phases)
    for name, value in brought.items():
        setattr(row, name, value)
    row.rows, row.error_line = body.rows, body.error_line
    row.error_text = _said(row, body)
    if row.started is None and body.status is not RunStatus.CANCELLED:
        row.started = unit.now
    signed = body.receipt or body.test
    outcome = logbook.envelope_of(signed).hash if signed is not None else None
    end(unit, row, body.status, body.error_class, by=audit.worker(row.worker), statement=outcome)
    _let_go(unit)
    return Nothing()


def _said(row: RunRow, body: Finished) -> str | None:
    if body.receipt is not None:
        return None  # of a job run there are words only if it was refused before its code ran
    over = row.kind == RunKind.TEST and body.error_class == rules.TIME_LIMIT
    words = "\n".join(each for each in (rules.TEST_TIME_IS_UP if over else None, body.error_text) if each)
    return words[:2000] or None


def _files(unit: Unit, workspace: str, body: Finished) -> dict[str, str | bytes]:
    """Keep the result and the log that came with an outcome or before it; return the digest of each."""
    small = {"result": body.result_file, "log": body.log_file}
    kept: dict[str, str | bytes] = {}
    kept |= uploads.keep(unit, workspace, {kind: data for kind, data in small.items() if data is not None})
    for kind, upload in (("result", body.result), ("log", body.log)):
        if upload is None:
            continue
        found = datasets.upload(unit.session, workspace, upload)
        if found is None:
            raise InvalidError("no_upload", f"The {kind} was not uploaded.", "Upload it, then report again.")
        kept[kind] = found.digest
        uploads.claim(unit, workspace, upload, digest=found.digest, size=found.bytes)
    return kept


def _let_go(unit: Unit) -> None:
    # A worker that was dropped while it ran a job has now done the last thing it could.
    for former in workspaces.service_keys(unit.session, unit.caller(), "was_worker"):
        if not runs.leased_by(unit.session, former.workspace, former.name):
            unit.session.delete(former)


def file_path(unit: Unit, workspace: str, digest: str) -> Path:
    """Return where a stored file is, for an enrolled worker."""
    if workspace not in {row.workspace for row in enrolled(unit, "worker")}:
        raise NotFoundError("no_workspace", "There is no such workspace.", "Check the address.")
    if datasets.file(unit.session, workspace, digest) is None:
        raise NotFoundError("no_file", "There is no such file.", "It may have been withdrawn.")
    return unit.server.blobs.path(digest)
