"""Pages outlive their server and a reload; a link opens what it names; two browsers are two members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place, come_back, job_page, open_job, picture, row
from tests.e2e.life import accepted, finished
from tests.support.parts import ANA, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

pytestmark = pytest.mark.timeout(300)
SLOW = 60_000


def refused(shown: Locator) -> list[str]:
    """Return what the first buttons say about why they do nothing."""
    buttons = shown.locator(".jp-SecureJobs-action.jp-mod-primary")
    return [
        each.get_attribute("title") or "" for each in buttons.all() if each.get_attribute("aria-disabled") == "true"
    ]


def test_pages_outlive_the_server_and_save_what_was_typed(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.draft("Typed meanwhile")
    submitted = place.submitted("Reviewed meanwhile")
    author, reviewer = open_as(ANA), open_as(MIA)
    mine = open_job(author, "Typed meanwhile")
    theirs = open_job(reviewer, "Reviewed meanwhile")
    expect(theirs.get_by_role("form", name="Decide")).to_be_visible(timeout=SLOW)
    decide = theirs.get_by_role("form", name="Decide")
    decide.get_by_label("Comment").first.fill("Typed while the server was away.")
    for page in (author, reviewer):
        page.evaluate("window.sameDocument = true")
    place.lab.part.stop()
    try:
        for page, shown in ((author, mine), (reviewer, theirs)):
            expect(shown.locator(".jp-SecureJobs-offline")).to_contain_text("Not connected, last update", timeout=SLOW)
            expect(page.locator("#jupyter-secure-jobs-sidebar .jp-SecureJobs-offline")).to_be_visible()
            if page.locator(".jp-Dialog").count():  # JupyterLab's own, about kernels
                page.locator(".jp-Dialog").get_by_role("button").last.click()
        assert len(refused(mine)) >= 1
        assert all("Not connected" in why for why in refused(mine))
        editor = mine.locator(".cm-content").first
        editor.click()
        author.keyboard.press("Control+End")
        author.keyboard.type("\n-- typed while offline")
        expect(editor).to_contain_text("typed while offline")
        picture(author, "offline")
    finally:
        place.lab.start()
    for page, shown in ((author, mine), (reviewer, theirs)):
        expect(shown.locator(".jp-SecureJobs-offline")).to_have_count(0, timeout=SLOW)
        assert page.evaluate("window.sameDocument"), "healed by itself, and not by loading the page again"
    expect(editor).to_contain_text("typed while offline")
    expect(mine.get_by_text("Saved", exact=True)).to_be_visible(timeout=SLOW)
    assert "typed while offline" in place.lab.client(ANA).job(place.workspace, job.id).version.code
    assert refused(mine) == []
    expect(decide.get_by_label("Comment").first).to_have_value("Typed while the server was away.")
    assert place.lab.client(MIA).job(place.workspace, submitted.id).status == "Under Review"


def test_link_opens_a_job_and_one_of_its_runs(place: Place, open_as: Callable[[str], Page]) -> None:
    job = accepted(place, "Linked to")
    client = place.lab.client(ANA)
    runs = [client.run(place.workspace, job.id, {"low": low}) for low in (11,)]
    finished(place, runs[0].id)
    second = client.run(place.workspace, job.id, {"low": 12})
    finished(place, second.id)
    page = open_as(ANA)
    link = f"{place.lab.url}/lab?secure-job={place.workspace}/{job.id}"
    page.goto(link)
    shown = job_page(page)
    expect(shown.get_by_role("heading", name="Linked to", level=2)).to_be_visible(timeout=SLOW)
    assert "secure-job" not in page.url
    shown.get_by_role("button", name="Open the result").click()
    expect(shown.get_by_text("1 of 1 row")).to_be_visible(timeout=SLOW)
    page.goto(f"{link}/{runs[0].id}")
    expect(shown.get_by_text("2 of 2 rows")).to_be_visible(timeout=SLOW)


def test_reload_brings_back_the_page_at_its_tab(place: Place, open_as: Callable[[str], Page]) -> None:
    place.draft("Brought back")
    page = open_as(ANA)
    shown = open_job(page, "Brought back")
    shown.get_by_role("tab", name="Details").click()
    come_back(place, page)
    expect(shown.get_by_role("tab", name="Details")).to_have_attribute("aria-selected", "true", timeout=SLOW)
    expect(shown.get_by_role("heading", name="Brought back", level=2)).to_be_visible()


def test_two_browsers_are_two_members_and_a_switch_stays_in_one(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.submitted("Two at once")
    one, other = open_as(ANA), open_as(WEI)
    author, reviewer = open_job(one, "Two at once"), open_job(other, "Two at once")
    expect(reviewer.get_by_role("form", name="Decide")).to_be_visible(timeout=SLOW)
    expect(author.get_by_role("form", name="Decide")).to_have_count(0)
    one.evaluate("window.sameDocument = true")
    one.get_by_label("Acting as").select_option(MIA)
    expect(author.get_by_role("form", name="Decide")).to_be_visible(timeout=SLOW)
    assert one.evaluate("window.sameDocument")
    expect(other.get_by_label("Acting as")).to_have_value(WEI)
    place.accept(WEI, job.id)
    expect(author.locator(".jp-SecureJobs-status").first).to_contain_text("1 of 3 accepted", timeout=SLOW)
    expect(author.get_by_role("form", name="Decide")).to_be_visible()
    one.get_by_label("Acting as").select_option(ANA)
    expect(author.get_by_role("form", name="Decide")).to_have_count(0)
    expect(row(one, "Two at once")).to_contain_text("1 of 3 accepted")
