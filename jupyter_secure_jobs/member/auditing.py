"""Checks on one's own machine that the audit log is the one to which the workspace's log is committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import encoding, merkle
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.event import EventRecord

if TYPE_CHECKING:
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.audit import AuditWire
    from jupyter_secure_jobs.wire.log import LogEntryWire

_NEXT = "Warn the others: the server shows an audit log that is not the one it committed to."


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What was found to fit together: entries of the log, events with a leaf among them, and events without one."""

    entries: int
    events: int
    older: int


def record_of(workspace: str, event: AuditWire) -> EventRecord:
    """Return the record whose bytes are the event's leaf."""
    return EventRecord(
        workspace=workspace,
        time=event.time,
        actor=event.actor,
        organisation=event.organisation,
        event=str(event.event),
        job=event.job,
        job_name=event.job_name,
        version=event.version,
        run=event.run,
        detail=event.detail,
        statement=event.statement,
        salt=event.salt,
    )


def check(acting: Acting, workspace: str) -> Audited:
    """Fetch the newest checkpoint, the log's entries and every event, and hold them against one another.

    Order of checks: the checkpoint, signed by the log's key and proven to continue what this side has seen before; the
    root over the entries' leaves; each event's own leaf, computed from what the event says; and that no event of the
    log is missing among those shown.

    Raises:
        RefusedError: something was changed, added or dropped afterwards; or the log was forked or rolled back.
    """
    note = acting.checkpoint(workspace, acting.rosters(workspace))
    signed = checkpoints.parse(note, origin=places.log_origin(workspace))
    entries = {entry.index: entry for entry in acting.client.log_entries(workspace)}
    if set(entries) != set(range(len(entries))) or len(entries) < signed.size:
        raise RefusedError("audit_log", "The log misses entries that its checkpoint counts.", _NEXT)
    leaves = [encoding.raw(entries[place].leaf, length=32) for place in range(signed.size)]
    if merkle.Tree.of(leaves).root() != signed.root:
        raise RefusedError("audit_log", "The log's entries are not those of its signed checkpoint.", _NEXT)
    shown = acting.client.audit(workspace)
    # An event that was written after the entries were fetched has none among them; the next check covers it.
    found = {_place(entries[event.index], record_of(workspace, event)) for event in shown if event.index in entries}
    missing = {place for place, entry in entries.items() if entry.kind == "event"} - found
    if missing:
        raise RefusedError("audit_missing", f"{len(missing)} events of the log are not shown.", _NEXT)
    return Audited(entries=signed.size, events=len(found), older=sum(event.index is None for event in shown))


def _place(entry: LogEntryWire, record: EventRecord) -> int:
    """Return the place of an event in the log.

    Raises:
        RefusedError: the entry is another event's, or the event said something else when it was written.
    """
    if (entry.hash, entry.leaf) != (record.hash, encoding.text(merkle.leaf_hash(record.to_bytes()))):
        raise RefusedError("audit_event", f"The event at place {entry.index} was changed afterwards.", _NEXT)
    return entry.index
