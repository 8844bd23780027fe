"""What a server cannot change in the audit log afterwards."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.member import auditing
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import DecisionRow, StatementRow, WorkspaceRow
from jupyter_secure_jobs.wire.audit import AuditWire
from tests.support import tampering
from tests.support.audited import changed, events
from tests.support.parts import MIA, WEI, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.wire.run import RunWire


def test_honest_audit_log_fits_the_log(parts: Parts, road: RunWire) -> None:
    found = auditing.check(parts.acting(MIA), parts.workspace)
    assert found.events > 20
    assert found.older == 0
    assert found.entries > found.events
    assert road.id


@pytest.mark.parametrize(
    ("event", "columns"),
    [
        (Event.DECLINED, {"action": "accepted"}),
        (Event.DECLINED, {"member": MIA}),
        (Event.RESULT_EXPORTED, {"action": "result_opened"}),
        (Event.RESULT_EXPORTED, {"organisation": "Weather Service"}),
        (Event.KEY_RELEASED, {"run": "019a0000-0000-7000-8000-000000000000"}),
        (Event.ORDERED, {"detail": "job run 1: low=12"}),
        (Event.ORDERED, {"version": 7}),
        (Event.ORDERED, {"statement": None}),
        (Event.ORDERED, {"salt": "another"}),
        (Event.SUBMITTED, {"job_name": "Another job"}),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else str(each),
)
def test_changed_event_is_noticed(parts: Parts, road: RunWire, event: Event, columns: dict[str, object]) -> None:
    assert road.id
    with changed(parts, event, **columns), refused("audit_event"):
        auditing.check(parts.acting(WEI), parts.workspace)


def test_dropped_event_is_noticed(parts: Parts, road: RunWire) -> None:
    assert road.id
    with changed(parts, Event.RESULT_EXPORTED, workspace=_elsewhere(parts)), refused("audit_missing"):
        auditing.check(parts.acting(WEI), parts.workspace)
    with changed(parts, Event.RESULT_EXPORTED, place=None), refused("audit_missing"):
        auditing.check(parts.acting(WEI), parts.workspace)


def _elsewhere(parts: Parts) -> str:
    with tampering.database(parts) as session:
        other = WorkspaceRow(
            id="019a0000-0000-7000-8000-00000000000e", name="Elsewhere", genesis="sha256:0", created=utc_now()
        )
        session.merge(other)
        return other.id


@pytest.fixture
def forgetful(parts: Parts) -> Iterator[None]:
    """Give a test that makes Mia's side remember a warning, and clean up behind it."""
    pins = parts.folder / "members" / MIA / "pins.json"
    before = pins.read_bytes()
    yield
    pins.write_bytes(before)


@contextmanager
def changed_with_its_entry(parts: Parts) -> Iterator[None]:
    """Change an event and its leaf together, so that they fit each other, and put both back."""
    with tampering.database(parts) as session:
        row = session.scalars(select(HistoryRow).where(HistoryRow.action == "joined").limit(1)).one()
        entry = session.scalars(
            select(StatementRow).where(StatementRow.workspace == parts.workspace, StatementRow.place == row.place)
        ).one()
        assert entry.envelope == b"", "the content stands in the history alone, so that it can be erased"
        key, leaf, digest = row.id, entry.leaf, entry.hash
        row.detail = "against her will"
        session.flush()
        record = auditing.record_of(parts.workspace, _wire(row))
        entry.leaf, entry.hash = merkle.leaf_hash(record.to_bytes()), record.hash
    try:
        yield
    finally:
        with tampering.database(parts) as session:
            session.get_one(HistoryRow, key).detail = ""
            entry = session.get_one(StatementRow, (parts.workspace, record.hash))
            entry.leaf, entry.hash = leaf, digest


def test_event_changed_together_with_its_entry_is_noticed(parts: Parts, road: RunWire) -> None:
    assert road.id
    with changed_with_its_entry(parts), refused("audit_log"):
        auditing.check(parts.acting(WEI), parts.workspace)
    assert auditing.check(parts.acting(WEI), parts.workspace).events


@pytest.mark.usefixtures("forgetful")
def test_log_built_anew_over_a_changed_event_is_another_log(parts: Parts, road: RunWire) -> None:
    mia = parts.acting(MIA)
    mia.checkpoint(parts.workspace, mia.rosters(parts.workspace))
    place = events(parts, job=road.job, kinds=["ordered"])[0].index
    with tampering.other_log(parts, change=place), refused("log_fork"):
        auditing.check(mia, parts.workspace)


def test_event_entries_are_never_read_as_statements(parts: Parts, road: RunWire) -> None:
    entries = parts.ana.client.log_entries(parts.workspace)
    event = next(entry for entry in entries if entry.kind == "event")
    job = parts.submitted()
    with tampering.database(parts) as session:
        # A server whose tables point at an event in place of a decision.
        session.add(
            DecisionRow(version=job.version.hash, member=WEI, workspace=parts.workspace, statement=event.hash,
                                  verdict="accept", comment="", salt="", time=utc_now(),
                                  expires=utc_now())
        )  # fmt: skip
    assert parts.ana.client.review_statements(parts.workspace, job.id, 1).decisions == []
    assert road.id


def _wire(row: HistoryRow) -> AuditWire:
    """Return an event as the server would show it, computed here."""
    return AuditWire(time=row.time, actor=row.member, organisation=row.organisation, event=Event(row.action), label="",
                     job=row.job, job_name=row.job_name, version=row.version, run=row.run, detail=row.detail,
                     statement=row.statement, index=row.place, salt=row.salt)  # fmt: skip
