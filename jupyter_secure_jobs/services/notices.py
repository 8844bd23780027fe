"""Revocations, withdrawals and changes on their way to key services, and the signed word that they were heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.services import logbook
from jupyter_secure_jobs.store.tables import NoticeRow
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.wire.base import Nothing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.wire.mailbox import Acknowledged


def post(unit: Unit, workspace: str, statement: str, organisations: Iterable[str]) -> None:
    """Leave a statement for key services to hear."""
    for organisation in organisations:
        if unit.session.get(NoticeRow, (workspace, organisation, statement)) is None:
            unit.session.add(
                NoticeRow(workspace=workspace, organisation=organisation, statement=statement, acknowledgement=None)
            )


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
    row.acknowledgement = envelope.to_bytes()
    logbook.append(unit, workspace, "acknowledgement", envelope)
    unit.changes(workspace)
    return Nothing()
