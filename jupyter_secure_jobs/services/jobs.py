"""Jobs: draft, change, archive, delete; what has no signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import OF_ACTION, QUIET, Event
from jupyter_secure_jobs.domain.errors import ConflictError, NotFoundError, StaleError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.job_list import searched
from jupyter_secure_jobs.domain.lifecycle import Action, permit
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.domain.text import DESCRIPTION_LENGTH, clean_name, clean_text, folded
from jupyter_secure_jobs.services import profiles, terms
from jupyter_secure_jobs.services.job_view import View
from jupyter_secure_jobs.services.run_state import end
from jupyter_secure_jobs.store import datasets, history, jobs, runs
from jupyter_secure_jobs.store.tables import JobRow, VersionRow
from jupyter_secure_jobs.wire.base import Nothing, Page
from jupyter_secure_jobs.wire.job import (
    ActivateNew,
    DraftChange,
    JobDetailWire,
    JobNew,
    VersionWire,
)

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.jobs import Bundle


def find(unit: Unit, workspace: str, job: str) -> tuple[View, Bundle]:
    """Return a job with what its status depends on, and the view of it for the caller.

    Raises:
        NotFoundError: there is no such job in a workspace of the caller.
    """
    member = unit.member(workspace)
    row = jobs.get(unit.session, workspace, job)
    if row is None:
        raise NotFoundError("no_job", "There is no such job.", "See the list of jobs.")
    return View(unit, member), jobs.bundle(unit.session, row)


def permitted(unit: Unit, workspace: str, job: str, action: Action) -> tuple[View, Bundle]:
    """Return as `find`, if the table lets the caller do `action` now.

    Raises:
        NotAllowedError: it does not, with the reason.
    """
    view, bundle = find(unit, workspace, job)
    permit(view.facts(bundle), action)
    return view, bundle


def touched(
    unit: Unit,
    view: View,
    bundle: Bundle,
    action: Action,
    detail: str = "",
    *,
    version: int | None = None,
    run: str | None = None,
    statement: str | None = None,
) -> JobDetailWire:
    """Record what was done, tell everybody, and return the job as it is now. `version`: else the one in front."""
    job = bundle.job
    number = version or (job.open_version if job.open_version is not None else job.live_version)
    done(unit, view, job, action, detail, version=number, run=run, statement=statement)
    unit.session.flush()
    unit.changes(job.workspace)
    return view.detail(jobs.bundle(unit.session, job))


def done(
    unit: Unit,
    view: View,
    job: JobRow,
    action: Action,
    detail: str,
    *,
    version: int | None,
    run: str | None = None,
    statement: str | None = None,
) -> None:
    """Record what the caller did to a job."""
    job.updated = unit.now
    unit.record(workspace=job.workspace, member=view.member.email, action=OF_ACTION[action], job=job.id,
                version=version, run=run, detail=detail, statement=statement)  # fmt: skip


def get(unit: Unit, workspace: str, job: str) -> JobDetailWire:
    """Return one job."""
    view, bundle = find(unit, workspace, job)
    return view.detail(bundle)


def create(unit: Unit, workspace: str, body: JobNew) -> JobDetailWire:
    """Create a job with a first draft.

    Raises:
        ConflictError: the name is taken.
        InvalidError: a part of the draft is wrong.
    """
    member = unit.member(workspace)
    name = clean_name(body.name, what="job's name")
    _check_free(unit, workspace, name)
    row = JobRow(
        id=unit.new_id(),
        workspace=workspace,
        name=name,
        folded=folded(name),
        description=clean_text(body.description or "", what="description", longest=DESCRIPTION_LENGTH),
        author=member.email,
        organisation=member.organisation,
        archived=False,
        created=unit.now,
        updated=unit.now,
        revision=1,
        open_version=1,
        live_version=None,
        searched="",
    )
    _index(row)
    unit.session.add(row)
    unit.session.flush()
    whole, taken = profiles.filled(unit, workspace, body)
    made = terms.changed(terms.blank(body.language or Language.SQL), whole, known=_known(unit, row), taken=taken)
    _add_version(unit, row, 1, made)
    unit.record(workspace=workspace, member=member.email, action=Event.CREATED, job=row.id, version=1)
    unit.session.flush()
    unit.changes(workspace)
    return View(unit, member).detail(jobs.bundle(unit.session, row))


def _check_free(unit: Unit, workspace: str, name: str) -> None:
    if jobs.by_name(unit.session, workspace, folded(name)) is not None:
        raise ConflictError("job_name", f"There is a job called {name!r} already.", "Choose another name.")


def _index(row: JobRow) -> None:
    row.searched = searched(
        name=row.name, description=row.description, author=row.author, organisation=row.organisation
    )


def _known(unit: Unit, job: JobRow) -> list[str]:
    page, cursor = datasets.listed(unit.session, job.workspace, after=None, limit=100)
    found = [row.id for row in page if row.withdrawn is None]
    while cursor is not None:
        page, cursor = datasets.listed(unit.session, job.workspace, after=cursor, limit=100)
        found += [row.id for row in page if row.withdrawn is None]
    return found


def _add_version(unit: Unit, job: JobRow, number: int, made: terms.Terms) -> None:
    unit.session.add(
        VersionRow(job=job.id, number=number, stage="draft", terms=made, text_hash=terms.tested_text(made),
                   statement=None, epoch=None, submitted=None)
    )  # fmt: skip


def change(unit: Unit, workspace: str, job: str, body: DraftChange, *, revision: int | None) -> JobDetailWire:
    """Change the draft; name and description can be changed by the author at any time.

    Raises:
        StaleError: somebody changed it since `revision`, with what to do.
        NotAllowedError: it is not the caller's draft, or no draft.
    """
    view, bundle = find(unit, workspace, job)
    row = bundle.job
    facts = view.facts(bundle)
    naming = body.model_fields_set <= {"name", "description"}
    if not (naming and row.author == view.member.email):
        permit(facts, Action.EDIT)
    if revision is not None and revision != row.revision:
        raise StaleError(
            "draft_stale",
            f"The draft was changed meanwhile (it is at revision {row.revision}, you sent {revision}).",
            "Fetch it, put your change in again, and save.",
        )
    if body.name is not None and clean_name(body.name, what="job's name") != row.name:
        name = clean_name(body.name, what="job's name")
        if folded(name) != row.folded:
            _check_free(unit, workspace, name)
        row.name, row.folded = name, folded(name)
    if body.description is not None:
        row.description = clean_text(body.description, what="description", longest=DESCRIPTION_LENGTH)
    if bundle.open is not None and bundle.open.stage == "draft":
        whole, taken = profiles.filled(unit, workspace, body)
        bundle.open.terms = terms.changed(bundle.open.terms, whole, known=_known(unit, row), taken=taken)
        bundle.open.text_hash = terms.tested_text(bundle.open.terms)
    _index(row)
    row.revision += 1
    if _edited_just_now(unit, view, row):
        row.updated = unit.now
        unit.session.flush()
        unit.changes(workspace)
        return view.detail(jobs.bundle(unit.session, row))
    return touched(unit, view, bundle, Action.EDIT)


def _edited_just_now(unit: Unit, view: View, job: JobRow) -> bool:
    # An editor saves every few seconds; what was done in between makes a new event, and so does a pause.
    last = next(iter(history.of_job(unit.session, job.id, limit=1)), None)
    return (
        last is not None
        and (last.action, last.member) == (Event.EDITED, view.member.email)
        and unit.now - last.time < QUIET
    )


def delete(unit: Unit, workspace: str, job: str) -> Nothing:
    """Delete a draft that has never run, for good. Its events stay, under the name it had."""
    view, bundle = permitted(unit, workspace, job, Action.DELETE)
    row = bundle.job
    tests = runs.of_job(unit.session, job)
    unit.record(workspace=workspace, member=view.member.email, action=Event.DELETED, job=job,
                detail=f"versions: {len(bundle.versions)}, test runs: {len(tests)}")  # fmt: skip
    for run in tests:
        unit.session.delete(run)
    unit.session.flush()
    for version in bundle.versions.values():
        unit.session.delete(version)
    unit.session.flush()
    unit.session.delete(row)
    unit.changes(workspace)
    return Nothing()


def new_draft(unit: Unit, workspace: str, job: str) -> JobDetailWire:
    """Open a draft with the live version's terms."""
    view, bundle = permitted(unit, workspace, job, Action.NEW_DRAFT)
    number = max(bundle.versions) + 1
    if bundle.live is None:
        raise NotFoundError("no_version", "There is no accepted version to start from.", "Edit the draft.")
    made = {key: value for key, value in bundle.live.terms.items() if key not in ("name", "description")}
    _add_version(unit, bundle.job, number, made)
    bundle.job.open_version = number
    bundle.job.revision += 1
    return touched(unit, view, bundle, Action.NEW_DRAFT)


def discard_draft(unit: Unit, workspace: str, job: str) -> JobDetailWire:
    """Throw the draft away; the live version stays."""
    view, bundle = permitted(unit, workspace, job, Action.DISCARD_DRAFT)
    number = bundle.job.open_version
    if bundle.open is not None:
        bundle.open.stage = "discarded"
    bundle.job.open_version = None
    bundle.job.revision += 1
    return touched(unit, view, bundle, Action.DISCARD_DRAFT, version=number)


def cancel_review(unit: Unit, workspace: str, job: str) -> JobDetailWire:
    """Take the version back to draft; its decisions count for nothing any more, but can still be read."""
    view, bundle = permitted(unit, workspace, job, Action.CANCEL_REVIEW)
    if bundle.open is not None:
        jobs.close_review(bundle.open)
    bundle.job.revision += 1
    return touched(unit, view, bundle, Action.CANCEL_REVIEW)


def activate(unit: Unit, workspace: str, job: str, body: ActivateNew) -> JobDetailWire:
    """Make an earlier accepted version the live one."""
    view, bundle = permitted(unit, workspace, job, Action.ACTIVATE)
    row = bundle.versions.get(body.version)
    if row is None or row.stage != "accepted":
        raise NotFoundError("no_version", "There is no such accepted version.", "See the job's versions.")
    stale = view.stale(row, bundle.job.author, bundle.decisions.get(row.statement or "", {}))
    if stale is not None:
        raise ConflictError("version_stale", stale, "Open a draft and submit again.")
    bundle.job.live_version = row.number
    bundle.job.revision += 1
    return touched(unit, view, bundle, Action.ACTIVATE, f"version {row.number}", version=row.number)


def archive(unit: Unit, workspace: str, job: str) -> JobDetailWire:
    """Archive: a queued run is cancelled, a running one finishes, a review goes back to draft."""
    view, bundle = permitted(unit, workspace, job, Action.ARCHIVE)
    cancelled = ""
    for run in runs.active(unit.session, job, "job"):
        if run.status == RunStatus.QUEUED:
            run.cancel_requested = True
            if run.lease is None:
                end(unit, run, RunStatus.CANCELLED, "Cancelled")
    if bundle.open is not None and bundle.open.stage == "review":
        jobs.close_review(bundle.open)
        cancelled = "the review was cancelled"
    bundle.job.archived = True
    bundle.job.revision += 1
    return touched(unit, view, bundle, Action.ARCHIVE, cancelled)


def unarchive(unit: Unit, workspace: str, job: str) -> JobDetailWire:
    """Take the job out of the archive."""
    view, bundle = permitted(unit, workspace, job, Action.UNARCHIVE)
    bundle.job.archived = False
    bundle.job.revision += 1
    return touched(unit, view, bundle, Action.UNARCHIVE)


def versions(unit: Unit, workspace: str, job: str) -> Page[VersionWire]:
    """Return all versions, newest first."""
    view, bundle = find(unit, workspace, job)
    rows = sorted(bundle.versions.values(), key=lambda row: -row.number)
    return Page[VersionWire](items=view.versions(bundle, rows))


def version(unit: Unit, workspace: str, job: str, number: int) -> VersionWire:
    """Return one version."""
    view, bundle = find(unit, workspace, job)
    row = bundle.versions.get(number)
    if row is None:
        raise NotFoundError("no_version", "There is no such version.", "See the job's versions.")
    return view.version(bundle, row)
