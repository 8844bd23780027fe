"""The log: every statement is appended once; checkpoints are signed; proofs are made from the leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import encoding, merkle
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.store import statements
from jupyter_secure_jobs.wire.base import EnvelopeWire, Page
from jupyter_secure_jobs.wire.log import CheckpointWire, LogEntryWire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_secure_jobs.services.unit import Unit

EVENT: Final = "event"


def envelope_of(wire: EnvelopeWire) -> Envelope:
    """Return the envelope that came over the wire.

    Raises:
        RefusedError: it has another shape.
    """
    return Envelope.from_json(wire.model_dump())


def wire_of(envelope: Envelope | bytes) -> EnvelopeWire:
    """Return an envelope as a wire shape."""
    parsed = Envelope.from_bytes(envelope) if isinstance(envelope, bytes) else envelope
    return EnvelopeWire.model_validate(parsed.to_json())


def origin(workspace: str) -> str:
    """Return the name of a workspace's log."""
    return f"jupyter-secure-jobs/{workspace}"


def append(unit: Unit, workspace: str, kind: str, envelope: Envelope) -> str:
    """Append a statement; return its hash. One that is there already stays as it is."""
    _append(unit, workspace, kind, payload=envelope.payload, kept=envelope.to_bytes())
    return envelope.hash


def append_event(unit: Unit, workspace: str, record: bytes) -> int:
    """Append the leaf of an event's record; return its place. The record itself is kept in the history alone."""
    return _append(unit, workspace, EVENT, payload=record, kept=b"")


def _append(unit: Unit, workspace: str, kind: str, *, payload: bytes, kept: bytes) -> int:
    row = statements.append(
        unit.session,
        workspace,
        canonical.digest(payload),
        kind=kind,
        leaf=merkle.leaf_hash(payload),
        envelope=kept,
        time=unit.now,
    )
    return row.place


def read(unit: Unit, workspace: str, digest: str) -> Envelope:
    """Return a statement.

    Raises:
        NotFoundError: the log has none of this hash.
    """
    row = statements.get(unit.session, workspace, digest)
    if row is None or row.kind == EVENT:
        raise NotFoundError("no_statement", "There is no such statement.", "Fetch the job again.")
    return Envelope.from_bytes(row.envelope)


def read_all(unit: Unit, workspace: str, hashes: Iterable[str]) -> list[Envelope]:
    """Return several statements, in the order asked; unknown ones are left out."""
    wanted = list(hashes)
    rows = statements.by_hashes(unit.session, workspace, wanted)
    found = {digest: row.envelope for digest, row in rows.items() if row.kind != EVENT}
    return [Envelope.from_bytes(found[digest]) for digest in wanted if digest in found]


def newest_checkpoint(unit: Unit, workspace: str) -> str | None:
    """Return the newest signed checkpoint, or None while the log is empty."""
    leaves = statements.leaves(unit.session, workspace)
    if not leaves:
        return None
    made = checkpoints.Checkpoint(origin=origin(workspace), size=len(leaves), root=merkle.root(leaves))
    return checkpoints.sign(made, unit.server.log_key)


def checkpoint(unit: Unit, workspace: str, *, from_size: int) -> CheckpointWire:
    """Return the newest checkpoint with the proof that the log of `from_size` entries is its start."""
    unit.member(workspace)
    leaves = statements.leaves(unit.session, workspace)
    if not 0 <= from_size <= len(leaves):
        raise InvalidError("log_size", "The log is shorter than that.", "If you saw a longer one, it was rolled back.")
    proof = merkle.consistency_proof(leaves, from_size)
    return CheckpointWire(
        checkpoint=newest_checkpoint(unit, workspace), consistency=[encoding.text(part) for part in proof]
    )


def entries(unit: Unit, workspace: str, *, after: str | None, limit: int) -> Page[LogEntryWire]:
    """Return a page of the log, newest first."""
    unit.member(workspace)
    rows, cursor = statements.entries(unit.session, workspace, after=after, limit=limit)
    items = [
        LogEntryWire(index=row.place, hash=row.hash, leaf=encoding.text(row.leaf), kind=row.kind, time=row.time)
        for row in rows
    ]
    return Page[LogEntryWire](items=items, next=cursor)
