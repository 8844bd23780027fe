"""Two browsers as two members, at one JupyterLab that holds the demonstration's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place, picture, row
from tests.support.parts import ANA, BEN, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(120)
MARKUP = "<img src=x onerror=document.title=1>"


def test_accepting_in_one_browser_changes_the_other(place: Place, open_as: Callable[[str], Page]) -> None:
    place.submitted("Flights by month")
    author, reviewer = open_as(ANA), open_as(WEI)
    expect(row(author, "Flights by month")).to_contain_text("0 of 3 accepted")
    author.evaluate("window.sameDocument = true")

    row(reviewer, "Flights by month").click()
    picture(reviewer, "sidebar-reviewer")
    reviewer.locator(".jp-SecureJobs-action", has_text="Accept").first.click()
    decide = reviewer.get_by_role("form", name="Decide")
    decide.get_by_label("Comment").fill("Groups are large enough.")
    decide.get_by_label("Passphrase").fill("not the passphrase")
    decide.get_by_role("button", name="Accept", exact=False).click()
    expect(decide.get_by_role("alert")).to_contain_text("passphrase")
    decide.get_by_label("Passphrase").fill(place.lab.passphrase)
    picture(reviewer, "review-page")
    decide.get_by_role("button", name="Accept", exact=False).click()

    expect(row(author, "Flights by month")).to_contain_text("1 of 3 accepted", timeout=15_000)
    assert author.evaluate("window.sameDocument"), "the page was not loaded again"
    row(author, "Flights by month").click()
    expect(author.locator(".jp-SecureJobs-bullets")).to_contain_text("Groups are large enough.")
    picture(author, "sidebar-author")


def test_run_and_open_in_the_sidebar(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.submitted("Counts to open")
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    page = open_as(ANA)
    row(page, "Counts to open").click()
    page.locator(".jp-SecureJobs-action", has_text="Run").first.click()
    form = page.locator("form.jp-SecureJobs-form")
    form.get_by_label("low").fill("11")
    picture(page, "run-form")
    form.get_by_role("button", name="Run").click()
    expect(row(page, "Counts to open")).to_contain_text("Succeeded", timeout=60_000)
    page.locator(".jp-SecureJobs-action", has_text="View result").first.click()
    table = page.get_by_role("region", name="Rows")
    expect(table).to_contain_text("11")
    expect(table.locator("tbody tr")).to_have_count(2)
    picture(page, "result")

    other = open_as(MIA)
    row(other, "Counts to open").click()
    expect(other.locator(".jp-SecureJobs-actions")).to_be_visible()
    expect(other.locator(".jp-SecureJobs-action", has_text="View result")).to_have_count(0)


def test_markup_stays_text(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.submitted(MARKUP)
    place.accept(WEI, job.id, comment=MARKUP + "<b>bold</b>")
    page = open_as(ANA)
    row(page, MARKUP).click()
    expect(page.locator(".jp-SecureJobs-bullets")).to_contain_text(MARKUP + "<b>bold</b>")
    picture(page, "markup")
    assert page.locator("#jupyter-secure-jobs-sidebar img[src=x], #jupyter-secure-jobs-sidebar b").count() == 0
    assert page.title() != "1"
