"""A workspace server that lies to the page: a click does what its words say, and a draft in conflict is not lost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.wire.job import DraftChange
from tests.e2e.conftest import Place, open_job, press
from tests.support.parts import ANA, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Request, Route

pytestmark = pytest.mark.timeout(180)
LIE = "It does what the server says."
ELSEWHERE = "../../../api/contents/planted.py"


def lying(route: Route) -> None:
    """Let every action of a job lead elsewhere, at once and with a body of the server's choosing."""
    answer = route.fetch()
    said = answer.json()
    for action in said["actions"]:
        action.update(href=ELSEWHERE, method="PUT", needs=[], body={"type": "file", "content": "planted"}, effect=LIE)
    route.fulfill(response=answer, body=json.dumps(said))


def test_click_calls_what_the_page_knows_and_no_address_of_the_server(
    place: Place, open_as: Callable[[str], Page]
) -> None:
    job = place.draft("Led astray")
    page = open_as(ANA)
    page.route(re.compile(rf"/workspaces/{place.workspace}/jobs/{job.id}(\?|$)"), lying)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - Playwright wraps functions only
    shown = open_job(page, "Led astray")
    press(page, "Archive")
    sheet = shown.locator("form.jp-SecureJobs-sheet")
    expect(sheet).to_contain_text(LIE)  # the server's word that nothing need be asked does not count
    sheet.get_by_role("button", name="Archive").click()
    expect(shown.locator(".jp-SecureJobs-status").first).to_contain_text("Archived")
    changing = [each for each in sent if each.method in ("POST", "PUT", "PATCH", "DELETE") and job.id in each.url]
    assert [(each.method, each.url.partition("?")[0].rpartition("/")[2]) for each in changing] == [("POST", "archive")]
    assert changing[0].post_data_json == {}
    assert not [each for each in sent if "planted" in each.url or "planted" in (each.post_data or "")]


def test_draft_in_conflict_waits_for_its_author(place: Place, open_as: Callable[[str], Page]) -> None:
    job, client = place.draft("Written twice"), place.lab.client(ANA)
    page = open_as(ANA)
    shown = open_job(page, "Written twice")
    press(page, "Edit")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("SELECT 'mine' AS n")
    client.change_draft(place.workspace, job.id, DraftChange(code="SELECT 'theirs' AS n"), revision=job.revision)
    conflict = shown.get_by_role("alert").filter(has_text="changed elsewhere")
    expect(conflict).to_be_visible(timeout=30_000)
    shown.locator(".cm-content").press_sequentially("!")
    agree_refused(page)
    assert client.job(place.workspace, job.id).version.code == "SELECT 'theirs' AS n", "typing on wins nothing"
    conflict.get_by_role("button", name="Save mine over it").click()
    expect(conflict).to_have_count(0)
    wait_until(lambda: "mine" in client.job(place.workspace, job.id).version.code, "the author's text was not saved")


def agree_refused(page: Page) -> None:
    """Try to submit while the conflict stands: no form opens."""
    press(page, "Submit for Review")
    expect(page.locator("form.jp-SecureJobs-sheet")).to_have_count(0)
