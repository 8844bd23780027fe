"""A job in Python: everything that the lifecycle offers, as methods."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NoReturn

from jupyter_secure_jobs.domain.errors import NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.wire.job import DraftChange, GrantWire
from kernel_magics.cards import job_card
from kernel_magics.declared import declarations, values
from kernel_magics.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    import pandas as pd

    from jupyter_secure_jobs.domain.inputs import InputVariable
    from jupyter_secure_jobs.wire.job import ActionWire, JobDetailWire, VersionWire
    from jupyter_secure_jobs.wire.member_side import LogText, ReviewStatement
    from jupyter_secure_jobs.wire.run import RunWire
    from kernel_magics.api import SecureJobs
    from kernel_magics.bundle import Bundle


class Job:
    """One job as it was when last asked for. Each method does what the button of that name does.

    What is allowed comes from the server: `actions` lists it, with the reason where not. Methods that change the
    job bring it up to date; all raise `SecureJobsError` as the member side answered.
    """

    def __init__(self, session: SecureJobs, wire: JobDetailWire) -> None:
        """Keep the session and the state that it gave."""
        self.session = session
        self.wire = wire
        self._turn = threading.RLock()  # a panel refreshes the job in a thread

    @property
    def id(self) -> str:
        """The job's id."""
        return self.wire.id

    @property
    def name(self) -> str:
        """The job's name, unique in its workspace."""
        return self.wire.name

    @property
    def status(self) -> str:
        """The job's one status, as people read it."""
        return self.wire.status

    @property
    def actions(self) -> list[ActionWire]:
        """What the caller may do now, and what not, with the reason."""
        return self.wire.actions

    def offer(self, action: Action) -> ActionWire | None:
        """Return the action as the server offers it now, or None if it is not listed."""
        return next((offer for offer in self.wire.actions if offer.name == action), None)

    def allowed(self, action: Action) -> bool:
        """Tell whether the server offers the action now."""
        offer = self.offer(action)
        return offer is not None and offer.allowed

    def refresh(self) -> Job:
        """Ask for the newest state; return the job itself."""
        return self._now(lambda: self.session.client.job(self.wire.workspace, self.wire.id))

    def edit(self, change: DraftChange) -> Job:
        """Change the fields of the draft that `change` sets.

        Raises:
            StaleError: somebody else changed it since this object was refreshed.
        """
        client, revision = self.session.client, self.wire.revision
        return self._now(lambda: client.change_draft(self.wire.workspace, self.id, change, revision=revision))

    def add_input(self, declaration: str | InputVariable) -> Job:
        """Add an input variable to the draft, or replace the one of its name."""
        added = declarations([declaration])
        with self._turn:  # the revision that is sent is that of the inputs that were read
            kept = [variable for variable in self.wire.version.inputs if variable.name != added[0].name]
            return self.edit(DraftChange(inputs=[*kept, *added]))

    def remove_input(self, name: str) -> Job:
        """Delete an input variable of the draft.

        Raises:
            NotFoundError: there is none of that name.
        """
        with self._turn:
            kept = [variable for variable in self.wire.version.inputs if variable.name != name]
            if len(kept) == len(self.wire.version.inputs):
                raise NotFoundError("input_unknown", f"There is no input variable {name!r}.", "See the job's inputs.")
            return self.edit(DraftChange(inputs=kept))

    def request_reruns(
        self, *, reruns: bool = True, most_runs: int | None = None, until: datetime | None = None
    ) -> Job:
        """Ask in the draft for approval of reruns, optionally bounded; or take the request back."""
        return self.edit(DraftChange(grant=GrantWire(reruns=reruns, most_runs=most_runs, until=until)))

    def starter_scripts(self) -> dict[str, str]:
        """Return the starter scripts' code by name, filled in with the workspace's tables."""
        return {script.name: script.code for script in self.session.client.scripts(self.wire.workspace)}

    def test(self, /, **inputs: object) -> Run:
        """Start a test run of the version in front, on synthetic data; input values by name.

        Raises:
            InvalidError: a value is missing or outside its constraint.
        """
        checked = values(self.wire.version.inputs, inputs)
        return self._run(self.session.client.test(self.wire.workspace, self.id, checked))

    def submit(self) -> Job:
        """Sign the draft as this object has it and submit it for review.

        Raises:
            ConflictError: the draft is another one now.
        """
        client, shown = self.session.client, self.wire.version
        return self._now(lambda: client.submit(self.wire.workspace, self.id, shown=shown))

    def cancel_review(self) -> Job:
        """End the review; the version becomes a draft again."""
        return self._act(Action.CANCEL_REVIEW)

    def new_draft(self) -> Job:
        """Open a new draft beside the accepted version."""
        return self._act(Action.NEW_DRAFT)

    def discard_draft(self) -> Job:
        """Throw the draft away and fall back to the accepted version."""
        return self._act(Action.DISCARD_DRAFT)

    def archive(self) -> Job:
        """Archive the job; it keeps its name and can be taken out again."""
        return self._act(Action.ARCHIVE)

    def unarchive(self) -> Job:
        """Take the job out of the archive."""
        return self._act(Action.UNARCHIVE)

    def delete(self) -> None:
        """Delete the job; only one that never ran can be."""
        self.session.client.delete_job(self.wire.workspace, self.id)

    def run(self, /, **inputs: object) -> Run:
        """Start a job run of the live version; input values by name.

        Raises:
            InvalidError: a value is missing or outside its constraint.
        """
        version = self.wire.live or self.wire.version
        checked = values(version.inputs, inputs)
        return self._run(self.session.client.run(self.wire.workspace, self.id, checked))

    def cancel(self) -> Job:
        """Cancel the active job run."""
        return self._act(Action.CANCEL)

    def activate(self, version: int) -> Job:
        """Make an earlier accepted version the live one."""
        return self._now(lambda: self.session.client.activate(self.wire.workspace, self.id, version))

    def revoke(self) -> Job:
        """Revoke repeatability: no run after the first."""
        return self._now(lambda: self.session.client.revoke(self.wire.workspace, self.id, Scope.RERUNS))

    def withdraw(self) -> Job:
        """Withdraw one's acceptance: no further keys at all, the first run included."""
        return self._now(lambda: self.session.client.revoke(self.wire.workspace, self.id, Scope.ALL))

    def review(self) -> ReviewStatement:
        """Return the version under review as the member side verified it."""
        return self.session.client.review(self.wire.workspace, self.id)

    def accept(self) -> NoReturn:
        """Point to where decisions are made.

        Raises:
            NotAllowedError: always; a kernel cannot decide.
        """
        raise _elsewhere(self.name)

    def decline(self) -> NoReturn:
        """Point to where decisions are made.

        Raises:
            NotAllowedError: always; a kernel cannot decide.
        """
        raise _elsewhere(self.name)

    def runs(self, kind: RunKind = RunKind.JOB) -> list[Run]:
        """Return the runs of one kind, newest first."""
        return [self._run(wire) for wire in self.session.client.runs(self.wire.workspace, self.id, kind=kind)]

    def run_number(self, number: int | None = None, *, kind: RunKind = RunKind.JOB) -> Run:
        """Return the run of that number, or the newest one.

        Raises:
            NotFoundError: there is none.
        """
        runs = self.runs(kind)
        if not runs:
            raise NotFoundError("no_run", f"There is no {kind} run of this job yet.", f"Start one: {_start(kind)}.")
        if number is None:
            return runs[0]
        found = next((run for run in runs if run.number == number), None)
        if found is None:
            known = ", ".join(str(run.number) for run in runs[:10])
            raise NotFoundError("no_run", f"There is no {kind} run {number}.", f"The newest are: {known}.")
        return found

    def versions(self) -> list[VersionWire]:
        """Return the versions, newest first."""
        return self.session.client.versions(self.wire.workspace, self.id)

    def view_results(self, number: int | None = None) -> pd.DataFrame:
        """Return all rows of a job run, the newest that has some unless `number` is given."""
        return self.result_run(number).to_pandas()

    def result_run(self, number: int | None = None, *, kind: RunKind = RunKind.JOB) -> Run:
        """Return the run of that number, or the newest one with a result; the newest at all if none has one."""
        if number is None:
            newest = next((run for run in self.runs(kind) if run.wire.has_result), None)
            if newest is not None:
                return newest
        return self.run_number(number, kind=kind)

    def export_results(self, path: str | Path, *, number: int | None = None, overwrite: bool = False) -> Path:
        """Write a job run's rows to a `.csv` or `.parquet` file; return its path."""
        return self.result_run(number).export(path, overwrite=overwrite)

    def view_logs(self, number: int | None = None) -> LogText:
        """Return the log of a job run, the newest unless `number` is given."""
        return self.run_number(number).log()

    def export_logs(self, path: str | Path, *, number: int | None = None, overwrite: bool = False) -> Path:
        """Write a job run's log to a `.txt` file; return its path."""
        return self.run_number(number).export(path, overwrite=overwrite)

    def card(self) -> Bundle:
        """Return the job's card, as it was when last asked for, with who looks."""
        return job_card(self.wire, assurance=self.session.assurance, member=self.session.acting_as)

    def _run(self, wire: RunWire) -> Run:
        return Run(self.session.client, wire, member=self.session.acting_as)

    def _act(self, action: Action) -> Job:
        return self._now(lambda: self.session.client.act(self.wire.workspace, self.id, action.replace("_", "-")))

    def _now(self, asking: Callable[[], JobDetailWire]) -> Job:
        """Take the answer to a request; one at a time, so that no late answer comes over a newer one."""
        with self._turn:
            self.wire = asking()
        return self

    def __repr__(self) -> str:
        """Return the card's text."""
        return self.card().plain

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        # Data and metadata are Jupyter's, any JSON.
        card = self.card()
        return card.data(), card.metadata()


def decide_where(name: str) -> str:
    """Return where a decision is made."""
    return (
        f'Open "{name}" in the Secure Jobs sidebar and decide on its review page, '
        f'or run in a terminal: jupyter secure-jobs decide "{name}" --workspace-url URL'
    )


def _elsewhere(name: str) -> NotAllowedError:
    return NotAllowedError(
        "kernel_cannot_decide", "A kernel cannot decide; code could do it for you.", decide_where(name)
    )


def _start(kind: RunKind) -> str:
    return "%securejob test NAME" if kind is RunKind.TEST else "%securejob run NAME"
