"""How soon do sidebar, list, filter and a job's page answer with ten thousand jobs, by the browser's own clock?"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench import ui_plot, ui_table
from bench.machine import describe
from bench.report import Report, spread
from bench.ui_clock import ALL_HAVE, GRID, GRID_ROWS, PAGE_SHOWS, ROWS, SHOWN, TREE, arm, read
from bench.ui_kinds import KINDS
from bench.ui_lab import SIDEBAR_TAB, chromium, filled_lab, fresh_page, heap_megabytes
from bench.ui_workspace import job_name

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from rich.console import Console

    from bench.ui_lab import FilledLab

NAME: Final = "ui"
JOBS: Final = 10_000
RUNS: Final = 1_000
# The last letter is the key that counts: it leaves rows that were not in sight before it.
_FILTERS: Final = ("plane age 12", "month 25", "delays 25")
_SCROLL_PIXELS: Final = 30_000
_SCROLL_SPEED: Final = 6_000
_PAUSE_MS: Final = 600
_ALL_JOBS: Final = '#jupyter-secure-jobs-sidebar [data-command="secure-jobs:open-list"]'


class NothingToScrollError(Exception):
    """A list that was to be scrolled is not on the page."""


def measure(folder: Path, rounds: int, console: Console) -> None:
    """Measure everything in one go; print it, and write `ui.json` and `ui.png` into `folder`.

    Raises:
        NoBrowserError: there is no Chromium.
        playwright.sync_api.Error: something was never shown.
    """
    machine = describe()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        console.print(f"Starting JupyterLab; filling a workspace with {JOBS:,} jobs and {RUNS:,} runs …")
        figures = measured(Path(name), jobs=JOBS, runs=RUNS, rounds=rounds, console=console)
    report = Report(name=NAME, machine=machine, figures=figures)
    ui_table.show(report, console)
    console.print(f"Written: {report.write(folder)}, {ui_plot.draw(report.figures, folder / f'{NAME}.png')}")


def measured(folder: Path, *, jobs: int, runs: int, rounds: int, console: Console) -> dict[str, float]:
    """Return every figure of a workspace with so many jobs and runs; the Lab is started in `folder`."""
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    counts: dict[str, float] = {}
    with filled_lab(folder, jobs=jobs, runs=runs) as place, chromium() as browser:
        with fresh_page(browser, place) as page:  # fills the caches of server and browser; a user's second day
            _first_list(page)
        for number in range(rounds):
            console.print(f"Round {number + 1} of {rounds} …")
            _round(browser, place, times, rare=str(jobs - 13))
        with fresh_page(browser, place) as page:
            counts |= _long_session(page, rounds)
    figures = {
        "jobs_count": float(jobs),
        "runs_count": float(runs),
        **{f"{kind}_ms": statistics.median(values) for kind, values in times.items()},
    }
    for kind, values in times.items():
        figures |= spread(kind, values)
    return figures | counts


def _first_list(page: Page) -> float:
    # JupyterLab's tabs answer when the button goes down, and rows can stand before it comes up.
    arm(page, "pointerdown", SHOWN, ROWS)
    page.locator(SIDEBAR_TAB).click()
    return read(page)


def _round(browser: Browser, place: FilledLab, times: dict[str, list[float]], *, rare: str) -> None:
    with fresh_page(browser, place) as page:
        times["first_list"].append(_first_list(page))
        box = page.get_by_role("searchbox", name="Filter jobs")
        for text in (*_FILTERS, rare):
            box.fill(text[:-1])
            page.wait_for_function(ALL_HAVE, arg={"selector": ROWS, "text": text[:-1]})
            # Until the letters before have been answered, so that what is measured is one key and its answer.
            page.wait_for_timeout(_PAUSE_MS)
            arm(page, "keydown", ALL_HAVE, {"selector": ROWS, "text": text})
            box.press(text[-1])
            times["filter"].append(read(page))
        box.fill("")
        page.wait_for_timeout(_PAUSE_MS)
        times["open_job"].extend(_opened(page))
        arm(page, "click", SHOWN, GRID_ROWS)
        page.locator(_ALL_JOBS).click()
        times["list_page"].append(read(page))
        times["history"].append(_history(page, place))


def _opened(page: Page) -> list[float]:
    """Open three jobs from the author's own by Enter."""
    found = []
    tree = page.locator(TREE)
    tree.focus()
    tree.press("Home")
    heading = page.locator(f"{TREE} .jp-SecureJobs-group").filter(has_text="Needs your decision")
    heading.wait_for()
    if heading.get_attribute("aria-expanded") == "true":
        heading.click()
    for number in (2, 3, 4):
        tree.focus()
        tree.press("Home")
        mine = page.locator(f"{TREE} .jp-SecureJobs-group").filter(has_text="Mine")
        mine.wait_for()
        for _ in range(number):
            tree.press("ArrowDown")
        row = page.locator(f"{TREE} .jp-mod-active")
        name = row.locator(".jp-SecureJobs-name").inner_text()
        arm(page, "keydown", PAGE_SHOWS, name)
        tree.press("Enter")
        found.append(read(page))
    return found


def _history(page: Page, place: FilledLab) -> float:
    link = f"{place.lab.url}/lab?secure-job={place.workspace}/{place.most_run}"
    page.goto(link)
    # The pages of before come back too; the link's own is the one that is meant.
    shown = f'.jp-SecureJobs-job[aria-label$="{job_name(0)}"]'
    tab = page.locator(shown).get_by_role("tab", name="Run History")
    tab.wait_for()
    arm(page, "click", SHOWN, f"{shown} [role=tabpanel]:not([hidden]) tbody tr")
    tab.click()
    return read(page)


def _long_session(page: Page, rounds: int) -> dict[str, float]:
    session = page.context.new_cdp_session(page)
    _first_list(page)
    figures = {"heap_at_first_mb": heap_megabytes(page, session)}
    figures |= _scrolled(page, session, "sidebar", TREE, "[role=treeitem]")
    page.locator(_ALL_JOBS).click()
    page.locator(GRID_ROWS).first.wait_for()
    figures |= _scrolled(page, session, "list_page", GRID, ".jp-SecureJobs-gridrow")
    figures["blank_frames"] = figures["sidebar_blank_frames"] + figures["list_page_blank_frames"]
    figures["heap_after_scrolling_mb"] = heap_megabytes(page, session)
    for _ in range(rounds):
        _opened(page)
        page.keyboard.press("Escape")
    figures["heap_after_opening_mb"] = heap_megabytes(page, session)
    return figures


def _scrolled(page: Page, session: Any, kind: str, frame: str, rows: str) -> dict[str, float]:  # noqa: ANN401 -- CDP
    box = page.locator(frame).bounding_box()
    if box is None:
        raise NothingToScrollError(f"There is no list at {frame}. Build the extension again.")
    page.evaluate("([frame, rows]) => window.secureJobsClock.watch(frame, rows)", [frame, rows])
    for distance in (-_SCROLL_PIXELS, _SCROLL_PIXELS // 2, -_SCROLL_PIXELS):
        session.send("Input.synthesizeScrollGesture", {
            "x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2,
            "yDistance": distance, "speed": _SCROLL_SPEED, "gestureSourceType": "mouse",
        })  # fmt: skip
    seen = page.evaluate(
        "() => { const { seen } = window.secureJobsClock; window.secureJobsClock.seen = null; return seen; }"
    )
    return {
        f"{kind}_blank_frames": float(seen["blank"]),
        f"{kind}_scroll_frames": float(seen["frames"]),
        f"{kind}_scrolled_pixels": float(seen["moved"]),
        f"{kind}_longest_frame_ms": float(seen["longest"]),
    }
