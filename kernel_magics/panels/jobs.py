"""The jobs of a workspace, with the card of the chosen one below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.text import folded
from kernel_magics.bundle import Bundle, visible
from kernel_magics.cards import jobs_table
from kernel_magics.job import Job
from kernel_magics.panels.job import JobPanel
from kernel_magics.panels.panel import Panel
from kernel_magics.quiet import words
from kernel_magics.wording import with_icon

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.job import JobWire
    from kernel_magics.api import SecureJobs


class JobsPanel(Panel):
    """A list to filter and to choose from; those that wait for one's decision stand first."""

    def __init__(self, session: SecureJobs) -> None:
        """Take the connection."""
        self._jobs: list[JobWire] = []
        self._filter = widgets.Text(placeholder="Filter by name", description="Filter")
        self._list = widgets.Select(options=[], rows=8, layout=widgets.Layout(width="auto"))
        self._card = widgets.VBox()
        self._chosen: str | None = None
        super().__init__(session, self._filter, self._list, self._card)
        self._filter.observe(lambda _: self.redraw(), names="value")
        self._list.observe(self._choose, names="value")

    def fetch(self) -> None:
        """Ask for the jobs."""
        self._jobs = sorted(self.session.jobs(), key=lambda job: not job.needs_me)

    def draw(self) -> None:
        """Draw the list; the choice stays while its job is in it."""
        part = folded(self._filter.value)
        found = [job for job in self._jobs if part in folded(job.name)]
        options = [(self._line(job), job.id) for job in found]
        if tuple(options) != tuple(self._list.options):
            kept = self._chosen if self._chosen in {job.id for job in found} else None
            self._list.options = options
            self._list.value = kept

    def fallback(self) -> Bundle:
        """Return the list as a table."""
        return jobs_table(self._jobs)

    def _line(self, job: JobWire) -> str:
        mark = "  ← your decision" if job.needs_me else ""
        return visible(f"{with_icon(job.status)} · {job.name} · {job.organisation}{mark}")

    def _choose(self, change: dict[str, Any]) -> None:  # traitlets' own shape
        chosen = change["new"]
        if chosen is None or chosen == self._chosen:
            return
        self._chosen = chosen
        old = self._card.children
        try:
            wire = self.session.client.job(self.session.workspace, chosen)
            self._card.children = (JobPanel(Job(self.session, wire)),)
        except SecureJobsError as error:
            self.say(words(error))
            return
        for card in old:
            card.close()
