"""Revocations, withdrawals and changes on their way to key services, and the signed word that they were heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import Event, key_service
from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.lifecycle import LABELS, Action
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Withdrawal
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.protocol.roster import WorkerList
from jupyter_secure_jobs.services import logbook
from jupyter_secure_jobs.store import datasets, runs
from jupyter_secure_jobs.store.tables import NoticeRow
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.wire.base import Nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import RevocationRow
    from jupyter_secure_jobs.wire.mailbox import Acknowledged

_ACTIONS: Final = {Scope.RERUNS: Action.REVOKE, Scope.ALL: Action.WITHDRAW}


def post(unit: Unit, workspace: str, statement: str, organisations: Iterable[str]) -> None:
    """Leave a statement for key services to hear."""
    for organisation in organisations:
        if unit.session.get(NoticeRow, (workspace, organisation, statement)) is None:
            unit.session.add(
                NoticeRow(workspace=workspace, organisation=organisation, statement=statement, acknowledgement=None)
            )


def posted(unit: Unit, workspace: str, organisation: str, statement: str) -> bool:
    """Tell whether a statement was left for an organisation's key service."""
    return unit.session.get(NoticeRow, (workspace, organisation, statement)) is not None


def hearing(notices: Sequence[NoticeRow]) -> tuple[list[str], list[str]]:
    """Return which organisations' key services have acknowledged a statement, and which have not."""
    heard = [notice.organisation for notice in notices if notice.acknowledgement is not None]
    return heard, [notice.organisation for notice in notices if notice.acknowledgement is None]


def acknowledge(unit: Unit, workspace: str, organisation: str, body: Acknowledged) -> Nothing:
    """Keep a key service's signed acknowledgement.

    Raises:
        NotFoundError: nothing was left for it under that hash.
        RefusedError: it did not sign.
    """
    envelope = logbook.envelope_of(body.acknowledgement)
    said = envelopes.read(Acknowledgement, envelope)
    row = unit.session.get(NoticeRow, (workspace, organisation, said.revocation))
    if row is None or said.organisation != organisation:
        raise NotFoundError("no_notice", "There is no such notice.", "Fetch the open tasks again.")
    signatures.require(envelope, unit.caller(), who=f"the key service of {organisation}")
    if row.acknowledgement is None:
        _record(unit, workspace, organisation, said.revocation, envelope.hash)
    row.acknowledgement = envelope.to_bytes()
    logbook.append(unit, workspace, "acknowledgement", envelope)
    unit.changes(workspace)
    return Nothing()


def _record(unit: Unit, workspace: str, organisation: str, heard: str, acknowledgement: str) -> None:
    found = runs.revoked(unit.session, workspace, heard)
    version = found[1] if found is not None else None
    unit.record(
        workspace=workspace,
        member=key_service(organisation),
        organisation=organisation,
        action=Event.STOP_HEARD,
        job=version.job if version is not None else None,
        version=version.number if version is not None else None,
        detail=_what(unit, workspace, heard, found[0] if found is not None else None),
        statement=acknowledgement,
    )


def _what(unit: Unit, workspace: str, heard: str, revocation: RevocationRow | None) -> str:
    if revocation is not None:
        return f"{LABELS[_ACTIONS[Scope(revocation.scope)]]}, by {revocation.member}"
    envelope = logbook.read(unit, workspace, heard)
    if envelope.payloadType != envelopes.media_type(Withdrawal):
        return "a newer worker list" if envelope.payloadType == envelopes.media_type(WorkerList) else "a newer roster"
    dataset = datasets.get(unit.session, workspace, envelopes.read(Withdrawal, envelope).dataset)
    return f"withdrawal of dataset {dataset.name}" if dataset is not None else "withdrawal of a dataset"
