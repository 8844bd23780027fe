"""A job's card in a notebook of the real Lab: what it shows, does and outlives, and what a hostile notebook gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.run import RunKind
from kernel_magics.bundle import CARD
from tests.e2e.conftest import Place, picture
from tests.support.parts import ANA, BEN, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Request

NAME = "From a card"
WRITING = f"""%%securejob "{NAME}" --lang sql --rerun --input "low integer 1..12 = 3" --test
SELECT month, count(*) AS n FROM flights WHERE month >= :low GROUP BY month ORDER BY month"""
CELLS = ("%load_ext jupyter_secure_jobs", WRITING)
SLOW = 30_000
MARKUP = '<img src=x onerror="window.hit = 1">'


def written(place: Place, name: str, cells: dict[str, list[dict[str, Any]]]) -> Path:
    """Write a notebook of sources and their outputs; its file is not trusted, since no Jupyter signed it."""
    made: list[dict[str, Any]] = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": outputs, "execution_count": None}
        for source, outputs in cells.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    path = place.lab.folder / "notebooks" / name
    path.write_text(json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}))
    return path


def opened(page: Page, place: Place, name: str) -> None:
    """Open a notebook and wait for its kernel."""
    page.goto(f"{place.lab.url}/lab/tree/{name}?reset")
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=SLOW)


def cards(page: Page) -> Locator:
    """Return the cards of the notebook."""
    return page.locator(".jp-NotebookPanel .jp-SecureJobs-card")


def done(card: Locator, label: str) -> None:
    """Press an action, read for which job and as whom it is done, and confirm it."""
    card.get_by_role("button", name=label, exact=True).click()
    sheet = card.locator(".jp-SecureJobs-cardsheet")
    expect(sheet).to_contain_text(f"For the job {NAME} of Airline, as {ANA}")
    sheet.get_by_role("button", name=label, exact=True).click()
    expect(sheet).to_have_count(0, timeout=SLOW)


def references(path: Path) -> list[dict[str, str]]:
    """Return what the notebook's file says of jobs."""
    said = json.loads(path.read_text())
    return [out["data"][CARD] for cell in said["cells"] for out in cell["outputs"] if CARD in out.get("data", {})]


@pytest.mark.timeout(300)
def test_a_card_goes_with_its_job_from_draft_to_result(place: Place, open_as: Callable[[str], Page]) -> None:
    path = written(place, "card.ipynb", {cell: [] for cell in CELLS})
    page = open_as(ANA)
    opened(page, place, "card.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    card = cards(page)
    expect(card).to_have_count(1, timeout=SLOW)
    for text in (NAME, "version 1", "Draft", "Software enclave, not hardware", "Test run 1", "Synthetic data"):
        expect(card).to_contain_text(text, timeout=SLOW)
    picture(page, "card-draft")

    written_job = place.lab.client(ANA).find_job(place.workspace, NAME)
    assert [each.name for each in written_job.version.inputs] == ["low"]
    job = written_job.id
    done(card, "Test on Synthetic Data")
    expect(card.get_by_role("region", name="Test run 2")).to_contain_text("Succeeded", timeout=SLOW)
    # Under review the card is saved; what happens then it shows by itself, also after a reload and a new kernel.
    done(card, "Submit for Review")
    expect(card).to_contain_text("Under Review")
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-DockPanel-tabBar .jp-mod-dirty")).to_have_count(0)
    assert references(path) == [{"workspace": place.workspace, "job": job, "member": ANA}]
    for who in (BEN, WEI, MIA):
        place.accept(who, job)
    expect(card).to_contain_text("Accepted")
    page.reload()
    expect(card).to_contain_text("Accepted", timeout=SLOW)
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    done(card, "Run Job")
    expect(card.get_by_role("region", name="Job run 1")).to_contain_text("Succeeded", timeout=60_000)
    (run,) = place.lab.client(ANA).runs(place.workspace, job, kind=RunKind.JOB)
    # The rows of a job run are opened on the job's page, when somebody goes there; the card never asks for them.
    assert [url for url in asked if f"/runs/{run.id}" in url] == []
    picture(page, "card-run")
    card.get_by_role("button", name="Rows on the job page").click()
    shown = page.locator(".jp-SecureJobs-jobwidget")
    expect(shown.get_by_role("heading", name=NAME, exact=True).first).to_be_visible()
    assert [url for url in asked if f"/runs/{run.id}" in url] != []


def shown(reference: object) -> list[dict[str, Any]]:
    """Return a cell's outputs that hold one reference."""
    return [{"output_type": "display_data", "data": {"text/plain": "x", CARD: reference}, "metadata": {}}]


@pytest.mark.timeout(180)
def test_a_card_says_as_whom_it_ran_and_keys_stay_in_it(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.draft("Seen by others").id
    said = {"workspace": place.workspace, "job": job, "member": ANA}
    written(place, "seen.ipynb", {"1": shown(said), "2": shown(said), "3": []})
    page = open_as(WEI)
    opened(page, place, "seen.ipynb")
    expect(cards(page)).to_have_count(2)
    card = cards(page).first
    expect(card).to_contain_text(f"Ran as {ANA}; you act as {WEI}")
    expect(card.get_by_role("button", name="Submit for Review")).to_have_count(0)
    menu = card.get_by_role("button", name="Job Actions")
    menu.press("ArrowDown")
    expect(card.get_by_role("menu")).to_be_visible()
    # In a notebook, two of these delete the cell.
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.locator(".jp-NotebookPanel .jp-CodeCell")).to_have_count(3)
    # One card is used up for one member: what was asked as one is not asked as the next.
    card.get_by_role("button", name="Test on Synthetic Data").click()
    expect(card.locator(".jp-SecureJobs-cardsheet")).to_contain_text(f"as {WEI}")
    page.locator('.lm-TabBar-tab[data-id="jupyter-secure-jobs-sidebar"]').click()
    page.get_by_label("Acting as").select_option(ANA)
    expect(card).to_contain_text(f"You act as {ANA}")
    expect(card.locator(".jp-SecureJobs-cardsheet")).to_have_count(0)
    assert place.lab.client(ANA).runs(place.workspace, job, kind=RunKind.TEST) == []


@pytest.mark.timeout(180)
def test_a_hostile_notebook_gets_text_and_nothing_else(place: Place, open_as: Callable[[str], Page]) -> None:
    """A notebook from elsewhere names what it likes: other places, other people's jobs, markup, foreign addresses."""
    mine, other = place.draft("Named by a stranger").id, place.draft("Another one").id
    run = place.lab.client(ANA).test(place.workspace, other, {"low": 1}).id
    good = {"workspace": place.workspace, "job": mine, "member": ANA}
    elsewhere = "01900000-0000-7000-8000-000000000000"
    nothing, foreign, absent = "names no job that could be shown", "of another workspace", "no_job"
    page_of = {
        "names no address": ({**good, "workspace": "../../member", "job": "unlock"}, nothing),
        "climbs": ({**good, "job": ".."}, nothing),
        "climbs twice": ({**good, "job": "../../../member/unlock"}, nothing),
        "climbs in disguise": ({**good, "job": "..%2f..%2fmember%2funlock"}, nothing),
        "asks more": ({**good, "job": f"{mine}/submit"}, nothing),
        "leaves": ({**good, "workspace": "https://elsewhere.example"}, nothing),
        "is markup": (MARKUP, nothing),
        "is of others": ({**good, "workspace": elsewhere}, foreign),
        "is not there": ({**good, "job": elsewhere}, absent),
        "mixes": ({**good, "run": run}, "is not one of this job"),
        "claims": ({**good, "member": MARKUP, "actions": [{"href": "member/unlock"}], "name": MARKUP}, MARKUP),
    }
    written(place, "hostile.ipynb", {f"# {name}": shown(reference) for name, (reference, _) in page_of.items()})
    page = open_as(ANA)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 -- playwright marks the function, which a method of a list refuses
    opened(page, place, "hostile.ipynb")
    cells = page.locator(".jp-NotebookPanel .jp-CodeCell")
    for at, (_, text) in enumerate(page_of.values()):
        cells.nth(at).scroll_into_view_if_needed()
        expect(cells.nth(at).locator(".jp-Cell-outputArea")).to_contain_text(text)
    picture(page, "card-hostile")
    place_of_api = f"{place.lab.url}/secure-jobs/api/v1/"
    assert [each.url for each in asked if not each.url.startswith((place.lab.url, "data:", "blob:"))] == []
    ours = [each for each in asked if each.url.startswith(place_of_api)]
    assert {each.method for each in ours} == {"GET"}
    paths = {each.url.removeprefix(place_of_api).partition("?")[0].rstrip("/") for each in ours}
    assert f"workspaces/{place.workspace}/jobs/{mine}" in paths
    of_jobs = {path.partition("/jobs/")[2].partition("/")[0] for path in paths if "/jobs/" in path}
    assert of_jobs - {"counts"} == {mine, elsewhere}
    assert not [path for path in paths if "unlock" in path or "elsewhere" in path or path.startswith("jobs")]
    assert f"workspaces/{place.workspace}" not in paths
    assert f"workspaces/{place.workspace}/jobs/{mine}/submit" not in paths
    assert page.evaluate("window.hit") is None
    assert page.locator(".jp-SecureJobs-cardframe img").count() == 0
