"""What a cell shows and saves: plain text and HTML side by side, the HTML built from escaped text alone."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CARD: Final = "application/vnd.jupyter-secure-jobs.job+json"
"""The media type of a reference to a job. JupyterLab draws the live job in its place; everything else ignores it."""

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co"})
_WIDEST_CELL: Final = 160


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that this module built; everything else is text and gets escaped."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One output in two forms. `reference` names the job or run that it shows, so that a page can find it again.

    A reference holds ids and the address of the member who looked, and nothing else of the job: it is saved with the
    notebook and read by whoever gets the file.
    """

    plain: str
    markup: Markup
    reference: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return the plain form."""
        return self.plain

    def forms(self) -> dict[str, str]:
        """Return both forms by media type."""
        return {"text/plain": self.plain, "text/html": self.markup.source}

    def data(self) -> dict[str, Any]:
        """Return both forms by media type, and the reference beside them; its shape is Jupyter's, any JSON."""
        return {**self.forms(), CARD: dict(self.reference)} if self.reference else {**self.forms()}

    def metadata(self) -> dict[str, Any]:
        """Return the metadata that Jupyter saves with the output; its shape is Jupyter's, any JSON."""
        return {"secure_jobs": dict(self.reference)} if self.reference else {}

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.data(), self.metadata()


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with control, zero-width and text-direction characters replaced, so that it reads as it is."""
    kept = "\n\t" if lines else ""
    return "".join(
        c if c in kept or unicodedata.category(c) not in _HIDDEN else (" " if c in "\n\t\r" else _REPLACEMENT)
        for c in text
    )


def element(tag: str, *inside: str | Markup, style: str = "") -> Markup:
    """Return an HTML element; texts inside are escaped."""
    body = "".join(
        part.source if isinstance(part, Markup) else html.escape(visible(part, lines=True)) for part in inside
    )
    look = f' style="{html.escape(style)}"' if style else ""
    return Markup(f"<{tag}{look}>{body}</{tag}>")


def stacked(*parts: Markup) -> Markup:
    """Return parts below one another."""
    return Markup(f"<div>{''.join(part.source for part in parts)}</div>")


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, caption: str = "") -> Bundle:
    """Return a table in both forms, or the sentence `empty`."""
    body = [[visible(cell) for cell in row] for row in rows]
    if not body:
        return note(empty)
    head = element("thead", element("tr", *[element("th", name, style="text-align:left") for name in headers]))
    lines = [element("tr", *[element("td", cell, style="text-align:left") for cell in row]) for row in body]
    above = [element("caption", caption, style="white-space:nowrap;text-align:left")] if caption else []
    plain = aligned([visible(name) for name in headers], body)
    return Bundle(
        plain=f"{caption}\n{plain}" if caption else plain,
        markup=element("table", *above, head, element("tbody", *lines)),
    )


def aligned(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text in columns; long cells are cut with an ellipsis."""
    cut = [[cell if len(cell) <= _WIDEST_CELL else cell[: _WIDEST_CELL - 1] + "…" for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in [list(headers), *cut]) for place in range(len(headers))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [list(headers), ["-" * width for width in widths], *cut]
    )


def note(text: str) -> Bundle:
    """Return a sentence or several lines as an output."""
    lines = [element("div", line) for line in text.split("\n")]
    return Bundle(plain=visible(text, lines=True), markup=stacked(*lines))


def code(text: str, *, title: str = "") -> Bundle:
    """Return code, a log or a diff as an output."""
    above = [element("div", title)] if title else []
    shown = visible(text, lines=True)
    return Bundle(
        plain=f"{title}\n{shown}" if title else shown,
        markup=stacked(*above, element("pre", text, style="text-align:left;font-family:monospace")),
    )


def joined(*bundles: Bundle, reference: dict[str, str] | None = None) -> Bundle:
    """Return several outputs as one, below one another."""
    return Bundle(
        plain="\n\n".join(bundle.plain for bundle in bundles),
        markup=stacked(*[bundle.markup for bundle in bundles]),
        reference=reference or {},
    )
