"""Two browsers as two members, at one JupyterLab that holds the demonstration's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.lifecycle import LABELS, Action
from tests.e2e.conftest import Place, open_job, picture, press, row
from tests.e2e.life import accepted
from tests.support.parts import ANA, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(180)


def test_accepting_in_one_browser_changes_the_other(place: Place, open_as: Callable[[str], Page]) -> None:
    place.submitted("Flights by month")
    author, reviewer = open_as(ANA), open_as(WEI)
    mine = open_job(author, "Flights by month")
    expect(row(author, "Flights by month")).to_contain_text("0 of 3 accepted")
    author.evaluate("window.sameDocument = true")

    decide = open_job(reviewer, "Flights by month").get_by_role("form", name="Decide")
    decide.get_by_label("Comment").first.fill("Groups are large enough.")
    decide.get_by_label("Passphrase").fill("not the passphrase")
    decide.get_by_role("button", name="Accept").click()
    expect(decide.get_by_role("alert")).to_contain_text("passphrase")
    decide.get_by_label("Passphrase").fill(place.lab.passphrase)
    decide.get_by_role("button", name="Accept").click()

    expect(row(author, "Flights by month")).to_contain_text("1 of 3 accepted", timeout=30_000)
    expect(mine.locator(".jp-SecureJobs-statuspanel")).to_contain_text("Groups are large enough.")
    assert author.evaluate("window.sameDocument"), "the page was not loaded again"
    picture(author, "two-members")


def test_run_is_opened_by_its_author_and_by_no_other_organisation(place: Place, open_as: Callable[[str], Page]) -> None:
    accepted(place, "Counts to open")
    page, other = open_as(ANA), open_as(MIA)
    shown = open_job(page, "Counts to open")
    press(page, LABELS[Action.RUN])
    sheet = shown.locator("form.jp-SecureJobs-sheet")
    sheet.get_by_label("low").fill("11")
    sheet.get_by_role("button", name="Run Job").click()
    expect(row(page, "Counts to open")).to_contain_text("Succeeded", timeout=90_000)
    results = shown.get_by_role("tabpanel", name="Results")
    expect(results).to_contain_text("2 of 2 rows", timeout=30_000)

    theirs = open_job(other, "Counts to open")
    expect(theirs.locator(".jp-SecureJobs-status").first).to_contain_text("Succeeded")
    expect(theirs).to_contain_text("Results and logs of job runs are for members of Airline.")
    expect(theirs.get_by_text("2 of 2 rows")).to_have_count(0)
