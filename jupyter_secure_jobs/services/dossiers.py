"""Everything that the verification of one run needs, gathered from the log."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import NotFoundError, TooLargeError
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Decision, Revocation
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.log import LogProof
from jupyter_secure_jobs.protocol.order import RunOrder
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.services import logbook
from jupyter_secure_jobs.store import jobs, statements
from jupyter_secure_jobs.trust.dossier import Dossier
from jupyter_secure_jobs.wire import mailbox
from jupyter_secure_jobs.wire.log import LogProofWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RunRow, VersionRow

# What a statement says follows from its bytes, so that the same bytes need be read once. An entry has a few KiB.
_READ: Final = 1024
# With the enclave's request and evidence a dossier must fit into one answer (see `portion`).
MOST_BYTES: Final = 12 * 1024**2


@functools.lru_cache(maxsize=_READ)
def _checkpoint(kind: type[Decision | Revocation | RunOrder], envelope: bytes) -> str:
    return envelopes.read(kind, Envelope.from_bytes(envelope)).checkpoint


@functools.lru_cache(maxsize=_READ)
def _manifests(version: bytes) -> tuple[str, ...]:
    return tuple(read.manifest for read in envelopes.read(Version, Envelope.from_bytes(version)).datasets)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The statements about one order as they are stored; nothing here looks at a signature."""

    rosters: list[bytes]
    workers: list[bytes]
    manifests: list[bytes]
    version: bytes
    decisions: list[bytes]
    revocations: list[bytes]
    order: bytes
    log: LogProofWire

    @property
    def length(self) -> int:
        """How many bytes the statements have, to a few for each."""
        several = (*self.rosters, *self.workers, *self.manifests, *self.decisions, *self.revocations)
        return sum(len(each) for each in (*several, self.version, self.order))


def gather(unit: Unit, version: VersionRow, workspace: str, order: Envelope) -> Dossier:
    """Return the statements about one order, not yet in the log, of one submitted version.

    Raises:
        TooLargeError: they are over 12 MiB: no worker or key service could fetch them in one answer.
    """
    kept = _kept(unit, workspace, version, order=order.to_bytes(), seen=None)
    if kept.length > MOST_BYTES:
        raise TooLargeError(
            "dossier_too_large",
            f"The statements about this run are over {MOST_BYTES // 1024**2} MiB together.",
            "Read fewer datasets, or go on in a new workspace if its members and workers have changed very often.",
        )
    return _parsed(kept)


def of_run(unit: Unit, run: RunRow, *, seen: int | None = None) -> mailbox.Dossier:
    """Return the statements about a job run as they are sent, for who has `seen` that much of the log.

    Raises:
        NotFoundError: the run is no job run.
    """
    kept = _of_run(unit, run, seen=seen)
    return _wire(kept, kept.log)


def wire_of(made: Dossier) -> mailbox.Dossier:
    """Return a dossier as a wire shape."""
    return _wire(made, LogProofWire.model_validate(codec.to_json(made.log)))


def _wire(made: _Kept | Dossier, log: LogProofWire) -> mailbox.Dossier:
    return mailbox.Dossier(
        rosters=[logbook.wire_of(each) for each in made.rosters],
        workers=[logbook.wire_of(each) for each in made.workers],
        manifests=[logbook.wire_of(each) for each in made.manifests],
        version=logbook.wire_of(made.version),
        decisions=[logbook.wire_of(each) for each in made.decisions],
        revocations=[logbook.wire_of(each) for each in made.revocations],
        order=logbook.wire_of(made.order),
        log=log,
    )


def of(unit: Unit, run: RunRow, *, seen: int | None = None) -> Dossier:
    """Return the statements about a job run.

    Raises:
        NotFoundError: the run is no job run.
    """
    return _parsed(_of_run(unit, run, seen=seen))


def _parsed(kept: _Kept) -> Dossier:
    return Dossier(
        rosters=tuple(Envelope.from_bytes(each) for each in kept.rosters),
        workers=tuple(Envelope.from_bytes(each) for each in kept.workers),
        manifests=tuple(Envelope.from_bytes(each) for each in kept.manifests),
        version=Envelope.from_bytes(kept.version),
        decisions=tuple(Envelope.from_bytes(each) for each in kept.decisions),
        revocations=tuple(Envelope.from_bytes(each) for each in kept.revocations),
        order=Envelope.from_bytes(kept.order),
        log=codec.from_json(LogProof, kept.log.model_dump()),
    )


def _of_run(unit: Unit, run: RunRow, *, seen: int | None) -> _Kept:
    version = jobs.version(unit.session, run.job, run.version)
    if version is None or version.statement is None or run.statement is None:
        raise NotFoundError("no_run", "There is no such job run.", "Ask for another.")
    return _kept(unit, run.workspace, version, order=run.statement, seen=seen)


def _kept(unit: Unit, workspace: str, version: VersionRow, *, order: str | bytes, seen: int | None) -> _Kept:
    """Return what is stored about an order that is in the log under a hash, or is on its way into it."""
    digest = version.statement or ""
    votes = [vote.statement for vote in jobs.decisions_on(unit.session, digest).values()]
    stops = [stop.statement for stop in jobs.revocations_of(unit.session, digest)]
    logged = [] if isinstance(order, bytes) else [order]
    found = logbook.stored(unit, workspace, [digest, *logged, *votes, *stops])
    ordered = order if isinstance(order, bytes) else found.get(order)
    if digest not in found or ordered is None:
        raise NotFoundError("no_statement", "There is no such statement.", "Fetch the job again.")
    named = _manifests(found[digest])
    manifests = logbook.stored(unit, workspace, named)
    decisions = [found[each] for each in votes if each in found]
    revocations = [found[each] for each in stops if each in found]
    notes = [_checkpoint(Decision, each) for each in decisions]
    notes += [_checkpoint(Revocation, each) for each in revocations]
    notes.append(_checkpoint(RunOrder, ordered))
    chains = statements.of_kinds(unit.session, workspace, ("roster", "workers"))
    return _Kept(
        rosters=[row.envelope for row in chains if row.kind == "roster"],
        workers=[row.envelope for row in chains if row.kind == "workers"],
        manifests=[manifests[each] for each in named if each in manifests],
        version=found[digest],
        decisions=decisions,
        revocations=revocations,
        order=ordered,
        log=logbook.proof(unit, workspace, notes, seen=() if seen is None else (seen,)),
    )
