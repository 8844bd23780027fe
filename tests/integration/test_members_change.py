"""Members join, leave, change and lose keys: what becomes of drafts, reviews, live versions, grants and results."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from jupyter_secure_jobs.client.mailbox import WorkerMailbox
from jupyter_secure_jobs.domain.errors import InvalidError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.member import changing, deciding, opening, resealing
from jupyter_secure_jobs.member.changing import Wish
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.trust.dossier import Dossier
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.job import DraftChange
from jupyter_secure_jobs.wire.run import RunNew
from tests.support import tampering
from tests.support.circle import Circle
from tests.support.parts import ANA, BEN, MIA, ORGANISATIONS, WEI, Draft, wait_until
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.parts import Parts

EVE = "eve@airline.example"
STALE = "The members changed: submit again."
SLOW = "import time\ntime.sleep(12)\nspark.table('flights').groupBy('month').count()"


@pytest.fixture
def circle(parts: Parts, tmp_path: Path) -> Iterator[Circle]:
    made = Circle(parts, tmp_path)
    yield made
    made.close()


def heard(circle: Circle, expected: tuple[int, int], organisations: tuple[str, ...] = ORGANISATIONS) -> None:
    """Wait until key services have heard of so many rosters and worker lists."""
    for name in organisations:
        wait_until(lambda name=name: circle.epoch_at(name) == expected, f"{name} hears of {expected}")  # type: ignore[misc]  # a default binds the loop's name


def why_not(circle: Circle, job: str, action: str) -> str | None:
    """Return why the author may not do something now."""
    return next(each.reason for each in circle.job(job).actions if each.name == action)


def test_one_joins(circle: Circle) -> None:  # noqa: PLR0915 -- one story from beginning to end
    draft = circle.draft()
    review = circle.submitted()
    circle.decide(WEI, review.id)
    live = circle.accepted()
    run = circle.ended(circle.order(live.id))
    assert run.status == "Succeeded"
    old_order = EnvelopeWire.model_validate(tampering.signed_order(circle, live.id).to_json())

    eve = circle.newcomer(EVE, "Airline")
    with pytest.raises(NotFoundError):
        eve.client.changes(circle.workspace)
    assert eve.client.invitations() == []
    proposed = changing.propose(circle.ana, circle.workspace, Wish(add=(eve.card,)))
    assert proposed is not None
    assert set(proposed.missing) == {BEN, WEI, MIA, EVE}
    assert proposed.lines == (f"JOINS   {EVE} (Airline): {eve.card.fingerprint}",)
    # Named by a proposal, she may look at it and sign it, and see nothing else.
    (invitation,) = eve.client.invitations()
    assert (invitation.workspace, invitation.change) == (circle.workspace, proposed.hash)
    with pytest.raises(NotFoundError):
        eve.client.jobs(circle.workspace)
    assert eve.client.workspaces() == []
    assert circle.sign(circle.acting(BEN), circle.acting(WEI), circle.acting(MIA)) == (EVE,)
    # Until the last signature nothing has happened.
    assert circle.job(review.id).status == "Under Review"
    assert circle.epoch_at("Airline") == (1, 1)
    assert circle.sign(eve) == ()
    circle._acting[EVE] = eve

    assert circle.people() == (ANA, BEN, WEI, MIA, EVE)
    assert circle.job(draft.id, EVE).version.code == draft.version.code
    ended = circle.job(review.id)
    assert (ended.status, ended.approval) == ("Draft", [])
    assert (ended.history[0].action, "members changed" in ended.history[0].detail) == ("review_cancelled", True)
    assert {"change_proposed", "members_changed"} <= {each.event for each in circle.ana.client.audit(circle.workspace)}
    assert why_not(circle, live.id, "run") == STALE
    with refused("action_refused", kind=NotAllowedError, saying="members changed"):
        circle.ana.client.order_signed(circle.workspace, live.id, RunNew(order=old_order))
    heard(circle, (2, 2))
    assert circle.released(live.version.hash or "") == 1

    # What was sealed before stays with those it was sealed to, until one of them seals it again.
    preview = opening.preview(circle.acting(BEN), circle.workspace, run.id)
    assert preview.total == 12
    assert any("roster 1; there are 2 now" in line for line in preview.verified)
    with refused("not_a_recipient", kind=NotAllowedError):
        opening.preview(eve, circle.workspace, run.id)
    done = resealing.reseal(circle.acting(BEN), circle.workspace, EVE)
    assert (done.sealed, done.open_already, done.not_mine) == (1, 0, 0)
    assert opening.preview(eve, circle.workspace, run.id).total == 12
    with refused("not_your_organisation", kind=NotAllowedError):
        opening.preview(circle.acting(WEI), circle.workspace, run.id)

    # Submitted again and accepted by all five, it runs, and the newcomer is a recipient.
    deciding.submit(circle.ana, circle.workspace, review.id)
    assert circle.accept(review.id).status == "Accepted"
    again = circle.ended(circle.order(review.id))
    assert (again.status, again.error_text) == ("Succeeded", None)
    assert opening.preview(eve, circle.workspace, again.id).total == 12


def test_one_leaves(circle: Circle) -> None:
    live = circle.accepted()
    run = circle.ended(circle.order(live.id))
    ben = circle.acting(BEN)
    orphan = circle.draft(who=BEN)
    token = dict(ben.client.connection.headers())
    assert opening.preview(ben, circle.workspace, run.id).total == 12

    seen = changing.propose(circle.ana, circle.workspace, Wish(remove=(BEN,)))
    assert seen is not None
    assert (seen.lines, set(seen.missing)) == ((f"LEAVES  {BEN} (Airline)",), {BEN, WEI, MIA})
    assert circle.sign(ben, circle.acting(WEI), circle.acting(MIA)) == ()
    del circle._acting[BEN]

    with httpx.Client(base_url=circle.url, headers=token, trust_env=False) as http:
        assert http.get("workspaces").status_code == 401, "the session is void at once"
    for ask in (
        lambda: ben.client.job(circle.workspace, live.id),
        lambda: ben.client.outcome(circle.workspace, run.id),
        lambda: ben.client.changes(circle.workspace),
    ):
        with pytest.raises(NotFoundError):
            ask()
    assert opening.preview(circle.ana, circle.workspace, run.id).total == 12
    assert why_not(circle, live.id, "run") == STALE
    # His draft can be read by all, and edited by nobody.
    assert circle.job(orphan.id).version.code == orphan.version.code
    with refused("action_not_offered", kind=NotAllowedError):
        circle.ana.client.change_draft(
            circle.workspace, orphan.id, DraftChange(code="SELECT 1"), revision=orphan.revision
        )
    # Without him, three decide.
    circle.ana.client.act(circle.workspace, live.id, "new-draft")
    deciding.submit(circle.ana, circle.workspace, live.id)
    assert circle.accept(live.id).status == "Accepted"
    again = circle.ended(circle.order(live.id))
    assert again.status == "Succeeded"
    assert circle.released(circle.job(live.id).version.hash or "") == 1


def test_an_organisation_leaves_with_its_key_service(circle: Circle) -> None:
    both = Draft(code="SELECT count(*) FROM flights JOIN weather USING (month)", tables=("flights", "weather"),
                 inputs=())  # fmt: skip
    live = circle.accepted(both)
    draft = circle.draft(both)
    # A run that waits, without a key yet, ends and uses up nothing; its statements would still do today.
    circle.parts["worker"].stop()
    waiting = circle.order(live.id)
    dossier = carried(circle, waiting.id)
    with circle.key_service("Weather Service") as service:
        assert service.nonce(dossier, workspace=circle.workspace, now=utc_now())
    wei = circle.acting(WEI)
    seen = changing.propose(wei, circle.workspace, Wish(remove=(WEI,)))
    assert seen is not None
    assert any("LEAVES  the organisation Weather Service, and its key service" in line for line in seen.lines)
    del circle._acting[WEI]
    assert circle.sign(circle.ana, circle.acting(BEN), circle.acting(MIA)) == ()

    run = circle.run(waiting.id)
    assert (run.status, run.error_class, run.used_up) == ("Failed", "MembersChanged", False)
    assert "submit the job again" in (run.error_text or "")
    assert "has no key service here any more" in (why_not(circle, live.id, "run") or "")
    with refused("no_key_service", kind=InvalidError, saying="Weather Service"):
        deciding.submit(circle.ana, circle.workspace, draft.id)
    # Its key service, named no more, hears that the old roster is over, and refuses what it would have granted.
    heard(circle, (2, 2))
    with circle.key_service("Weather Service") as service, refused("stale_epoch"):
        service.nonce(dossier, workspace=circle.workspace, now=utc_now())
    with circle.key_service("Airline") as service, refused("stale_epoch"):
        service.nonce(dossier, workspace=circle.workspace, now=utc_now())
    assert circle.released(live.version.hash or "") == circle.released(live.version.hash or "", "Weather Service") == 0
    # A job that reads what is left is accepted and runs.
    circle.start_all()
    assert circle.ended(circle.order(circle.accepted().id)).status == "Succeeded"


def carried(circle: Circle, run: str) -> Dossier:
    """Return the statements behind a queued run, as a worker would carry them."""
    with closing(circle.login(circle.worker_ring())) as login:
        mailbox = WorkerMailbox(login.connection)
        lease = mailbox.lease()
        assert lease is not None
        assert (lease.run, lease.dossier is None) == (run, False)
        mailbox.release(lease)
        assert lease.dossier is not None
        return Dossier.from_json(lease.dossier.model_dump())


def test_a_member_changes_keys(circle: Circle) -> None:
    live = circle.accepted()
    run = circle.ended(circle.order(live.id))
    draft = circle.draft()
    old = circle.ana
    new = circle.newcomer(ANA, "Airline")
    seen = changing.propose(old, circle.workspace, Wish(replace=(new.card,)))
    assert seen is not None
    assert set(seen.missing) == {BEN, WEI, MIA, f"{ANA} with the new key", ANA}
    assert seen.lines[0].startswith(f"NEW KEY {ANA} (Airline): {new.card.fingerprint}, not {old.card.fingerprint}")
    assert circle.sign(circle.acting(BEN), circle.acting(WEI), circle.acting(MIA), new) == ()
    circle._acting[ANA] = new

    with pytest.raises(NotFoundError):
        old.client.job(circle.workspace, draft.id)
    # Drafts are hers as before; a live version has to be submitted again.
    assert circle.job(draft.id).mine
    assert why_not(circle, live.id, "run") == STALE
    # Old results: sealed to the old keys. The old key store opens them for the new one.
    with refused("not_a_recipient", kind=NotAllowedError):
        opening.preview(new, circle.workspace, run.id)
    assert opening.preview(circle.acting(BEN), circle.workspace, run.id).total == 12
    done = resealing.reseal(new, circle.workspace, ANA, old_keys=old.ring)
    assert done.sealed == 1
    assert opening.preview(new, circle.workspace, run.id).total == 12
    deciding.submit(new, circle.workspace, draft.id)
    assert circle.accept(draft.id).status == "Accepted"
    again = circle.ended(circle.order(draft.id))
    assert opening.preview(new, circle.workspace, again.id).total == 12


def test_a_lost_key_is_replaced_by_the_recovery_key(circle: Circle) -> None:
    live = circle.accepted()
    run = circle.ended(circle.order(live.id))
    lost = circle._acting.pop(BEN)
    new = circle.newcomer(BEN, "Airline")
    recovery = circle.recovery("Airline")
    told = (recovery, circle.workspace, new.card)
    assert changing.recover(*told, genesis=circle.genesis, agree=lambda _: False) is None
    assert circle.ana.client.changes(circle.workspace).pending is None, "nothing is proposed before it is agreed to"
    missing = changing.recover(*told, genesis=circle.genesis, agree=lambda _: True)
    assert set(missing or ()) == {ANA, WEI, MIA, f"{BEN} with the new key", BEN}
    # The list is signed by the new key alone, and the roster by the recovery key in place of the old one.
    assert circle.sign(circle.ana, circle.acting(WEI), circle.acting(MIA)) != ()
    assert circle.sign(new) == ()
    circle._acting[BEN] = new
    with pytest.raises(NotFoundError):
        lost.client.job(circle.workspace, live.id)
    with refused("not_a_recipient", kind=NotAllowedError):
        opening.preview(new, circle.workspace, run.id)
    assert resealing.reseal(circle.ana, circle.workspace, BEN).sealed == 1
    assert opening.preview(new, circle.workspace, run.id).total == 12


def test_a_worker_is_dropped_and_another_enrolled(circle: Circle) -> None:
    live = circle.accepted()
    run = circle.ended(circle.order(live.id))
    other = circle.new_worker("worker-2")
    circle.change(Wish(workers=(other,), drop_workers=("worker-1",)))
    heard(circle, (1, 2))
    # No acceptance is void, and what the dropped worker did is verified as of then.
    assert why_not(circle, live.id, "run") is None
    preview = opening.preview(circle.acting(BEN), circle.workspace, run.id)
    assert preview.total == 12
    assert any("list 1; there are 2 now" in line for line in preview.verified)
    # The dropped one, which other workspaces have still, gets no run of this one.
    waiting = circle.order(live.id)
    assert circle.run(waiting.id).waiting == "no worker connected"
    circle.change(Wish(workers=(circle.worker_card(),)))
    assert circle.ended(waiting).status == "Succeeded"
    assert circle.job(live.id).rerun_indicator == "Approved for rerun · 1 of 3 left"


def test_a_run_that_has_its_keys_finishes_whoever_leaves(circle: Circle) -> None:
    live = circle.accepted(Draft(code=SLOW, language="python", inputs=()))
    run = circle.order(live.id)
    circle.in_phase(run, "run")
    circle.change(Wish(remove=(BEN,), drop_workers=("worker-1",)))
    del circle._acting[BEN]
    assert circle.run(run.id).status == "Running"
    ended = circle.ended(run)
    assert (ended.status, ended.used_up) == ("Succeeded", True)
    assert opening.preview(circle.ana, circle.workspace, run.id).total == 12
    assert circle.released(live.version.hash or "") == 1


def test_a_test_by_a_worker_that_was_dropped_since(circle: Circle) -> None:
    draft = circle.draft()
    test = circle.ended(circle.ana.client.test(circle.workspace, draft.id, {"low": 1}))
    circle.change(Wish(workers=(circle.new_worker("worker-2"),), drop_workers=("worker-1",)))
    found = opening.preview(circle.acting(WEI), circle.workspace, test.id)
    assert "The worker worker-1 of then was dropped or upgraded since." in found.verified


def test_queued_run_survives_a_change_of_workers(circle: Circle) -> None:
    live = circle.accepted()
    circle.parts["Airline"].stop()
    run = circle.order(live.id)
    circle.change(Wish(workers=(circle.new_worker("worker-2"),)))
    circle.start_all()
    wait_until(lambda: circle.run(run.id).status in ENDED, "the end of the run")
    assert circle.run(run.id).status == "Succeeded"
