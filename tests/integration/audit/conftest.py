"""What the tests of the audit log look at: a whole road, and each rarer event once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.audit import Event, Purpose
from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.member import bundles, changing, deciding, opening, publishing
from jupyter_secure_jobs.member.changing import Wish
from jupyter_secure_jobs.member.identity import CARD_FILE, Card, card_of
from jupyter_secure_jobs.store.tables import KeyMailRow, RunRow
from jupyter_secure_jobs.wire.job import DraftChange
from tests.support import tampering
from tests.support.audited import AIRLINE, COMMENT, PRINTING, events, told
from tests.support.parts import BEN, MIA, REVIEWERS, WEI, Draft, Parts, wait_until

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.audit import AuditWire
    from jupyter_secure_jobs.wire.run import RunWire


@pytest.fixture(scope="session")
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
    bundles.bundle(parts.acting(WEI), workspace, run.id, opened=False)
    deciding.revoke(parts.acting(WEI), workspace, job.id, Scope.RERUNS)
    wait_until(lambda: (Event.STOP_HEARD, AIRLINE) in told(parts, job.id), "the acknowledgement")
    client.act(workspace, job.id, "new-draft")
    client.act(workspace, job.id, "discard-draft")
    client.act(workspace, job.id, "archive")
    client.act(workspace, job.id, "unarchive")
    return run


@pytest.fixture(scope="session")
def withdrawn(running: Parts) -> str:
    """Withdraw a dataset; return its name."""
    running.publish(MIA, "shortlived", "month,colour\n1,red\n2,blue\n")
    publishing.withdraw(running.acting(MIA), running.workspace, "shortlived")
    del running.datasets["shortlived"]
    heard = "the acknowledgement"
    wait_until(lambda: any("shortlived" in event.detail for event in events(running, kinds=["stop_heard"])), heard)
    return "shortlived"


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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
