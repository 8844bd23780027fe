"""A change of the members or workers comes into force: what becomes of reviews, runs, sessions and services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.run import MEMBERS_CHANGED, Fate, RunKind, RunStatus, after_change
from jupyter_secure_jobs.services import logbook, notices
from jupyter_secure_jobs.services.run_state import end, give_back
from jupyter_secure_jobs.store import jobs, runs, sessions, workspaces
from jupyter_secure_jobs.store.tables import MemberRow, ServiceKeyRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.trust.change import Change

FORMER: Final = {"keyservice": "was_service", "worker": "was_worker"}
_WHY: Final = "The members changed before any key was released for this run: submit the job again."
_LEFT: Final = "Who started this test is no member any more. Any member can test again."


def put_in_force(unit: Unit, change: Change, *, proposer: str) -> None:
    """Append a verified change to the log and let everything follow from it, in this one transaction."""
    workspace = change.after.workspace
    keys = _keys(unit, workspace)
    heard = []
    if change.roster is not None:
        heard.append(logbook.append(unit, workspace, "roster", change.roster))
        workspaces.replace_members(unit.session, workspace, list(_members(change)))
        unit.record(workspace=workspace, member=proposer, action=Event.MEMBERS_CHANGED,
                    detail="; ".join(change.words()), statement=change.roster.hash)  # fmt: skip
        _end_reviews(unit, change, proposer)
    heard.append(logbook.append(unit, workspace, "workers", change.workers))
    if change.listed.workers != change.last_list.workers:
        names = ", ".join(sorted(worker.name for worker in change.listed.workers))
        unit.record(workspace=workspace, member=proposer, action=Event.WORKERS_CHANGED, detail=names,
                    statement=change.workers.hash)  # fmt: skip
    _end_runs(unit, change)
    _replace_services(unit, change)
    sessions.drop(unit.session, keys - _keys(unit, workspace))
    _tell_key_services(unit, workspace, heard, members_changed=change.roster is not None)
    unit.session.flush()
    unit.changes(workspace)


def _keys(unit: Unit, workspace: str) -> set[str]:
    members = {row.signing_key for row in workspaces.members(unit.session, workspace)}
    services = {row.key for kind in FORMER for row in workspaces.services(unit.session, workspace, kind)}
    return members | services


def _members(change: Change) -> Iterable[MemberRow]:
    for place, member in enumerate(change.after.members):
        yield MemberRow(
            workspace=change.after.workspace,
            email=member.email,
            organisation=member.organisation,
            signing_key=member.keys.signing,
            place=place,
            joined=True,
        )


def _end_reviews(unit: Unit, change: Change, proposer: str) -> None:
    for job, version in jobs.under_review(unit.session, change.after.workspace):
        jobs.close_review(version)
        job.revision += 1
        job.updated = unit.now
        unit.record(workspace=job.workspace, job=job.id, member=proposer, action=Event.REVIEW_CANCELLED,
                    detail="the members changed; the decisions count for nothing", version=version.number)  # fmt: skip


def _replace_services(unit: Unit, change: Change) -> None:
    workspace = change.after.workspace
    wanted = {("worker", worker.name): worker.platform_key for worker in change.listed.workers}
    for organisation in change.after.organisations:
        if organisation.key_service is not None:
            wanted["keyservice", organisation.name] = organisation.key_service.signing
    known = {(row.kind, row.name): row for kind in FORMER for row in workspaces.services(unit.session, workspace, kind)}
    for place, row in known.items():
        if wanted.get(place) == row.key:
            del wanted[place]
            continue
        unit.session.delete(row)
        unit.session.flush()
        if _still_needed(unit, row, replaced=place in wanted):
            unit.session.merge(
                ServiceKeyRow(workspace=workspace, kind=FORMER[row.kind], name=row.name, key=row.key, seen=row.seen)
            )
    for (kind, name), key in wanted.items():
        unit.session.add(ServiceKeyRow(workspace=workspace, kind=kind, name=name, key=key, seen=None))
    unit.session.flush()


def _still_needed(unit: Unit, row: ServiceKeyRow, *, replaced: bool) -> bool:
    # A worker finishes the runs that were left to it; a key service that is no more must hear that it is so.
    if row.kind == "worker":
        return bool(runs.leased_by(unit.session, row.workspace, row.name))
    return not replaced


def _end_runs(unit: Unit, change: Change) -> None:
    workspace = change.after.workspace
    listed = {(worker.name, worker.platform_key) for worker in change.listed.workers}
    members = {member.email for member in change.after.members}
    stay = {row.name for row in workspaces.services(unit.session, workspace, "worker") if (row.name, row.key) in listed}
    for run in runs.active_anywhere(unit.session, workspace):
        fate = after_change(
            kind=RunKind(run.kind),
            status=RunStatus(run.status),
            leased=run.lease is not None,
            keys_released=run.keys_released,
            members_changed=change.roster is not None,
            member_stays=run.member in members,
            worker_stays=run.worker in stay,
        )
        if fate is Fate.ENDS:
            run.error_text = _WHY
            end(unit, run, RunStatus.FAILED, MEMBERS_CHANGED)
        elif fate is Fate.CANCELLED:
            # A worker that has it hears that its lease is gone, and stops it.
            run.error_text = _LEFT
            end(unit, run, RunStatus.CANCELLED, MEMBERS_CHANGED)
        elif fate is Fate.AGAIN:
            give_back(unit, run, lost=False)


def _tell_key_services(unit: Unit, workspace: str, heard: list[str], *, members_changed: bool) -> None:
    over = ["roster", "workers"]
    if members_changed:
        # No version from before runs any more, so that nobody need hear that one was revoked.
        over.append("revocation")
    runs.supersede(unit.session, workspace, over, but=heard)
    kinds = ("keyservice", FORMER["keyservice"])
    names = [row.name for kind in kinds for row in workspaces.services(unit.session, workspace, kind)]
    for statement in heard:
        notices.post(unit, workspace, statement, names)
