"""A notebook in the real Lab writes a job and tests it on synthetic data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place, picture
from tests.support.lab import TOKEN
from tests.support.parts import ANA

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WRITING = """%%securejob "From a notebook" --input "low integer 1..12 = 3" --test
SELECT month, count(*) AS n FROM flights WHERE month >= :low GROUP BY month ORDER BY month"""
CELLS = ("%load_ext jupyter_secure_jobs", WRITING)


@pytest.mark.timeout(180)
def test_cell_makes_a_job_and_shows_its_card(place: Place, browser: Browser) -> None:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None} for cell in CELLS
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}
    (place.lab.folder / "notebooks" / "job.ipynb").write_text(json.dumps(notebook))
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    try:
        page: Page = context.new_page()
        page.goto(f"{place.lab.url}/lab/tree/job.ipynb?token={TOKEN}&reset")
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=40_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        output = page.locator(".jp-Cell").nth(1).locator(".jp-Cell-outputArea")
        expect(output).to_contain_text("Created the job with its first draft", timeout=30_000)
        expect(output).to_contain_text("Succeeded", timeout=30_000)
        picture(page, "notebook")
        page.locator('.lm-TabBar-tab[data-id="jupyter-secure-jobs-sidebar"]').click()
        expect(page.locator(".jp-SecureJobs-row").filter(has_text="From a notebook")).to_contain_text("Draft")
    finally:
        context.close()
    job = place.lab.client(ANA).find_job(place.workspace, "From a notebook")
    assert [each.name for each in job.version.inputs] == ["low"]
