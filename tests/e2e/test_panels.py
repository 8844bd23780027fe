"""Panels in a notebook of the real Lab: a job from draft to a tested draft, by pressing alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place, picture
from tests.e2e.test_card import SLOW, opened, written
from tests.support.parts import ANA

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "From a panel"
CELLS = (
    f"""from kernel_magics import panels
from kernel_magics.api import connect

session = connect()
code = "SELECT month, count(*) AS n FROM flights WHERE month >= :low GROUP BY month ORDER BY month"
job = session.draft("{NAME}", code, inputs=["low integer 1..12 = 3"], datasets=["flights"])
panels.job(job)""",
    "panels.inputs(job)",
)


@pytest.mark.timeout(300)
def test_a_job_is_submitted_taken_back_and_tested_in_panels(place: Place, open_as: Callable[[str], Page]) -> None:
    written(place, "panels.ipynb", {cell: [] for cell in CELLS})
    page = open_as(ANA)
    opened(page, place, "panels.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    panel, inputs = (page.locator(".jp-Cell-outputArea").nth(cell) for cell in (0, 1))
    for label, then in (("Submit for Review", "Under Review"), ("Cancel Review", "Draft")) * 2:
        panel.get_by_role("button", name=label).click(timeout=SLOW)
        panel.get_by_role("button", name=f"Really: {label}?").click()
        expect(panel).to_contain_text(f"{then} ·")

    # What is added in one panel is in the other.
    inputs.get_by_placeholder("month integer").fill("high integer 1..12 = 5")
    inputs.get_by_role("button", name="Add or change").click()
    expect(panel).to_contain_text("high integer 1..12")

    testing = panel.get_by_role("button", name="Test on Synthetic Data")
    testing.click()
    expect(testing).to_have_count(2)
    picture(page, "panel-inputs")
    testing.nth(1).click()
    expect(panel).to_contain_text("Test run 1: rows are not saved with the notebook.", timeout=SLOW)
    expect(panel).to_contain_text("Succeeded")
    panel.get_by_role("button", name="Show rows").click()
    expect(panel).to_contain_text(re.compile(r"(\d+) of \1 rows · Synthetic data"))
    picture(page, "panel-tested")
