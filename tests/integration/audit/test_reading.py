"""Reading the audit log: filters, pages, the export, and who may read and who makes events."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.wire.audit import AuditFilter, AuditWire
from tests.support import tampering
from tests.support.audited import AIRLINE, WORKER, events, told
from tests.support.parts import ANA, BEN, MIA, STRANGER, WEI, Parts
from tests.support.refusal import refused

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.run import RunWire


def test_reading_is_one_event_for_a_while_and_exporting_always_one(parts: Parts) -> None:
    for _ in range(3):
        assert events(parts, BEN)
    assert len(events(parts, BEN, member=BEN, kinds=["audit_read"])) == 1
    for _ in range(2):
        parts.acting(BEN).client.export_audit(parts.workspace, io.BytesIO(), AuditFilter(member=BEN))
    exported = events(parts, member=BEN, kinds=["audit_exported"])
    assert len(exported) == 2
    assert exported[0].detail.endswith(" events")
    # When the time is over, the next reading is a new event.
    with tampering.database(parts) as session:
        session.execute(
            update(HistoryRow)
            .where(HistoryRow.action == "audit_read", HistoryRow.member == BEN)
            .values(member="earlier@reader.example")
        )
    assert [event.actor for event in events(parts, BEN, kinds=["audit_read"]) if event.actor == BEN] == [BEN]
    with tampering.database(parts) as session:
        session.execute(update(HistoryRow).where(HistoryRow.member == "earlier@reader.example").values(member=BEN))


def test_filters_narrow_and_combine(parts: Parts, road: RunWire) -> None:
    everything = events(parts)
    for name, value in (("member", WEI), ("member", WORKER), ("member", AIRLINE)):
        assert events(parts, **{name: value}) == [event for event in everything if event.actor == value]
    by_airline = [event for event in everything if event.organisation == "Airline"]
    assert [event for event in events(parts, organisation="Airline") if event in everything] == by_airline
    decided = events(parts, kinds=["accepted", "declined"], job="The audited job", member=WEI)
    assert [event.event for event in decided] == [Event.DECLINED, Event.ACCEPTED]
    ordered = next(event for event in everything if event.run == road.id and event.event is Event.ORDERED)
    at = ordered.time.isoformat()
    assert events(parts, since=at, until=at, job=road.job) == [e for e in everything if e.time == ordered.time]
    day = f"{ordered.time:%Y-%m-%d}"
    assert ordered in events(parts, since=day, until=day)
    assert events(parts, since="2020-01-01", until="2020-01-02") == []


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"kinds": ["opened"]}, "audit_kind"),
        ({"member": "nobody@nowhere.example"}, "audit_member"),
        ({"organisation": "Nowhere"}, "audit_organisation"),
        ({"job": "No such job"}, "audit_job"),
        ({"job": "019a0000-0000-7000-8000-000000000000"}, "audit_job"),
        ({"since": "yesterday"}, "audit_time"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "audit_time"),
    ],
)
def test_unknown_value_of_a_filter_is_refused(parts: Parts, wanted: dict[str, Any], code: str) -> None:
    with refused(code, kind=InvalidError):
        events(parts, **wanted)
    with refused(code, kind=InvalidError):
        parts.ana.client.export_audit(parts.workspace, io.BytesIO(), AuditFilter(**wanted))


def test_pages_hold_every_event_once(parts: Parts) -> None:
    everything = events(parts)
    found: list[dict[str, Any]] = []
    with parts.http(ANA) as http:
        query: dict[str, str] = {"limit": "7"}
        while True:
            page = http.get(f"workspaces/{parts.workspace}/audit", params=query).json()
            found += page["items"]
            if page["next"] is None:
                break
            assert len(page["items"]) == 7
            query["after"] = page["next"]
    assert [AuditWire.model_validate(item) for item in reversed(found)] == everything
    assert len(parts.ana.client.audit(parts.workspace, most=12)) == 12


def test_export_reads_back_and_holds_no_formula(parts: Parts) -> None:
    job = parts.draft(name="=1+cmd|' /C calc'!A0")
    sink = io.BytesIO()
    parts.ana.client.export_audit(parts.workspace, sink)
    text = sink.getvalue().decode()
    assert text.count("\r\n") == text.count("\n"), "RFC 4180 ends lines with CR LF"
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    seen = events(parts)
    assert [row["event"] for row in reversed(rows)] == [str(event.event) for event in seen[: len(rows)]]
    formulas = [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@\t\r"]
    assert formulas == []
    assert {row["job_name"] for row in rows if row["job"] == job.id} == {"'=1+cmd|' /C calc'!A0"}
    assert not list((parts.folder / "server" / "uploads").glob("scratch-*")), "nothing of it stays on the server's disk"


def test_another_workspaces_member_finds_no_audit_log(parts: Parts) -> None:
    for path in ("audit", "audit.csv"):
        with parts.http(STRANGER) as http:
            assert http.get(f"workspaces/{parts.workspace}/{path}").status_code == 404
        with parts.http(None) as http:
            assert http.get(f"workspaces/{parts.workspace}/{path}").status_code == 401
    assert not [event for event in events(parts) if STRANGER in event.actor]


def test_member_makes_no_event_in_anothers_name(parts: Parts, road: RunWire) -> None:
    before = events(parts, job=road.job)
    with parts.http(WEI) as http:
        where = f"workspaces/{parts.workspace}/runs/{road.id}/result"
        # Neither does a parameter name somebody else, nor does what was refused become an event.
        assert http.get(where, params={"purpose": "export", "member": ANA}).status_code == 403
        made = http.post(f"workspaces/{parts.workspace}/audit", json={"actor": ANA, "event": "accepted"})
        assert made.status_code == 405
    theirs = tampering.decision(parts, parts.job(road.job).version.hash or "", MIA)
    with parts.http(WEI) as http:
        # Mia's own decision, handed in by somebody else, for another job.
        submitted = parts.submitted().id
        answer = http.post(
            f"workspaces/{parts.workspace}/jobs/{submitted}/decisions", json={"decision": theirs.to_json()}
        )
        assert not answer.is_success
        assert Event.ACCEPTED not in dict(told(parts, submitted))
    assert events(parts, job=road.job) == before
    with parts.http(BEN) as http:
        for query in ({"purpose": "steal"}, {"purpose": "export", "format": "exe"}):
            answer = http.get(f"workspaces/{parts.workspace}/runs/{road.id}/result", params=query)
            assert answer.status_code == 422
    assert events(parts, job=road.job) == before
