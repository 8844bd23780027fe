"""Every method of the client asks for the route that the table of routes names."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from jupyter_secure_jobs.client import Client, Connection
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.domain.job import Language, Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.wire.audit import AuditFilter
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.change import ChangeNew, ChangeRefusal, ChangeSignatures
from jupyter_secure_jobs.wire.dataset import DatasetNew, WithdrawalNew
from jupyter_secure_jobs.wire.job import DecisionNew, DraftChange, JobNew, RevocationNew, SubmitNew
from jupyter_secure_jobs.wire.member_side import CheckNew, DatasetAsked, DecisionAsked
from jupyter_secure_jobs.wire.pinned import PinnedNew
from jupyter_secure_jobs.wire.run import ResealNew, RunNew
from jupyter_secure_jobs.wire.workspace import RosterSignatures, WorkspaceNew

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "/secure-jobs/api/v1/"
SIGNED = EnvelopeWire(payload="", payloadType="t", signatures=[])
DECIDED = DecisionAsked(version_hash="h", decision=Verdict.ACCEPT, passphrase="p")
DECISIONS_OF_A_B = AuditFilter(kinds=["accepted", "declined"], job="a b")
SINCE = AuditFilter(since="2026-11-01")
PIN = PinnedNew(title="t", language=Language.SQL, code="c")
W = "workspaces/w"
J = f"{W}/jobs/j"
R = f"{W}/runs/r"

CALLS: tuple[tuple[str, Callable[[Client], object]], ...] = (
    ("GET events?after=0&wait=25.000", lambda c: c.events()),
    ("GET workspaces?limit=100", lambda c: c.workspaces()),
    ("POST workspaces", lambda c: c.create_workspace(WorkspaceNew(roster=SIGNED, workers=SIGNED))),
    (f"GET {W}", lambda c: c.workspace("w")),
    (f"GET {W}/roster", lambda c: c.roster("w")),
    (f"POST {W}/roster/signatures", lambda c: c.sign_roster("w", RosterSignatures(envelopes=[]))),
    ("GET invitations?limit=100", lambda c: c.invitations()),
    (f"GET {W}/changes", lambda c: c.changes("w")),
    (f"POST {W}/changes", lambda c: c.propose_change("w", ChangeNew(workers=SIGNED))),
    (f"POST {W}/changes/signatures", lambda c: c.sign_change("w", ChangeSignatures(change="c", envelopes=[]))),
    (f"POST {W}/changes/refusal", lambda c: c.refuse_change("w", ChangeRefusal(change="c", reason="r"))),
    (f"GET {W}/members?limit=100", lambda c: c.members("w")),
    (f"GET {W}/log/checkpoint?from_size=3&also=0", lambda c: c.checkpoint("w", from_size=3)),
    (f"GET {W}/log/entries?limit=100", lambda c: c.log_entries("w")),
    (f"GET {W}/datasets?limit=100", lambda c: c.datasets("w")),
    (f"POST {W}/datasets", lambda c: c.add_dataset("w", DatasetNew(manifest=SIGNED, files={}, synthetic="s"))),
    (f"GET {W}/datasets/d", lambda c: c.dataset("w", "d")),
    (f"GET {W}/datasets/d/manifest", lambda c: c.manifest("w", "d")),
    (f"POST {W}/datasets/d/withdrawal", lambda c: c.withdraw_dataset("w", "d", WithdrawalNew(withdrawal=SIGNED))),
    (f"GET {W}/datasets/d/synthetic", lambda c: c.download_synthetic("w", "d", io.BytesIO(), largest=1)),
    (f"GET {W}/uploads/u", lambda c: c.upload_of("w", "u")),
    (f"GET {W}/jobs?limit=100&filter=needs_me&q=a+b", lambda c: c.jobs("w", which="needs_me", q="a b")),
    (f"GET {W}/jobs?limit=100&status=Failed&sort=run", lambda c: c.jobs("w", status="Failed", sort="run")),
    (f"GET {W}/jobs/counts?q=a", lambda c: c.job_counts("w", q="a")),
    (f"GET {W}/jobs?limit=100&filter=all&name=A", lambda c: c.job_called("w", " A ")),
    (f"POST {W}/jobs", lambda c: c.create_job("w", JobNew(name="n"))),
    (f"GET {J}", lambda c: c.job("w", "j")),
    (f"PATCH {J}", lambda c: c.change_draft("w", "j", DraftChange(), revision=1)),
    (f"DELETE {J}", lambda c: c.delete_job("w", "j")),
    (f"POST {J}/cancel-review", lambda c: c.act("w", "j", "cancel-review")),
    (f"POST {J}/activate", lambda c: c.activate("w", "j", 2)),
    (f"POST {J}/submit", lambda c: c.submit_signed("w", "j", SubmitNew(version=SIGNED))),
    (f"POST {J}/decisions", lambda c: c.decide_signed("w", "j", DecisionNew(decision=SIGNED))),
    (f"POST {J}/revocations", lambda c: c.revoke_signed("w", "j", RevocationNew(revocation=SIGNED))),
    (f"POST {J}/tests", lambda c: c.test("w", "j", {})),
    (f"POST {J}/runs", lambda c: c.order_signed("w", "j", RunNew(order=SIGNED))),
    (f"GET {J}/runs?limit=100&kind=test", lambda c: c.runs("w", "j", kind=RunKind.TEST)),
    (f"GET {J}/versions?limit=100", lambda c: c.versions("w", "j")),
    (f"GET {J}/versions/2", lambda c: c.version("w", "j", 2)),
    (f"GET {J}/versions/2/review?seen=5", lambda c: c.review_statements("w", "j", 2, seen=5)),
    (f"GET {J}/last-review?seen=5", lambda c: c.last_review("w", "j", seen=5)),
    (f"GET member/{J}/last-review", lambda c: c.verified_last_review("w", "j")),
    (f"GET member/{R}/comparison", lambda c: c.compare("w", "r")),
    (f"GET member/{R}/receipt", lambda c: c.verified_receipt("w", "r")),
    (f"GET {J}/live?seen=5", lambda c: c.live_statements("w", "j", seen=5)),
    (f"GET {R}", lambda c: c.run_of("w", "r")),
    (f"GET {R}/opening?seen=5", lambda c: c.opening("w", "r", seen=5)),
    (f"POST {R}/cancel", lambda c: c.cancel_run("w", "r")),
    (f"GET {R}/outcome?seen=5", lambda c: c.outcome("w", "r", seen=5)),
    (f"GET {R}/statements?seen=3&purpose=open", lambda c: c.run_statements("w", "r", seen=3)),
    (
        f"GET {R}/result?purpose=open",
        lambda c: c.download_sealed("w", "r", "result", io.BytesIO(), largest=1),
    ),
    (
        f"GET {R}/log?purpose=export&format=txt",
        lambda c: c.download_sealed("w", "r", "log", io.BytesIO(), largest=1, purpose="export", form="txt"),
    ),
    (f"GET {W}/audit?limit=100", lambda c: c.audit("w")),
    (f"GET {W}/audit?limit=5&kind=accepted%2Cdeclined&job=a+b", lambda c: c.audit("w", DECISIONS_OF_A_B, most=5)),
    (f"GET {W}/audit.csv?since=2026-11-01", lambda c: c.export_audit("w", io.BytesIO(), SINCE)),
    (f"POST {R}/reseals", lambda c: c.reseal("w", "r", ResealNew(reseal=SIGNED))),
    (f"GET {W}/pinned-queries?limit=100", lambda c: c.pinned("w")),
    (f"POST {W}/pinned-queries", lambda c: c.pin("w", PIN)),
    (f"DELETE {W}/pinned-queries/q", lambda c: c.unpin("w", "q")),
    (f"GET {W}/notices?limit=100&unseen=true", lambda c: c.notices("w", unseen=True)),
    (f"POST {W}/notices/seen", lambda c: c.notices_seen("w", "7")),
    (f"GET {W}/starter-scripts?limit=100", lambda c: c.scripts("w")),
    ("GET member/status", lambda c: c.status()),
    ("POST member/unlock", lambda c: c.unlock("p")),
    (f"POST member/{W}/check", lambda c: c.check("w", CheckNew(language="sql", code="c"))),
    (f"POST member/{J}/submit", lambda c: c.submit("w", "j")),
    (f"GET member/{J}/review", lambda c: c.review("w", "j")),
    (f"GET member/{J}/review?of=live", lambda c: c.review("w", "j", live=True)),
    (f"POST member/{J}/decisions", lambda c: c.decide("w", "j", DECIDED)),
    (f"POST member/{J}/revocations", lambda c: c.revoke("w", "j", Scope.ALL)),
    (f"POST member/{J}/runs", lambda c: c.run("w", "j", {"a": 1})),
    (f"GET member/{R}/result", lambda c: c.preview("w", "r")),
    (f"GET member/{R}/bundle", lambda c: c.receipt("w", "r", io.BytesIO())),
    (f"GET member/{R}/bundle?opened=true", lambda c: c.receipt("w", "r", io.BytesIO(), opened=True)),
    (f"GET member/{R}/result.csv?purpose=export", lambda c: c.export("w", "r", "result.csv", io.BytesIO(), largest=1)),
    (f"GET member/{R}/log", lambda c: c.log("w", "r")),
    (f"POST member/{W}/datasets", lambda c: c.publish("w", DatasetAsked(name="n", files=[]))),
)


@pytest.mark.parametrize(("expected", "call"), CALLS, ids=[expected for expected, _ in CALLS])
def test_a_method_asks_for_its_route(expected: str, call: Callable[[Client], object]) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503, json={"code": "stop", "detail": "Stop.", "next_step": ""})

    client = Client(Connection("http://127.0.0.1" + BASE, transport=httpx.MockTransport(answer)))
    with pytest.raises(UnavailableError):
        call(client)
    request = asked[0]
    assert f"{request.method} {request.url.raw_path.decode().removeprefix(BASE)}" == expected
    assert ("Idempotency-Key" in request.headers) == (request.method == "POST")
    if request.method in {"POST", "PATCH"}:
        assert isinstance(json.loads(request.content), dict)
