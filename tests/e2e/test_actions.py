"""Every row of the table of actions, on the job page: who is offered what, why not, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.lifecycle import LABELS, TABLE, Action, Role, Status
from jupyter_secure_jobs.wire.member_side import DecisionAsked
from tests.e2e.conftest import Place, agree, job_page, open_job, picture, press
from tests.e2e.life import SLOW, accepted, finished, in_status
from tests.support.parts import ANA, BEN, MIA, WEI, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(240)


class Everybody(dict[str, Page]):
    """The pages of members, each opened when a test first looks at it: one that nobody looks at costs seconds."""

    def __init__(self, open_as: Callable[[str], Page]) -> None:
        """Open none yet."""
        super().__init__()
        self._open_as = open_as

    def __missing__(self, email: str) -> Page:
        """Open a member's page."""
        self[email] = self._open_as(email)
        return self[email]


@pytest.fixture
def everybody(open_as: Callable[[str], Page]) -> Everybody:
    """Give the author's, a colleague's and a reviewer's page."""
    return Everybody(open_as)


def entries(page: Page) -> dict[str, bool]:
    """Return the menu's entries by label, each with whether it can be pressed; close the menu."""
    job_page(page).get_by_role("button", name="Job Actions").click()
    menu = page.get_by_role("menu", name="Job Actions")
    found = {}
    for item in menu.get_by_role("menuitem").all():
        label = item.locator("span").first.inner_text()
        refused = item.get_attribute("aria-disabled") == "true"
        if refused:
            assert len(item.locator(".jp-SecureJobs-reason").inner_text()) > 10, f"{label}: no reason"
        found[label] = not refused
    page.keyboard.press("Escape")
    expect(job_page(page).get_by_role("button", name="Job Actions")).to_be_focused()
    return found


STATUSES = (Status.DRAFT, Status.UNDER_REVIEW, Status.ACCEPTED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED,
            Status.CANCELLED, Status.ARCHIVED)  # fmt: skip
ROLES = {ANA: (Role.AUTHOR, Role.ORGANISATION), BEN: (Role.REVIEWER, Role.ORGANISATION), MIA: (Role.REVIEWER,)}


def test_menu_is_the_table_for_every_status_and_role(place: Place, everybody: Everybody) -> None:
    for status in STATUSES:
        name = in_status(place, status)
        job = place.lab.client(ANA).find_job(place.workspace, name)
        for email, roles in ROLES.items():
            page = everybody[email]
            shown = open_job(page, name)
            listed = {LABELS[action] for role in roles for action in TABLE[status][role]}
            if not listed:
                expect(shown).to_contain_text("nothing for you to do")
                continue
            offered = {
                each.label: each.allowed for each in place.lab.client(email).job(place.workspace, job.id).actions
            }
            assert set(offered) == listed, (status, email)
            assert entries(page) == offered, (status, email)
            primaries = shown.locator(".jp-SecureJobs-action.jp-mod-primary")
            assert primaries.count() <= 2
        if status is Status.RUNNING:
            place.lab.client(ANA).act(place.workspace, job.id, "cancel")
    picture(everybody[ANA], "menu-last")


def test_draft_is_written_tested_and_submitted_on_the_page(place: Place, everybody: Everybody) -> None:
    place.draft("Written here", code="", inputs=[])
    page, client = everybody[ANA], place.lab.client(ANA)
    shown = open_job(page, "Written here")
    press(page, LABELS[Action.STARTER_SCRIPTS])
    page.get_by_role("dialog").get_by_role("button", name="Insert").click()
    expect(shown.locator(".cm-content")).not_to_have_text("")
    page.keyboard.press("Escape")
    press(page, LABELS[Action.EDIT])
    expect(shown.locator(".cm-content")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("SELECT month, count(*) AS n FROM flights WHERE month >= :from_month GROUP BY month")
    press(page, LABELS[Action.ADD_INPUT])
    form = shown.get_by_role("form", name="New input variable")
    form.get_by_label("Name").fill("from month")
    form.get_by_role("button", name="Save variable").click()
    expect(form.get_by_role("alert")).to_be_visible()
    form.get_by_label("Name").fill("from_month")
    form.get_by_label("Lowest value").fill("1")
    form.get_by_label("Highest value").fill("12")
    form.get_by_label("Default").fill("2")
    form.get_by_role("button", name="Save variable").click()
    expect(shown.get_by_role("button", name="Edit from_month")).to_be_visible()
    press(page, LABELS[Action.REQUEST_RERUNS])
    box = shown.get_by_label("Request approval for reruns")
    expect(box).to_be_focused()
    if not box.is_checked():
        page.keyboard.press("Space")
    shown.get_by_label("most runs").fill("3")
    agree(page, LABELS[Action.TEST])
    expect(shown.get_by_text("Synthetic data").first).to_be_visible(timeout=60_000)
    picture(page, "draft-tested")
    agree(page, LABELS[Action.SUBMIT])
    expect(shown).to_contain_text("0 of 3 accepted")
    job = client.find_job(place.workspace, "Written here")
    assert "from_month" in job.version.code
    assert (job.version.grant.most_runs, [each.name for each in job.version.inputs]) == (3, ["from_month"])
    picture(page, "submitted")


def test_review_is_cancelled_and_the_draft_discarded_or_deleted(place: Place, everybody: Everybody) -> None:
    page, client = everybody[ANA], place.lab.client(ANA)
    job = accepted(place, "Second thoughts")
    open_job(page, "Second thoughts")
    press(page, LABELS[Action.NEW_DRAFT])
    expect(job_page(page)).to_contain_text("Draft · v1 live")
    agree(page, LABELS[Action.SUBMIT])
    expect(job_page(page)).to_contain_text("Under Review")
    agree(page, LABELS[Action.CANCEL_REVIEW])
    expect(job_page(page)).to_contain_text("Draft · v1 live")
    agree(page, LABELS[Action.DISCARD_DRAFT])
    expect(job_page(page).locator(".jp-SecureJobs-status").first).to_have_text("Accepted")
    place.draft("To be deleted")
    open_job(page, "To be deleted")
    agree(page, LABELS[Action.DELETE])
    wait_until(lambda: all(each.name != "To be deleted" for each in client.jobs(place.workspace)), "the deletion")
    assert client.job(place.workspace, job.id).live_version == 1


def test_earlier_version_is_activated_from_the_details(place: Place, everybody: Everybody) -> None:
    job = accepted(place, "Two versions")
    client = place.lab.client(ANA)
    client.act(place.workspace, job.id, "new-draft")
    client.submit(place.workspace, job.id)
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    for number in (1, 2):
        finished(place, client.run(place.workspace, job.id, {"low": number}).id)
    page = everybody[ANA]
    shown = open_job(page, "Two versions")
    press(page, LABELS[Action.ACTIVATE])
    button = shown.get_by_role("button", name="Activate Version 1", exact=True)
    button.click()
    wait_until(lambda: client.job(place.workspace, job.id).live_version == 1, "version 1 to be live")


def test_acceptance_is_revoked_and_withdrawn_by_who_gave_it(place: Place, everybody: Everybody) -> None:
    accepted(place, "Taken back")
    page = everybody[MIA]
    shown = open_job(page, "Taken back")
    press(page, LABELS[Action.REVOKE])
    sheet = shown.locator("form.jp-SecureJobs-sheet")
    expect(sheet).to_contain_text("You sign for version 1")
    expect(sheet).to_contain_text("sha256:")
    picture(page, "revoke-sheet")
    sheet.get_by_role("button", name=LABELS[Action.REVOKE]).click()
    expect(shown).to_contain_text(f"Repeatability revoked by {MIA}")
    author = open_job(everybody[ANA], "Taken back")
    expect(author).to_contain_text(f"Revoked by {MIA}")
    agree(page, LABELS[Action.WITHDRAW])
    expect(author.locator(".jp-SecureJobs-statuspanel")).to_contain_text("no further key", ignore_case=True)


def test_run_is_started_cancelled_and_archived_from_the_menu(place: Place, everybody: Everybody) -> None:
    accepted(place, "Long one", code=SLOW)
    page = everybody[ANA]
    shown = open_job(page, "Long one")
    press(page, LABELS[Action.RUN])
    sheet = shown.locator("form.jp-SecureJobs-sheet")
    sheet.get_by_label("low").fill("99")
    sheet.get_by_role("button", name="Run Job").click()
    expect(sheet.get_by_role("alert")).to_contain_text("above")
    expect(sheet.get_by_label("low")).to_have_value("99")
    sheet.get_by_label("low").fill("2")
    sheet.get_by_role("button", name="Run Job").click()
    expect(shown.locator(".jp-SecureJobs-status").first).to_contain_text("Running", timeout=60_000)
    picture(page, "running")
    agree(page, LABELS[Action.CANCEL])
    expect(shown.locator(".jp-SecureJobs-status").first).to_contain_text("Cancelled", timeout=60_000)
    agree(page, LABELS[Action.ARCHIVE])
    expect(shown.locator(".jp-SecureJobs-status").first).to_contain_text("Archived")
    press(page, LABELS[Action.UNARCHIVE])
    expect(shown.locator(".jp-SecureJobs-status").first).to_contain_text("Cancelled")


def test_results_and_logs_open_and_are_saved_from_the_menu(place: Place, everybody: Everybody) -> None:
    job = accepted(place, "To be opened")
    finished(place, place.lab.client(ANA).run(place.workspace, job.id, {"low": 11}).id)
    page = everybody[ANA]
    shown = open_job(page, "To be opened")
    press(page, LABELS[Action.VIEW_RESULTS])
    expect(shown.get_by_role("tab", name="Results")).to_have_attribute("aria-selected", "true")
    expect(shown.get_by_text("2 of 2 rows")).to_be_visible(timeout=30_000)
    picture(page, "results")
    press(page, LABELS[Action.VIEW_LOGS])
    expect(shown.get_by_role("tab", name="Logs")).to_have_attribute("aria-selected", "true")
    for label, ending in ((LABELS[Action.EXPORT_RESULTS], ".csv"), (LABELS[Action.EXPORT_LOGS], ".txt")):
        with page.expect_download() as saving:
            press(page, label)
        assert saving.value.suggested_filename.endswith(ending)
    outsider = open_job(everybody[MIA], "To be opened")
    expect(outsider).not_to_contain_text("2 of 2 rows")


def test_decision_is_made_on_the_page(place: Place, everybody: Everybody) -> None:
    job = place.submitted("Decided here")
    page = everybody[MIA]
    shown = open_job(page, "Decided here")
    press(page, LABELS[Action.DECLINE])
    decide = shown.get_by_role("form", name="Decide")
    expect(decide.get_by_label("Comment").first).to_be_focused()
    decide.get_by_label("Passphrase").fill(place.lab.passphrase)
    decide.get_by_role("button", name="Decline").click()
    expect(decide.get_by_role("alert")).to_contain_text("comment")
    decide.get_by_label("Comment").first.fill("Groups of one are not acceptable.")
    decide.get_by_label("Passphrase").fill(place.lab.passphrase)
    decide.get_by_role("button", name="Decline").click()
    expect(shown).to_contain_text("1 declined")
    author = open_job(everybody[ANA], "Decided here")
    expect(author.locator(".jp-SecureJobs-statuspanel")).to_contain_text("Groups of one are not acceptable.")
    client = place.lab.client(WEI)
    review = client.review(place.workspace, job.id)
    asked = DecisionAsked(version_hash=review.version_hash, decision="accept", passphrase=place.lab.passphrase)
    client.decide(place.workspace, job.id, asked)
    expect(author).to_contain_text("1 of 3 accepted")
