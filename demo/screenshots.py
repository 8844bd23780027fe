"""`python -m demo.screenshots`: makes the pictures in `docs/images` anew, from a real JupyterLab with real jobs.

The Lab opens the demonstration's own workspace (a copy of what `make demo` left, so that it stays as it was) and one
more job is taken from draft to result while the pictures are taken. Size, language, motion and names are fixed; times,
hashes and identifiers are of the day.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from demo.place import ANA, BEN, MIA, WEI
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.wire.job import DatasetReadWire, GrantWire, InputVariableWire, JobNew
from jupyter_secure_jobs.wire.member_side import DecisionAsked
from tests.support.lab import TOKEN, Lab
from tests.support.parts import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page, ViewportSize

    from jupyter_secure_jobs.client import Client

SIZE: Final[ViewportSize] = {"width": 1400, "height": 900}
LARGEST: Final = 150_000
NAME: Final = "Delays by month and origin"
CODE: Final = """SELECT origin, month, count(*) AS flights, round(avg(dep_delay)) AS delay
FROM flights
WHERE month >= :from_month
GROUP BY origin, month
HAVING count(*) >= 10
ORDER BY month, origin"""
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--no-first-run")  # fmt: skip
_PATIENCE_MS: Final = 90_000
_SETTLED_MS: Final = 1_500


class Studio:
    """A Lab over a copy of the demonstration, a browser, and the folder for the pictures."""

    def __init__(self, lab: Lab, browser: Browser, images: Path) -> None:
        """Find the workspace."""
        self.lab, self.browser, self.images = lab, browser, images
        self.workspace = self.client(ANA.email).workspaces()[0].id

    def client(self, email: str) -> Client:
        """Return the API as a member."""
        return self.lab.client(email)

    @contextmanager
    def page(self, email: str, *, dark: bool = False) -> Iterator[Page]:
        """Open the Lab as a member."""
        context = self.browser.new_context(viewport=SIZE, reduced_motion="reduce", locale="en-US", timezone_id="UTC")
        try:
            page = context.new_page()
            page.goto(f"{self.lab.url}/lab?token={TOKEN}&reset")
            page.locator('.lm-TabBar-tab[data-id="jupyter-secure-jobs-sidebar"]').click(timeout=_PATIENCE_MS)
            page.get_by_label("Acting as").select_option(email)
            if dark:
                page.get_by_role("menuitem", name="Settings", exact=True).click()
                page.get_by_text("Theme", exact=True).hover()
                page.get_by_text("JupyterLab Dark", exact=True).click()
            yield page
            if dark:
                page.get_by_role("menuitem", name="Settings", exact=True).click()
                page.get_by_text("Theme", exact=True).hover()
                page.get_by_text("JupyterLab Light", exact=True).click()
                page.wait_for_timeout(_SETTLED_MS)
        finally:
            context.close()

    def open(self, page: Page, name: str) -> Locator:
        """Open a job's page from the sidebar."""
        page.get_by_role("searchbox", name="Filter jobs").fill(name)
        expect(page.get_by_role("tree", name="Jobs")).to_have_attribute("aria-busy", "false")
        page.locator(".jp-SecureJobs-row").filter(has_text=name).first.click()
        shown = page.locator(".jp-SecureJobs-job:visible")
        expect(shown.get_by_role("heading", name=name, level=2)).to_be_visible()
        page.get_by_role("searchbox", name="Filter jobs").fill("")
        return shown

    def take(self, page: Page, name: str) -> None:
        """Take one picture."""
        page.wait_for_timeout(_SETTLED_MS)
        # JupyterLab's notices come and go; with them, no two pictures would be alike.
        page.add_style_tag(content=".Toastify { display: none; }")
        page.mouse.move(SIZE["width"] - 1, SIZE["height"] - 1)
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        # A page has few colours: the picture is a third as large with a palette of its own.
        picture.quantize(256, dither=Image.Dither.NONE).save(self.images / f"{name}.png", optimize=True)

    def take_all(self) -> None:
        """Take a job from draft to result and every picture on the way."""
        author = self.client(ANA.email)
        dataset = next(each for each in author.datasets(self.workspace) if each.name == "flights")
        job = author.create_job(self.workspace, JobNew(
            name=NAME, description="Which airport keeps people waiting, and when.", code=CODE,
            datasets=[DatasetReadWire(table="flights", dataset=dataset.id)],
            inputs=[InputVariableWire(name="from_month", type="integer", low="1", high="12", default=1)],
            grant=GrantWire(reruns=True, most_runs=5),
        ))  # fmt: skip
        self._ended(author.test(self.workspace, job.id, {"from_month": 1}).id)
        with self.page(ANA.email) as page:
            self.open(page, NAME)
            self.take(page, "job-page")
        author.submit(self.workspace, job.id)
        with self.page(MIA.email) as page:
            shown = self.open(page, NAME)
            expect(shown.get_by_role("form", name="Decide")).to_be_visible(timeout=_PATIENCE_MS)
            self.take(page, "review")
        for member in (BEN, WEI, MIA):
            self._accept(member.email, job.id)
        self._ended(author.run(self.workspace, job.id, {"from_month": 1}).id)
        with self.page(ANA.email) as page:
            self._results(page)
        with self.page(ANA.email, dark=True) as page:
            self.open(page, NAME)
            self.take(page, "job-page-dark")

    def _results(self, page: Page) -> None:
        shown = self.open(page, NAME)
        # A job run's result stays sealed until somebody asks for it.
        shown.get_by_role("button", name="Open the result").click(timeout=_PATIENCE_MS)
        shown.get_by_role("button", name="Chart", exact=True).click(timeout=_PATIENCE_MS)
        self.take(page, "result")
        shown.get_by_role("tab", name="Run History").click()
        shown.get_by_role("button", name="Receipt").first.click()
        self.take(page, "receipt")
        page.locator('#jupyter-secure-jobs-sidebar [data-command="secure-jobs:open-list"]').click()
        self.take(page, "jobs-list")
        page.locator("#jupyter-secure-jobs-sidebar").get_by_role("button", name="Notices").click()
        self.take(page, "notices")

    def _accept(self, email: str, job: str) -> None:
        client = self.client(email)
        said = client.review(self.workspace, job)
        asked = DecisionAsked(version_hash=said.version_hash, decision=Verdict.ACCEPT, comment="Groups of ten or more.",
                              passphrase=self.lab.passphrase)  # fmt: skip
        client.decide(self.workspace, job, asked)

    def _ended(self, run: str) -> None:
        client = self.client(ANA.email)
        wait_until(lambda: client.run_of(self.workspace, run).finished is not None, "the end of a run", seconds=180)


def main(words: list[str] | None = None) -> int:
    """Take the pictures; return 0, or 1 if the demonstration has not run or a picture is too large."""
    parser = argparse.ArgumentParser(prog="python -m demo.screenshots", description=__doc__)
    parser.add_argument("--demo", type=Path, default=Path("build/demo"), help="what `make demo` left")
    parser.add_argument("--images", type=Path, default=Path("docs/images"), help="where the pictures go")
    asked = parser.parse_args(words)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not (asked.demo / "summary.json").is_file() or chromium is None:
        print("Run `make demo` first, and `make browser` if there is no Chromium.")
        return 1
    asked.images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as name, sync_playwright() as playwright:
        lab = Lab(Path(name) / "lab")
        shutil.copytree(asked.demo, lab.folder / "parts", ignore=shutil.ignore_patterns("*.sock"))
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        try:
            lab.start()
            Studio(lab, browser, asked.images).take_all()
        finally:
            browser.close()
            lab.stop()
    large = [path.name for path in sorted(asked.images.glob("*.png")) if path.stat().st_size > LARGEST]
    print(
        f"{len(list(asked.images.glob('*.png')))} pictures in {asked.images}", *(f"{name} is large" for name in large)
    )
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
