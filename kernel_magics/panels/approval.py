"""Who has decided what on a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel_magics.cards import approval_table
from kernel_magics.panels.panel import Panel
from kernel_magics.rowview import monospaced

if TYPE_CHECKING:
    from kernel_magics.bundle import Bundle
    from kernel_magics.job import Job


class ApprovalPanel(Panel):
    """Each member's decision, comment and time, as they come in."""

    def __init__(self, job: Job) -> None:
        """Take the job."""
        self.job = job
        self._body = monospaced("")
        super().__init__(job.session, self._body)

    def fetch(self) -> None:
        """Ask for the job."""
        self.job.refresh()

    def draw(self) -> None:
        """Draw the decisions."""
        self._body.outputs = monospaced(self.fallback().plain).outputs

    def fallback(self) -> Bundle:
        """Return the decisions as a table."""
        return approval_table(self.job.wire)
