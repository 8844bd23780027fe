"""What axe-core finds in our own widgets, in JupyterLab's light and dark theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.process import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE: Final = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
# What this extension draws; a dialog's frame is JupyterLab's, its content ours.
OURS: Final = (
    "#jupyter-secure-jobs-sidebar",
    ".jp-SecureJobs-job",
    ".jp-SecureJobs-listpage",
    ".jp-SecureJobs-card",
    ".jp-Dialog-body",
)
# JupyterLab's own widgets among ours.
THEIRS: Final = (
    ".jp-Toolbar",
    ".lm-AccordionPanel-title",
    ".lm-SplitPanel-handle",
    ".jp-Dialog-header",
    ".jp-RenderedImage",
)
DARK: Final = "/lab/api/themes/@jupyterlab/theme-dark-extension/index.css"

_RUN: Final = """async ({ ours, theirs }) => {
  const shown = ours.flatMap(each => [...document.querySelectorAll(each)])
    .filter(each => each.getBoundingClientRect().height > 0);
  if (shown.length === 0) {
    return ['nothing of ours is on the page'];
  }
  const found = await axe.run(
    { include: shown, exclude: theirs.map(each => [each]) },
    { resultTypes: ['violations'] }
  );
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(
      node => `${id}: ${node.target.join(' ')} | ${node.any[0]?.message ?? node.html.slice(0, 160)}`
    ));
}"""
_DARKEN: Final = """async address => {
  const sheet = document.createElement('style');
  sheet.id = 'dark-for-axe';
  sheet.textContent = await (await fetch(address)).text();
  document.body.append(sheet); // where JupyterLab puts its own: a sheet in the head would come before it
  document.body.dataset.jpThemeLight = 'false';
  document.body.dataset.jpThemeName = 'JupyterLab Dark';
}"""
_LIGHTEN: Final = """() => {
  document.getElementById('dark-for-axe').remove();
  document.body.dataset.jpThemeLight = 'true';
  document.body.dataset.jpThemeName = 'JupyterLab Light';
}"""


def _found(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    lines: list[str] = page.evaluate(_RUN, {"ours": OURS, "theirs": THEIRS})
    return lines


def darken(page: Page) -> None:
    """Lay the dark theme's own sheet of styles over the page, as choosing the theme does."""
    page.evaluate(_DARKEN, DARK)


def lighten(page: Page) -> None:
    """Take the dark theme off again."""
    page.evaluate(_LIGHTEN)


def serious(page: Page, screen: str) -> list[str]:
    """Return each serious or critical finding of both themes, with the screen's name before it."""
    light = [f"{screen} · light · {line}" for line in _found(page)]
    darken(page)
    dark = [f"{screen} · dark · {line}" for line in _found(page)]
    lighten(page)
    return light + dark
