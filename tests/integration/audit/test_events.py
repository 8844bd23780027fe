"""Every kind of event over the main road: what happened, by whom, and what is never kept."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from jupyter_secure_jobs.domain.audit import MEANINGS, Event
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.wire.profile import ProfileChange, ProfileNew
from tests.support import tampering
from tests.support.audited import AIRLINE, COMMENT, SERVER, WORKER, events, told
from tests.support.parts import ANA, BEN, MIA, REVIEWERS, WEI, Parts, wait_until

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.audit import AuditWire
    from jupyter_secure_jobs.wire.run import RunWire


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
        (Event.RECEIPT_EXPORTED, WEI),
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


def test_withdrawn_dataset(parts: Parts, withdrawn: str) -> None:
    last = {event.event: event for event in events(parts, organisation="Aircraft Registry")}
    assert last[Event.DATASET_WITHDRAWN].actor == MIA
    assert last[Event.STOP_HEARD].detail == f"withdrawal of dataset {withdrawn}"
    assert last[Event.STOP_HEARD].actor == "key service of Aircraft Registry"


def test_worker_list_in_force_is_an_event(enrolled: list[AuditWire]) -> None:
    assert [(event.actor, event.detail) for event in enrolled[-2:]] == [(ANA, "worker-1, worker-2"), (ANA, "worker-1")]


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


def test_activated_version(activated: list[AuditWire]) -> None:
    last = activated[-1]
    assert (last.event, last.version, last.detail) == (Event.VERSION_ACTIVATED, 1, "version 1")


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
    client = parts.ana.client
    client.export_audit(parts.workspace, io.BytesIO())
    profile = client.create_profile(parts.workspace, ProfileNew(name="Soon gone"))
    changed = client.change_profile(parts.workspace, profile.id, ProfileChange(name="Gone"), revision=profile.revision)
    client.delete_profile(parts.workspace, changed.id)
    old = parts.ended(parts.order(parts.accepted().id, {"low": 3})).id
    tampering.aged(parts, old, by=timedelta(days=91))
    wait_until(lambda: parts.run(old).outputs_removed is not None, "the end of an old result")
    seen = {event.event for event in events(parts)}
    # Changes of the members have their own tests; they need a roster that every member signs.
    assert set(Event) - seen <= {
        Event.CHANGE_PROPOSED,
        Event.CHANGE_REFUSED,
        Event.MEMBERS_CHANGED,
        Event.RESEALED,
    }  # these happen in test_members_change.py and test_hostile_changes.py
