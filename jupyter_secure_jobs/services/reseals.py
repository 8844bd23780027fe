"""Outcome keys that a recipient sealed again, to a colleague who joined later or changed keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.order import Evidence, RunOrder
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.services import dossiers, logbook, workspaces
from jupyter_secure_jobs.services.runs import get, readable
from jupyter_secure_jobs.store.tables import ResealRow
from jupyter_secure_jobs.trust.dossier import as_of, verify_run
from jupyter_secure_jobs.trust.reseal import verify_reseal

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.wire.run import ResealNew, RunWire


def add(unit: Unit, workspace: str, run: str, body: ResealNew) -> RunWire:
    """Keep re-sealed keys for the colleague whom they name.

    Raises:
        NotAllowedError: the caller is not of the author's organisation.
        NotFoundError: the run has no receipt.
        RefusedError: they are of another run, by nobody to whom the result was sealed, or for somebody else.
    """
    row, _, _ = readable(unit, workspace, run)
    if row.receipt is None or row.evidence is None or row.statement is None:
        raise NotFoundError("no_outcome", "The run has no sealed outcome.", "Only job runs that have ended have one.")
    envelope = logbook.envelope_of(body.reseal)
    newest = workspaces.trusted(unit, workspace)
    full = dossiers.of(unit, row)
    version = envelopes.read(Version, full.version)
    then = as_of(
        replace(full, revocations=()),
        roster=version.roster,
        workers=envelopes.read(Evidence, Envelope.from_bytes(row.evidence)).workers,
    )
    ordered = envelopes.read(RunOrder, full.order).time
    authorised = verify_run(then, genesis=newest.genesis, now=ordered)
    receipt = Envelope.from_bytes(row.receipt).hash
    said = verify_reseal(envelope, authorised, receipt=receipt, newest=newest)
    logbook.append(unit, workspace, "reseal", envelope)
    unit.session.merge(ResealRow(run=run, statement=envelope.hash, workspace=workspace, recipient=said.recipient))
    unit.record(workspace=workspace, job=row.job, member=said.member, action=Event.RESEALED,
                detail=f"job run {row.number}, for {said.recipient}", version=row.version, run=run,
                statement=envelope.hash)  # fmt: skip
    unit.session.flush()
    return get(unit, workspace, run)
