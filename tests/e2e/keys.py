"""A person without a mouse: everything is reached by Tab, arrows, letters, Enter and Escape."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from playwright.sync_api import TimeoutError  # noqa: A004 -- playwright calls it so

if TYPE_CHECKING:
    from playwright.sync_api import Page

_FAR: Final = 150
_TRIES: Final = 15
_SOON: Final = 2_000


def _here(page: Page, selector: str) -> bool:
    return bool(page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector))


def tab_to(page: Page, selector: str, *, back: bool = False) -> None:
    """Press Tab until what `selector` means has the focus; fail if it never comes.

    An editor keeps Tab for its text; after Escape it lets go, as CodeMirror documents.
    """
    for _ in range(_FAR):
        if _here(page, selector):
            return
        if page.evaluate("document.activeElement?.closest('.cm-editor') !== null"):
            page.keyboard.press("Escape")
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"no number of tabs leads to {selector}")


def command(page: Page, label: str) -> None:
    """Run a command of this extension by the command palette."""
    palette = page.locator(".lm-CommandPalette-input:focus")
    for _ in range(_TRIES):
        # JupyterLab hears its shortcuts some time after its page stands, and may still move the focus then.
        page.keyboard.press("Control+Shift+c")
        with suppress(TimeoutError):
            palette.wait_for(timeout=_SOON)
            # As a whole: letters that come while the palette is still drawn are lost.
            palette.fill(label, timeout=_SOON)
            page.locator(".lm-CommandPalette-item.lm-mod-active").filter(has_text=label).wait_for(timeout=2 * _SOON)
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the palette does not show {label}")


def open_by_keys(page: Page, name: str) -> None:
    """Open a job from the sidebar's filter."""
    search = page.locator("#jupyter-secure-jobs-sidebar input[type=search]:focus")
    for _ in range(_TRIES):
        command(page, "Secure jobs: Focus Sidebar")
        with suppress(TimeoutError):
            search.wait_for(timeout=_SOON)
            page.keyboard.press("Control+a")
            page.keyboard.type(name)
            page.locator(".jp-SecureJobs-row").filter(has_text=name).first.wait_for(timeout=3 * _SOON)
            # Letters may have gone elsewhere: JupyterLab moves the focus while its page still comes up.
            others = page.locator(".jp-SecureJobs-row").filter(has_not_text=name).first
            others.wait_for(state="detached", timeout=3 * _SOON)
            break
    tab_to(page, ".jp-SecureJobs-tree")
    for _ in range(_FAR):
        if page.evaluate("document.activeElement?.closest('.jp-SecureJobs-tree') === null"):
            # The list was empty for a moment, while what was typed was looked for.
            tab_to(page, ".jp-SecureJobs-tree")
        page.keyboard.press("ArrowDown")
        if page.locator(".jp-SecureJobs-row.jp-mod-active").filter(has_text=name).count():
            page.keyboard.press("Enter")
            with suppress(TimeoutError):
                heading = page.locator(".jp-SecureJobs-job:visible").get_by_role("heading", name=name, level=2)
                heading.wait_for(timeout=10_000)
                return
            # The list was fetched anew just before the key came, and nothing was chosen any more.
            tab_to(page, ".jp-SecureJobs-tree")
    raise AssertionError(f"arrows never reach {name}")


def choose(page: Page, letter: str, label: str) -> None:
    """Open the Job Actions menu and go to an entry by its first letter."""
    tab_to(page, ".jp-SecureJobs-job .jp-SecureJobs-menu > button")
    page.keyboard.press("Enter")
    for _ in range(_FAR):
        page.keyboard.press(letter)
        if page.evaluate("document.activeElement.innerText").startswith(label):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no entry {label}")
