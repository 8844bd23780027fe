"""The review with real browsers: read, try, comment, decide, and what is there when the author looks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.wire.job import DraftChange, GrantWire
from tests.e2e.conftest import Place, come_back, picture, row
from tests.support.parts import ANA, BEN, MIA, WEI, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.wire.job import JobDetailWire

pytestmark = pytest.mark.timeout(150)

FIRST: Final = """-- Delays of flights by month.
WITH late AS (
  SELECT month, delay, captain
  FROM flights
  WHERE delay > 0
    AND month >= :low
),
counted AS (
  SELECT month,
         count(*) AS n,
         avg(delay) AS mean_delay
  FROM late
  GROUP BY month
  HAVING count(*) >= 2
)
SELECT month, n, mean_delay
FROM counted
ORDER BY month"""
SECOND: Final = FIRST.replace("  HAVING count(*) >= 2\n", "").replace(
    "avg(delay) AS mean_delay", "avg(delay) AS mean_delay,\n         max(captain) AS first_captain"
)
MARKUP: Final = "<img src=x onerror=document.title=1>"
OVERRIDE, ZERO_WIDTH, ISOLATE = "\u202e", "\u200b", "\u2066"
# A line that some editors would show as if the comment ended before `secret`.
TROJAN: Final = f"SELECT month /* {OVERRIDE}{ISOLATE} secret */ AS {ZERO_WIDTH}month FROM flights -- {MARKUP}"
HEBREW: Final = "SELECT '\u05d0\u05d1', '\u05d2\u05d3' FROM flights"
# Where each of two words and the quotes between them are drawn, from left to right.
DRAWN: Final = """line => {
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
        const text = walker.currentNode;
        for (let at = 0; at < text.length; at += 1) {
            const range = document.createRange();
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            found.push([text.data[at], range.getBoundingClientRect().left]);
        }
    }
    return found.sort((one, other) => one[1] - other[1]).map(each => each[0]).join('');
}"""


def opened(page: Page, name: str) -> Locator:
    """Open a job's page and return its review."""
    row(page, name).first.click()
    review = page.locator(".jp-SecureJobs-review")
    expect(review.get_by_role("form", name="Decide")).to_be_visible(timeout=30_000)
    return review


def after_a_test(place: Place, job: str) -> None:
    """Let the author test the version in front."""
    author = place.lab.client(ANA)
    run = author.test(place.workspace, job, {"low": 1}).id
    wait_until(lambda: author.run_of(place.workspace, run).has_result, "the author's test")
    assert [each.id for each in author.runs(place.workspace, job, kind=RunKind.TEST)] == [run]


def second(place: Place, name: str, code: str, **more: Any) -> JobDetailWire:
    """Submit a second version of a job whose first one everybody accepted."""
    author = place.lab.client(ANA)
    job = place.submitted(name, code=FIRST)
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    draft = author.act(place.workspace, job.id, "new-draft")
    author.change_draft(place.workspace, job.id, DraftChange(code=code, **more), revision=draft.revision)
    return author.submit(place.workspace, job.id)


def seen_by_the_author(place: Place, author: Page, job: str, name: str) -> None:
    """Read the comment on line 11 beside its line, and after taking the version back also in the text of then."""
    row(author, name).first.click()
    editor = author.get_by_role("textbox", name="Query of")
    expect(editor.get_by_role("note", name=f"Comment of {BEN} on line 11")).to_contain_text("Round it", timeout=20_000)
    place.lab.client(ANA).act(place.workspace, job, "cancel-review")
    panel = author.locator(".jp-SecureJobs-lastreview")
    expect(panel).to_contain_text("Means are not rounded.", timeout=20_000)
    expect(editor.get_by_role("note", name=f"Comment of {BEN} on line 11")).to_be_visible()
    revision = place.lab.client(ANA).job(place.workspace, job).revision
    changed = DraftChange(code=SECOND)
    place.lab.client(ANA).change_draft(place.workspace, job, changed, revision=revision)
    expect(panel).to_contain_text("The text changed since", timeout=20_000)
    expect(editor.get_by_role("note")).to_have_count(0)
    panel.get_by_role("button", name="Line 11").click()
    old = panel.get_by_role("textbox", name="The text that reviewers read")
    expect(old.get_by_role("note")).to_contain_text(f"Round it, please. {MARKUP}")
    picture(author, "review-author")
    assert author.locator("img[src=x]").count() == 0


def test_a_first_review_is_read_and_tried(place: Place, open_as: Callable[[str], Page]) -> None:
    name = "Reviewed from the start"
    job = place.draft(name, code=FIRST)
    after_a_test(place, job.id)
    place.lab.client(ANA).submit(place.workspace, job.id)
    page = open_as(BEN)
    review = opened(page, name)
    expect(review.get_by_role("heading", name="nothing accepted before")).to_be_visible()
    expect(review.get_by_role("table", name="What is asked")).to_contain_text("Log policy")
    expect(review.get_by_role("table", name="Input variables")).to_contain_text("1..12")

    # One's own data: in words, in the flow, and in the code.
    data = review.get_by_role("region", name="Your data")
    expect(data).to_contain_text("flights")
    expect(data.get_by_role("row", name="mean_delay")).to_contain_text("flights.delay (yours)")
    code = review.get_by_role("textbox", name="Code of version 1")
    assert "captain" not in data.get_by_role("table").inner_text()
    expect(code.locator(".jp-SecureJobs-own").filter(has_text="delay").first).to_have_attribute(
        "title", "flights.delay (yours)"
    )

    # Try it: with the author's values, the same as the author's.
    attempt = review.get_by_role("region", name="Try it")
    low = attempt.get_by_label("low")
    low.fill("7")
    attempt.get_by_role("button", name="Take the author\u2019s values (test run 1)").click()
    expect(low).to_have_value("1")
    attempt.get_by_role("button", name="Test on Synthetic Data").click()
    expect(attempt.locator(".jp-SecureJobs-verdict")).to_contain_text("same as the author\u2019s", timeout=60_000)
    expect(attempt.get_by_role("region", name="The author\u2019s test")).to_contain_text("mean_delay")
    picture(page, "review-try")


def test_comments_beside_lines_reach_the_author(place: Place, open_as: Callable[[str], Page]) -> None:
    name = "Commented and declined"
    job = place.submitted(name, code=FIRST)
    page = open_as(BEN)
    review = opened(page, name)
    code = review.get_by_role("textbox", name="Code of version 1")

    # A comment beside a line, by the keyboard at the cursor's line, kept over a reload.
    code.click()
    page.keyboard.press("Control+Home")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Alt+m")
    form = review.get_by_role("form", name="Comment on a line")
    expect(form.get_by_label("Comment on line")).to_have_value("11")
    form.get_by_label("What you want to say").fill(f"Round it, please. {MARKUP}")
    form.get_by_role("button", name="Add comment").click()
    expect(code).to_be_focused()
    expect(code.get_by_role("note", name="not sent yet on line 11")).to_contain_text(MARKUP)
    come_back(place, page)
    decide = page.get_by_role("form", name="Decide")
    kept = decide.get_by_role("list", name="Your comments on lines")
    expect(kept).to_contain_text("Round it, please.", timeout=30_000)

    # A refusal loses nothing but the passphrase: neither an empty comment nor a wrong passphrase.
    decide.get_by_label("Passphrase").fill(place.lab.passphrase)
    decide.get_by_role("button", name="Decline").click()
    expect(decide.get_by_role("alert")).to_contain_text("comment")
    decide.get_by_label("Comment", exact=True).fill("Means are not rounded.")
    decide.get_by_label("Passphrase").fill("not the passphrase")
    decide.get_by_role("button", name="Decline").click()
    expect(decide.get_by_role("alert")).to_contain_text("passphrase")
    expect(decide.get_by_label("Comment", exact=True)).to_have_value("Means are not rounded.")
    expect(decide.get_by_label("Passphrase")).to_have_value("")
    expect(kept).to_contain_text("Round it")
    decide.get_by_label("Passphrase").fill(place.lab.passphrase)
    picture(page, "review-decide")
    decide.get_by_role("button", name="Decline").click()
    said = decide.locator(".jp-SecureJobs-decided")
    expect(said).to_contain_text("You decided: Declined")
    expect(said).to_be_focused()
    expect(page.locator(".jp-SecureJobs-live")).to_contain_text("your decision was sent")

    assert page.locator("img[src=x]").count() == 0
    seen_by_the_author(place, open_as(ANA), job.id, name)


def test_a_second_review_shows_what_changed(place: Place, open_as: Callable[[str], Page]) -> None:
    name = "Reviewed again"
    second(place, name, SECOND, grant=GrantWire(reruns=True, most_runs=20))
    page = open_as(WEI)
    review = opened(page, name)
    changed = review.get_by_role("table", name="Changed facts")
    expect(changed.get_by_role("row")).to_have_count(2)
    expect(changed).to_contain_text("up to 20 runs")
    expect(changed).to_contain_text("up to 5 runs")
    expect(review.get_by_role("table", name="Unchanged facts")).to_be_hidden()
    expect(review).to_contain_text("No column of your organisation\u2019s data is used.")

    code = review.locator(".jp-SecureJobs-reviewcode")
    sign = "line => getComputedStyle(line, '::before').content"
    assert code.locator(".cm-line", has_text="first_captain").evaluate(sign) == '"+"'
    assert code.locator(".cm-deletedLine", has_text="HAVING").evaluate(sign) == '"\u2212"'
    # What is folded away was not shown; one key shows it, and then every line was.
    shown = review.locator(".jp-SecureJobs-notshown")
    expect(shown).to_contain_text("not shown yet")
    expect(code.locator(".cm-line", has_text="Delays of flights")).to_have_count(0)
    code.locator(".cm-content").first.focus()
    page.keyboard.press("Alt+Shift+T")
    expect(code.get_by_role("button", name="Full text")).to_have_attribute("aria-pressed", "true")
    expect(code.locator(".cm-line", has_text="Delays of flights")).to_be_visible()
    expect(shown).to_contain_text("Every line was shown.")

    # A press beside a line asks for a comment on it; Escape goes back to the code.
    code.locator(".jp-SecureJobs-remarkgutter .cm-gutterElement:visible", has_text="+").nth(3).click()
    asked = review.get_by_role("form", name="Comment on a line")
    expect(asked.get_by_label("What you want to say")).to_be_focused()
    assert int(asked.get_by_label("Comment on line").input_value()) in range(2, 6)
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(review.get_by_role("textbox", name="Code of version 2")).to_be_focused()

    # Read-only code is left by Tab, and searched.
    text = review.get_by_role("textbox", name="Code of version 2")
    text.focus()
    page.keyboard.press("Tab")
    expect(text).not_to_be_focused()
    text.focus()
    page.keyboard.press("Control+f")
    expect(code.locator(".cm-search")).to_be_visible()
    page.keyboard.press("Escape")

    code.get_by_role("button", name="Side by side").click()
    expect(code.locator(".cm-merge-a .cm-content")).to_contain_text("HAVING")
    expect(code.locator(".cm-merge-b .cm-content")).to_contain_text("first_captain")
    picture(page, "review-sides")
    code.get_by_role("button", name="Inline").click()
    picture(page, "review-changes")


def test_a_resubmission_closes_the_form(place: Place, open_as: Callable[[str], Page]) -> None:
    name = "Resubmitted meanwhile"
    job = place.submitted(name, code=FIRST)
    page = open_as(MIA)
    review = opened(page, name)
    form = review.get_by_role("form", name="Decide")
    form.get_by_label("Comment", exact=True).fill("As far as I read.")
    author = place.lab.client(ANA)
    author.act(place.workspace, job.id, "cancel-review")
    revision = author.job(place.workspace, job.id).revision
    author.change_draft(place.workspace, job.id, DraftChange(code=SECOND), revision=revision)
    again = author.submit(place.workspace, job.id)
    notice = review.get_by_role("alert")
    expect(notice).to_contain_text("The author resubmitted", timeout=20_000)
    expect(form).to_have_count(0)
    picture(page, "review-resubmitted")
    notice.get_by_role("button", name="Review this submission").click()
    expect(form.get_by_label("Comment", exact=True)).to_have_value("As far as I read.")
    assert again.version.hash is not None
    expect(form.get_by_label(f"Version hash {again.version.hash}")).to_be_visible()


def test_hostile_code_is_text_in_its_own_order(place: Place, open_as: Callable[[str], Page]) -> None:
    name = "Hostile code"
    second(place, name, f"{TROJAN}\n;\n{HEBREW};\n{FIRST}")
    page = open_as(WEI)
    review = opened(page, name)
    code = review.locator(".jp-SecureJobs-reviewcode")
    for way in ("Inline", "Side by side", "Full text"):
        code.get_by_role("button", name=way).click()
        line = code.locator(".cm-merge-b .cm-line, .cm-editor:not(.cm-merge-a) .cm-line").first
        expect(line).to_contain_text("U+202EU+2066 secret */ AS U+200Bmonth")
        expect(line).to_contain_text(MARKUP)
        words = code.locator(".cm-line", has_text="\u05d0\u05d1").last
        drawn = "".join(words.evaluate(DRAWN).split())
        # Within a word from right to left, but the words and all around them from left to right.
        assert "'\u05d1\u05d0','\u05d3\u05d2'" in drawn
    picture(page, "review-hostile")
    assert page.locator("img[src=x]").count() == 0
    assert page.title() != "1"


def test_removed_lines_show_what_they_hid(place: Place, open_as: Callable[[str], Page]) -> None:
    name = "Hidden and removed"
    author = place.lab.client(ANA)
    job = place.submitted(name, code=f"{FIRST}\n-- {OVERRIDE}hidden")
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    draft = author.act(place.workspace, job.id, "new-draft")
    author.change_draft(place.workspace, job.id, DraftChange(code=FIRST), revision=draft.revision)
    author.submit(place.workspace, job.id)
    review = opened(open_as(WEI), name)
    expect(review.locator(".cm-deletedLine", has_text="hidden")).to_contain_text("U+202E")


def test_a_long_text_does_not_hold_up_the_page(place: Place, open_as: Callable[[str], Page]) -> None:
    lines = "\n".join(f"-- {number}" for number in range(10_000))
    second(place, "Very many lines", f"{lines}\n{FIRST}")
    place.submitted("One very long line", code=f"SELECT month /* {'x' * 200_000} */ FROM flights")
    page = open_as(WEI)
    for name in ("Very many lines", "One very long line"):
        review = opened(page, name)
        # The page answers, and the editor draws what is in sight alone.
        review.last.get_by_role("button", name="Decide").click()
        field = review.last.get_by_role("form", name="Decide").get_by_label("Comment", exact=True)
        field.fill("still here")
        expect(field).to_have_value("still here")
        drawn = review.last.locator(".cm-content").evaluate("at => [at.textContent.length, at.childElementCount]")
        assert drawn[0] < 150_000
        assert drawn[1] < 1_000
