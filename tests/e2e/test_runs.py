"""What runs gave and how they go, in real Chromium: table, chart, exports, logs, receipt, history, cancel."""

from __future__ import annotations

import json
import sqlite3
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from jupyter_secure_jobs.rest.member_handlers import MEMBER_HEADER
from jupyter_secure_jobs.rest.route import BASE
from tests.e2e.conftest import Place, job_page, picture
from tests.support import tampering
from tests.support.lab import TOKEN
from tests.support.parts import ANA, BEN, MIA, WEI, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_secure_jobs.wire.run import RunWire

pytestmark = pytest.mark.timeout(300)
PATIENCE = 60_000
MARKUP = "<img src=x onerror=document.title=1>"
HOSTILE = f"""rows = [
    ("{MARKUP}", 9007199254740993, "=1+1"),
    ("\\u202eabc\\u200b", None, "@SUM(A1)"),
    ("long", -3, "x" * 1048576),
]
spark.createDataFrame(rows, "name string, `{MARKUP}` long, note string")"""


def ended(place: Place, run: RunWire) -> RunWire:
    """Return the run once it has ended."""
    client, found = place.lab.client(ANA), [run]

    def over() -> bool:
        found[0] = client.run_of(place.workspace, run.id)
        return not found[0].active

    wait_until(over, "the end of a run", seconds=120)
    return found[0]


def show(place: Place, page: Page, job: str, run: str | None = None) -> Page:
    """Open a job's page, or one of its runs, by a link."""
    parts = [place.workspace, job, *([run] if run else [])]
    page.goto(f"{place.lab.url}/lab?secure-job={'/'.join(parts)}")
    page.get_by_role("tab", name="Run History").wait_for(timeout=PATIENCE)
    return page


# Long enough for a page to see it run.
SLOW = """import time
time.sleep(8)
rows = spark.table("flights")
rows.where(rows.month >= inputs["low"]).groupBy("month").count().withColumnRenamed("count", "n").orderBy("month")
"""


def exported(place: Place, run: str, name: str) -> bytes:
    """Return what the API gives for an export."""
    headers = {"Authorization": f"token {TOKEN}", MEMBER_HEADER: ANA}
    where = f"{place.lab.url}{BASE}member/workspaces/{place.workspace}/runs/{run}/{name}"
    answer = httpx.get(where, headers=headers, trust_env=False, timeout=60)
    assert answer.is_success, answer.text
    return answer.content


def saved(page: Page, button: str, folder: Path) -> tuple[str, bytes]:
    """Press a button that saves a file; return its name and content."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).click()
    target = folder / "saved"
    waiting.value.save_as(target)
    return waiting.value.suggested_filename, target.read_bytes()


def test_a_job_run_is_watched_opened_saved_and_proven(
    place: Place, open_as: Callable[[str], Page], tmp_path: Path
) -> None:
    job = place.submitted("Runs: the whole road", language="python", code=SLOW)
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    page = show(place, open_as(ANA), job.id)
    expect(page.get_by_text("No runs yet.")).to_be_visible()
    run = place.lab.client(ANA).run(place.workspace, job.id, {"low": 11})
    progress = page.get_by_role("region", name="Progress of the run")
    expect(progress.get_by_role("listitem").filter(has_text="Sealing")).to_be_visible(timeout=PATIENCE)
    expect(progress).to_contain_text("Leaving is safe")
    picture(page, "run-progress")

    grid = page.get_by_role("grid", name="Rows of the result")
    expect(grid.locator("tbody tr")).to_have_count(2, timeout=PATIENCE)
    expect(page.get_by_text("2 of 2 rows")).to_be_visible()
    expect(page.get_by_text("Synthetic data", exact=True)).to_have_count(0)
    page.get_by_text("Checked on your side").click()
    expect(page.get_by_text("The digest of the result's rows.")).to_be_visible()
    picture(page, "run-result")
    name = "Runs_ the whole road - job run 1"
    assert saved(page, "Export CSV", tmp_path) == (f"{name}.csv", exported(place, run.id, "result.csv"))
    assert saved(page, "Export Parquet", tmp_path) == (f"{name}.parquet", exported(place, run.id, "result.parquet"))
    page.get_by_role("tab", name="Logs").click()
    assert saved(page, "Export TXT", tmp_path) == (f"{name}.txt", exported(place, run.id, "log.txt"))

    page.get_by_role("tab", name="Receipt").click()
    receipt = page.get_by_role("region", name="Receipt", exact=True)
    expect(receipt).to_contain_text("VERIFIED, from genesis", timeout=PATIENCE)
    expect(receipt).to_contain_text("Software enclave, not hardware")
    called, content = saved(page, "Download bundle", tmp_path)
    assert json.loads(content)
    expect(receipt.get_by_role("region", name="Command")).to_have_text(f'jupyter secure-jobs verify "{called}"')
    picture(page, "run-receipt")

    # A member of another organisation is told whose result it is, and nothing is asked for on her behalf.
    other = open_as(MIA)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    other.on("request", note)
    show(place, other, job.id, run.id)
    told = other.get_by_text("Results and logs of job runs are for members of Airline.").first
    expect(told).to_be_visible(timeout=PATIENCE)
    expect(other.get_by_role("grid")).to_have_count(0)
    expect(job_page(other).get_by_role("alert")).to_have_count(0)
    other.get_by_role("tab", name="Receipt").click()
    expect(other.get_by_role("region", name="Receipt", exact=True)).to_contain_text("VERIFIED", timeout=PATIENCE)
    expect(other.get_by_role("button", name="Download bundle with the digest of the rows")).to_have_count(0)
    assert asked
    assert not [url for url in asked if url.endswith(("/result", "/log", ".csv", ".parquet", ".txt"))]
    picture(other, "run-of-others")


def test_what_was_removed_after_its_time_is_said_to_be(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.submitted("Runs: kept for a time")
    for who in (BEN, WEI, MIA):
        place.accept(who, job.id)
    client = place.lab.client(ANA)
    run = client.wait(client.run(place.workspace, job.id, {"low": 11}), timeout=60)
    page = show(place, open_as(ANA), job.id, run.id)
    expect(page.get_by_text("The workspace server keeps it until")).to_be_visible(timeout=PATIENCE)
    tampering.aged(place, run.id, by=timedelta(days=91))
    removed = page.get_by_role("tabpanel", name="Results").get_by_text(
        "the workspace server keeps results and logs for a time"
    )
    expect(removed).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("grid", name="Rows of the result")).to_have_count(0)
    picture(page, "run-removed")
    page.get_by_role("tab", name="Receipt").click()
    receipt = page.get_by_role("region", name="Receipt", exact=True)
    expect(receipt).to_contain_text("VERIFIED, from genesis", timeout=PATIENCE)


def test_hostile_cells_are_text(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.draft("Runs: hostile cells", language="python", code=HOSTILE, inputs=[], datasets=[])
    run = ended(place, place.lab.client(ANA).test(place.workspace, job.id, {}))
    assert run.has_result, run.error_text
    page = show(place, open_as(ANA), job.id)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    grid = page.get_by_role("grid", name="Rows of the result")
    expect(grid).to_contain_text(MARKUP, timeout=PATIENCE)
    expect(page.get_by_text("Synthetic data", exact=True)).to_be_visible()
    # Digits beyond what a number of the browser can hold, a null, and what the eye would not see.
    expect(grid.locator("td.jp-mod-number").first).to_have_text("9007199254740993")
    expect(grid.locator(".jp-SecureJobs-null")).to_have_count(1)
    expect(grid.locator(".jp-SecureJobs-unseen")).to_have_text(["U+202E", "U+200B"])

    # By keyboard alone: to the long cell, its whole text, and back to where one was.
    grid.locator("td").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    whole = page.get_by_role("region", name="Whole text of the cell")
    expect(whole).to_contain_text("1,048,576 characters")
    assert len(whole.inner_text()) < 2_000
    picture(page, "run-hostile")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(grid.locator("td:focus")).to_contain_text("xxx")

    page.get_by_role("button", name="Copy rows").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[1] == f"{MARKUP}\t9007199254740993\t'=1+1"
    assert "'@SUM(A1)" in copied

    page.get_by_role("button", name="Chart", exact=True).click()
    drawing = page.locator(".jp-SecureJobs-drawing")
    expect(drawing.locator("canvas, svg, img").first).to_be_visible(timeout=PATIENCE)
    assert page.locator("img[src=x]").count() == 0
    assert page.title() != "1"


def test_a_result_is_drawn(place: Place, open_as: Callable[[str], Page]) -> None:
    job = place.draft("Runs: a chart")
    run = ended(place, place.lab.client(ANA).test(place.workspace, job.id, {"low": 1}))
    assert run.has_result, run.error_text
    page = show(place, open_as(ANA), job.id)
    page.get_by_role("button", name="Chart", exact=True).click(timeout=PATIENCE)
    drawing = page.get_by_role("img", name="Chart of n by month. The table has the same values.")
    expect(drawing.locator("canvas, svg, img").first).to_be_visible(timeout=PATIENCE)
    drawing.scroll_into_view_if_needed()
    picture(page, "run-chart")
    page.get_by_label("Chart as").select_option("line")
    page.get_by_label("Up", exact=True).select_option(label="month")
    expect(page.get_by_role("img", name="Chart of month by month.", exact=False)).to_be_visible()
    # What the renderer offers elsewhere would send the rows to a page of others.
    expect(page.get_by_text("Open in Vega Editor")).to_have_count(0)
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.get_by_role("grid", name="Rows of the result")).to_be_visible()


def test_a_failed_run_leads_to_its_line(place: Place, open_as: Callable[[str], Page]) -> None:
    code = "first = 1\nprint('seen')\nraise ValueError(first)"
    job = place.draft("Runs: a failure", language="python", code=code, inputs=[], datasets=[], log_policy="full")
    run = ended(place, place.lab.client(ANA).test(place.workspace, job.id, {}))
    assert run.error_line == 3
    page = show(place, open_as(ANA), job.id)
    wrong = page.get_by_role("region", name="What went wrong")
    expect(wrong).to_contain_text("ValueError", timeout=PATIENCE)
    expect(wrong).to_contain_text("raise ValueError(first)")
    picture(page, "run-failed")
    wrong.get_by_role("button", name="Go to line 3").click()
    expect(page.locator(".cm-content:focus")).to_have_count(1)
    page.keyboard.press("Shift+End")
    assert page.evaluate("getSelection().toString()") == "raise ValueError(first)"
    page.get_by_text("Where the time went").locator("visible=true").click()
    expect(page.get_by_role("cell", name="Running")).to_be_visible()
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("region", name="Log", exact=True)).to_contain_text("seen")


def test_a_failed_run_says_what_to_do_next(place: Place, open_as: Callable[[str], Page]) -> None:
    code = "import nowhere\nspark.range(1)"
    job = place.draft("Runs: a next step", language="python", code=code, inputs=[], datasets=[])
    ended(place, place.lab.client(ANA).test(place.workspace, job.id, {}))
    page = show(place, open_as(ANA), job.id)
    wrong = page.get_by_role("region", name="What went wrong")
    expect(wrong).to_contain_text("Choose a compute profile that has its package.", timeout=PATIENCE)
    picture(page, "run-next-step")


def copies(place: Place, run: RunWire, count: int) -> None:
    """Put copies of a run into the workspace server's database, as if it had been made that often."""
    with sqlite3.connect(place.database, timeout=60) as database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM run WHERE id = ?", (run.id,)).fetchone())
        marks = ", ".join("?" for _ in row)
        for number in range(2, count + 2):
            # Ids grow with time; these come just before the run itself.
            tail = uuid.UUID(int=uuid.UUID(run.id).int - number)
            row |= {"id": str(tail) if "-" in run.id else tail.hex, "number": number}
            database.execute(f"INSERT INTO run VALUES ({marks})", tuple(row.values()))
    database.close()


def test_history_has_every_run(place: Place, open_as: Callable[[str], Page]) -> None:
    client = place.lab.client(ANA)
    job = place.draft("Runs: a history", code="SELECT 1 AS one", inputs=[], datasets=[])
    run = ended(place, client.test(place.workspace, job.id, {}))
    copies(place, run, 69)
    page = show(place, open_as(ANA), job.id)
    page.get_by_role("tab", name="Run History").click()
    tests = page.get_by_role("region", name="Test Runs", exact=True)
    expect(tests.locator("tbody tr")).to_have_count(50, timeout=PATIENCE)
    expect(tests.locator("tbody time").first).to_have_text(
        page.evaluate(
            """at => new Intl.DateTimeFormat('en-US', {day: '2-digit', month: '2-digit', year: 'numeric',
               hour: 'numeric', minute: '2-digit'}).format(new Date(at))""",
            run.created.isoformat(),
        )
    )
    page.get_by_role("button", name="Show older runs").click()
    expect(tests.locator("tbody tr")).to_have_count(70)
    expect(page.get_by_role("button", name="Show older runs")).to_have_count(0)
    expect(page.get_by_role("region", name="Job Runs", exact=True)).to_contain_text("No job runs yet.")

    changed = client.job(place.workspace, job.id)
    editor = page.get_by_role("tab", name="Query")
    editor.click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(", 2 AS two")
    wait_until(lambda: client.job(place.workspace, job.id).revision > changed.revision, "a saved draft", seconds=30)
    page.get_by_role("tab", name="Run History").click()
    page.get_by_role("button", name="View query of test run 1", exact=True).click()
    text = page.get_by_role("region", name="Text of test run 1").first
    expect(text).to_contain_text("SELECT 1 AS one")
    expect(text).not_to_contain_text("AS two")
    text.get_by_role("button", name="What changed since").click()
    expect(text.locator(".jp-mod-removed")).to_contain_text("\N{MINUS SIGN} 1")
    expect(text.locator(".jp-mod-added")).to_contain_text("SELECT 1 AS one, 2 AS two")
    picture(page, "run-history")
    text.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="View query of test run 1", exact=True)).to_be_focused()
    page.get_by_role("button", name="Results of test run 1", exact=True).press("Enter")
    expect(page.get_by_role("grid", name="Rows of the result")).to_be_visible()
    expect(page.get_by_role("tab", name="Results")).to_be_focused()


def test_a_queued_run_is_cancelled(place: Place, open_as: Callable[[str], Page]) -> None:
    client = place.lab.client(ANA)
    code = "import time\ntime.sleep(8)\nspark.range(1)"
    job = place.draft("Runs: a queue", language="python", code=code, inputs=[], datasets=[])
    page, other = show(place, open_as(ANA), job.id), show(place, open_as(WEI), job.id)
    queued = [client.test(place.workspace, job.id, {}) for _ in range(5)]
    progress = other.get_by_role("region", name="Progress of the run")
    expect(progress).to_contain_text("in the queue", timeout=PATIENCE)
    expect(page.locator(".jp-SecureJobs-runline")).to_contain_text("test run 5")
    page.get_by_role("region", name="Progress of the run").get_by_role("button", name="Cancel run").click()
    assert ended(place, queued[-1]).status == "Cancelled"
    expect(page.locator(".jp-SecureJobs-runline")).to_contain_text("Cancelled", timeout=PATIENCE)
    # Nobody had to accept a test, so that every member may stop one.
    waiting = client.test(place.workspace, job.id, {})
    expect(other.locator(".jp-SecureJobs-runline")).to_contain_text("test run 6", timeout=PATIENCE)
    progress.get_by_role("button", name="Cancel run").click()
    assert ended(place, waiting).status == "Cancelled"
    for each in queued[:-1]:
        client.cancel_run(place.workspace, each.id)
