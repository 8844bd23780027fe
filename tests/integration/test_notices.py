"""Notices over the real parts: who is told what of a job's life, what stays seen, and what others are never told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.member import changing, deciding, publishing
from jupyter_secure_jobs.member.changing import Wish
from tests.support.circle import Circle
from tests.support.parts import ANA, BEN, MEMBERS, MIA, REVIEWERS, WEI, Draft
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.wire.notice import NoticeWire
    from tests.support.parts import Parts

EVE = "eve@airline.example"
COMMENT = "Round it, Schmetterlingsquote."
FAILING = Draft(language="python", code="result = spark.table('flights')\nraise ValueError(result.count())", inputs=())


@pytest.fixture
def circle(parts: Parts, tmp_path: Path) -> Iterator[Circle]:
    made = Circle(parts, tmp_path)
    yield made
    made.close()


def notices(circle: Circle, who: str, *, unseen: bool = False) -> list[NoticeWire]:
    return circle.acting(who).client.notices(circle.workspace, unseen=unseen)


def kinds(circle: Circle, who: str, job: str | None) -> list[str]:
    """Return the kinds of a member's notices about a job, oldest first."""
    return [each.kind for each in reversed(notices(circle, who)) if each.job == job]


def test_a_review_and_a_run_from_every_side(circle: Circle) -> None:
    client = circle.ana.client
    job = circle.submitted()
    for who in REVIEWERS:
        (asked,) = [each for each in notices(circle, who) if each.job == job.id]
        assert asked.kind == "submitted"
        assert asked.text == f"{ANA} (Airline) asks you to decide on version 1 of “{job.name}”."
        assert (asked.level, asked.job_name, asked.seen) == ("warning", job.name, False)
    assert notices(circle, ANA) == []

    circle.decide(WEI, job.id, Verdict.DECLINE, COMMENT)
    (declined,) = notices(circle, ANA)
    assert (declined.level, declined.kind) == ("warning", "declined")
    assert declined.text == f"{WEI} (Weather Service) declined version 1 of “{job.name}”, with a comment."
    assert kinds(circle, WEI, job.id) == [], "she has decided, nothing is asked of her any more"
    client.act(circle.workspace, job.id, "cancel-review")
    assert kinds(circle, BEN, job.id) == [], "nothing is under review"

    deciding.submit(circle.ana, circle.workspace, job.id)
    for who in REVIEWERS:
        assert kinds(circle, who, job.id) == ["submitted"]
        circle.decide(who, job.id, comment="")
    first, second, last = (each for each in reversed(notices(circle, ANA)) if each.kind == "accepted")
    assert first.text == f"{BEN} (Airline) accepted version 1 of “{job.name}”."
    assert {first.level, second.level} == {"info"}
    assert last.text.endswith("Every member has accepted it now: it can run.")
    assert last.level == "success"

    run = circle.ended(circle.order(job.id))
    assert run.status == "Succeeded"
    for who in (ANA, BEN):
        finished = notices(circle, who)[0]
        assert (finished.kind, finished.level, finished.run) == ("run_ended", "success", run.id)
        assert finished.text == f"Run 1 of “{job.name}” succeeded."
    for who in (WEI, MIA):
        assert kinds(circle, who, job.id) == [], "how it ended is for the author's organisation"

    deciding.revoke(circle.acting(WEI), circle.workspace, job.id, Scope.RERUNS)
    assert notices(circle, ANA)[0].level == "warning"
    assert notices(circle, ANA)[0].text.endswith("No run after the first.")
    assert [notices(circle, who)[0].level for who in (BEN, MIA)] == ["info", "info"]
    assert kinds(circle, WEI, job.id) == [], "her own deed"
    everything = "".join(each.model_dump_json() for who in MEMBERS for each in notices(circle, who))
    assert "Schmetterlingsquote" not in everything, "a comment is read beside the code, under its review"


def test_other_organisations_learn_nothing_of_how_a_run_failed(circle: Circle) -> None:
    job = circle.accepted(FAILING)
    run = circle.ended(circle.order(job.id))
    assert run.status == "Failed"
    said = [each.text for who in (ANA, BEN) for each in notices(circle, who) if each.run == run.id]
    assert said == [f"Run 1 of “{job.name}” failed ({run.error_class})."] * 2
    for who in (WEI, MIA):
        seen = notices(circle, who)
        assert [each for each in seen if each.run is not None or each.kind == "run_ended"] == []
        assert "failed" not in "".join(each.text for each in seen)
    # Not even the author's organisation finds a number of rows or a line of an error in a notice: a class, no more.
    assert run.error_class == "ValueError"


def test_what_was_seen_stays_seen(circle: Circle) -> None:
    client = circle.acting(WEI).client
    first, second = circle.submitted(), circle.submitted()
    newer, older = notices(circle, WEI, unseen=True)
    assert (newer.job, older.job) == (second.id, first.id)
    client.notices_seen(circle.workspace, older.id)
    assert [(each.job, each.seen) for each in notices(circle, WEI)] == [(second.id, False), (first.id, True)]
    assert [each.id for each in notices(circle, WEI, unseen=True)] == [newer.id]
    client.notices_seen(circle.workspace, newer.id)
    client.notices_seen(circle.workspace, older.id)
    assert notices(circle, WEI, unseen=True) == [], "an older mark takes nothing back"
    assert len(notices(circle, MIA, unseen=True)) == 2, "what one member saw, another did not"
    # A mark in the future hides nothing that happens after it.
    client.notices_seen(circle.workspace, "9" * 18)
    third = circle.submitted()
    assert [each.job for each in notices(circle, WEI, unseen=True)] == [third.id]
    with refused("notice", kind=InvalidError):
        client.notices_seen(circle.workspace, "-1")


def test_pages_join_without_a_gap(circle: Circle) -> None:
    made = [circle.submitted().id for _ in range(3)]
    found, after = [], ""
    with circle.http(MIA) as http:
        for _ in range(4):
            asked = {"limit": "2", **({"after": after} if after else {})}
            page = http.get(f"workspaces/{circle.workspace}/notices", params=asked).json()
            found += [each["job"] for each in page["items"]]
            if page["next"] is None:
                break
            after = page["next"]
        assert found == list(reversed(made))
        for wrong in ({"after": "x"}, {"limit": "0"}, {"limit": "101"}):
            assert http.get(f"workspaces/{circle.workspace}/notices", params=wrong).status_code == 422
    with pytest.raises(NotFoundError):
        circle.newcomer("eve@elsewhere.example", "Elsewhere").client.notices(circle.workspace)


def test_members_come_and_each_hears_from_then_on(circle: Circle) -> None:
    ran = circle.ended(circle.order(circle.accepted().id))
    assert [each.run for each in notices(circle, BEN)].count(ran.id) == 1
    before = circle.submitted()
    eve = circle.newcomer(EVE, "Airline")
    proposed = changing.propose(circle.ana, circle.workspace, Wish(add=(eve.card,)))
    assert proposed is not None
    asked = notices(circle, BEN)[0]
    assert asked.text == f"{ANA} (Airline) proposes a change that needs your signature: {EVE} joins."
    assert asked.level == "warning"
    circle.sign(circle.acting(BEN))
    assert "change_proposed" not in kinds(circle, BEN, None), "he has signed"
    assert "change_proposed" in kinds(circle, WEI, None)
    assert circle.sign(circle.acting(WEI), circle.acting(MIA), eve) == ()
    circle._acting[EVE] = eve
    assert kinds(circle, WEI, None) == ["members_changed"]
    assert notices(circle, EVE) == [], "neither what was before her nor her own coming"
    assert kinds(circle, WEI, before.id) == [], "the review ended with the members"
    after = circle.submitted()
    assert [each.job for each in notices(circle, EVE)] == [after.id]


def test_a_refused_change_and_a_withdrawn_dataset(circle: Circle) -> None:
    eve = circle.newcomer(EVE, "Airline")
    proposed = changing.propose(circle.ana, circle.workspace, Wish(add=(eve.card,)))
    assert proposed is not None
    changing.refuse_change(circle.acting(WEI), circle.workspace, reason="Not yet.")
    assert notices(circle, ANA)[0].text == f"{WEI} (Weather Service) refused the change that you proposed."
    assert "change_refused" not in kinds(circle, MIA, None)
    reading = circle.accepted(Draft(code="SELECT count(*) AS n FROM weather", tables=("weather",), inputs=()))
    circle.accepted()
    publishing.withdraw(circle.acting(WEI), circle.workspace, "weather")
    withdrawn = notices(circle, ANA)[0]
    assert (withdrawn.kind, withdrawn.job, withdrawn.level) == ("dataset_withdrawn", reading.id, "warning")
    assert f"withdrew the dataset weather, which “{reading.name}” reads" in withdrawn.text
    assert not any(each.kind == "dataset_withdrawn" for who in (BEN, MIA) for each in notices(circle, who))


def test_a_cancelled_run_is_news_to_a_colleague_alone(circle: Circle) -> None:
    circle.parts["worker"].stop()
    job = circle.accepted()
    run = circle.order(job.id)
    circle.ana.client.cancel_run(circle.workspace, run.id)
    assert not any(each.run == run.id for each in notices(circle, ANA))
    (told,) = [each for each in notices(circle, BEN) if each.run == run.id]
    assert (told.text, told.level) == (f"Run 1 of “{job.name}” cancelled.", "info")
