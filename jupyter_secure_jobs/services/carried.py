"""Statements that reached a key service without this server: learned from it, verified here, recorded as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import OF_ACTION, Event
from jupyter_secure_jobs.domain.errors import NotFoundError, RefusedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest, Withdrawal
from jupyter_secure_jobs.protocol.decision import Revocation
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.services import logbook, reviews, workspaces
from jupyter_secure_jobs.services.datasets import record_withdrawal
from jupyter_secure_jobs.store import datasets, jobs
from jupyter_secure_jobs.store import workspaces as workspace_rows
from jupyter_secure_jobs.trust.approval import verify_revocation
from jupyter_secure_jobs.trust.manifest import verify_withdrawal
from jupyter_secure_jobs.trust.roster import verify_rosters

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.trust.roster import TrustedRosters


def learn(unit: Unit, workspace: str, statement: Envelope, *, heard_by: str) -> None:
    """Record a revocation or withdrawal that the key service of `heard_by` has heard elsewhere.

    Every other key service that must hear it is told. Whether a page would offer the action now is not asked: what a
    member has signed stands.

    Raises:
        RefusedError: it is neither, or it does not verify.
        NotFoundError: it is about nothing that this server knows.
    """
    row = workspace_rows.get(unit.session, workspace)
    if row is None:
        raise NotFoundError("no_workspace", "There is no such workspace.", "Check the address.")
    rosters = verify_rosters(workspaces.chain(unit, workspace), genesis=row.genesis)
    if statement.payloadType == envelopes.media_type(Revocation):
        _revocation(unit, rosters, statement, heard_by=heard_by)
    elif statement.payloadType == envelopes.media_type(Withdrawal):
        _withdrawal(unit, rosters, statement, heard_by=heard_by)
    else:
        raise RefusedError("notice_kind", "A key service hears revocations and withdrawals, nothing else.")
    unit.session.flush()
    unit.changes(workspace)


def _revocation(unit: Unit, rosters: TrustedRosters, statement: Envelope, *, heard_by: str) -> None:
    revocation = verify_revocation(statement, rosters, None)
    job = jobs.of_version(unit.session, rosters.workspace, revocation.version)
    if job is None:
        raise NotFoundError("no_version", "There is no such version.", "Keep the notice; nothing else is needed.")
    version = envelopes.read(Version, logbook.read(unit, rosters.workspace, revocation.version))
    reviews.record_revocation(unit, rosters, version, statement)
    unit.record(
        workspace=rosters.workspace,
        job=job.id,
        member=revocation.member,
        action=OF_ACTION[reviews.STOPPING[revocation.scope]],
        detail=f"heard by the key service of {heard_by} without the server",
        version=version.number,
        statement=statement.hash,
    )


def _withdrawal(unit: Unit, rosters: TrustedRosters, statement: Envelope, *, heard_by: str) -> None:
    row = datasets.get(unit.session, rosters.workspace, envelopes.read(Withdrawal, statement).dataset)
    if row is None:
        raise NotFoundError("no_dataset", "There is no such dataset.", "Keep the notice; nothing else is needed.")
    manifest = envelopes.read(Manifest, logbook.read(unit, rosters.workspace, row.manifest))
    withdrawal = verify_withdrawal(statement, rosters, manifest)
    record_withdrawal(unit, row, manifest.owner, statement)
    unit.record(
        workspace=rosters.workspace,
        member=withdrawal.member,
        action=Event.DATASET_WITHDRAWN,
        detail=f"{manifest.name}, heard by the key service of {heard_by} without the server",
        statement=statement.hash,
    )
