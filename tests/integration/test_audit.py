"""The audit log over the main road: every kind of event, by whom, for whom to read; and what a server cannot change."""

from __future__ import annotations

import csv
import io
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from jupyter_secure_jobs.crypto import keyfile, merkle
from jupyter_secure_jobs.domain.audit import MEANINGS, Event, Purpose
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.member import auditing, changing, deciding, opening, publishing
from jupyter_secure_jobs.member.changing import Wish
from jupyter_secure_jobs.member.identity import CARD_FILE, Card, card_of
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.store.tables import (
    DecisionRow,
    HistoryRow,
    KeyMailRow,
    RunRow,
    StatementRow,
    WorkspaceRow,
)
from jupyter_secure_jobs.wire.audit import AuditFilter, AuditWire
from jupyter_secure_jobs.wire.job import DraftChange, GrantWire
from tests.support import process, tampering
from tests.support.parts import ANA, BEN, MIA, REVIEWERS, STRANGER, WEI, Draft, Parts, wait_until
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.wire.run import RunWire

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


@pytest.fixture(scope="module")
def road(running: Parts, tmp_path_factory: pytest.TempPathFactory) -> RunWire:
    """Give a job run at the end of the whole road."""
    running.start_all()
    parts, workspace, client = running, running.workspace, running.ana.client
    job = parts.draft(PRINTING, name="The audited job")
    for text in ("one", "two"):
        change = DraftChange(description=text)
        client.change_draft(workspace, job.id, change, revision=parts.job(job.id).revision)
    parts.ended(client.test(workspace, job.id, {"low": 2}))
    deciding.submit(parts.ana, workspace, job.id)
    parts.decide(WEI, job.id, Verdict.DECLINE, COMMENT)
    client.act(workspace, job.id, "cancel-review")
    deciding.submit(parts.ana, workspace, job.id)
    for who in REVIEWERS:
        parts.decide(who, job.id)
    run = parts.ended(parts.order(job.id, {"low": 3}))
    assert run.status == "Succeeded", run.error_text
    folder = tmp_path_factory.mktemp("exports")
    opening.preview(parts.ana, workspace, run.id)
    opening.log_text(parts.acting(BEN), workspace, run.id)
    opening.export(parts.acting(BEN), workspace, run.id, "csv", folder)
    opening.export(parts.ana, workspace, run.id, "parquet", folder, purpose=Purpose.OPEN)
    opening.export(parts.ana, workspace, run.id, "txt", folder)
    deciding.revoke(parts.acting(WEI), workspace, job.id, Scope.RERUNS)
    wait_until(lambda: (Event.STOP_HEARD, AIRLINE) in told(parts, job.id), "the acknowledgement")
    client.act(workspace, job.id, "new-draft")
    client.act(workspace, job.id, "discard-draft")
    client.act(workspace, job.id, "archive")
    client.act(workspace, job.id, "unarchive")
    return run


def test_every_step_of_the_road_appears_in_order_with_its_actor(parts: Parts, road: RunWire) -> None:
    assert told(parts, road.job) == [
        (Event.CREATED, ANA),
        (Event.EDITED, ANA),
        (Event.TESTED, ANA),
        (Event.TEST_ENDED, WORKER),
        (Event.SUBMITTED, ANA),
        (Event.DECLINED, WEI),
        (Event.REVIEW_CANCELLED, ANA),
        (Event.SUBMITTED, ANA),
        *((Event.ACCEPTED, who) for who in REVIEWERS),
        (Event.ORDERED, ANA),
        (Event.KEY_RELEASED, AIRLINE),
        (Event.RUN_ENDED, WORKER),
        (Event.RESULT_OPENED, ANA),
        (Event.LOG_OPENED, BEN),
        (Event.RESULT_EXPORTED, BEN),
        (Event.RESULT_OPENED, ANA),
        (Event.LOG_EXPORTED, ANA),
        (Event.RERUNS_REVOKED, WEI),
        (Event.STOP_HEARD, AIRLINE),
        (Event.DRAFT_OPENED, ANA),
        (Event.DRAFT_DISCARDED, ANA),
        (Event.ARCHIVED, ANA),
        (Event.UNARCHIVED, ANA),
    ]


def test_events_say_what_they_are_about(parts: Parts, road: RunWire) -> None:
    found = {event.event: event for event in events(parts, job=road.job)}
    assert {event.job_name for event in found.values()} == {"The audited job"}
    assert found[Event.ORDERED].detail == "job run 1: low=3"
    assert found[Event.RUN_ENDED].detail == "job run 1: Succeeded"
    assert found[Event.RESULT_EXPORTED].detail == "job run 1, as csv"
    assert found[Event.KEY_RELEASED].organisation == "Airline"
    assert found[Event.STOP_HEARD].detail == f"Revoke Repeatability, by {WEI}"
    assert {found[kind].run for kind in (Event.ORDERED, Event.KEY_RELEASED, Event.RUN_ENDED, Event.LOG_OPENED)} == {
        road.id
    }
    assert [found[kind].version for kind in (Event.CREATED, Event.ORDERED, Event.DRAFT_DISCARDED)] == [1, 1, 2]
    entries = {entry.hash: entry.kind for entry in parts.ana.client.log_entries(parts.workspace)}
    signed = {event: entries[seen.statement] for event, seen in found.items() if seen.statement is not None}
    assert signed == {
        Event.TEST_ENDED: "test",
        Event.SUBMITTED: "version",
        Event.DECLINED: "decision",
        Event.ACCEPTED: "decision",
        Event.ORDERED: "order",
        Event.KEY_RELEASED: "grant",
        Event.RUN_ENDED: "receipt",
        Event.RERUNS_REVOKED: "revocation",
        Event.STOP_HEARD: "acknowledgement",
    }
    assert all(MEANINGS[event].signed for event in signed)


def test_comment_stands_with_its_decision_and_not_in_the_audit_log(parts: Parts, road: RunWire) -> None:
    assert COMMENT not in str(events(parts, job=road.job))
    with parts.http(MIA) as http:
        assert COMMENT not in http.get(f"workspaces/{parts.workspace}/audit.csv").text
    assert COMMENT in {entry.detail for entry in parts.job(road.job).history}, "the job's own history still shows it"


def test_rows_never_reach_the_audit_log(parts: Parts, road: RunWire) -> None:
    with tampering.database(parts) as session:
        kept = str([(row.detail, row.job_name) for row in session.scalars(select(HistoryRow))])
    assert "captain" not in kept
    assert road.rows == 3


def test_workspace_datasets_and_workers_have_their_events(parts: Parts) -> None:
    made = events(parts)
    assert [(event.event, event.actor) for event in made[:4]] == [
        (Event.FOUNDED, ANA),
        *((Event.JOINED, who) for who in REVIEWERS),
    ]
    published = {event.detail: event.actor for event in made if event.event is Event.DATASET_PUBLISHED}
    assert published["flights, version 1"] == ANA
    assert published["weather, version 1"] == WEI


@pytest.fixture(scope="module")
def withdrawn(running: Parts) -> str:
    """Withdraw a dataset; return its name."""
    running.publish(MIA, "shortlived", "month,colour\n1,red\n2,blue\n")
    publishing.withdraw(running.acting(MIA), running.workspace, "shortlived")
    del running.datasets["shortlived"]
    heard = "the acknowledgement"
    wait_until(lambda: any("shortlived" in event.detail for event in events(running, kinds=["stop_heard"])), heard)
    return "shortlived"


def test_withdrawn_dataset(parts: Parts, withdrawn: str) -> None:
    last = {event.event: event for event in events(parts, organisation="Aircraft Registry")}
    assert last[Event.DATASET_WITHDRAWN].actor == MIA
    assert last[Event.STOP_HEARD].detail == f"withdrawal of dataset {withdrawn}"
    assert last[Event.STOP_HEARD].actor == "key service of Aircraft Registry"


@pytest.fixture(scope="module")
def enrolled(running: Parts) -> list[AuditWire]:
    """Enrol a second worker and drop it; return the events."""
    card = Card.read(running.worker_folder / CARD_FILE)
    ring = keyfile.new_ring({"kind": "worker", "name": "worker-2", "organisation": ""})
    second = card_of(ring, measurement=card.measurement)
    for wish in (Wish(workers=(second,)), Wish(drop_workers=("worker-2",))):
        assert changing.propose(running.ana, running.workspace, wish) is not None
        for who in REVIEWERS:
            acting = running.acting(who)
            shown = changing.look_at_change(acting, running.workspace).hash
            changing.accept_change(acting, running.workspace, shown=shown)
    return events(running, kinds=["workers_changed"])


def test_worker_list_in_force_is_an_event(enrolled: list[AuditWire]) -> None:
    assert [(event.actor, event.detail) for event in enrolled[-2:]] == [(ANA, "worker-1, worker-2"), (ANA, "worker-1")]


@pytest.fixture(scope="module")
def deleted(running: Parts) -> tuple[str, list[AuditWire]]:
    """Delete a draft with a cancelled test; return its name and its events before."""
    workspace, client = running.workspace, running.ana.client
    running.parts["worker"].stop()
    job = running.draft(name="Soon deleted")
    client.cancel_run(workspace, client.test(workspace, job.id, {}).id)
    before = events(running, job=job.id)
    client.delete_job(workspace, job.id)
    running.start("worker")
    with pytest.raises(NotFoundError):
        client.job(workspace, job.id)
    return job.name, before


def test_deleting_a_draft_takes_nothing_out(parts: Parts, deleted: tuple[str, list[AuditWire]]) -> None:
    name, before = deleted
    assert [(event.event, event.actor) for event in before] == [
        (Event.CREATED, ANA),
        (Event.TESTED, ANA),
        (Event.CANCELLED, ANA),
        (Event.TEST_ENDED, SERVER),
    ]
    after = events(parts, job=name)
    assert after[:-1] == before
    assert (after[-1].event, after[-1].detail) == (Event.DELETED, "versions: 1, test runs: 1")
    assert {event.job_name for event in after} == {name}


@pytest.fixture(scope="module")
def withheld(running: Parts) -> RunWire:
    """Give a run whose key was refused twice: its acceptance was withdrawn, and the server hid that."""
    job = running.accepted(Draft())
    deciding.revoke(running.acting(WEI), running.workspace, job.id, Scope.ALL)
    wait_until(lambda: (Event.STOP_HEARD, AIRLINE) in told(running, job.id), "the acknowledgement")
    tampering.hide_revocations(running, job.version.hash or "")
    run = running.ended(running.order(job.id))
    assert run.status == "Failed"
    # The run comes back to the key service, as after a worker that went silent.
    running.parts["worker"].stop()
    with tampering.database(running) as session:
        row = session.get_one(RunRow, run.id)
        row.status, row.phase, row.finished, row.error_text = "Queued", "queued", None, None
        mail = session.get_one(KeyMailRow, (run.id, "Airline"))
        mail.nonce = mail.grant = mail.refusal = None
    running.start("worker")
    wait_until(lambda: running.run(run.id).status in ENDED, "the second refusal")
    return running.run(run.id)


def test_refused_key_is_one_event_however_often_it_is_refused(parts: Parts, withheld: RunWire) -> None:
    assert "withdrawn" in (withheld.error_text or "")
    happened = told(parts, withheld.job)
    assert happened[5:8] == [
        (Event.ACCEPTANCE_WITHDRAWN, WEI),
        (Event.STOP_HEARD, AIRLINE),
        (Event.ORDERED, ANA),
    ]
    assert happened[8:] == [(Event.KEY_REFUSED, AIRLINE), (Event.RUN_ENDED, WORKER), (Event.RUN_ENDED, WORKER)]
    refusal = events(parts, job=withheld.job, kinds=["key_refused"])[0]
    assert refusal.run == withheld.id
    assert refusal.detail.startswith("job run 1: withdrawn")


@pytest.fixture(scope="module")
def activated(running: Parts) -> list[AuditWire]:
    """Make an earlier version live again; return the job's events."""
    workspace, client = running.workspace, running.ana.client
    job = running.accepted()
    client.act(workspace, job.id, "new-draft")
    deciding.submit(running.ana, workspace, job.id)
    for who in REVIEWERS:
        running.decide(who, job.id)
    running.ended(running.order(job.id))
    client.activate(workspace, job.id, 1)
    return events(running, job=job.id)


def test_activated_version(activated: list[AuditWire]) -> None:
    last = activated[-1]
    assert (last.event, last.version, last.detail) == (Event.VERSION_ACTIVATED, 1, "version 1")


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


# -- what a server cannot change afterwards ---------------------------------------------------------------------------


@contextmanager
def changed(parts: Parts, event: Event, **columns: object) -> Iterator[None]:
    """Change the newest event of a kind in the database, and put it back."""
    with tampering.database(parts) as session:
        row = session.scalars(
            select(HistoryRow).where(HistoryRow.action == str(event)).order_by(HistoryRow.id.desc()).limit(1)
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


# -- the command ------------------------------------------------------------------------------------------------------


def _wire(row: HistoryRow) -> AuditWire:
    """Return an event as the server would show it, computed here."""
    return AuditWire(time=row.time, actor=row.member, organisation=row.organisation, event=Event(row.action), label="",
                     job=row.job, job_name=row.job_name, version=row.version, run=row.run, detail=row.detail,
                     statement=row.statement, index=row.place, salt=row.salt)  # fmt: skip


def command(parts: Parts, *words: object) -> subprocess.CompletedProcess[str]:
    """Run `jupyter secure-jobs audit` as Wei."""
    given = ("audit", *words, "--key-store", parts.folder / "members" / WEI, "--workspace-url", parts.url,
             "--passphrase-file", parts.passphrase_file)  # fmt: skip
    made = process.command(*(str(word) for word in given))
    return subprocess.run(made, capture_output=True, text=True, check=False)


def test_command_lists_exports_and_checks(parts: Parts, road: RunWire, tmp_path: Path) -> None:
    lines = command(parts, "--job", "The audited job", "--kind", "declined", "--kind", "ordered").stdout.splitlines()
    assert len(lines) == 2
    assert f'{WEI} (Weather Service)  Declined  "The audited job"  v1' in lines[0]
    assert f'{ANA} (Airline)  Job run ordered  "The audited job"  v1  job run 1: low=3' in lines[1]
    target = tmp_path / "audit.csv"
    assert command(parts, "--job", road.job, "--export", target).returncode == 0
    assert target.stat().st_mode & 0o077 == 0
    written = target.read_text()
    assert len(list(csv.DictReader(io.StringIO(written, newline="")))) == len(events(parts, job=road.job))
    again = command(parts, "--export", target)
    assert (again.returncode, target.read_text()) == (1, written)
    assert "There is a file of that name." in again.stderr
    assert "events are as they were written" in command(parts, "--check").stdout
    with changed(parts, Event.DECLINED, action="accepted"):
        noticed = command(parts, "--check")
    assert noticed.returncode == 1
    assert "was changed afterwards" in noticed.stderr


def test_every_kind_of_event_happens(
    parts: Parts,
    road: RunWire,
    withdrawn: str,
    enrolled: list[AuditWire],
    deleted: tuple[str, list[AuditWire]],
    withheld: RunWire,
    activated: list[AuditWire],
) -> None:
    assert all((road, withdrawn, enrolled, deleted, withheld, activated))
    parts.ana.client.export_audit(parts.workspace, io.BytesIO())
    seen = {event.event for event in events(parts)}
    # Changes of the members have their own tests; they need a roster that every member signs.
    assert set(Event) - seen <= {
        Event.CHANGE_PROPOSED,
        Event.CHANGE_REFUSED,
        Event.MEMBERS_CHANGED,
        Event.RESEALED,
    }  # these happen in test_members_change.py and test_hostile_changes.py
