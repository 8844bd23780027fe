"""The audit log as tests read it, and as a hostile server changes it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.wire.audit import AuditFilter, AuditWire
from jupyter_secure_jobs.wire.job import GrantWire
from tests.support import tampering
from tests.support.parts import ANA, Draft, Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.domain.audit import Event


AIRLINE = "key service of Airline"
WORKER = "worker worker-1"
SERVER = "workspace server"
COMMENT = "Round it, Schmetterlingsquote."
PRINTING = Draft(language="python", code="print('seen')\nspark.table('flights').limit(inputs['low'])",
                 grant=GrantWire(reruns=True, most_runs=3), log_policy="full")  # fmt: skip


def events(parts: Parts, who: str = ANA, **wanted: Any) -> list[AuditWire]:
    """Return events as a member sees them, oldest first."""
    return list(reversed(parts.acting(who).client.audit(parts.workspace, AuditFilter(**wanted))))


def told(parts: Parts, job: str) -> list[tuple[Event, str]]:
    """Return what happened to a job and who did it, oldest first."""
    return [(event.event, event.actor) for event in events(parts, job=job)]


@contextmanager
def changed(parts: Parts, event: Event, **columns: object) -> Iterator[None]:
    """Change the newest event of a kind in the database, and put it back."""
    with tampering.database(parts) as session:
        row = session.scalars(
            select(HistoryRow)
            .where(HistoryRow.workspace == parts.workspace, HistoryRow.action == str(event))
            .order_by(HistoryRow.id.desc())
            .limit(1)
        ).one()
        key, before = row.id, {name: getattr(row, name) for name in columns}
        for name, value in columns.items():
            setattr(row, name, value)
    try:
        yield
    finally:
        with tampering.database(parts) as session:
            for name, value in before.items():
                setattr(session.get_one(HistoryRow, key), name, value)
