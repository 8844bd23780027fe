"""Panels of ipywidgets, each usable alone; they refresh themselves until they are closed.

Without a connection given, they use the kernel's own, the one that `%securejob` uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel_magics.desk import DESK
from kernel_magics.panels.approval import ApprovalPanel
from kernel_magics.panels.datasets import DatasetsPanel
from kernel_magics.panels.inputs import InputsPanel
from kernel_magics.panels.job import JobPanel
from kernel_magics.panels.jobs import JobsPanel
from kernel_magics.panels.pinned import PinnedPanel
from kernel_magics.rowview import RowView

if TYPE_CHECKING:
    from kernel_magics.api import SecureJobs
    from kernel_magics.job import Job
    from kernel_magics.run import Run

__all__ = ["approval", "datasets", "inputs", "job", "jobs", "pinned", "results"]


def jobs(session: SecureJobs | None = None) -> JobsPanel:
    """Return the jobs, with the card of the chosen one."""
    return JobsPanel(session or DESK.session)


def job(shown: Job | str) -> JobPanel:
    """Return the card of a job, or of the job of that name."""
    return JobPanel(DESK.session.job(shown) if isinstance(shown, str) else shown)


def datasets(session: SecureJobs | None = None) -> DatasetsPanel:
    """Return the datasets with their columns."""
    return DatasetsPanel(session or DESK.session)


def inputs(shown: Job | str) -> InputsPanel:
    """Return a job's input form; its `values()` go into `job.run(**values)`."""
    return InputsPanel(DESK.session.job(shown) if isinstance(shown, str) else shown)


def pinned(session: SecureJobs | None = None) -> PinnedPanel:
    """Return one's pinned queries."""
    return PinnedPanel(session or DESK.session)


def approval(shown: Job | str) -> ApprovalPanel:
    """Return each member's decision on a job."""
    return ApprovalPanel(DESK.session.job(shown) if isinstance(shown, str) else shown)


def results(run: Run) -> RowView:
    """Return a view of a run's first rows, fetched when its button is pressed and never saved."""
    return RowView(run)
