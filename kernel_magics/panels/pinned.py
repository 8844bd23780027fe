"""One's pinned queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from jupyter_secure_jobs.domain.errors import SecureJobsError
from kernel_magics.bundle import Bundle, table, visible
from kernel_magics.panels.panel import Panel
from kernel_magics.quiet import words
from kernel_magics.wording import local_time

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.pinned import PinnedWire
    from kernel_magics.api import SecureJobs


class PinnedPanel(Panel):
    """A list to choose from; the chosen query's text can be copied, and the query deleted."""

    def __init__(self, session: SecureJobs) -> None:
        """Take the connection."""
        self._kept: list[PinnedWire] = []
        self._list = widgets.Select(options=[], rows=5, layout=widgets.Layout(width="auto"))
        self._text = widgets.Textarea(disabled=True, rows=8, layout=widgets.Layout(width="auto"))
        self._delete = widgets.Button(description="Delete", disabled=True)
        super().__init__(session, self._list, self._text, self._delete)
        self._list.observe(lambda _: self._draw_text(), names="value")
        self._delete.on_click(lambda _: self._drop())

    def fetch(self) -> None:
        """Ask for the queries."""
        self._kept = self.session.pinned()

    def draw(self) -> None:
        """Draw the list and the chosen text."""
        options = [(visible(f"{query.title} · {query.language}"), query.id) for query in self._kept]
        if tuple(options) != tuple(self._list.options):
            chosen = self._list.value
            self._list.options = options
            self._list.value = chosen if chosen in {identifier for _, identifier in options} else None
        self._draw_text()

    def fallback(self) -> Bundle:
        """Return the queries as a table."""
        rows = [[query.title, str(query.language), local_time(query.created), query.code] for query in self._kept]
        return table(["title", "language", "pinned", "text"], rows, empty="No pinned queries.")

    def _draw_text(self) -> None:
        chosen = next((query for query in self._kept if query.id == self._list.value), None)
        self._text.value = "" if chosen is None else visible(chosen.code, lines=True)
        self._delete.disabled = chosen is None

    def _drop(self) -> None:
        try:
            self.session.client.unpin(self.session.workspace, self._list.value)
        except SecureJobsError as error:
            self.say(words(error))
            return
        self.moved()
