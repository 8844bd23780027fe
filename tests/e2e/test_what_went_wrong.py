"""What JupyterLab tells: what was withheld, who has heard a stop, and that the server contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.lifecycle import LABELS, Action
from jupyter_secure_jobs.wire.job import OutputPolicyWire
from tests.e2e.conftest import Place, agree, open_job, picture
from tests.e2e.life import accepted, finished
from tests.support import tampering
from tests.support.parts import ANA, BEN, MIA, WEI
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(180)


def test_rules_are_reviewed_and_what_was_withheld_is_told(place: Place, open_as: Callable[[str], Page]) -> None:
    code = "SELECT delay, count(*) AS n FROM flights WHERE month >= :low GROUP BY delay ORDER BY delay"
    policy = OutputPolicyWire(smallest_group=9)
    job = place.submitted("Small groups", code=code, counts=["n"], output_policy=policy)
    reviewer = open_as(WEI)
    shown = open_job(reviewer, "Small groups")
    expect(shown).to_contain_text("fewer than 9 are withheld", timeout=30_000)
    picture(reviewer, "review-with-rules")
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    finished(place, place.lab.client(ANA).run(place.workspace, job.id, {"low": 1}).id)
    page = open_as(ANA)
    result = open_job(page, "Small groups").get_by_role("tabpanel", name="Results")
    result.get_by_role("button", name="Open the result").click()
    expect(result).to_contain_text("withheld", timeout=30_000)
    picture(page, "result-withheld")


def test_page_shows_whose_key_service_has_heard_a_withdrawal(place: Place, open_as: Callable[[str], Page]) -> None:
    accepted(place, "To be withdrawn")
    page, other = open_as(MIA), open_as(ANA)
    author = open_job(other, "To be withdrawn")
    open_job(page, "To be withdrawn")
    agree(page, LABELS[Action.WITHDRAW])
    expect(author.locator(".jp-SecureJobs-statuspanel")).to_contain_text("heard by Airline", timeout=60_000)
    picture(other, "withdrawal-heard")


def test_alarm_when_the_server_shows_another_log(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.submitted("Shown twice")
    page = open_as(MIA)
    expect(page.locator(".jp-SecureJobs-alarm")).to_have_count(0)
    mia = place.lab.client(MIA)
    mia.review(place.workspace, job.id)
    with tampering.other_log(place, change=1), refused("log_fork", kind=SecureJobsError):
        mia.review(place.workspace, job.id)
    alarmed = open_as(MIA)
    alarm = alarmed.locator(".jp-SecureJobs-alarm")
    expect(alarm).to_contain_text("contradicts itself", timeout=30_000)
    expect(alarm).to_contain_text("not a continuation")
    picture(alarmed, "alarm")
    # The evidence stays on purpose; the other tests want a side that was never lied to.
    pins = place.lab.folder / "parts" / "members" / MIA / "pins.json"
    tampering.forget_warnings(pins)
