"""A real JupyterLab with a filled workspace, and the system's Chromium that opens it as a member."""

from __future__ import annotations

import os
import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

from bench.ui_clock import SCRIPT
from bench.ui_workspace import fill
from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from tests.support.lab import TOKEN, Lab
from tests.support.layouts import own_layouts
from tests.support.parts import ANA, FLIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, CDPSession, Page

SIDEBAR_TAB: Final = '.lm-TabBar-tab[data-id="jupyter-secure-jobs-sidebar"]'
# Without the last two, Chromium rounds the size of the heap and hides when it collects.
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--no-first-run", "--enable-precise-memory-info",
                 "--js-flags=--expose-gc")  # fmt: skip
_WIDTH, _HEIGHT = 1400, 900
_SETTLED_MS: Final = 1_500


class NoBrowserError(Exception):
    """There is no Chromium to measure with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledLab:
    """A running Lab whose one workspace has many jobs and runs."""

    lab: Lab
    workspace: str
    # The id of the job that has run most often.
    most_run: str


@contextmanager
def filled_lab(folder: Path, *, jobs: int, runs: int) -> Iterator[FilledLab]:
    """Start a Lab in `folder`, publish one dataset and fill its workspace; stop it in the end."""
    lab = Lab(folder / "lab")
    try:
        lab.start()
        client = lab.client(ANA)
        workspace = client.workspaces()[0].id
        source = lab.folder / "flights.csv"
        source.write_text(FLIGHTS)
        client.publish(workspace, DatasetAsked(name="flights", files=[str(source)], public=["month"], confirm=True))
        database = lab.folder / "parts" / "server" / "workspace.sqlite"
        with closing(Database(f"sqlite:///{database}")) as opened, opened.transaction() as session:
            made = fill(session, workspace, jobs=jobs, runs=runs)
        yield FilledLab(lab=lab, workspace=workspace, most_run=next(iter(made)))
    finally:
        lab.stop()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium.

    Raises:
        NoBrowserError: there is none.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise NoBrowserError("There is no Chromium: install it, or name it in the environment variable CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()


@contextmanager
def fresh_page(browser: Browser, place: FilledLab) -> Iterator[Page]:
    """Open the Lab with its start page, the sidebar not yet shown, in a browser context of its own."""
    context = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT})
    context.add_init_script(SCRIPT)
    context.route("**/lab/api/workspaces/*", own_layouts())
    try:
        page = context.new_page()
        page.goto(f"{place.lab.url}/lab?token={TOKEN}&reset")
        page.locator(SIDEBAR_TAB).wait_for(timeout=60_000)
        page.locator(".jp-Launcher").first.wait_for(timeout=60_000)
        # JupyterLab goes on loading for a while after its first page stands; that is not what is measured.
        page.wait_for_timeout(_SETTLED_MS)
        yield page
    finally:
        context.close()


def heap_megabytes(page: Page, session: CDPSession) -> float:
    """Return what the page's scripts hold after a collection."""
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.collectGarbage")
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6
