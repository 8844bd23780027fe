"""A member of another organisation opens no result, a stranger sees nothing, and no role does another's work."""

from __future__ import annotations

import io
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from jupyter_secure_jobs.domain.errors import NotAllowedError, RefusedError
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.member import opening, receipts
from jupyter_secure_jobs.member.context import envelope_of
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.order import Receipt
from jupyter_secure_jobs.rest.route import Caller
from jupyter_secure_jobs.rest.routes import ROUTES
from tests.support.parts import ANA, BEN, MIA, STRANGER, WEI, Draft, Parts

if TYPE_CHECKING:
    import httpx

    from jupyter_secure_jobs.rest.route import Route
    from jupyter_secure_jobs.wire.run import RunWire

MEMBERS = (ANA, BEN, WEI, MIA)
PRINTING = Draft(language="python", code="print('seen')\nspark.table('flights').limit(3)", inputs=(), log_policy="full")
MEMBERS_ROUTES = [route for route in ROUTES if route.caller is Caller.MEMBER]
OTHERS_ROUTES = [route for route in ROUTES if route.caller in (Caller.WORKER, Caller.KEY_SERVICE)]


@pytest.fixture(scope="module")
def finished(running: Parts) -> RunWire:
    """Give a run with a result and a log."""
    running.start_all()
    run = running.ended(running.order(running.accepted(PRINTING).id))
    assert run.has_result
    assert run.has_log
    return run


def address(route: Route, parts: Parts, run: RunWire) -> str:
    """Return a route's path with ids of things that exist."""
    ids = {"w": parts.workspace, "j": run.job, "r": run.id, "d": parts.datasets["flights"], "n": "1", "m": "ana",
           "u": run.id, "q": run.id, "p": run.id, "digest": "sha256:" + "0" * 64}  # fmt: skip
    return route.path.format(**ids)


def problem(answer: httpx.Response) -> dict[str, str]:
    """Return a problem after checking its form."""
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, str] = answer.json()
    assert body["code"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    return body


@pytest.mark.parametrize("who", [WEI, MIA])
@pytest.mark.parametrize("what", ["outcome", "opening", "result", "log"])
def test_other_organisation_gets_no_outcome(parts: Parts, finished: RunWire, who: str, what: str) -> None:
    with parts.http(who) as http:
        answer = http.get(f"workspaces/{parts.workspace}/runs/{finished.id}/{what}")
        assert answer.status_code == 403
        assert problem(answer)["code"] == "not_your_organisation"
        # The run itself may be seen: who ran what, and how it ended, is for all members.
        assert http.get(f"workspaces/{parts.workspace}/runs/{finished.id}").status_code == 200
    with pytest.raises(NotAllowedError):
        opening.preview(parts.acting(who), parts.workspace, finished.id)


def test_a_run_tells_each_member_what_it_lets_them_do(parts: Parts, finished: RunWire) -> None:
    told = {who: parts.acting(who).client.run_of(parts.workspace, finished.id).can_open for who in MEMBERS}
    assert told == {ANA: True, BEN: True, WEI: False, MIA: False}
    listed = parts.acting(WEI).client.runs(parts.workspace, finished.job, kind=RunKind.JOB)
    assert [each.can_open for each in listed] == [False]
    draft = parts.draft()
    test = parts.ended(parts.ana.client.test(parts.workspace, draft.id, {"low": 11}))
    assert all(parts.acting(who).client.run_of(parts.workspace, test.id).can_open for who in MEMBERS)
    assert not any(parts.acting(who).client.run_of(parts.workspace, test.id).can_cancel for who in MEMBERS)


def test_colleague_opens_result_and_log(parts: Parts, finished: RunWire) -> None:
    assert opening.preview(parts.acting(BEN), parts.workspace, finished.id).total == 3
    assert "seen" in opening.log_text(parts.acting(BEN), parts.workspace, finished.id).text


def test_other_organisation_cannot_open_the_ciphertext_it_was_handed(parts: Parts, finished: RunWire) -> None:
    outcome = parts.ana.client.outcome(parts.workspace, finished.id)
    assert outcome.receipt is not None
    receipt = envelopes.read(Receipt, envelope_of(outcome.receipt))
    sealed = io.BytesIO()
    parts.ana.client.download_sealed(parts.workspace, finished.id, "result", sealed, largest=2**20)
    assert b"PAR1" not in sealed.getvalue()
    wei = parts.acting(WEI)
    assert wei.ring.sealing.public not in {key.recipient for key in receipt.keys}
    with pytest.raises(NotAllowedError, match="not sealed to your key"):
        receipts.outcome_keys(wei, receipts.checked(parts.ana, finished, outcome), outcome)
    for key in receipt.keys:
        # Neither under the name of the recipient nor under her own does her key open what was sealed to others.
        for recipient in (key.recipient, wei.ring.sealing.public):
            with pytest.raises(RefusedError):
                wei.ring.sealing.open(key.sealed, info=places.outcome_keys(order=receipt.order, recipient=recipient))


@pytest.mark.parametrize("route", MEMBERS_ROUTES, ids=lambda route: route.operation)
def test_stranger_finds_nothing(parts: Parts, finished: RunWire, route: Route) -> None:
    where = address(route, parts, finished)
    if "{w}" not in route.path:
        return
    with parts.http(STRANGER) as http:
        answer = http.request(route.method, where, content=b"{}" if route.request else None)
        elsewhere = http.request(route.method, where.replace(parts.workspace, finished.id),
                                 content=b"{}" if route.request else None)  # fmt: skip
    # A workspace that exists and one that does not look the same; a body of wrong shape is refused before either.
    assert (answer.status_code, problem(answer)) == (elsewhere.status_code, problem(elsewhere))
    assert answer.status_code in (404, 422)
    if route.request is None:
        assert answer.status_code == 404


def test_strangers_list_is_empty_and_their_events_tell_nothing(parts: Parts, finished: RunWire) -> None:
    with parts.http(STRANGER) as http:
        assert http.get("workspaces").json()["items"] == []
        assert http.get("invitations").json()["items"] == []
        before = http.get("events", params={"after": "0", "wait": "0"}).json()
        parts.draft()
        assert http.get("events", params={"after": "0", "wait": "0"}).json() == before == {"seq": 0}
    with parts.http(WEI) as http:
        assert http.get("events", params={"after": "0", "wait": "0"}).json()["seq"] > 0
    assert finished.id


@pytest.mark.parametrize("route", [r for r in ROUTES if r.caller is not Caller.ANYBODY], ids=lambda r: r.operation)
def test_without_a_session_nothing_is_served(parts: Parts, finished: RunWire, route: Route) -> None:
    where = address(route, parts, finished)
    with parts.http(None) as http:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Cookie": "username=ana"}):
            answer = http.request(route.method, where, headers=headers)
            assert answer.status_code == 401, route.operation
            assert problem(answer)["code"] == "login_needed"


def test_expired_and_revoked_sessions_are_void(parts: Parts) -> None:
    engine = create_engine(f"sqlite:///{parts.database}")
    with parts.http(WEI) as http:
        assert http.get("workspaces").status_code == 200
        with engine.begin() as database:
            key = parts.acting(WEI).ring.signing.public
            late = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
            database.execute(text("UPDATE session SET expires = :late WHERE key = :key"), {"late": late, "key": key})
        assert http.get("workspaces").status_code == 401
    engine.dispose()
    assert parts.acting(WEI).client.workspaces(), "the member's side logs in again by itself"


def test_session_is_void_when_the_roster_drops_the_member(parts: Parts) -> None:
    engine = create_engine(f"sqlite:///{parts.database}")
    select = {"w": parts.workspace, "e": MIA}
    with parts.http(MIA) as http, engine.connect() as database:
        assert http.get(f"workspaces/{parts.workspace}").status_code == 200
        kept = database.execute(text("SELECT signing_key FROM member WHERE workspace=:w AND email=:e"), select).scalar()
        change = text("UPDATE member SET signing_key=:k WHERE workspace=:w AND email=:e")
        database.execute(change, {**select, "k": "dropped"})
        database.commit()
        try:
            assert http.get(f"workspaces/{parts.workspace}").status_code == 404
        finally:
            database.execute(change, {**select, "k": kept})
            database.commit()
    engine.dispose()


@pytest.mark.parametrize("route", OTHERS_ROUTES, ids=lambda route: route.operation)
def test_member_cannot_be_worker_or_key_service(parts: Parts, finished: RunWire, route: Route) -> None:
    body = {
        "heartbeat": {"lease": "x"}, "release_run": {"lease": "x"}, "ask_for_keys": {"lease": "x"},
        "finish_run": {"lease": "x", "status": "Failed"}, "begin_outcome": {"bytes": 1, "digest": "sha256:" + "0" * 64},
        "acknowledge": {"acknowledgement": {"payload": "", "payloadType": "", "signatures": []}},
    }.get(route.operation, {})  # fmt: skip
    with parts.http(WEI) as http:
        answer = http.request(route.method, address(route, parts, finished), json=body if route.request else None)
    assert answer.status_code == 401, answer.text
    assert problem(answer)["code"] == "not_enrolled"


@pytest.mark.parametrize("kind", ["worker", "key service"])
def test_worker_and_key_service_see_nothing_that_members_see(parts: Parts, finished: RunWire, kind: str) -> None:
    ring = parts.worker_ring() if kind == "worker" else parts.service_ring("Airline")
    with closing(parts.login(ring)) as login:
        for path in (f"workspaces/{parts.workspace}", f"workspaces/{parts.workspace}/jobs",
                     f"workspaces/{parts.workspace}/runs/{finished.id}/result"):  # fmt: skip
            with parts.http(None) as http:
                assert http.get(path, headers=login.headers()).status_code == 404
