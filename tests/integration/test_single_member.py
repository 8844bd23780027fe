"""A workspace of one member: submitting accepts, runs have no bound, and there is no rerun indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.member import deciding, founding, opening, publishing
from jupyter_secure_jobs.member.identity import CARD_FILE, Card
from jupyter_secure_jobs.wire.job import DatasetReadWire, JobNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked

if TYPE_CHECKING:
    from tests.support.parts import Parts


def test_alone_one_submits_and_runs_without_bound(parts: Parts) -> None:
    service = parts.service_folder("Airline")
    cards = [Card.read(service / CARD_FILE), Card.read(parts.worker_folder / CARD_FILE)]
    invitation = founding.found(parts.ana, "Alone", cards)
    state = State(service / "state.sqlite")
    state.pin(invitation.workspace, invitation.genesis)
    state.close()
    source = parts.folder / "alone.csv"
    source.write_text("kind,size\na,1\nb,2\n")
    asked = DatasetAsked(name="things", files=[str(source)])
    made = publishing.publish(parts.ana, invitation.workspace, asked, agree=lambda _proposal: True)
    job = parts.ana.client.create_job(
        invitation.workspace,
        JobNew(
            name="Total",
            code="SELECT sum(size) AS total FROM things",
            datasets=[DatasetReadWire(table="things", dataset=made.dataset or "")],
        ),
    )
    assert job.rerun_indicator is None
    assert {a.name: a.allowed for a in job.actions}["request_reruns"] is False
    submitted = deciding.submit(parts.ana, invitation.workspace, job.id)
    assert (submitted.status, submitted.rerun_indicator, submitted.approval) == ("Accepted", None, [])
    for _ in range(3):
        run = parts.ana.client.wait(deciding.run(parts.ana, invitation.workspace, job.id, {}), timeout=60)
        assert run.status == "Succeeded", run.error_text
        assert opening.preview(parts.ana, invitation.workspace, run.id).rows == [["3"]]
