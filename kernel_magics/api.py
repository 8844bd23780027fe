"""Secure jobs in Python: `connect()` gives the workspace, and from it jobs, runs and datasets."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Final, Literal

from jupyter_secure_jobs.client.connection import Connection
from jupyter_secure_jobs.client.facade import Client
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from jupyter_secure_jobs.domain.job import Language, LogPolicy
from jupyter_secure_jobs.domain.output import OutputPolicy, check_counts
from jupyter_secure_jobs.domain.text import clean_email, folded
from jupyter_secure_jobs.wire.audit import AuditFilter
from jupyter_secure_jobs.wire.job import GrantWire
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from jupyter_secure_jobs.wire.pinned import PinnedNew
from kernel_magics.declared import declarations
from kernel_magics.draft import Saved, Wanted, save
from kernel_magics.events import events_frame
from kernel_magics.export import write_file
from kernel_magics.job import Job
from kernel_magics.profiles import Profiles
from kernel_magics.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    import httpx
    import pandas as pd

    from jupyter_secure_jobs.domain.inputs import InputVariable
    from jupyter_secure_jobs.wire.dataset import DatasetWire
    from jupyter_secure_jobs.wire.job import JobWire
    from jupyter_secure_jobs.wire.member_side import DatasetAsked, DatasetProposal, StatusWire
    from jupyter_secure_jobs.wire.pinned import PinnedWire, ScriptWire
    from jupyter_secure_jobs.wire.workspace import MemberWire, WorkspaceWire

__all__ = ["Job", "Run", "SecureJobs", "connect"]

URL: Final = "SECURE_JOBS_URL"
TOKEN: Final = "SECURE_JOBS_TOKEN"  # noqa: S105 -- the name of a variable
MEMBER: Final = "SECURE_JOBS_MEMBER"
WORKSPACE: Final = "SECURE_JOBS_WORKSPACE"
Which = Literal["mine", "needs_me", "others", "archived", "all"]


class SecureJobs(Profiles):
    """One member's view of one workspace.

    Every method raises `SecureJobsError` (with `code`, `detail` and `next_step`) as the member side answered.
    """

    def __init__(self, connection: Connection, identity: Identity, *, workspace: str | None = None) -> None:
        """Keep the connection; `workspace` is a name or an id, needed only where there are several."""
        self.client = Client(connection)
        self._identity = identity
        self._wanted = workspace
        self._workspace: str | None = None
        self._status: StatusWire | None = None
        self._marks: dict[str, str] = {}
        self._proposed: dict[tuple[str, str], str] = {}

    @property
    def member(self) -> str | None:
        """The member that this kernel chose to act as, or None: the one that the member side is."""
        return self._identity.member

    @property
    def workspace(self) -> str:
        """The id of the workspace in use.

        Raises:
            InvalidError: there are several, and none was chosen.
            NotFoundError: there is none, or none of the name.
        """
        if self._workspace is None:
            self._workspace = self._choose(self._wanted).id
        return self._workspace

    @property
    def assurance(self) -> str:
        """What keeps others out while jobs run here, such as `software`."""
        return (self._status or self.status()).assurance

    @property
    def acting_as(self) -> str | None:
        """The member whom this kernel acts as, in its cards: the chosen one, or the one that the member side is."""
        return self.member or (self._status or self.status()).acting_as

    def status(self) -> StatusWire:
        """Return what the member side is, and whom it acts as."""
        self._status = self.client.status()
        return self._status

    def use(self, workspace: str) -> WorkspaceWire:
        """Use the workspace of that name or id from now on."""
        chosen = self._choose(workspace)
        self._workspace = chosen.id
        return chosen

    def act_as(self, email: str) -> StatusWire:
        """Act as another member whose key store this member side has (demonstration).

        Raises:
            NotFoundError: it has none of that address.
        """
        wanted = clean_email(email)
        known = [identity.email for identity in self.status().identities]
        if wanted not in known:
            raise NotFoundError(
                "no_such_identity", f"This member side cannot act as {wanted}.", f"It can as: {', '.join(known)}."
            )
        self._identity.member = wanted
        self._marks.clear()
        self._proposed.clear()
        return self.status()

    def workspaces(self) -> list[WorkspaceWire]:
        """Return the member's workspaces."""
        return self.client.workspaces()

    def members(self) -> list[MemberWire]:
        """Return the members of the newest roster."""
        return self.client.members(self.workspace)

    def jobs(self, which: Which | None = None, *, q: str | None = None) -> list[JobWire]:
        """Return jobs: all but archived ones, or mine, needs_me, others, archived, all.

        `q` finds a text in name, description, author or organisation.
        """
        return self.client.jobs(self.workspace, which=which, q=q)

    def job(self, name: str) -> Job:
        """Return the job of that name."""
        return Job(self, self.client.find_job(self.workspace, name))

    def datasets(self) -> list[DatasetWire]:
        """Return the datasets."""
        return self.client.datasets(self.workspace)

    def dataset(self, name: str) -> DatasetWire:
        """Return the dataset of that name."""
        known = {folded(dataset.name): dataset for dataset in self.datasets()}
        if folded(name) not in known:
            raise NotFoundError("no_such_dataset", f"There is no dataset {name!r}.", _close(name, known) or _LIST)
        return known[folded(name)]

    def draft(  # noqa: PLR0913 -- the parts of a draft, as the cell magic has them
        self,
        name: str,
        code: str,
        language: Language | str | None = None,
        *,
        inputs: Iterable[str | InputVariable] = (),
        datasets: Mapping[str, str] | Sequence[str] | None = None,
        rerun: bool = False,
        most_runs: int | None = None,
        until: datetime | None = None,
        description: str | None = None,
        log_policy: LogPolicy | str = LogPolicy.STANDARD,
        output_policy: OutputPolicy | None = None,
        counts: Iterable[str] = (),
        seconds: int | None = None,
        profile: str | None = None,
        new_draft: bool = False,
        overwrite: bool = False,
    ) -> Job:
        """Create the job or change its draft, as `%%securejob` does; an unchanged text does nothing.

        Args:
            name: the job's name, 1 to 50 characters.
            code: SQL or Python.
            language: `sql` or `python`; guessed from the code if not given.
            inputs: declarations such as `month integer 1..12 = 1`.
            datasets: names, or names by table name; proposed from the code if not given.
            rerun: ask for approval of reruns, at most `most_runs` of them, until `until`.
            most_runs: see `rerun`.
            until: see `rerun`; with a time zone.
            description: at most 150 characters; None leaves it.
            log_policy: `full`, `standard` or `errors`.
            output_policy: what the job asks of its own results, beside what the datasets' owners ask.
            counts: columns of the result that count the rows or persons of a group.
            seconds: the time limit of a run; None leaves it.
            profile: the name of a compute profile, copied into the draft; None leaves what the draft has.
            new_draft: open a new draft where the newest version is frozen.
            overwrite: save although the draft was changed elsewhere.

        Raises:
            NotAllowedError: under review, or frozen; the next step says the way out.
            InvalidError: a declaration or a choice cannot be read.
            StaleError: the draft was changed elsewhere.
        """
        named = (
            {each: each for each in datasets} if datasets is not None and not hasattr(datasets, "items") else datasets
        )
        wanted = Wanted(
            name=name,
            code=code,
            language=None if language is None else language_of(language),
            inputs=tuple(declarations(inputs)),
            datasets=named,  # type: ignore[arg-type]  # a mapping, or None, by the line above
            grant=GrantWire(
                reruns=rerun or most_runs is not None or until is not None, most_runs=most_runs, until=until
            ),
            log_policy=policy_of(log_policy),
            output_policy=OutputPolicyWire.of(output_policy or OutputPolicy()),
            counts=check_counts(tuple(counts)),
            description=description,
            seconds=seconds,
            profile=profile,
        )
        return self.save(wanted, new_draft=new_draft, overwrite=overwrite).job

    def create_job(self, name: str, code: str, language: Language | str | None = None) -> Job:
        """Create a job with a first draft of this code; `draft` states more of it.

        Raises:
            ConflictError: there is a job of that name.
        """
        if self.client.job_called(self.workspace, name) is not None:
            raise ConflictError("job_exists", f'There is a job "{name}" already.', "Choose another name, or change it.")
        return self.draft(name, code, language)

    def save(self, wanted: Wanted, *, new_draft: bool = False, overwrite: bool = False) -> Saved:
        """Save a draft and return what was done and what the check found; see `draft`."""
        return save(self, wanted, new_draft=new_draft, overwrite=overwrite)

    def publish(self, asked: DatasetAsked) -> DatasetProposal:
        """Propose a dataset from files, or publish it if `asked.confirm`: what was proposed last, if anything was.

        Raises:
            RefusedError: it would not be what was proposed.
        """
        place = (self.workspace, folded(asked.name))
        if asked.confirm:
            asked = asked.model_copy(update={"shown": self._proposed.get(place)})
        proposal = self.client.publish(self.workspace, asked)
        self._proposed[place] = proposal.digest
        return proposal

    def audit(self, wanted: AuditFilter | None = None, *, most: int | None = 1_000) -> pd.DataFrame:
        """Return the workspace's events, newest first, as a DataFrame: who did what, when."""
        events = self.client.audit(self.workspace, wanted or AuditFilter(), most=most)
        return events_frame(events)

    def export_audit(self, path: str | Path, wanted: AuditFilter | None = None, *, overwrite: bool = False) -> Path:
        """Write the workspace's events to a `.csv` file (mode 0600); return its path.

        Raises:
            ConflictError: the file exists and `overwrite` is false.
        """

        def fill(sink: BinaryIO) -> None:
            self.client.export_audit(self.workspace, sink, wanted or AuditFilter())

        return write_file(path, fill, overwrite=overwrite)

    def pinned(self) -> list[PinnedWire]:
        """Return one's pinned queries."""
        return self.client.pinned(self.workspace)

    def pin(self, title: str, code: str, language: Language | str) -> PinnedWire:
        """Keep a query under a title."""
        return self.client.pin(self.workspace, PinnedNew(title=title, language=language_of(language), code=code))

    def unpin(self, title: str) -> PinnedWire:
        """Drop the pinned query of that title or id; return what it was."""
        kept = self.pinned()
        found = next((query for query in kept if title in {query.title, query.id}), None)
        if found is None:
            known = {query.title: query for query in kept}
            raise NotFoundError("no_such_query", f"There is no pinned query {title!r}.", _close(title, known) or _LIST)
        self.client.unpin(self.workspace, found.id)
        return found

    def scripts(self) -> list[ScriptWire]:
        """Return the starter scripts, filled in with the workspace's tables."""
        return self.client.scripts(self.workspace)

    def remember(self, job: str, mark: str) -> None:
        """Remember what this kernel last saved of a job."""
        self._marks[job] = mark

    def remembered(self, job: str) -> str | None:
        """Return the mark of what this kernel last saved of a job."""
        return self._marks.get(job)

    def _choose(self, wanted: str | None) -> WorkspaceWire:
        known = self.workspaces()
        names = ", ".join(f'"{each.name}"' for each in known)
        if not known:
            raise NotFoundError("no_workspace", "You are in no workspace yet.", "Create one, or accept an invitation.")
        if wanted is None:
            if len(known) > 1:
                raise InvalidError(
                    "workspace_choice", f"You are in several workspaces: {names}.", 'Choose: %securejob use "NAME".'
                )
            return known[0]
        found = next((each for each in known if wanted == each.id or folded(each.name) == folded(wanted)), None)
        if found is None:
            raise NotFoundError("no_such_workspace", f"You are in no workspace {wanted!r}.", f"You are in: {names}.")
        return found


class Identity:
    """Who asks: the kernel's scoped token, and the member chosen where the member side holds several."""

    def __init__(self, *, token: str | None, member: str | None) -> None:
        """Keep both; the token is in no representation."""
        self._token = token
        self.member = member

    def headers(self) -> dict[str, str]:
        """Return the headers of the next request."""
        found = {} if self._token is None else {"X-Secure-Jobs-Token": self._token}
        return found if self.member is None else {**found, "X-Secure-Jobs-Member": self.member}


_LIST: Final = "List them to see their names."


def _close(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f'Did you mean "{close[0]}"?' if close else ""


def language_of(text: Language | str) -> Language:
    """Return the language of that name.

    Raises:
        InvalidError: there is none.
    """
    try:
        return Language(str(text).lower())
    except ValueError as error:
        raise InvalidError("language", "There is no such language.", "Use sql or python.") from error


def policy_of(text: LogPolicy | str) -> LogPolicy:
    """Return the log policy of that name.

    Raises:
        InvalidError: there is none.
    """
    try:
        return LogPolicy(str(text).lower())
    except ValueError as error:
        raise InvalidError("log_policy", "There is no such log policy.", "Use full, standard or errors.") from error


def connect(
    url: str | None = None,
    token: str | None = None,
    member: str | None = None,
    workspace: str | None = None,
    *,
    transport: httpx.BaseTransport | None = None,
) -> SecureJobs:
    """Return the connection to a member side; what is not given comes from the environment.

    Kernels started by a Jupyter server with the extension find its URL and a token (12 h, cannot decide) there.

    Args:
        url: ends in `/secure-jobs/api/v1/`; else `SECURE_JOBS_URL`.
        token: else `SECURE_JOBS_TOKEN`, which is used only with the URL of the environment.
        member: e-mail address, where the member side holds several; else `SECURE_JOBS_MEMBER`.
        workspace: name or id, where there are several; else `SECURE_JOBS_WORKSPACE`.
        transport: for tests, in place of the network.

    Raises:
        UnavailableError: no URL is given or found.
    """
    address = url or os.environ.get(URL)
    if not address:
        raise UnavailableError(
            "no_member_side",
            "This kernel does not know a member side.",
            "Start it from a Jupyter server with the extension, or give URL and token: "
            "%securejob connect URL --token TOKEN.",
        )
    # The environment's token belongs to the environment's server and goes to no other.
    found = token if token is not None else (os.environ.get(TOKEN) if address == os.environ.get(URL) else None)
    identity = Identity(token=found, member=member or os.environ.get(MEMBER) or None)
    return SecureJobs(
        Connection(address, headers=identity.headers, transport=transport),
        identity,
        workspace=workspace or os.environ.get(WORKSPACE) or None,
    )
