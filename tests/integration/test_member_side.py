"""The member side as a server of its own: what a kernel may do with its token, and what takes a person."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from jupyter_secure_jobs.member import deciding
from jupyter_secure_jobs.rest.embedded import free_port
from jupyter_secure_jobs.rest.member_handlers import KERNEL_HEADER, MOST_ANSWER
from jupyter_secure_jobs.rest.route import BASE
from tests.support.parts import PASSPHRASE, WEI, Parts, wait_until
from tests.support.process import Part, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "the-person's-own"


class Side:
    """A member side that runs, with the two ways in."""

    def __init__(self, url: str, kernel: dict[str, str]) -> None:
        self.url = url
        own = {"Authorization": f"token {TOKEN}"}
        self.person = httpx.Client(base_url=url, headers=own, trust_env=False, timeout=60)
        self.kernel = httpx.Client(base_url=url, headers={KERNEL_HEADER: kernel["SECURE_JOBS_TOKEN"]}, trust_env=False,
                                   timeout=60)  # fmt: skip
        self.nobody = httpx.Client(base_url=url, trust_env=False, timeout=60)


@contextmanager
def running_side(parts: Parts, folder: Path, *, url: str = "") -> Iterator[Side]:
    port, told = free_port(), folder / "kernel.json"
    part = Part(
        command(
            *("member", "--key-store", str(parts.folder / "members" / WEI), "--workspace-url", url or parts.url),
            *("--port", str(port), "--token", TOKEN, "--passphrase-file", str(parts.passphrase_file)),
            *("--kernel-env", str(told)),
        ),
        folder / "side.log",
    )
    part.start()
    try:
        wait_until(told.exists, "the member side's word to kernels")
        assert told.stat().st_mode & 0o077 == 0
        side = Side(f"http://127.0.0.1:{port}{BASE}", json.loads(told.read_text()))
        wait_until(lambda: _answers(side), "an answer of the member side")
        yield side
        for client in (side.person, side.kernel, side.nobody):
            client.close()
    finally:
        part.stop()


def _answers(side: Side) -> bool:
    try:
        return side.person.get("member/status").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def side(running: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    running.start_all()
    with running_side(running, tmp_path_factory.mktemp("side")) as made:
        yield made


def code(answer: httpx.Response) -> tuple[int, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def test_kernel_reads_and_drafts(parts: Parts, side: Side) -> None:
    assert side.kernel.get("member/status").json()["acting_as"] == WEI
    made = side.kernel.post(f"workspaces/{parts.workspace}/jobs", json={"name": parts.name("From a kernel")})
    assert made.status_code == 201
    assert made.headers["etag"] == '"1"'
    assert made.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("passphrase", [PASSPHRASE, ""])
def test_kernel_cannot_decide_or_unlock(parts: Parts, side: Side, passphrase: str) -> None:
    job = parts.submitted()
    seen = deciding.review(parts.acting(WEI), parts.workspace, job.id)
    body = {"version_hash": seen.version_hash, "decision": "accept", "passphrase": passphrase}
    where = f"member/workspaces/{parts.workspace}/jobs/{job.id}/decisions"
    assert code(side.kernel.post(where, json=body)) == (403, "kernel_cannot_decide")
    assert code(side.kernel.post("member/unlock", json={"passphrase": passphrase})) == (403, "kernel_cannot_decide")
    assert side.nobody.post(where, json=body).status_code == 403
    # A page in the person's browser could send this; without the passphrase it signs nothing.
    wrong = side.person.post(where, json={**body, "passphrase": "not this one"})
    assert wrong.status_code in (401, 403, 422)
    assert all(each.decision == "Pending" for each in parts.job(job.id).approval)


def test_person_decides_with_the_passphrase(parts: Parts, side: Side) -> None:
    job = parts.submitted()
    seen = side.person.get(f"member/workspaces/{parts.workspace}/jobs/{job.id}/review").json()
    body = {"version_hash": seen["version_hash"], "decision": "accept", "passphrase": PASSPHRASE}
    answer = side.person.post(f"member/workspaces/{parts.workspace}/jobs/{job.id}/decisions", json=body)
    assert answer.is_success, answer.text
    assert [each.member for each in parts.job(job.id).approval if each.decision == "Accepted"] == [WEI]


STRANGE = [
    "workspaces/../member/unlock", "workspaces/%2e%2e/member/unlock", "workspaces/%252E./member/unlock",
    "%6dember/unlock", "%256dember/unlock", "./member/unlock", "/member/unlock", "workspaces//jobs", "workspaces/.",
    "workspaces/a%5cb", "workspaces/..%2f..%2fmember%2funlock",
]  # fmt: skip


@pytest.mark.parametrize("path", STRANGE)
def test_strange_path_is_not_passed_on(side: Side, path: str) -> None:
    """Where this side and the server read a path differently, what is meant for one would reach the other."""
    # httpx mends such paths before it sends them; whoever attacks does not.
    url = httpx.URL(side.url)
    bare = HTTPConnection(url.host, url.port)
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    bare.request("POST", f"{BASE}{path}", body="{}", headers=headers)
    answer = bare.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (404, "path")
    bare.close()


def test_passphrase_is_not_passed_on(parts: Parts, side: Side) -> None:
    where, name = f"workspaces/{parts.workspace}/jobs", parts.name("With a passphrase")
    for client in (side.person, side.kernel):
        answer = client.post(where, json={"name": name, "passphrase": PASSPHRASE})
        assert code(answer) == (422, "passphrase_passed")
        assert PASSPHRASE not in answer.text
        widened = json.dumps({"passphrase": PASSPHRASE}).encode("utf-16")
        assert code(client.post(where, content=widened)) == (422, "passphrase_passed")
    assert not side.person.get(where, params={"q": name}).json()["items"]


def test_unknown_kernel_token_is_no_way_in(side: Side) -> None:
    for headers in ({KERNEL_HEADER: "guess"}, {KERNEL_HEADER: ""}, {"Authorization": "token guess"}):
        assert side.nobody.get("member/status", headers=headers).status_code == 401
        assert side.nobody.get("workspaces", headers=headers).status_code == 401


def test_browser_needs_the_xsrf_token(parts: Parts, side: Side) -> None:
    # A session cookie is what a browser sends along by itself, from whatever page.
    where = f"{side.url}workspaces/{parts.workspace}/jobs"
    name = parts.name("Forged")
    with httpx.Client(trust_env=False) as browser:
        assert browser.get(f"{side.url}member/status", params={"token": TOKEN}).is_success
        assert browser.get(f"{side.url}member/status").is_success, "the cookie alone is a way to read"
        elsewhere = browser.post(where, json={"name": name}, headers={"Origin": "http://evil.example"})
        assert elsewhere.status_code == 404
        forged = browser.post(where, json={"name": name})
        assert code(forged)[0] == 403
        assert not side.person.get(where, params={"q": name}).json()["items"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_links_of_other_pages_export_nothing(side: Side, site: str) -> None:
    """A link sends the cookie along and needs no XSRF token; a browser says where it came from."""
    for where in ("member/status", "workspaces"):
        assert code(side.person.get(where, headers={"Sec-Fetch-Site": site})) == (403, "cross_site")
        for own in ("same-origin", "none"):
            assert side.person.get(where, headers={"Sec-Fetch-Site": own}).is_success


def test_what_was_shown_is_published_or_nothing(parts: Parts, side: Side, tmp_path: Path) -> None:
    source = tmp_path / "shown.csv"
    source.write_text("month,n\n1,2\n2,3\n")
    where = f"member/workspaces/{parts.workspace}/datasets"
    asked = {"name": "shown", "files": [str(source)]}
    shown = side.kernel.post(where, json=asked).json()["digest"]
    assert side.kernel.post(where, json=asked).json()["digest"] == shown
    guarded = {**asked, "output_policy": {"smallest_group": 10}}
    assert code(side.kernel.post(where, json={**guarded, "confirm": True, "shown": shown})) == (422, "other_proposal")
    source.write_text("month,n\n1,2\n2,3\n3,4\n")
    assert code(side.kernel.post(where, json={**asked, "confirm": True, "shown": shown})) == (422, "other_proposal")
    assert "shown" not in {
        each["name"] for each in side.person.get(f"workspaces/{parts.workspace}/datasets").json()["items"]
    }
    again = side.kernel.post(where, json=asked).json()["digest"]
    assert side.kernel.post(where, json={**asked, "confirm": True, "shown": again}).json()["dataset"]


@contextmanager
def answering(body: bytes, headers: dict[str, str]) -> Iterator[str]:
    """Give the address of a workspace server that lets everybody log in and answers all else with one body."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.endswith("sessions/challenge"):
                said = json.dumps({"nonce": "n", "audience": f"127.0.0.1:{port}"}).encode(), {}
            elif self.path.endswith("sessions"):
                expires = (datetime.now(UTC) + timedelta(minutes=15)).isoformat()
                said = json.dumps({"token": "t", "expires": expires}).encode(), {}
            else:
                said = body, headers
            self.send_response(200)
            for name, value in {
                "Content-Type": "application/json",
                **said[1],
                "Content-Length": str(len(said[0])),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(said[0])

        do_GET = do_POST = answer  # noqa: N815 -- the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{port}{BASE}"
        server.shutdown()


def test_answer_that_would_fill_the_memory_is_not_taken(parts: Parts, tmp_path: Path) -> None:
    """Packed or not: the member side is a whole JupyterLab, with everybody's kernels."""
    packed = gzip.compress(b" " * (MOST_ANSWER + 1))
    with answering(packed, {"Content-Encoding": "gzip"}) as url, running_side(parts, tmp_path, url=url) as side:
        assert len(side.person.get("workspaces").content) == len(packed), "it is not unpacked"
    with answering(b" " * (MOST_ANSWER + 1), {}) as url, running_side(parts, tmp_path, url=url) as side:
        assert code(side.person.get("workspaces")) == (413, "answer_too_large")


def test_servers_page_is_no_page_of_jupyter(parts: Parts, tmp_path: Path) -> None:
    page = b"<script>alert(1)</script>"
    with answering(page, {"Content-Type": "text/html"}) as url, running_side(parts, tmp_path, url=url) as side:
        assert side.person.get("workspaces").headers["Content-Type"] == "application/octet-stream"


def test_other_organisations_result_stays_shut_through_the_member_side(parts: Parts, side: Side) -> None:
    run = parts.ended(parts.order(parts.accepted().id))
    for client in (side.person, side.kernel):
        for path in ("result", "result.csv", "result.parquet", "log", "log.txt"):
            answer = client.get(f"member/workspaces/{parts.workspace}/runs/{run.id}/{path}")
            assert answer.status_code in (403, 404), path
            assert answer.headers["content-type"] == "application/problem+json"
        assert client.get(f"workspaces/{parts.workspace}/runs/{run.id}/result").status_code == 403
