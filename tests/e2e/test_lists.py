"""A workspace with hundreds of jobs: the sidebar's tree, the page that lists all jobs, the audit log, a new job."""

from __future__ import annotations

import csv
import re
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from bench.ui_workspace import fill
from jupyter_secure_jobs.store.database import Database
from tests.e2e.conftest import Place, come_back, picture, standing
from tests.e2e.keys import command
from tests.support.parts import ANA, WEI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.timeout(180)
JOBS: Final = 300
SIDEBAR: Final = "#jupyter-secure-jobs-sidebar"
# Scrolls a list to its very end, a step a frame, and tells which lines were seen and how often the middle was blank.
# While fewer than `most` were seen, what is still to come is awaited at the end for ten seconds.
SCROLL: Final = """async ([selector, line, name, most]) => {
  const frame = document.querySelector(selector);
  const drawn = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const atEnd = () => frame.scrollTop + frame.clientHeight >= frame.scrollHeight - 2;
  const seen = new Set();
  let blank = 0;
  frame.scrollTop = 0;
  for (let quiet = 0; quiet < (seen.size < most ? 300 : 30); quiet = atEnd() ? quiet + 1 : 0) {
    await drawn();
    const { left, top, height } = frame.getBoundingClientRect();
    const middle = document.elementFromPoint(left + 40, top + height / 2);
    blank += middle.closest(line) === null ? 1 : 0;
    frame.querySelectorAll(`${line} ${name}`).forEach(each => seen.add(each.textContent));
    frame.scrollTop += height / 2;
  }
  return [blank, [...seen]];
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give a Lab of its own, whose workspace is full."""
    with standing(tmp_path_factory.mktemp("crowd") / "lab") as place:
        with closing(Database(f"sqlite:///{place.database}")) as database, database.transaction() as session:
            fill(session, place.workspace, jobs=JOBS, runs=60)
        yield place


def listed(page: Page) -> Locator:
    """Open the page that lists all jobs."""
    page.locator(SIDEBAR).get_by_role("button", name="All jobs").click()
    table = page.get_by_role("grid", name="Jobs")
    expect(table.get_by_role("row").nth(5)).to_be_visible()
    return table


def names(table: Locator, count: int) -> list[str]:
    """Return the names in the first rows, once they are there."""
    found = []
    for index in range(2, count + 2):
        cell = table.locator(f"[aria-rowindex='{index}'] [role=gridcell]").first
        found.append(cell.inner_text())
    return found


def test_the_sidebar_shows_every_job_once_and_never_a_blank(place: Place, open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)
    tree = page.get_by_role("tree", name="Jobs")
    counts = place.lab.client(ANA).job_counts(place.workspace)
    assert counts.needs_me > 0
    expect(tree.get_by_text(f"Needs your decision ({counts.needs_me})")).to_be_visible()
    expect(tree.locator(".jp-SecureJobs-row").first).to_be_visible()
    picture(page, "sidebar-crowd")
    shown = counts.needs_me + counts.mine + counts.others
    blank, seen = page.evaluate(
        SCROLL, [f"{SIDEBAR} [role=tree][aria-label=Jobs]", "[role=treeitem]", "bdi.jp-SecureJobs-name", shown]
    )
    assert blank == 0
    assert len(seen) == shown, "the archived ones are folded away"
    assert {job.name for job in place.lab.client(ANA).jobs(place.workspace)} == set(seen)

    tree.get_by_text(f"Archived ({counts.archived})").click()
    blank, seen = page.evaluate(
        SCROLL, [f"{SIDEBAR} [role=tree][aria-label=Jobs]", "[role=treeitem]", "bdi.jp-SecureJobs-name", JOBS]
    )
    assert blank == 0
    assert len(seen) == JOBS
    assert page.locator(f"{SIDEBAR} [role=treeitem]").count() < JOBS / 2, "only what is in sight is in the document"


def test_the_filter_asks_the_server(place: Place, open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)
    page.get_by_label("Filter jobs").fill("HYPERLINK(a1) 1")
    tree = page.get_by_role("tree", name="Jobs")
    wanted = {job.name for job in place.lab.client(ANA).jobs(place.workspace, q="hyperlink(a1) 1", which="mine")}
    counts = place.lab.client(ANA).job_counts(place.workspace, q="hyperlink(a1) 1")
    expect(tree.get_by_text(f"Mine ({counts.mine})")).to_be_visible()
    for name in wanted:
        expect(tree.get_by_text(name, exact=True)).to_be_visible()
    page.get_by_label("Filter jobs").fill("no job is called so & <b>")
    expect(page.locator(SIDEBAR).get_by_text("No job has “no job is called so & <b>”")).to_be_visible()


def test_the_tree_is_busy_until_it_shows_what_was_asked_for(open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)
    tree = page.get_by_role("tree", name="Jobs")
    expect(tree).to_have_attribute("aria-busy", "false")
    page.route(re.compile(r"/jobs\?.*q=never"), lambda _route: None)  # never answered
    with page.expect_request(re.compile(r"q=never")):
        page.get_by_label("Filter jobs").fill("never")
        expect(tree).to_have_attribute("aria-busy", "true")
    page.get_by_label("Filter jobs").fill("HYPERLINK(a1) 1")
    expect(tree.get_by_text(re.compile(r"HYPERLINK\(A1\) 1")).first).to_be_visible()
    expect(tree).to_have_attribute("aria-busy", "false")


def test_all_by_keyboard(open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)
    tree = page.get_by_role("tree", name="Jobs")
    expect(tree.get_by_text("Needs your decision")).to_be_visible()
    tree.focus()
    page.keyboard.press("ArrowDown")
    active = page.locator(f"[id='{tree.get_attribute('aria-activedescendant')}']")
    name = active.locator("bdi").first.inner_text()
    page.keyboard.press("Enter")
    tab = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text=name)
    expect(tab).to_have_count(1)

    tree.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"[id='{tree.get_attribute('aria-activedescendant')}']")).to_have_attribute(
        "aria-expanded", "true"
    )
    page.keyboard.press("ArrowLeft")
    expect(tree.get_by_text(name, exact=True)).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_text(name, exact=True)).to_be_visible()
    # A second open finds the same page.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(tab).to_have_count(1)


def test_the_table_shows_them_all(place: Place, open_as: Callable[[str], Page]) -> None:
    page = open_as(WEI)
    table = listed(page)
    counts = place.lab.client(WEI).job_counts(place.workspace)
    total = counts.needs_me + counts.mine + counts.others
    expect(page.get_by_role("article", name="All jobs").get_by_role("status")).to_have_text(f"{total} jobs")
    expect(table).to_have_attribute("aria-rowcount", str(total + 1))
    all_names = {job.name for job in place.lab.client(WEI).jobs(place.workspace)}
    blank, seen = page.evaluate(
        SCROLL, [".jp-SecureJobs-grid", "[role=row]", "[role=gridcell]:first-child", len(all_names)]
    )
    assert blank == 0
    assert set(seen) == all_names
    picture(page, "list")


@pytest.mark.parametrize(("heading", "sort"), [("Name", "name"), ("Status", "status"), ("Newest run", "run")])
def test_the_server_sorts(place: Place, open_as: Callable[[str], Page], heading: str, sort: str) -> None:
    page = open_as(ANA)
    table = listed(page)
    jobs = place.lab.client(ANA).jobs(place.workspace, sort=sort)
    first = "descending" if sort == "run" else "ascending"
    header = table.get_by_role("columnheader", name=heading)
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", first)
    expect(table.locator("[aria-rowindex='2'] [role=gridcell]").first).to_have_text(jobs[0].name)
    assert names(table, 8) == [job.name for job in jobs[:8]]
    header.get_by_role("button").click()
    expect(header).not_to_have_attribute("aria-sort", first)
    expect(table.locator("[aria-rowindex='2'] [role=gridcell]").first).not_to_have_text(jobs[0].name)


def test_filters_are_remembered_over_a_reload(place: Place, open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)
    listed(page)
    article = page.get_by_role("article", name="All jobs")
    article.get_by_label("Search jobs").fill("delays")
    article.get_by_label("Show").select_option("mine")
    article.get_by_role("button", name="Status: any").click()
    article.get_by_label("Under Review").check()
    page.keyboard.press("Escape")
    expect(article.get_by_role("button", name="Status: Under Review")).to_be_focused()
    count = place.lab.client(ANA).job_counts(place.workspace, q="delays", status="Under Review").mine
    expect(article.get_by_role("status")).to_have_text(re.compile(rf"^{count} jobs?$"))

    come_back(place, page)
    expect(article.get_by_label("Search jobs")).to_have_value("delays", timeout=60_000)
    expect(article.get_by_label("Show")).to_have_value("mine")
    expect(article.get_by_role("status")).to_have_text(re.compile(rf"^{count} jobs?$"))
    article.get_by_role("button", name="Show all").click()
    expect(article.get_by_label("Search jobs")).to_have_value("")


def test_what_others_named_so_is_text(open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)
    table = listed(page)
    page.get_by_label("Search jobs").fill("<img src=x")
    expect(table.locator("[aria-rowindex='2']")).to_contain_text("<img src=x onerror=alert(")
    page.get_by_label("Filter jobs").first.fill("<script>")
    expect(page.get_by_role("tree", name="Jobs").get_by_text("<script>alert(1)</script>").first).to_be_visible()
    for part in (SIDEBAR, ".jp-SecureJobs-listpage"):
        assert page.locator(f"{part} img, {part} script").count() == 0


def test_a_new_job_is_asked_for_in_one_form(place: Place, open_as: Callable[[str], Page]) -> None:
    page = open_as(ANA)
    page.locator(SIDEBAR).get_by_role("button", name="New job").click()
    form = page.get_by_role("form", name="New job")
    expect(form.get_by_label("Name")).to_be_focused()
    form.get_by_role("radio", name="Rows per group").first.check()
    expect(form.get_by_label("Name")).to_have_value("Rows per group")
    expect(form.get_by_label("The script")).to_contain_text("GROUP BY")
    picture(page, "new-job")
    taken = place.lab.client(ANA).jobs(place.workspace)[0].name
    form.get_by_label("Name").fill(taken)
    form.get_by_label("Name").press("Enter")
    expect(form.get_by_role("alert")).to_be_visible()
    expect(form.get_by_label("Name")).to_have_value(taken)
    form.get_by_label("Name").fill("Chosen in the form")
    form.get_by_label("Name").press("Enter")
    expect(form).to_have_count(0)
    expect(page.get_by_role("article", name="Job Chosen in the form")).to_be_visible()
    made = place.lab.client(ANA).find_job(place.workspace, "Chosen in the form")
    assert "GROUP BY" in made.version.code


def test_the_audit_log_is_narrowed_and_exported(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.draft("Looked at in the log")
    page = open_as(ANA)
    expect(page.get_by_role("tree", name="Jobs")).to_be_visible()
    command(page, "Secure jobs: Audit Log")
    article = page.get_by_role("article", name="Audit log")
    article.get_by_label("Job").fill(job.id)
    article.get_by_role("button", name="Events: any").click()
    article.get_by_label("Job created").check()
    rows = article.get_by_role("grid", name="Events").locator(".jp-SecureJobs-gridrow")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Looked at in the log")
    expect(rows).to_contain_text("Job created")
    event = next(each for each in place.lab.client(ANA).audit(place.workspace) if each.job == job.id)
    expect(rows).to_contain_text(f"entry {event.index}")
    picture(page, "audit")
    with page.expect_download() as saved:
        article.get_by_role("button", name="Export CSV").click()
    assert saved.value.suggested_filename == "Audit log.csv"
    with saved.value.path().open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert len(lines) == 2, "the heading, and what the filter finds"
    assert "Looked at in the log" in lines[1]
