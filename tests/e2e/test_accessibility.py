"""Without a mouse, at 200 % zoom, without motion, from right to left, with the longest names, in another language."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, Route, expect

from jupyter_secure_jobs.domain.lifecycle import LABELS, Action
from tests.e2e.conftest import Place, come_back, job_page, open_job, picture
from tests.e2e.keys import choose, command, open_by_keys, tab_to
from tests.e2e.life import accepted, finished
from tests.support.lab import TOKEN
from tests.support.parts import ANA, MIA

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(240)
FOLD = ".jp-SecureJobs-statuspanel .jp-SecureJobs-fold"
BAR = ".jp-SecureJobs-job [role=separator]"
LONGEST = "W" * 50
HEBREW = "תוצאות לפי חודש"


def bar_at(page: Page) -> str | None:
    """Return where the first split bar of the job page in front stands."""
    return page.locator(f"{BAR}:visible").first.get_attribute("aria-valuenow")


def test_job_is_opened_read_and_arranged_by_keys_alone(place: Place, open_as: Callable[[str], Page]) -> None:
    place.draft("By keys alone")
    page = open_as(ANA)
    open_by_keys(page, "By keys alone")
    shown = job_page(page)
    tab_to(page, ".jp-SecureJobs-job [role=tab]")
    page.keyboard.press("ArrowRight")
    expect(shown.get_by_role("tab", name="Details")).to_have_attribute("aria-selected", "true")
    expect(shown.get_by_role("tab", name="Details")).to_be_focused()
    page.keyboard.press("End")
    expect(shown.get_by_role("tab", name="Run History")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    expect(shown.get_by_role("tab", name="Query")).to_have_attribute("aria-selected", "true")

    tab_to(page, BAR)
    before = bar_at(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"{BAR}:visible").first).not_to_have_attribute("aria-valuenow", str(before))
    moved = bar_at(page)
    tab_to(page, FOLD)
    fold = shown.locator(FOLD)
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(shown.get_by_role("heading", name="Job approval")).to_have_count(0)
    come_back(place, page)
    expect(fold).to_have_attribute("aria-expanded", "false", timeout=30_000)
    page.keyboard.press("Tab")
    tab_to(page, FOLD)
    page.keyboard.press("Enter")
    expect(shown.get_by_role("heading", name="Job approval")).to_be_visible()
    assert bar_at(page) == moved


def test_job_is_submitted_reviewed_and_accepted_by_keys_alone(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.draft("Decided by keys")
    page = open_as(ANA)
    open_by_keys(page, "Decided by keys")
    choose(page, "s", LABELS[Action.SUBMIT])
    tab_to(page, "form.jp-SecureJobs-sheet button[type=submit]")
    page.keyboard.press("Enter")
    expect(job_page(page).locator(".jp-SecureJobs-status").first).to_contain_text("Under Review")

    reviewer = open_as(MIA)
    open_by_keys(reviewer, "Decided by keys")
    choose(reviewer, "a", LABELS[Action.ACCEPT])
    decide = job_page(reviewer).get_by_role("form", name="Decide")
    expect(decide.get_by_label("Comment").first).to_be_focused()
    reviewer.keyboard.type("Read by keys.")
    tab_to(reviewer, "input[type=password]")
    reviewer.keyboard.type(place.lab.passphrase)
    tab_to(reviewer, "form[aria-label=Decide] button.jp-mod-accept")
    reviewer.keyboard.press("Enter")
    expect(job_page(page)).to_contain_text("1 of 3 accepted", timeout=20_000)
    said = place.lab.client(ANA).job(place.workspace, job.id).approval
    assert [each.comment for each in said if each.member == MIA] == ["Read by keys."]


# What a person at 200 % can do: nothing is wider than the page, and everything that can be pressed comes into sight.
CUT = """() => {
  const out = [];
  // JupyterLab's own notices lie over everything for some seconds.
  document.querySelectorAll('.Toastify').forEach(each => { each.style.display = 'none'; });
  if (document.documentElement.scrollWidth > innerWidth) {
    out.push('the whole page scrolls sideways');
  }
  for (const box of document.querySelectorAll('.jp-SecureJobs-job, .jp-SecureJobs-listpage, .jp-SecureJobs-header')) {
    const { height } = box.getBoundingClientRect();
    if (height > 0 && box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== 'auto') {
      out.push(`${box.className} is ${box.scrollWidth} wide in ${box.clientWidth}`);
    }
  }
  const all = '.jp-SecureJobs-job, .jp-SecureJobs-listpage, #jupyter-secure-jobs-sidebar .jp-SecureJobs-header';
  for (const each of document.querySelectorAll(all)) {
    for (const control of each.querySelectorAll('button, input, select, textarea, [role=tab], summary, a[href]')) {
      control.scrollIntoView({ block: 'center', inline: 'center' });
      const box = control.getBoundingClientRect();
      if (box.width === 0 || control.closest('[hidden]') !== null) {
        continue;
      }
      const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      const own = hit?.closest('label')?.contains(control) === true;
      if (hit === null || !(own || control.contains(hit) || hit.contains(control))) {
        out.push(`${control.outerHTML.slice(0, 120)} cannot be seen (${hit?.className})`);
      }
    }
  }
  return out;
}"""


def test_nothing_is_cut_at_twice_the_size(place: Place, open_as: Callable[[str], Page]) -> None:
    place.draft("Seen large")
    place.submitted("Reviewed large")
    run = accepted(place, "Run large")
    finished(place, place.lab.client(ANA).run(place.workspace, run.id, {"low": 1}).id)
    found: list[str] = []
    for email, names in ((ANA, ("Seen large", "Run large")), (MIA, ("Reviewed large",))):
        page = open_as(email)
        for name in names:
            page.set_viewport_size({"width": 1400, "height": 900})
            shown = open_job(page, name)
            page.set_viewport_size({"width": 700, "height": 450})
            for tab in ("Query", "Details", "Run History"):
                shown.get_by_role("tab", name=tab).click()
                page.wait_for_timeout(300)
                found += [f"{name} · {tab} · {line}" for line in page.evaluate(CUT)]
                picture(page, f"zoom-{name}-{tab}")
        for label in ("All Jobs", "Notices", "Audit Log"):
            command(page, f"Secure jobs: {label}")
            page.locator(".jp-SecureJobs-listpage:visible").wait_for()
            page.wait_for_timeout(300)
            found += [f"{label} · {line}" for line in page.evaluate(CUT)]
    assert found == []


MOVES = """() => [...document.querySelectorAll('[class*=jp-SecureJobs]')].filter(each => {
  const { animationName, animationDuration, transitionDuration } = getComputedStyle(each);
  const long = said => said.split(',').some(one => parseFloat(one) > 0.01);
  return (animationName !== 'none' && long(animationDuration)) || long(transitionDuration);
}).map(each => each.className)"""


def test_nothing_moves_for_who_wants_no_motion(place: Place, open_as: Callable[[str], Page]) -> None:
    place.draft("Without motion")
    page = open_as(ANA)
    page.emulate_media(reduced_motion="reduce")
    shown = open_job(page, "Without motion")
    shown.get_by_role("tab", name="Details").click()
    assert page.evaluate(MOVES) == []


def test_longest_and_right_to_left_names_stay_whole_and_in_place(place: Place, open_as: Callable[[str], Page]) -> None:
    place.draft(LONGEST)
    place.draft(HEBREW, description="(תיאור) abc (1)")
    page = open_as(ANA)
    for name in (LONGEST, HEBREW):
        shown = open_job(page, name)
        heading = shown.get_by_role("heading", name=name, level=2)
        assert heading.evaluate("each => each.scrollWidth <= each.clientWidth + 1"), "the name is cut"
        assert shown.evaluate("each => each.scrollWidth <= each.clientWidth + 1")
        line = page.locator(".jp-SecureJobs-row").filter(has_text=name).first
        tree = page.locator(".jp-SecureJobs-tree").first
        box, frame = line.bounding_box(), tree.bounding_box()
        assert box is not None
        assert frame is not None
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
        picture(page, f"name-{'longest' if name == LONGEST else 'hebrew'}")
    assert heading.evaluate("each => getComputedStyle(each).direction") == "rtl"
    assert shown.evaluate("each => getComputedStyle(each).direction") == "ltr"


# As jupyterlab-language-pack-* deliver them: one catalogue for each extension.
GERMAN: dict[str, Any] = {
    "": {"domain": "jupyter_secure_jobs", "language": "de-DE", "plural_forms": "nplurals=2; plural=(n != 1);",
         "version": ""},
    "Jobs": ["Aufträge"],
    "Datasets": ["Datensätze"],
    "Query": ["Abfrage"],
    "Filter jobs": ["Aufträge filtern"],
    "Job Actions": ["Auftragsaktionen"],
    "Mine (%1)": ["Meine (%1)"],
    "%1 job": ["%1 Auftrag", "%1 Aufträge"],
    "Secure jobs: All Jobs": ["Sichere Aufträge: Alle"],
}  # fmt: skip


def test_words_come_from_the_language_pack(place: Place, browser: Browser) -> None:
    place.draft("In another language")
    context = browser.new_context(viewport={"width": 1400, "height": 900})

    def answer(route: Route) -> None:
        body = {"data": {"jupyter_secure_jobs": GERMAN}, "message": ""}
        route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    try:
        page = context.new_page()
        page.route("**/lab/api/translations/?*", answer)
        page.route("**/lab/api/translations/*", answer)
        page.goto(f"{place.lab.url}/lab?token={TOKEN}&reset")
        page.locator('.lm-TabBar-tab[data-id="jupyter-secure-jobs-sidebar"]').click(timeout=60_000)
        sidebar = page.locator("#jupyter-secure-jobs-sidebar")
        expect(sidebar.locator(".lm-AccordionPanel-title").filter(has_text="Aufträge")).to_be_visible()
        expect(sidebar.locator(".lm-AccordionPanel-title").filter(has_text="Datensätze")).to_be_visible()
        box = sidebar.get_by_role("searchbox", name="Aufträge filtern")
        box.fill("In another language")
        page.locator(".jp-SecureJobs-row").filter(has_text="In another language").first.click()
        shown = job_page(page)
        expect(shown.get_by_role("tab", name="Abfrage")).to_be_visible()
        expect(shown.get_by_role("button", name="Auftragsaktionen")).to_be_visible()
        page.locator("#jupyter-secure-jobs-sidebar [data-command='secure-jobs:open-list']").click()
        expect(page.locator(".jp-SecureJobs-listpage [role=status]").first).to_contain_text("Auftr")
        picture(page, "translated")
    finally:
        context.close()
