"""Routes about jobs, their versions and what is done to them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from jupyter_secure_jobs.client.connection import LARGEST_LIST, PAGE_SIZE, path
from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.domain.job_list import LONGEST_TEXT
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.wire.at_once import LiveWire
from jupyter_secure_jobs.wire.base import Nothing, Page
from jupyter_secure_jobs.wire.job import (
    ActivateNew,
    DecisionNew,
    DraftChange,
    JobCounts,
    JobDetailWire,
    JobNew,
    JobWire,
    ReviewWire,
    RevocationNew,
    SubmitNew,
    VersionWire,
)

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.connection import Connection, Query


class JobRoutes:
    """Jobs of one workspace. Every method raises what `Connection.get` raises."""

    connection: Connection

    def jobs(
        self,
        workspace: str,
        *,
        which: str | None = None,
        q: str | None = None,
        status: str | None = None,
        sort: str | None = None,
    ) -> list[JobWire]:
        """Return jobs, in the server's own order unless `sort` is given.

        Args:
            workspace: where.
            which: mine, needs_me, others, archived or all; else all that are not archived.
            q: a text to find in name, description, author or organisation.
            status: one or several statuses, separated by commas.
            sort: created, updated, name, status, author, organisation or run.
        """
        said = {"filter": which, "q": q, "status": status, "sort": sort}
        query: Query = {name: value for name, value in said.items() if value is not None}
        return self.connection.all(path("workspaces", workspace, "jobs"), JobWire, query=query)

    def job_counts(self, workspace: str, *, q: str | None = None, status: str | None = None) -> JobCounts:
        """Return how many jobs each group has, of those that `jobs` would find so."""
        said = {"q": q, "status": status}
        query: Query = {name: value for name, value in said.items() if value is not None}
        return self.connection.get(path("workspaces", workspace, "jobs", "counts"), JobCounts, query=query)

    def job(self, workspace: str, job: str) -> JobDetailWire:
        """Return one job by its id."""
        where = path("workspaces", workspace, "jobs", job)
        return self.connection.get(where, JobDetailWire, largest=LARGEST_LIST)

    def find_job(self, workspace: str, name: str) -> JobDetailWire:
        """Return the job of that name; names are compared as the workspace does, letter case aside.

        Raises:
            NotFoundError: there is none; the next step names the most similar of those that were touched last.
        """
        found = self.job_called(workspace, name)
        if found is not None:
            return found
        query: Query = {"limit": PAGE_SIZE, "filter": "all", "sort": "updated"}
        where = path("workspaces", workspace, "jobs")
        newest = self.connection.get(where, Page[JobWire], query=query, largest=LARGEST_LIST)
        known = {folded(job.name): job.name for job in newest.items}
        close = difflib.get_close_matches(folded(name), known, n=1)
        hint = f'Did you mean "{known[close[0]]}"?' if close else "List the jobs to see their names."
        raise NotFoundError("no_such_job", f'There is no job "{name}" in this workspace.', hint)

    def job_called(self, workspace: str, name: str) -> JobDetailWire | None:
        """Return the job of that name, archived or not, or None."""
        wanted = folded(name.strip())
        if not wanted or len(wanted) > LONGEST_TEXT:
            return None
        query: Query = {"filter": "all", "name": name.strip()}
        for job in self.connection.all(path("workspaces", workspace, "jobs"), JobWire, query=query):
            # What the server calls the same name must be the same here, too.
            if folded(job.name) == wanted:
                return self.job(workspace, job.id)
        return None

    def create_job(self, workspace: str, new: JobNew) -> JobDetailWire:
        """Create a job with a first draft."""
        return self.connection.post(path("workspaces", workspace, "jobs"), new, JobDetailWire)

    def change_draft(self, workspace: str, job: str, change: DraftChange, *, revision: int) -> JobDetailWire:
        """Change the fields of the draft that `change` sets; raises `StaleError` if it has changed since."""
        where = path("workspaces", workspace, "jobs", job)
        return self.connection.patch(where, change, JobDetailWire, revision=revision)

    def delete_job(self, workspace: str, job: str) -> None:
        """Delete a job that never ran."""
        self.connection.delete(path("workspaces", workspace, "jobs", job))

    def act(self, workspace: str, job: str, action: str) -> JobDetailWire:
        """Do what needs no more than its name: cancel-review, new-draft, discard-draft, archive, unarchive, cancel."""
        return self.connection.post(path("workspaces", workspace, "jobs", job, action), Nothing(), JobDetailWire)

    def activate(self, workspace: str, job: str, version: int) -> JobDetailWire:
        """Make an accepted version the live one."""
        where = path("workspaces", workspace, "jobs", job, "activate")
        return self.connection.post(where, ActivateNew(version=version), JobDetailWire)

    def versions(self, workspace: str, job: str) -> list[VersionWire]:
        """Return a job's versions, newest first."""
        return self.connection.all(path("workspaces", workspace, "jobs", job, "versions"), VersionWire)

    def version(self, workspace: str, job: str, number: int) -> VersionWire:
        """Return one version."""
        return self.connection.get(path("workspaces", workspace, "jobs", job, "versions", number), VersionWire)

    def review_statements(self, workspace: str, job: str, number: int, *, seen: int = 0) -> ReviewWire:
        """Return the signed statements about a version, unverified; the log is proven from `seen` entries on too."""
        where = path("workspaces", workspace, "jobs", job, "versions", number, "review")
        return self.connection.get(where, ReviewWire, query={"seen": seen}, largest=LARGEST_LIST)

    def live_statements(self, workspace: str, job: str, *, seen: int = 0) -> LiveWire:
        """Return the signed statements about a job's live version with the chains behind them; the log as above."""
        where = path("workspaces", workspace, "jobs", job, "live")
        return self.connection.get(where, LiveWire, query={"seen": seen}, largest=LARGEST_LIST)

    def last_review(self, workspace: str, job: str, *, seen: int = 0) -> ReviewWire:
        """Return the signed statements of the open version's last closed review, unverified; the log as above."""
        where = path("workspaces", workspace, "jobs", job, "last-review")
        return self.connection.get(where, ReviewWire, query={"seen": seen}, largest=LARGEST_LIST)

    def submit_signed(self, workspace: str, job: str, new: SubmitNew) -> JobDetailWire:
        """Submit the version that the author signed."""
        return self.connection.post(path("workspaces", workspace, "jobs", job, "submit"), new, JobDetailWire)

    def decide_signed(self, workspace: str, job: str, new: DecisionNew) -> JobDetailWire:
        """Hand in a signed decision."""
        return self.connection.post(path("workspaces", workspace, "jobs", job, "decisions"), new, JobDetailWire)

    def revoke_signed(self, workspace: str, job: str, new: RevocationNew) -> JobDetailWire:
        """Hand in a signed revocation."""
        return self.connection.post(path("workspaces", workspace, "jobs", job, "revocations"), new, JobDetailWire)
