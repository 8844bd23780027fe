"""The indicator at the top right of a job page, in each of its states, for author and reviewer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.wire.job import GrantWire
from tests.e2e.conftest import Place, open_job, picture
from tests.e2e.life import accepted, finished
from tests.support.parts import ANA, MIA

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

pytestmark = pytest.mark.timeout(240)


def indicator(shown: Locator) -> Locator:
    """Return the indicator of a job page."""
    return shown.locator("header [aria-label='Rerun approval']")


def test_author_asks_in_a_draft_and_a_reviewer_sees_it(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.draft("Asks for reruns", grant=GrantWire(reruns=False))
    page, other = open_as(ANA), open_as(MIA)
    mine, theirs = open_job(page, "Asks for reruns"), open_job(other, "Asks for reruns")
    box = indicator(mine).get_by_role("checkbox", name="Request approval for reruns")
    expect(box).not_to_be_checked()
    expect(indicator(theirs)).to_contain_text("Request approval for reruns")
    expect(indicator(theirs).get_by_role("checkbox")).to_have_count(0)
    box.check()
    indicator(mine).get_by_label("most runs").fill("3")
    expect(mine.get_by_text("Saved", exact=True)).to_be_visible(timeout=20_000)
    grant = place.lab.client(ANA).job(place.workspace, job.id).version.grant
    assert (grant.reruns, grant.most_runs) == (True, 3)
    picture(page, "indicator-draft")
    place.lab.client(ANA).submit(place.workspace, job.id)
    for shown in (mine, theirs):
        expect(indicator(shown)).to_contain_text("Awaiting approval", timeout=20_000)


def test_what_is_left_is_counted_until_it_is_used_up(place: Place, open_as: Callable[[str], Page]) -> None:
    until = utc_now() + timedelta(days=30)
    job = accepted(place, "Counts down", grant=GrantWire(reruns=True, most_runs=2, until=until))
    page, other = open_as(ANA), open_as(MIA)
    mine, theirs = open_job(page, "Counts down"), open_job(other, "Counts down")
    for left in (2, 1):
        for shown in (mine, theirs):
            expect(indicator(shown)).to_have_text(
                f"Approved for rerun · {left} of 2 left, until {until:%m/%d/%Y}", timeout=30_000
            )
        finished(place, place.lab.client(ANA).run(place.workspace, job.id, {"low": 1}).id)
    for shown in (mine, theirs):
        expect(indicator(shown)).to_have_text("Used up", timeout=30_000)
    picture(page, "indicator-used-up")


def test_expired_revoked_and_never_asked_for(place: Place, open_as: Callable[[str], Page]) -> None:
    soon = GrantWire(reruns=True, until=utc_now() + timedelta(seconds=8))
    accepted(place, "Soon over", grant=soon)
    revoked = accepted(place, "Taken away")
    place.lab.client(MIA).revoke(place.workspace, revoked.id, Scope.RERUNS)
    accepted(place, "Once only", grant=GrantWire(reruns=False))
    page = open_as(ANA)
    expect(indicator(open_job(page, "Taken away"))).to_have_text(f"Repeatability revoked by {MIA}")
    shown = open_job(page, "Once only")
    expect(shown.locator(".jp-SecureJobs-status").first).to_contain_text("Accepted")
    expect(indicator(shown)).to_have_count(0)
    page.locator("#jupyter-secure-jobs-sidebar").get_by_role("button", name="Refresh").first.click()
    expect(indicator(open_job(page, "Soon over"))).to_have_text("Expired", timeout=30_000)
