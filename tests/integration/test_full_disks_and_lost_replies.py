"""A disk that is full, a file that somebody holds, a reply that is lost: a part waits it out, and no run is wasted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.mailbox import KeyServiceMailbox
from jupyter_secure_jobs.keyservice.loop import Loop
from jupyter_secure_jobs.member import opening
from jupyter_secure_jobs.store.tables import RunRow
from jupyter_secure_jobs.wire.job import GrantWire
from tests.support import tampering
from tests.support.full_disk import full_disk
from tests.support.parts import Draft, Parts, wait_until

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.run import RunWire
    from tests.support.process import Part

ONCE = Draft(
    code="SELECT month, count(*) AS n FROM flights GROUP BY month ORDER BY month", inputs=(),
    grant=GrantWire(reruns=False),
)  # fmt: skip
# Long enough for the server to go away while it runs.
SLOW_ONCE = Draft(
    language="python",
    code="import time\nuntil = time.monotonic() + 3\nwhile time.monotonic() < until:\n    pass\n"
    "spark.table('flights').groupBy('month').count()",
    inputs=(), grant=GrantWire(reruns=False),
)  # fmt: skip


def counted(parts: Parts, run: RunWire) -> tuple[int, int]:
    """Return how many orders of the run's version its key service counts, and how often it granted this one."""
    with parts.key_service("Airline") as service, tampering.database(parts) as session:
        order = session.get_one(RunRow, run.id).statement or ""
        known = service._state.released(order)
        return service._state.used(run.version_hash or ""), known.times if known else 0


def said(part: Part, words: str, since: int) -> None:
    """Wait until a part has said this after so much of its log."""
    wait_until(lambda: words in part.text()[since:], f"the words {words!r}")


def forget_ciphertext(parts: Parts) -> None:
    """Throw away what the worker keeps."""
    for path in (parts.worker_folder / "carried" / "ciphertext").iterdir():
        path.unlink()


def test_worker_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(parts: Parts) -> None:
    job = parts.accepted(ONCE)
    worker = parts.parts["worker"]
    forget_ciphertext(parts)
    with full_disk(worker.pid):
        run = parts.ended(parts.order(job.id))
    assert (run.status, run.error_class, run.used_up) == ("Failed", "DiskFull", False)
    assert (run.error_text or "").startswith("The worker could not write to its disk.")
    assert counted(parts, run) == (0, 0), "no key was asked for"
    again = parts.ended(parts.order(job.id))
    assert again.status == "Succeeded", "the same process serves on"
    assert worker.alive
    assert counted(parts, again) == (1, 1)


def test_key_service_whose_memory_is_held_answers_when_it_is_free(parts: Parts) -> None:
    job = parts.accepted(ONCE)
    service = parts.parts["Airline"]
    since = len(service.text())
    with closing(sqlite3.connect(parts.service_folder("Airline") / "state.sqlite", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        run = parts.order(job.id)
        said(service, "the memory waits: OperationalError", since)
        held.execute("ROLLBACK")
    assert parts.ended(run).status == "Succeeded"
    assert service.alive
    assert counted(parts, run) == (1, 1)


def test_lost_reply_of_a_key_service_uses_up_no_acceptance(parts: Parts) -> None:
    """Killed between its release and its reply, it is asked the same again, and grants the order a second time."""
    job = parts.accepted(ONCE)
    parts.parts["Airline"].stop()
    ring = parts.service_ring("Airline")
    with parts.key_service("Airline") as service, closing(parts.login(ring)) as login:
        by_hand, mailbox = Loop(service, ring, parts.url), KeyServiceMailbox(login.connection)
        run = parts.order(job.id)

        def answered(wants: str) -> bool:
            found = [task for task in mailbox.tasks(service.log_sizes()).items if task.wants == wants]
            if wants == "nonce":
                return any(by_hand._answer(task) for task in found)
            # The release is on the disk, and the reply never leaves.
            return any(by_hand._reply(task).grant is not None for task in found)

        wait_until(lambda: answered("nonce"), "a call for the nonce")
        wait_until(lambda: answered("grant"), "a call for the grant")
        by_hand._login.close()
    assert counted(parts, run) == (1, 1)
    parts.start("Airline")
    ended = parts.ended(run)
    assert (ended.status, ended.rows) == ("Succeeded", 12)
    assert counted(parts, run) == (1, 2), "both releases are counted, and one run is used up"


def test_outcome_waits_for_a_server_that_is_away(parts: Parts) -> None:
    server, worker = parts.parts["server"], parts.parts["worker"]
    words = server.words
    at = words.index("--lease-seconds") + 1
    server.stop()
    # A lease as long as in real use: it has not ended when the server is back.
    server.words = [*words[:at], "60", *words[at + 1 :]]
    try:
        parts.start("server")
        job = parts.accepted(SLOW_ONCE)
        run = parts.order(job.id)
        parts.in_phase(run, "run")
        since = len(worker.text())
        server.kill()
        said(worker, "the server is asked again", since)
        parts.start("server")
        ended = parts.ended(run)
    finally:
        server.stop()
        server.words = words
        parts.start("server")
    assert (ended.status, ended.rows) == ("Succeeded", 12)
    assert counted(parts, run) == (1, 1), "it did not run twice"
    assert opening.preview(parts.ana, parts.workspace, run.id).total == 12
