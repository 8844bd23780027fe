"""The browser's own clock: a script in the page notes when keys and clicks came and when their answer was painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

TREE: Final = "#jupyter-secure-jobs-sidebar .jp-SecureJobs-tree[aria-label=Jobs]"
ROWS: Final = f"{TREE} .jp-SecureJobs-row"
GRID: Final = ".jp-SecureJobs-listpage .jp-SecureJobs-grid"
GRID_ROWS: Final = f"{GRID} .jp-SecureJobs-gridrow"

_PATIENCE_MS: Final = 60_000

# `arm` waits for the next event of a kind, and tells the milliseconds from that event's own time stamp until the first
# frame after which what was waited for stands in the document: the second callback of requestAnimationFrame comes after
# the frame with the change was painted. What is waited for is looked at on each frame, so that a mutation that was
# taken back before anybody saw it counts for nothing.
SCRIPT: Final = """
window.secureJobsClock = {
  arm(kind, holds, argument) {
    const true_ = new Function('argument', `return (${holds})(argument)`);
    this.answer = new Promise((resolve, reject) => {
      window.addEventListener(kind, event => {
        const began = event.timeStamp;
        if (true_(argument)) {
          reject(new Error('what was to be measured was there before'));
          return;
        }
        const look = () => {
          if (true_(argument)) {
            requestAnimationFrame(() => resolve(performance.now() - began));
          } else {
            requestAnimationFrame(look);
          }
        };
        requestAnimationFrame(look);
      }, { capture: true, once: true });
    });
  },
  watch(frameSelector, rowSelector) {
    const seen = { frames: 0, blank: 0, gap: 0, moved: 0, longest: 0 };
    this.seen = seen;
    let last = performance.now();
    let top = document.querySelector(frameSelector).scrollTop;
    const look = now => {
      if (this.seen !== seen) {
        return;
      }
      const frame = document.querySelector(frameSelector);
      const box = frame.getBoundingClientRect();
      const head = frame.querySelector('.jp-SecureJobs-gridhead')?.getBoundingClientRect().bottom ?? box.top;
      const ends = box.top + frame.clientHeight;
      const rows = [...frame.querySelectorAll(rowSelector)]
        .map(row => row.getBoundingClientRect())
        .filter(row => row.height > 0)
        .sort((one, other) => one.top - other.top);
      let reached = head;
      let gap = 0;
      for (const row of rows) {
        if (row.bottom > reached && row.top < ends) {
          gap = Math.max(gap, row.top - reached);
          reached = row.bottom;
        }
      }
      gap = Math.max(gap, Math.min(ends, box.top + frame.scrollHeight - frame.scrollTop) - reached);
      seen.frames += 1;
      seen.gap = Math.max(seen.gap, gap);
      // Half a pixel is how browsers round; a line of text that is not there is more.
      seen.blank += gap > 1 ? 1 : 0;
      seen.moved += Math.abs(frame.scrollTop - top);
      seen.longest = Math.max(seen.longest, now - last);
      top = frame.scrollTop;
      last = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }
};
"""

SHOWN: Final = """selector => [...document.querySelectorAll(selector)].some(each =>
  each.getBoundingClientRect().height > 0 && each.textContent.trim() !== '')"""
ALL_HAVE: Final = """({ selector, text }) => {
  const rows = [...document.querySelectorAll(selector)].filter(each => each.getBoundingClientRect().height > 0);
  return rows.length > 0 && rows.every(each => each.textContent.toLowerCase().includes(text));
}"""
PAGE_SHOWS: Final = """name => [...document.querySelectorAll('.jp-SecureJobs-job')].some(each =>
  each.querySelector('h2')?.textContent === name
  && [...each.querySelectorAll('.cm-content')].some(code =>
    code.getBoundingClientRect().height > 0 && code.textContent.includes('flights')))"""


def arm(page: Page, event: str, holds: str, argument: object) -> None:
    """Wait, in the page, for the next `event`, and from it until `holds` is true and painted."""
    page.evaluate(
        "([kind, holds, argument]) => window.secureJobsClock.arm(kind, holds, argument)", [event, holds, argument]
    )


def read(page: Page) -> float:
    """Return the milliseconds that were measured since the armed event.

    Raises:
        playwright.sync_api.Error: what was waited for never came.
    """
    return float(
        page.evaluate(
            """patience => Promise.race([
              window.secureJobsClock.answer,
              new Promise((_, fail) => setTimeout(() => fail(new Error('what was waited for never came')), patience))
            ])""",
            _PATIENCE_MS,
        )
    )
