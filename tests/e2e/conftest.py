"""A JupyterLab and a browser, started once; and a page of a member in a browser context of its own."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect, sync_playwright  # noqa: A004 -- its name

from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.wire.job import DatasetReadWire, GrantWire, InputVariableWire, JobNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked, DecisionAsked
from tests.support.lab import TOKEN, Lab
from tests.support.layouts import own_layouts
from tests.support.parts import ANA, FLIGHTS, wait_until
from tests.support.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jupyter_secure_jobs.wire.job import JobDetailWire

FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
# A machine that runs other tests beside this one draws a page late; what never comes fails a little later.
expect.set_options(timeout=20_000)
SCREENSHOTS: Final = ROOT / "build" / "screenshots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The Lab with a workspace that has one dataset."""

    lab: Lab
    workspace: str
    dataset: str

    @property
    def database(self) -> Path:
        """The workspace server's database."""
        return self.lab.folder / "parts" / "server" / "workspace.sqlite"

    def draft(self, name: str, **more: Any) -> JobDetailWire:
        """Create a job of the first demo member."""
        said: dict[str, Any] = {
            "name": name,
            "code": "SELECT month, count(*) AS n FROM flights WHERE month >= :low GROUP BY month ORDER BY month",
            "datasets": [DatasetReadWire(table="flights", dataset=self.dataset)],
            "inputs": [InputVariableWire(name="low", type="integer", low="1", high="12", default=1)],
            "grant": GrantWire(reruns=True, most_runs=5),
        }
        new = JobNew(**{**said, **more})
        return self.lab.client(ANA).create_job(self.workspace, new)

    def submitted(self, name: str, **more: Any) -> JobDetailWire:
        """Create and submit a job."""
        return self.lab.client(ANA).submit(self.workspace, self.draft(name, **more).id)

    def accept(self, who: str, job: str, comment: str = "Fine.") -> None:
        """Accept as a member, through the member side."""
        client = self.lab.client(who)
        review = client.review(self.workspace, job)
        asked = DecisionAsked(version_hash=review.version_hash, decision=Verdict.ACCEPT, comment=comment,
                              passphrase=self.lab.passphrase)  # fmt: skip
        client.decide(self.workspace, job, asked)


@contextmanager
def standing(folder: Path) -> Iterator[Place]:
    """Run a Lab in a folder, with one dataset."""
    lab = Lab(folder)
    try:
        lab.start()
        client = lab.client(ANA)
        workspace = client.workspaces()[0].id
        source = lab.folder / "flights.csv"
        source.write_text(FLIGHTS)
        asked = DatasetAsked(name="flights", files=[str(source)], public=["month"], confirm=True)
        made = client.publish(workspace, asked)
        assert made.dataset is not None
        yield Place(lab=lab, workspace=workspace, dataset=made.dataset)
    finally:
        lab.stop()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give a running Lab."""
    with standing(tmp_path_factory.mktemp("lab") / "lab") as place:
        yield place


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the system's Chromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "no Chromium: install it, or name it in the environment variable CHROMIUM"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_as(place: Place, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Give a function that opens the Lab as a member, in a browser context that no other member shares."""
    contexts = []

    def opened(email: str) -> Page:
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        contexts.append(context)
        context.route("**/lab/api/workspaces/*", own_layouts())
        page = context.new_page()
        page.goto(f"{place.lab.url}/lab?token={TOKEN}&reset")
        tab = page.locator('.lm-TabBar-tab[data-id="jupyter-secure-jobs-sidebar"]')
        tab.wait_for(timeout=60_000)
        # JupyterLab's launcher takes the focus when it appears, from whoever has it by then.
        expect(page.locator(".jp-Launcher")).to_be_focused(timeout=60_000)
        tab.click()
        page.get_by_label("Acting as").select_option(email)
        expect(page.get_by_label("Acting as")).to_have_value(email)
        return page

    yield opened
    for context in contexts:
        context.close()


def come_back(place: Place, page: Page) -> None:
    """Load the Lab anew, once JupyterLab has kept its layout: it does so a moment after a change."""
    page.wait_for_timeout(2_000)
    page.goto(f"{place.lab.url}/lab?token={TOKEN}")


def row(page: Page, name: str) -> Locator:
    """Return a job's row in the sidebar."""
    return page.locator(".jp-SecureJobs-row").filter(has_text=name)


def open_job(page: Page, name: str) -> Locator:
    """Open a job's page by its row in the sidebar, and return the page."""
    page.get_by_role("searchbox", name="Filter jobs").fill(name)
    found = row(page, name).first
    busy = page.get_by_role("tree", name="Jobs").and_(page.locator("[aria-busy=true]"))
    folded = page.locator(".jp-SecureJobs-group[aria-expanded=false]").filter(has_text="Archived (1)")

    def seen() -> bool:
        # Until the filter has come into force, the list is the one of before, and moves when it does.
        if busy.is_visible():
            return False
        if not found.is_visible():
            with suppress(TimeoutError):
                folded.click(timeout=1_000)
            return False
        return True

    wait_until(seen, f"the job {name} in the sidebar")
    found.click()
    shown = job_page(page)
    expect(shown.get_by_role("heading", name=name, level=2)).to_be_visible()
    return shown


def job_page(page: Page) -> Locator:
    """Return the job page in front."""
    return page.locator(".jp-SecureJobs-job:visible")


def press(page: Page, label: str) -> None:
    """Choose an entry of the Job Actions menu."""
    job_page(page).get_by_role("button", name="Job Actions").click()
    page.get_by_role("menu", name="Job Actions").get_by_role("menuitem", name=label, exact=True).click()


def agree(page: Page, label: str) -> None:
    """Choose an entry of the menu, and agree to what its form says."""
    press(page, label)
    job_page(page).locator("form.jp-SecureJobs-sheet").get_by_role("button", name=label).click()


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
