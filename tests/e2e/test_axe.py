"""axe-core has nothing serious or critical to say about any screen, for author and reviewer, in both themes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.lifecycle import LABELS, Action, Status
from kernel_magics.bundle import CARD
from tests.e2e.axe import serious
from tests.e2e.conftest import Place, job_page, open_job, press
from tests.e2e.keys import command
from tests.e2e.life import accepted, in_status
from tests.support.parts import ANA, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(400)
STATUSES = (Status.DRAFT, Status.UNDER_REVIEW, Status.ACCEPTED, Status.SUCCEEDED, Status.FAILED)
TABS = ("Query", "Details", "Run History")
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def test_axe_finds_nothing_in_any_tab_of_any_status(place: Place, open_as: Callable[[str], Page]) -> None:
    names = [in_status(place, status) for status in STATUSES]
    found: list[str] = []
    for email in (ANA, MIA):
        page = open_as(email)
        for name in names:
            shown = open_job(page, name)
            for tab in TABS:
                shown.get_by_role("tab", name=tab).click()
                page.wait_for_timeout(500)
                found += serious(page, f"{name} · {email} · {tab}")
            shown.get_by_role("button", name="Job Actions").click()
            found += serious(page, f"{name} · {email} · menu")
            page.keyboard.press("Escape")
    assert found == []


def test_axe_finds_nothing_in_sheets_lists_and_dialogs(place: Place, open_as: Callable[[str], Page]) -> None:
    accepted(place, "Sheets of axe")
    place.submitted("Asked by axe")
    place.draft("Drafted for axe")
    page = open_as(ANA)
    found: list[str] = []
    shown = open_job(page, "Sheets of axe")
    for action in (Action.RUN, Action.ARCHIVE):
        press(page, LABELS[action])
        expect(shown.locator("form.jp-SecureJobs-sheet")).to_be_visible()
        found += serious(page, f"sheet of {action}")
        page.keyboard.press("Escape")
        expect(shown.locator("form.jp-SecureJobs-sheet")).to_have_count(0)
    open_job(page, "Drafted for axe")
    press(page, LABELS[Action.SUBMIT])
    found += serious(page, "sheet of submit")
    page.keyboard.press("Escape")
    for title in ("Input variables", "Pinned queries"):
        page.locator(".lm-AccordionPanel-title").filter(has_text=title).press("Enter")
        found += serious(page, f"sidebar with {title}")
    for label, name in (("All Jobs", "All jobs"), ("Notices", "Notices"), ("Audit Log", "Audit log")):
        command(page, f"Secure jobs: {label}")
        listed = page.get_by_role("article", name=name, exact=True)
        expect(listed).to_be_visible()
        page.wait_for_timeout(500)
        found += serious(page, name)
    page.locator("#jupyter-secure-jobs-sidebar").get_by_role("button", name="Software enclave").click()
    expect(page.locator(".jp-Dialog")).to_be_visible()
    found += serious(page, "assurance")
    page.keyboard.press("Escape")
    command(page, "Secure jobs: New Job")
    expect(page.locator(".jp-SecureJobs-newjob")).to_be_visible()
    page.wait_for_timeout(500)
    found += serious(page, "new job")
    assert found == []


def test_axe_finds_nothing_in_a_card(place: Place, open_as: Callable[[str], Page]) -> None:
    said = {"workspace": place.workspace, "job": place.draft("Carded").id, "member": ANA}
    output = {"output_type": "display_data", "data": {"text/plain": "x", CARD: said}, "metadata": {}}
    cell = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [output], "execution_count": None}
    notebook = {"cells": [cell], "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 4}
    (place.lab.folder / "notebooks" / "axe.ipynb").write_text(json.dumps(notebook))
    page = open_as(WEI)
    page.goto(f"{place.lab.url}/lab/tree/axe.ipynb?reset")
    expect(page.locator(".jp-SecureJobs-card")).to_contain_text("Carded", timeout=40_000)
    assert serious(page, "card") == []
    assert job_page(page).count() == 0
