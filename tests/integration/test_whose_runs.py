"""Whose runs a worker takes, and who ends a test: real parts, and somebody who lists another's worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.member import founding
from jupyter_secure_jobs.member.context import act
from jupyter_secure_jobs.member.identity import CARD_FILE, Card, create
from jupyter_secure_jobs.wire.job import JobNew
from tests.support.parts import ANA, PASSPHRASE, WEI, Draft, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.member.context import Acting
    from tests.support.parts import Parts

THIEF = "thief@elsewhere.example"
ENDLESS = Draft(language="python", code="while True:\n    pass\nspark.table('flights')", inputs=())


@pytest.fixture
def thief(parts: Parts, tmp_path: Path) -> Iterator[Acting]:
    """Give one who can log in, and is a member of nothing."""
    create(tmp_path / "thief", kind="member", name=THIEF, organisation="Elsewhere", passphrase=PASSPHRASE)
    made = act(tmp_path / "thief", PASSPHRASE, parts.url)
    yield made
    made.client.connection.close()


@pytest.fixture
def bound(parts: Parts) -> Iterator[Parts]:
    """Give parts whose worker serves the members' workspace alone."""
    worker = parts.parts["worker"]
    words = list(worker.words)
    worker.stop()
    worker.words += ["--workspace", parts.workspace]
    parts.start("worker")
    yield parts
    worker.stop()
    worker.words[:] = words


def test_who_lists_anothers_worker_has_no_test_run_on_it(bound: Parts, thief: Acting) -> None:
    card = Card.read(bound.worker_folder / CARD_FILE)
    own = founding.found(thief, "Mine", [card]).workspace
    job = thief.client.create_job(own, JobNew.model_validate({"name": "Theft", "code": "SELECT 1 AS one"}))
    theirs = thief.client.test(own, job.id, {})
    for _ in range(2):
        test = bound.ana.client.test(bound.workspace, bound.draft().id, {"low": 1})
        assert bound.ended(test).status == "Succeeded", "those that it serves it serves"
    run = thief.client.run_of(own, theirs.id)
    assert (run.status, run.place, run.waiting) == ("Queued", 1, "no worker connected")
    # The same worker without the option takes it: that is what the option is for.
    bound.parts["worker"].stop()
    del bound.parts["worker"].words[-2:]
    bound.start("worker")
    wait_until(lambda: thief.client.run_of(own, theirs.id).status in ENDED, "the end of the thief's test")


def test_a_member_ends_another_members_endless_test(parts: Parts) -> None:
    test = parts.acting(ANA).client.test(parts.workspace, parts.draft(ENDLESS).id, {})
    parts.in_phase(test, "run")
    wei = parts.acting(WEI).client
    assert wei.run_of(parts.workspace, test.id).can_cancel
    assert wei.cancel_run(parts.workspace, test.id).cancel_requested
    ended = parts.ended(test, seconds=20)
    assert (ended.status, ended.has_result) == ("Cancelled", False)
    assert ("cancelled", WEI) in {(each.event, each.actor) for each in wei.audit(parts.workspace)}
