"""The statements of a job run that has ended, with their places in the log: what a receipt's bundle is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Revocation
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.order import Receipt
from jupyter_secure_jobs.protocol.roster import Roster, WorkerList
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.services import dossiers, logbook
from jupyter_secure_jobs.store import runs
from jupyter_secure_jobs.wire.receipt import InclusionWire, RunStatementsWire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.trust.dossier import Dossier


def statements(unit: Unit, workspace: str, run: str, *, seen: int | None = None) -> RunStatementsWire:
    """Return every statement about a job run, for who has `seen` that much of the log. Any member may ask.

    Raises:
        NotFoundError: there is no such job run, or it has no receipt.
    """
    unit.member(workspace)
    row = runs.get(unit.session, workspace, run)
    if row is None:
        raise NotFoundError("no_run", "There is no such run.", "See the run history.")
    if row.receipt is None or row.evidence is None:
        raise NotFoundError(
            "no_receipt",
            f"The run has no receipt: it is {row.kind} run {row.number}, {row.status}.",
            "Only job runs whose code ran have one.",
        )
    receipt, evidence = Envelope.from_bytes(row.receipt), Envelope.from_bytes(row.evidence)
    dossier = as_of_run(dossiers.statements(unit, row, seen=seen), evidence)
    grants = logbook.read_all(unit, workspace, envelopes.read(Receipt, receipt).grants)
    heard = [
        Envelope.from_bytes(notice.acknowledgement)
        for stop in dossier.revocations
        for notice in runs.notices_of(unit.session, workspace, stop.hash)
        if notice.acknowledgement is not None
    ]
    parts = (*dossier.rosters, *dossier.workers, *dossier.manifests, dossier.version, *dossier.decisions)
    logged = (*parts, *dossier.revocations, dossier.order, *grants, receipt, *heard)
    proofs = logbook.inclusions(unit, workspace, dossier.log.checkpoint, [each.hash for each in logged])
    return RunStatementsWire(
        dossier=dossiers.wire_of(dossier),
        evidence=logbook.wire_of(evidence),
        grants=[logbook.wire_of(each) for each in grants],
        receipt=logbook.wire_of(receipt),
        acknowledgements=[logbook.wire_of(each) for each in heard],
        inclusions=[InclusionWire.model_validate(codec.to_json(each)) for each in proofs],
    )


def as_of_run(dossier: Dossier, evidence: Envelope) -> Dossier:
    """Return the dossier as it was when the run was made: what came later would not verify it, or say nothing of it.

    The rosters end with the version's; the worker lists with the newest that all its members signed and that has the
    worker which gave the evidence; revocations are those of the version's epoch; each manifest stands there once.
    """
    version = envelopes.read(Version, dossier.version)
    rosters = _until(dossier.rosters, version.roster)
    members = {member.keys.signing for member in envelopes.read(Roster, rosters[-1]).members}
    platforms = {signature.keyid for signature in evidence.signatures}
    fitting = [each for each in dossier.workers if _enrols(each, members, platforms)]
    stops = [each for each in dossier.revocations if envelopes.read(Revocation, each).epoch == version.epoch]
    return replace(
        dossier,
        rosters=rosters,
        workers=_until(dossier.workers, fitting[-1].hash) if fitting else dossier.workers,
        manifests=tuple({each.hash: each for each in dossier.manifests}.values()),
        revocations=tuple(stops),
    )


def _until(chain: Sequence[Envelope], digest: str) -> tuple[Envelope, ...]:
    hashes = [each.hash for each in chain]
    return tuple(chain[: hashes.index(digest) + 1]) if digest in hashes else tuple(chain)


def _enrols(listed: Envelope, members: set[str], platforms: set[str]) -> bool:
    keys = {worker.platform_key for worker in envelopes.read(WorkerList, listed).workers}
    return bool(keys & platforms) and members <= {signature.keyid for signature in listed.signatures}
