"""The statements of a job run that has ended, with their places in the log: what a receipt's bundle is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import Event, Purpose, purpose_of
from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Revocation
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.order import Evidence, Receipt
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.services import dossiers, logbook
from jupyter_secure_jobs.services.run_state import words
from jupyter_secure_jobs.store import runs
from jupyter_secure_jobs.trust.dossier import as_of
from jupyter_secure_jobs.wire.receipt import InclusionWire, RunStatementsWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.trust.dossier import Dossier


def statements(
    unit: Unit, workspace: str, run: str, *, seen: int | None = None, purpose: str, opened: bool
) -> RunStatementsWire:
    """Return every statement about a job run, for who has `seen` that much of the log. Any member may ask.

    What they are fetched for is the member side's own word: to be looked at, or to be exported as a bundle, with
    `opened` one that also proves the rows.

    Raises:
        NotFoundError: there is no such job run, or it has no receipt.
        InvalidError: the purpose is unknown.
    """
    why, member = purpose_of(purpose), unit.member(workspace)
    row = runs.get(unit.session, workspace, run)
    if row is None:
        raise NotFoundError("no_run", "There is no such run.", "See the run history.")
    if row.receipt is None or row.evidence is None:
        raise NotFoundError(
            "no_receipt",
            f"The run has no receipt: it is {row.kind} run {row.number}, {row.status}.",
            "Only job runs whose code ran have one.",
        )
    if why is Purpose.EXPORT:
        detail = words(row) + (", with the digest of its rows" if opened else "")
        unit.record(workspace=workspace, member=member.email, action=Event.RECEIPT_EXPORTED, job=row.job,
                    version=row.version, run=row.id, detail=detail)  # fmt: skip
        unit.session.flush()
    receipt, evidence = Envelope.from_bytes(row.receipt), Envelope.from_bytes(row.evidence)
    dossier = as_of_run(dossiers.of(unit, row, seen=seen), evidence)
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

    The chains end with the roster that the version names and the worker list that the evidence names; revocations are
    those of the version's epoch; each manifest stands there once.

    Raises:
        RefusedError: the chains do not hold these statements.
    """
    version = envelopes.read(Version, dossier.version)
    then = as_of(dossier, roster=version.roster, workers=envelopes.read(Evidence, evidence).workers)
    stops = [each for each in dossier.revocations if envelopes.read(Revocation, each).epoch == version.epoch]
    manifests = {each.hash: each for each in dossier.manifests}
    return replace(then, manifests=tuple(manifests.values()), revocations=tuple(stops))
