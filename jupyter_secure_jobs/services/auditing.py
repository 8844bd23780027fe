"""The audit log as members read it: pages, filters, and an export; reading it is an event too."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import MEANINGS, MOST_EXPORTED, QUIET, Event, events_of, moment
from jupyter_secure_jobs.domain.errors import InvalidError, TooLargeError
from jupyter_secure_jobs.domain.text import folded, harmless
from jupyter_secure_jobs.protocol.codec import time_text
from jupyter_secure_jobs.store import history, jobs
from jupyter_secure_jobs.store.history import Wanted
from jupyter_secure_jobs.wire.audit import AuditWire
from jupyter_secure_jobs.wire.base import Page

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.history_tables import HistoryRow

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COLUMNS: Final = ("time", "actor", "organisation", "event", "label", "job_name", "job", "version", "run", "detail",
                   "statement", "index", "salt")  # fmt: skip


def _wire(row: HistoryRow) -> AuditWire:
    event = Event(row.action)
    return AuditWire(
        time=row.time,
        actor=row.member,
        organisation=row.organisation,
        event=event,
        label=MEANINGS[event].label,
        job=row.job,
        job_name=row.job_name,
        version=row.version,
        run=row.run,
        detail=row.detail,
        statement=row.statement,
        index=row.place,
        salt=row.salt,
    )


def _wanted(unit: Unit, workspace: str, asked: Mapping[str, str]) -> Wanted:
    """Return the filter of a query.

    Raises:
        InvalidError: a value that nothing in the workspace can have, or a time that cannot be read.
    """
    session, job = unit.session, asked.get("job")
    if (member := asked.get("member")) and not history.is_actor(session, workspace, member):
        raise InvalidError("audit_member", "Nobody of that name has acted here.", "See the list of members.")
    if (organisation := asked.get("organisation")) and not history.is_organisation(session, workspace, organisation):
        raise InvalidError("audit_organisation", "There is no such organisation here.", "See the list of members.")
    since = moment(asked["since"], end=False) if "since" in asked else None
    until = moment(asked["until"], end=True) if "until" in asked else None
    if since is not None and until is not None and since > until:
        raise InvalidError("audit_time", "The filter ends before it begins.", "Change since or until.")
    return Wanted(
        actions=[str(event) for event in events_of(asked["kind"])] if "kind" in asked else None,
        member=member,
        organisation=organisation,
        jobs=_jobs(unit, workspace, job) if job is not None else None,
        since=since,
        until=until,
    )


def _jobs(unit: Unit, workspace: str, asked: str) -> set[str]:
    if _ID.fullmatch(asked):
        found = {asked} if history.newest(unit.session, workspace, Wanted(jobs=[asked])) is not None else set()
    else:
        now = jobs.by_name(unit.session, workspace, folded(asked))
        found = history.jobs_named(unit.session, workspace, asked) | ({now.id} if now is not None else set())
    if not found:
        raise InvalidError("audit_job", "There is no such job, and there was none.", "Give a job's name or id.")
    return found


def page(unit: Unit, workspace: str, asked: Mapping[str, str], *, after: str | None, limit: int) -> Page[AuditWire]:
    """Return a page of events, newest first, for any member.

    Raises:
        InvalidError: a value of the filter is unknown.
    """
    member = unit.member(workspace)
    wanted = _wanted(unit, workspace, asked)
    reads = Wanted(actions=[Event.AUDIT_READ], member=member.email, since=unit.now - QUIET)
    if history.newest(unit.session, workspace, reads) is None:
        unit.record(workspace=workspace, member=member.email, action=Event.AUDIT_READ)
        unit.session.flush()
    rows, cursor = history.listed(unit.session, workspace, wanted, after=after, limit=limit)
    return Page[AuditWire](items=[_wire(row) for row in rows], next=cursor)


def export(unit: Unit, workspace: str, asked: Mapping[str, str]) -> Path:
    """Write the wanted events as CSV (RFC 4180, UTF-8), newest first, formulas neutralised; return the file.

    Raises:
        InvalidError: a value of the filter is unknown.
        TooLargeError: over 100,000 events.
    """
    member = unit.member(workspace)
    wanted = _wanted(unit, workspace, asked)
    found = history.count(unit.session, workspace, wanted, most=MOST_EXPORTED)
    if found > MOST_EXPORTED:
        raise TooLargeError("audit_large", f"These are over {MOST_EXPORTED:,} events.", "Narrow it: since and until.")
    target = unit.server.blobs.scratch()
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(_COLUMNS)
            writer.writerows(_cells(_wire(row)) for row in history.walk(unit.session, workspace, wanted))
        unit.record(workspace=workspace, member=member.email, action=Event.AUDIT_EXPORTED, detail=f"{found} events")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def _cells(event: AuditWire) -> list[object]:
    values = {**event.model_dump(), "time": time_text(event.time), "event": str(event.event)}
    found = (values[name] for name in _COLUMNS)
    return ["" if cell is None else harmless(cell) if isinstance(cell, str) else cell for cell in found]
