"""Names, descriptions, comments, columns, cells and notices of others are text on every screen, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from jupyter_secure_jobs.domain.errors import InvalidError, SecureJobsError
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from tests.e2e.conftest import Place, job_page, open_job, picture, row
from tests.e2e.keys import command
from tests.e2e.life import finished
from tests.support.parts import ANA, BEN, MIA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(300)
# Each would leave a mark in the page: a variable, a title, an element of its own, or a dialog.
NAME = "<img src=x onerror=window.hit=1>"
SCRIPT = "<script>window.hit=2</script><b class=hit>bold</b>"
FORMULA = '=HYPERLINK("http://elsewhere.example","click")'
BIDI = "\u202efdp.exe\u202c \u200bhidden"
HOSTILE = f"{SCRIPT} {FORMULA} javascript:window.hit=3"
LONG = 1_000_000
CODE = f"""SELECT '{NAME}' AS `<u class=hit>column</u>`, '{SCRIPT}' AS b, '=1+1' AS c, '\u202eabc\u202c' AS d,
repeat('A', {LONG}) AS e, count(*) AS n FROM flights WHERE month >= :low -- </pre>{NAME}"""

MARKS = """() => ({
  hit: window.hit ?? null,
  made: [...document.querySelectorAll('img[src="x"], .hit, a[href^="javascript:"], a[href*="elsewhere.example"]')]
    .map(each => each.outerHTML.slice(0, 100)),
  scripts: [...document.scripts].filter(each => each.textContent.includes('window.hit')).length
})"""


class Watched:
    """A page whose dialogs and foreign requests are written down."""

    def __init__(self, page: Page, home: str) -> None:
        """Listen from now on."""
        self.page, self.told = page, list[str]()
        self.title = page.title
        page.on("dialog", lambda dialog: (self.told.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self._heard(request.url, home))

    def _heard(self, url: str, home: str) -> None:
        if not url.startswith((home, "data:", "blob:")) or url.endswith("/x"):
            self.told.append(f"request {url}")

    def check(self, screen: str) -> None:
        """Fail if anything of others' texts became more than text."""
        assert self.page.evaluate(MARKS) == {"hit": None, "made": [], "scripts": 0}, screen
        assert self.told == [], screen
        assert "window.hit" not in self.page.title() or NAME in self.page.title(), screen


def test_texts_of_others_stay_texts(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.submitted(NAME, description=HOSTILE, code=CODE)
    with pytest.raises(InvalidError, match="text-direction"):
        place.accept(WEI, job.id, comment=BIDI)
    place.accept(WEI, job.id, comment=HOSTILE)
    page, other = open_as(ANA), open_as(MIA)
    author, reviewer = Watched(page, place.lab.url), Watched(other, place.lab.url)

    shown = open_job(other, NAME)
    expect(shown.get_by_role("form", name="Decide")).to_be_visible(timeout=60_000)
    expect(shown).to_contain_text("</pre>")
    reviewer.check("review")
    picture(other, "hostile-review")
    for tab in ("Details", "Run History"):
        shown.get_by_role("tab", name=tab).click()
        reviewer.check(tab)

    for who in (BEN, MIA):
        place.accept(who, job.id, comment=HOSTILE)
    finished(place, place.lab.client(ANA).run(place.workspace, job.id, {"low": 1}).id)
    mine = open_job(page, NAME)
    expect(row(page, NAME).first).to_contain_text("Succeeded", timeout=30_000)
    author.check("sidebar")
    expect(mine.locator(".jp-SecureJobs-statuspanel")).to_contain_text(SCRIPT)
    mine.get_by_role("button", name="Open the result").click()
    expect(mine.get_by_text("1 of 1 row")).to_be_visible(timeout=30_000)
    table = mine.get_by_role("tabpanel", name="Results")
    for text in (NAME, SCRIPT, "<u class=hit>column</u>", "=1+1"):
        expect(table).to_contain_text(text)
    author.check("results")
    # A cell of a megabyte takes the place of a cell: neither the table nor the page grows by it.
    assert mine.evaluate("each => each.scrollWidth <= each.clientWidth + 1")
    assert mine.evaluate("each => each.innerText.length") < LONG / 2
    picture(page, "hostile-results")
    for tab in ("Details", "Run History", "Query"):
        mine.get_by_role("tab", name=tab).click()
        author.check(tab)
    mine.get_by_role("tab", name="Logs").click()
    author.check("logs")
    for label, kind in (("All Jobs", "list"), ("Notices", "notices"), ("Audit Log", "audit")):
        command(page, f"Secure jobs: {label}")
        listed = page.locator(".jp-SecureJobs-listpage:visible")
        expect(listed).to_contain_text(NAME, timeout=30_000)
        author.check(kind)
    assert job_page(page).count() <= 1


def test_dataset_of_others_is_text(place: Place, open_as: Callable[[str], Page]) -> None:
    source = place.lab.folder / "hostile.csv"
    source.write_text(f"day,note\n1,{NAME}\n2,{SCRIPT}\n" * 30)
    client = place.lab.client(WEI)
    asked = DatasetAsked(name="hostile", files=[str(source)], public=["note"], description=HOSTILE[:150], confirm=True)
    client.publish(place.workspace, asked)
    page = open_as(ANA)
    watched = Watched(page, place.lab.url)
    tree = page.locator("#jupyter-secure-jobs-sidebar [role=tree][aria-label=Datasets]")
    line = tree.locator("[role=treeitem]").filter(has_text="hostile").first
    expect(line).to_be_visible(timeout=30_000)
    line.click()
    expect(tree).to_contain_text("note")
    watched.check("datasets")


def test_name_of_a_dataset_or_column_is_an_identifier(place: Place) -> None:
    source = place.lab.folder / "columns.csv"
    source.write_text("<b>day</b>,note\n1,a\n" * 3)
    client = place.lab.client(WEI)
    for name in (NAME, "columns"):
        with pytest.raises(SecureJobsError):
            client.publish(place.workspace, DatasetAsked(name=name, files=[str(source)], public=[], confirm=True))
