"""What concerns a member is told as it happens, and told when they come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Place, picture
from tests.support.parts import ANA, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(120)
TOAST: Final = ".Toastify__toast"
MARKUP: Final = "<img src=x onerror=document.title=2>"


def forget(place: Place, who: str) -> None:
    """Let a member have seen all that there is."""
    client = place.lab.client(who)
    newest = client.notices(place.workspace)
    if newest:
        client.notices_seen(place.workspace, newest[0].id)


def test_a_reviewer_is_told_at_once_and_only_once(place: Place, open_as: Callable[[str], Page]) -> None:
    forget(place, WEI)
    page = open_as(WEI)
    expect(page.get_by_role("button", name="Notices", exact=True)).to_be_visible()
    place.submitted(MARKUP)
    toast = page.locator(TOAST).filter(has_text=MARKUP)
    expect(toast).to_contain_text("asks you to decide")
    expect(page.get_by_role("button", name="Notices (1 new)")).to_be_visible()
    picture(page, "notice")
    assert page.locator(f"{TOAST} img[src=x]").count() == 0
    assert page.title() != "2"

    # Something else happens: the first is not told again.
    place.submitted("Another to decide on")
    expect(page.locator(TOAST).filter(has_text="Another to decide on")).to_have_count(1)
    expect(toast).to_have_count(1)

    toast.get_by_role("button", name="Open job").click()
    expect(page.get_by_role("article", name=f"Job {MARKUP}")).to_be_visible()


def test_what_happened_while_away_is_there(place: Place, open_as: Callable[[str], Page]) -> None:
    forget(place, MIA)
    place.submitted("Away one")
    place.submitted("Away two")
    page = open_as(MIA)
    toast = page.locator(TOAST).filter(has_text="2 things happened while you were away.")
    toast.get_by_role("button", name="Show them").click()
    article = page.get_by_role("article", name="Notices")
    rows = article.locator(".jp-SecureJobs-gridrow")
    expect(rows.filter(has_text="Away one")).to_contain_text("New")
    expect(rows.filter(has_text="Away two")).to_contain_text("New")
    picture(page, "notices")
    article.get_by_role("button", name="Mark all as seen").click()
    expect(article.get_by_text("New", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Notices", exact=True)).to_be_visible()
    assert place.lab.client(MIA).notices(place.workspace, unseen=True) == []
    rows.filter(has_text="Away one").click()
    expect(page.get_by_role("article", name="Job Away one")).to_be_visible()


def test_each_member_is_told_their_own(place: Place, open_as: Callable[[str], Page]) -> None:
    for who in (ANA, WEI, MIA):
        forget(place, who)
    job = place.submitted("Decided by Wei")
    place.accept(WEI, job.id)
    page = open_as(ANA)
    expect(page.locator(TOAST).filter(has_text="accepted version 1 of “Decided by Wei”")).to_be_visible()
    page.get_by_label("Acting as").select_option(MIA)
    told = page.locator(TOAST).filter(has_text="asks you to decide on version 1 of “Decided by Wei”")
    expect(told).to_be_visible()
    assert [each.job for each in place.lab.client(MIA).notices(place.workspace, unseen=True)] == [job.id]


def test_two_histories_of_the_log_are_told_loudly(open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)

    def contradicted(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        for identity in said["identities"]:
            identity["warnings"] = ["2026-03-07T14:05:00Z: The server showed two histories of the log."]
        route.fulfill(response=answer, json=said)

    page.route("**/member/status*", contradicted)
    page.locator("[data-command='secure-jobs:refresh']").click()
    alarm = page.get_by_role("alert", name="Warnings")
    expect(alarm).to_contain_text("two histories of the log")
    expect(alarm).not_to_contain_text("2026-03-07T")
    expect(alarm.locator("time")).to_contain_text("03/07/2026")
    expect(page.locator(TOAST).filter(has_text="contradicts itself")).to_have_count(1)
    page.locator("[data-command='secure-jobs:refresh']").click()
    expect(page.locator(TOAST).filter(has_text="contradicts itself")).to_have_count(1)
    page.unroute_all(behavior="ignoreErrors")
