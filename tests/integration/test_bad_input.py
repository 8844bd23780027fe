"""What cannot be used is refused with a stable code and a next step: nothing is lost, and no stack trace is shown."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.errors import InvalidError, NotAllowedError, SecureJobsError
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.member import deciding, publishing
from jupyter_secure_jobs.member.identity import KEY_FILE
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.login import Login
from jupyter_secure_jobs.rest.embedded import free_port
from jupyter_secure_jobs.wire.job import DraftChange
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from tests.support.parts import ANA, LOW, PASSPHRASE, WEI, Draft, Parts
from tests.support.process import ROOT, clean_environment, command
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path


MIB: Final = 1024**2


def checked(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return a problem after checking all that a person depends on."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["detail"].endswith((".", "…"))
    assert body["next_step"]
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    return body


@pytest.fixture
def http(parts: Parts) -> Any:
    """Give the author's plain HTTP client."""
    with parts.http(ANA) as client:
        yield client


@pytest.fixture
def jobs(parts: Parts) -> str:
    """Give the path of the workspace's jobs."""
    return f"workspaces/{parts.workspace}/jobs"


def test_lengths_are_exact(parts: Parts, http: httpx.Client, jobs: str) -> None:
    name = parts.name("n" * 40).ljust(50, "x")
    assert http.post(jobs, json={"name": name, "description": "d" * 150}).status_code == 201
    checked(http.post(jobs, json={"name": name + "y"}), 422, "name_too_long")
    checked(http.post(jobs, json={"name": parts.name(), "description": "d" * 151}), 422, "text_too_long")
    checked(http.post(jobs, json={"name": name.upper()}), 409, "job_name")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "request_shape"),
        (b"[]", 422, "request_shape"),
        (b"\xff\xfe", 422, "request_shape"),
        (b'{"name": "a", "surprise": 1}', 422, "request_shape"),
        (b"{}", 422, "request_shape"),
        (b'{"name": ""}', 422, "name_empty"),
        (b'{"name": "a\\u202eb"}', 422, "name_characters"),
        (b'{"name": "a", "datasets": [{"table": "t", "dataset": "00000000-0000-0000-0000-000000000000"}]}', 422,
         "no_dataset"),
        (b'{"name": "a", "grant": {"reruns": false, "most_runs": 3}}', 422, "grant"),
        (b'{"name": "a", "limits": {"seconds": 0}}', 422, "limit"),
        (b'{"name": "a", "inputs": [{"name": "x", "type": "colour"}]}', 422, "input_type"),
        (b'{"name": "' + b"a" * 2 * MIB + b'"}', 413, "body_large"),
    ],
    ids=["cut", "list", "bytes", "unknown field", "missing", "empty name", "direction", "dataset", "grant", "limit",
         "type", "large"],
)  # fmt: skip
def test_bodies_that_are_no_job(http: httpx.Client, jobs: str, body: bytes, status: int, code: str) -> None:
    before = len(http.get(jobs).json()["items"])
    said = checked(http.post(jobs, content=body), status, code)
    assert "a" * 100 not in said["detail"], "what was sent is not quoted"
    assert len(http.get(jobs).json()["items"]) == before


@pytest.mark.parametrize(
    ("query", "code"),
    [({"filter": "nonsense"}, "filter"), ({"after": "nonsense"}, "cursor"), ({"limit": "0"}, "limit"),
     ({"limit": "201"}, "limit"), ({"limit": "many"}, "query"), ({"status": "Done"}, "status"),
     ({"status": "Draft,Done"}, "status"), ({"sort": "revision"}, "sort"), ({"order": "up"}, "order"),
     ({"q": "a" * 201}, "search"), ({"name": "a" * 201}, "search")],
)  # fmt: skip
def test_lists_refuse_what_they_do_not_know(http: httpx.Client, jobs: str, query: dict[str, str], code: str) -> None:
    checked(http.get(jobs, params=query), 422, code)


def test_stale_change_says_what_happened(parts: Parts, http: httpx.Client, jobs: str) -> None:
    job = parts.draft()
    where = f"{jobs}/{job.id}"
    assert http.get(where).headers["etag"] == f'"{job.revision}"'
    assert http.patch(where, json={"description": "one"}, headers={"If-Match": f'"{job.revision}"'}).is_success
    said = checked(
        http.patch(where, json={"description": "two"}, headers={"If-Match": f'"{job.revision}"'}), 412, "draft_stale"
    )
    assert f"revision {job.revision + 1}" in said["detail"]
    assert parts.job(job.id).description == "one"


def test_idempotency_key_is_for_one_request(parts: Parts, http: httpx.Client, jobs: str) -> None:
    headers, name = {"Idempotency-Key": parts.name("key")}, parts.name()
    first = http.post(jobs, json={"name": name}, headers=headers)
    assert http.post(jobs, json={"name": name}, headers=headers).content == first.content
    checked(http.post(jobs, json={"name": parts.name()}, headers=headers), 409, "idempotency_key")
    with parts.http(WEI) as other:
        assert other.post(jobs, json={"name": parts.name()}, headers=headers).status_code == 201, "keys are one's own"


def test_login_is_answered_once_and_its_token_is_kept_nowhere(parts: Parts) -> None:
    """The kept answer to a repeated request would give a session to whoever overheard a login."""
    headers = {"Idempotency-Key": parts.name("login")}
    signer = keyfile.load(parts.folder / "members" / ANA / KEY_FILE, PASSPHRASE).signing
    with httpx.Client(base_url=parts.url, trust_env=False) as nobody:
        challenge = nobody.post("sessions/challenge", json={}).json()
        answer = Login(audience=challenge["audience"], nonce=challenge["nonce"], key=signer.public, time=utc_now())
        body = {"login": envelopes.sign(answer, signer).to_json()}
        token = nobody.post("sessions", json=body, headers=headers).json()["token"]
        checked(nobody.post("sessions", json=body, headers=headers), 401, "challenge")
    kept = b"".join(path.read_bytes() for path in (parts.folder / "server").glob("workspace.sqlite*"))
    assert token.encode() not in kept


@pytest.mark.parametrize("number", ["²", "٣", "1" * 30])
def test_numbers_are_plain_digits(parts: Parts, http: httpx.Client, jobs: str, number: str) -> None:
    checked(http.get(jobs, params={"limit": number}), 422, "query")
    job = parts.draft()
    raw = {b"If-Match": f'"{number}"'.encode()}
    checked(http.patch(f"{jobs}/{job.id}", json={"description": "x"}, headers=raw), 422, "if_match")
    assert http.patch(f"{jobs}/{job.id}", json={"description": "x"}, headers={"If-Match": "*"}).is_success


def test_uploads_arrive_as_announced_or_not_at_all(parts: Parts, http: httpx.Client) -> None:
    where = f"workspaces/{parts.workspace}/uploads"
    digest = "sha256:" + hashlib.sha256(b"content").hexdigest()
    checked(http.post(where, json={"bytes": 7, "digest": "../../etc/passwd"}), 422, "digest")
    checked(http.post(where, json={"bytes": 11 * 1024**3, "digest": digest}), 413, "upload_large")
    made = http.post(where, json={"bytes": 7, "digest": digest}).json()
    upload = f"{where}/{made['id']}"
    checked(http.put(upload, params={"offset": 3}, content=b"tent"), 409, "upload_gap")
    checked(http.put(upload, params={"offset": 0}, content=b"content and more"), 422, "upload_long")
    with parts.http(WEI) as other:
        checked(other.put(upload, params={"offset": 0}, content=b"content"), 404, "no_upload")
        checked(other.get(upload), 404, "no_upload")
    checked(http.put(f"{where}/..%2F..%2Fworkspace.sqlite", params={"offset": 0}, content=b"x"), 404, "no_upload")


@pytest.mark.parametrize(
    ("draft", "where"),
    [
        (Draft(code="SELECT month FROM flights\nWHERE month >= :low GROUP", inputs=(LOW,)), "line 2, column"),
        (Draft(code="SELECT * FROM elsewhere", inputs=()), "line 1, column"),
        (Draft(language="python", code="x = 1\nresult = spark.table('flights'", inputs=()), "line 2, column"),
        (Draft(language="python", code="spark.table('elsewhere')", inputs=()), "elsewhere"),
    ],
    ids=["sql", "sql table", "python", "python table"],
)
def test_code_that_does_not_parse_is_not_submitted(parts: Parts, draft: Draft, where: str) -> None:
    job = parts.draft(draft)
    with refused("code_check", kind=InvalidError, saying=where):
        deciding.submit(parts.ana, parts.workspace, job.id)
    assert parts.job(job.id).status == "Draft"


def test_withdrawn_dataset_stops_submission_and_runs(parts: Parts) -> None:
    parts.publish(WEI, "passing", "month,gust\n1,2\n2,3\n3,4\n")
    reading = Draft(code="SELECT count(*) AS n FROM passing", tables=("passing",), inputs=())
    accepted, drafted = parts.accepted(reading), parts.draft(reading)
    publishing.withdraw(parts.acting(WEI), parts.workspace, "passing")
    with refused("dataset_withdrawn", kind=InvalidError):
        deciding.submit(parts.ana, parts.workspace, drafted.id)
    with pytest.raises(NotAllowedError, match="withdrawn by its owner"):
        parts.order(accepted.id)
    with pytest.raises(InvalidError):
        publishing.withdraw(parts.ana, parts.workspace, "weather")


@pytest.mark.parametrize("text", ["", "a,a\n1,2\n", "\0\1\2"], ids=["empty", "duplicate columns", "no table"])
def test_files_that_are_no_table_publish_nothing(parts: Parts, tmp_path: Path, text: str) -> None:
    source = tmp_path / "file.csv"
    source.write_text(text)
    before = {each.id for each in parts.ana.client.datasets(parts.workspace)}
    with pytest.raises(SecureJobsError) as caught:
        publishing.publish(parts.ana, parts.workspace, DatasetAsked(name="bad", files=[str(source)]),
                           agree=lambda _proposal: True)  # fmt: skip
    assert caught.value.next_step
    assert {each.id for each in parts.ana.client.datasets(parts.workspace)} == before


def test_decline_needs_a_comment(parts: Parts) -> None:
    job = parts.submitted()
    with refused("comment_needed", kind=InvalidError):
        parts.decide(WEI, job.id, Verdict.DECLINE, "  ")


def test_reviewer_cannot_change_the_draft(parts: Parts) -> None:
    job = parts.draft()
    with pytest.raises(NotAllowedError):
        parts.acting(WEI).client.change_draft(parts.workspace, job.id, DraftChange(code="SELECT 1"),
                                              revision=job.revision)  # fmt: skip


def spoken(*words: str, environment: dict[str, str] | None = None, most_bytes: int | None = None) -> tuple[int, str]:
    """Return the exit code and the last words of a command."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    done = subprocess.run(words, cwd=ROOT, env=environment or clean_environment(), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120, check=False, preexec_fn=limit)  # fmt: skip
    return done.returncode, done.stderr + done.stdout


def test_wrong_passphrase_on_the_command_line(parts: Parts, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("something else")
    wrong.chmod(0o600)
    store = str(parts.folder / "members" / ANA)
    words = command("dataset", "list", "--key-store", store, "--workspace-url", parts.url, "--passphrase-file")
    code, said = spoken(*words, str(wrong))
    assert (code, "does not open" in said, "Traceback" in said) == (1, True, False), said
    wrong.chmod(0o644)
    code, said = spoken(*words, str(wrong))
    assert (code, "chmod 600" in said, "Traceback" in said) == (1, True, False), said


def test_unknown_setting_in_the_environment_is_an_error(tmp_path: Path) -> None:
    environment = {**clean_environment(), "SECURE_JOBS_WORKSPACE_ULR": "http://127.0.0.1/"}
    code, said = spoken(*command("serve", "--data-dir", str(tmp_path), "--port", str(free_port())),
                        environment=environment)  # fmt: skip
    assert (code, "Traceback" in said) == (1, False), said
    assert "SECURE_JOBS_WORKSPACE_ULR" in said
    assert "SECURE_JOBS_WORKSPACE_URL" in said, "it names those it knows"


_FULL: Final = """
import sys
from pathlib import Path
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.store.blobs import Blobs
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
blobs = Blobs(Path(sys.argv[1]))
assert blobs.append("upload", 0, b"a" * 4000, total=20000) == 4000
try:
    blobs.append("upload", 4000, b"b" * 16000, total=20000)
except UnavailableError as error:
    print(error.code, error.next_step)
print(blobs.received("upload"))
"""


def test_full_disk_keeps_what_arrived(tmp_path: Path) -> None:
    # A limit on the size of files stands in for a disk without room: the same system call fails.
    code, said = spoken(sys.executable, "-c", _FULL, str(tmp_path), most_bytes=8192)
    assert code == 0, said
    assert said.split("\n")[:2] == ["disk_full Free space there; the upload can go on.", "4000"]


def test_server_beyond_this_machine_needs_tls(tmp_path: Path) -> None:
    code, said = spoken(*command("serve", "--data-dir", str(tmp_path), "--ip", "0.0.0.0"))
    assert (code, "needs TLS" in said, "Traceback" in said) == (1, True, False)
    assert not list(tmp_path.iterdir())
