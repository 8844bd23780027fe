"""The log: every statement is appended once; checkpoints are signed; proofs are made from the leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from pydantic import ValidationError

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import encoding, merkle
from jupyter_secure_jobs.domain.errors import NotFoundError, RefusedError
from jupyter_secure_jobs.protocol import canonical, places
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.log import Inclusion
from jupyter_secure_jobs.store import statements
from jupyter_secure_jobs.wire.base import EnvelopeWire, Page
from jupyter_secure_jobs.wire.log import ConsistencyWire, LogEntryWire, LogProofWire

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from jupyter_secure_jobs.services.unit import Unit

EVENT: Final = "event"


def envelope_of(wire: EnvelopeWire) -> Envelope:
    """Return the envelope that came over the wire.

    Raises:
        RefusedError: it has another shape.
    """
    return Envelope.from_json(wire.model_dump())


def wire_of(envelope: Envelope | bytes) -> EnvelopeWire:
    """Return an envelope as a wire shape. Stored bytes are only carried: who gets them reads and verifies them.

    Raises:
        RefusedError: the stored bytes are no envelope.
    """
    if isinstance(envelope, Envelope):
        return EnvelopeWire.model_validate(envelope.to_json())
    try:
        return EnvelopeWire.model_validate_json(envelope)
    except ValidationError as error:
        raise RefusedError(
            "not_json", "A stored statement is no envelope.", "Restore the server's database."
        ) from error


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
        # Each event's record has a salt of its own.
        new=kind == EVENT,
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


def stored(unit: Unit, workspace: str, hashes: Collection[str]) -> dict[str, bytes]:
    """Return the stored envelopes of several statements by hash; unknown ones are left out."""
    rows = statements.by_hashes(unit.session, workspace, hashes)
    return {digest: row.envelope for digest, row in rows.items() if row.kind != EVENT}


def read_all(unit: Unit, workspace: str, hashes: Iterable[str]) -> list[Envelope]:
    """Return several statements, in the order asked; unknown ones are left out."""
    wanted = list(hashes)
    found = stored(unit, workspace, wanted)
    return [Envelope.from_bytes(found[digest]) for digest in wanted if digest in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A log of so many entries, the root over them, and the proofs that it continues those of other sizes."""

    size: int
    root: bytes
    consistency: dict[int, list[bytes]]

    @classmethod
    def of(cls, tree: merkle.Tree, sizes: Iterable[int]) -> Self:
        proofs = {size: tree.consistency(size) for size in sorted(sizes) if 0 < size < tree.size}
        return cls(size=tree.size, root=tree.root(), consistency=proofs)


def checkpoint(unit: Unit, workspace: str, *, from_sizes: Iterable[int]) -> LogProofWire:
    """Return the newest checkpoint with proofs that the logs of these sizes are its start."""
    unit.member(workspace)
    return proof(unit, workspace, (), seen=from_sizes)


def proof(unit: Unit, workspace: str, carried: Iterable[str], *, seen: Iterable[int] = ()) -> LogProofWire:
    """Return how the log stands, with proofs from the checkpoints that statements carry and from sizes `seen`.

    What cannot be proven is left out: whoever verifies will say so.
    """
    sizes = {size for note in carried if (size := _size(workspace, note)) is not None} | set(seen)
    shown = statements.answer(unit.session, workspace, lambda tree: _Shown.of(tree, sizes))
    made = checkpoints.Checkpoint(origin=places.log_origin(workspace), size=shown.size, root=shown.root)
    return LogProofWire(
        checkpoint=checkpoints.sign(made, unit.server.log_key),
        consistency=[
            ConsistencyWire(size=size, proof=[encoding.text(part) for part in parts])
            for size, parts in shown.consistency.items()
        ],
    )


def inclusions(unit: Unit, workspace: str, note: str, hashes: Iterable[str]) -> list[Inclusion]:
    """Return the proofs that these statements are in the log of the checkpoint `note`; unknown ones are left out."""
    size = checkpoints.parse(note, origin=places.log_origin(workspace)).size
    wanted = list(dict.fromkeys(hashes))
    found = statements.by_hashes(unit.session, workspace, wanted)
    at = {digest: found[digest].place for digest in wanted if digest in found and found[digest].place < size}

    def proofs(newest: merkle.Tree) -> dict[str, list[bytes]]:
        # Complete subtrees never change, so that the proofs are of that very log, whatever was appended meanwhile.
        tree = merkle.Tree(size, newest.node)
        return {digest: tree.inclusion(place) for digest, place in at.items()}

    proven = statements.answer(unit.session, workspace, proofs)
    return [Inclusion(statement=digest, index=at[digest], proof=tuple(proof)) for digest, proof in proven.items()]


def _size(workspace: str, note: str) -> int | None:
    try:
        return checkpoints.parse(note, origin=places.log_origin(workspace)).size
    except RefusedError:
        return None


def check_carried(unit: Unit, workspace: str, note: str) -> None:
    """Return if a checkpoint that a member's statement carries is of this log.

    Raises:
        RefusedError: the member's side saw another log than this server's.
    """
    origin = places.log_origin(workspace)
    said = checkpoints.verify(note, origin=origin, public=unit.server.log_key.public)

    def root(tree: merkle.Tree) -> bytes | None:
        return tree.root(said.size) if said.size <= tree.size else None

    if statements.answer(unit.session, workspace, root) != said.root:
        raise RefusedError(
            "log_fork",
            "The statement carries a checkpoint of another log than this server's.",
            "Tell the server's administrator: its log was changed, or somebody shows you another server.",
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
