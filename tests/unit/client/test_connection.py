"""The connection: errors, retries, limits."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from jupyter_secure_jobs.client import Client, Connection
from jupyter_secure_jobs.client.connection import LARGEST_ANSWER, path
from jupyter_secure_jobs.domain import errors
from jupyter_secure_jobs.wire.base import Nothing, Sequence
from jupyter_secure_jobs.wire.job import DraftChange, JobDetailWire
from jupyter_secure_jobs.wire.workspace import MemberWire

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "http://127.0.0.1:8888/secure-jobs/api/v1"
Answer = httpx.Response | Exception


class Server:
    """Gives prepared answers one after another, and keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.tokens: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.tokens.append(request.headers["X-Secure-Jobs-Token"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def connection(self, *, renew: Callable[[], None] | None = None) -> Connection:
        return Connection(
            URL,
            headers=lambda: {"X-Secure-Jobs-Token": f"t{len(self.asked)}"},
            renew=renew,
            transport=httpx.MockTransport(self),
            pause=self.pauses.append,
        )


def ok(**body: object) -> httpx.Response:
    return httpx.Response(200, json=body)


def problem(status: int) -> httpx.Response:
    body = {"title": "t", "status": status, "code": "the_code", "detail": "It happened.", "next_step": "Do this."}
    return httpx.Response(status, json=body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.SecureJobsError),
        (401, errors.UnauthenticatedError),
        (403, errors.NotAllowedError),
        (404, errors.NotFoundError),
        (409, errors.ConflictError),
        (412, errors.StaleError),
        (413, errors.TooLargeError),
        (422, errors.InvalidError),
        (429, errors.UnavailableError),
        (500, errors.UnavailableError),
        (503, errors.UnavailableError),
    ],
)
def test_a_problem_becomes_the_domain_s_error(status: int, kind: type[errors.SecureJobsError]) -> None:
    server = Server(problem(status))
    with pytest.raises(kind) as error:
        server.connection().post("x", Nothing(), Nothing)
    assert type(error.value) is kind
    assert (error.value.code, error.value.detail, error.value.next_step) == ("the_code", "It happened.", "Do this.")
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>secret</html>", b"[]", b'{"detail": 7}', b"\xff"])
def test_a_body_that_is_no_problem_is_not_quoted(body: bytes) -> None:
    with pytest.raises(errors.UnavailableError) as error:
        Server(httpx.Response(502, content=body)).connection().get("x", Nothing)
    assert "502" in error.value.detail
    assert "secret" not in str(error.value)
    assert error.value.next_step


def test_a_login_page_s_redirect_is_not_followed() -> None:
    server = Server(httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(errors.UnauthenticatedError):
        server.connection().get("x", Nothing)
    assert len(server.asked) == 1


def test_a_post_is_sent_again_with_the_same_key() -> None:
    server = Server(httpx.ReadError("gone"), httpx.ConnectError("gone"), ok())
    server.connection().post("x", Nothing(), Nothing)
    keys = [request.headers["Idempotency-Key"] for request in server.asked]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert len(server.pauses) == 2


def test_two_posts_have_two_keys_unless_one_is_given() -> None:
    server = Server(ok(), ok(), ok())
    connection = server.connection()
    connection.post("x", Nothing(), Nothing)
    connection.post("x", Nothing(), Nothing)
    connection.post("x", Nothing(), Nothing, key="mine")
    keys = [request.headers["Idempotency-Key"] for request in server.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_retries_end_with_an_error_that_says_the_next_step() -> None:
    server = Server(*[httpx.ConnectError("no")] * 4)
    with pytest.raises(errors.UnavailableError) as error:
        server.connection().get("x", Nothing)
    assert error.value.code == "unreachable"
    assert "127.0.0.1:8888" in error.value.detail
    assert error.value.next_step


def test_a_change_that_may_have_arrived_is_not_repeated() -> None:
    server = Server(httpx.ReadError("gone"))
    with pytest.raises(errors.UnavailableError):
        server.connection().patch("x", DraftChange(code="SELECT 1"), JobDetailWire, revision=4)
    assert server.asked[0].headers["If-Match"] == '"4"'
    assert json.loads(server.asked[0].content) == {"code": "SELECT 1"}


def test_an_expired_session_is_renewed_once() -> None:
    renewed: list[bool] = []
    server = Server(problem(401), ok(seq=1))
    connection = server.connection(renew=lambda: renewed.append(True))
    assert connection.get("events", Sequence).seq == 1
    assert renewed == [True]
    assert server.tokens == ["t0", "t1"]
    again = Server(problem(401), problem(401))
    with pytest.raises(errors.UnauthenticatedError):
        again.connection(renew=lambda: None).get("events", Sequence)


def test_answers_are_bounded() -> None:
    big = httpx.Response(200, content=b" " * (LARGEST_ANSWER + 1))
    with pytest.raises(errors.TooLargeError):
        Server(big).connection().get("x", Nothing)
    with pytest.raises(errors.TooLargeError):
        Server(httpx.Response(200, content=b"12345")).connection().download("x", io.BytesIO(), largest=4)
    sink = io.BytesIO()
    assert Server(httpx.Response(200, content=b"1234")).connection().download("x", sink, largest=4) == 4
    assert sink.getvalue() == b"1234"


@pytest.mark.parametrize("content", [b"no json", b'{"seq": -1}', b'{"seq": 1, "more": 2}'])
def test_an_answer_in_another_form_is_an_error_that_quotes_nothing(content: bytes) -> None:
    with pytest.raises(errors.UnavailableError) as error:
        Server(httpx.Response(200, content=content)).connection().get("x", Sequence)
    assert error.value.code == "answer_unreadable"
    assert "more" not in str(error.value)


def test_a_list_is_read_to_its_last_page() -> None:
    def one(email: str) -> dict[str, object]:
        return {"email": email, "organisation": "A", "signing_key": "k", "fingerprint": "f", "joined": True}

    server = Server(ok(items=[one("a")], next="c/1"), ok(items=[one("b")], next=None))
    found = Client(server.connection()).members("w")
    assert [member.email for member in found] == ["a", "b"]
    assert all(isinstance(member, MemberWire) for member in found)
    assert dict(server.asked[1].url.params) == {"limit": "100", "after": "c/1"}


def test_ids_cannot_reach_another_route() -> None:
    assert path("workspaces", "a/../b?c") == "workspaces/a%2F..%2Fb%3Fc"
    for bad in ("", ".", ".."):
        with pytest.raises(errors.InvalidError):
            path("workspaces", bad)
    server = Server(problem(404))
    with pytest.raises(errors.NotFoundError):
        Client(server.connection()).job("w", "x/../../member")
    assert server.asked[0].url.raw_path == b"/secure-jobs/api/v1/workspaces/w/jobs/x%2F..%2F..%2Fmember"


@pytest.mark.parametrize("url", ["ftp://x/", "127.0.0.1:8888", "http://"])
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(errors.InvalidError):
        Connection(url)
