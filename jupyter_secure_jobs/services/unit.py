"""One request: its transaction, its moment, its caller, and the changes to tell others about."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, inspect

from jupyter_secure_jobs.domain.audit import clean_detail
from jupyter_secure_jobs.domain.errors import NotFoundError, UnauthenticatedError
from jupyter_secure_jobs.domain.queue import Bounds
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.event import EventRecord
from jupyter_secure_jobs.services import logbook
from jupyter_secure_jobs.store import workspaces
from jupyter_secure_jobs.store.history_tables import EventRow, HistoryRow
from jupyter_secure_jobs.store.identifiers import uuid7
from jupyter_secure_jobs.store.tables import JobRow, MemberRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from jupyter_secure_jobs.crypto.signing import SigningKey
    from jupyter_secure_jobs.domain.audit import Event
    from jupyter_secure_jobs.store.blobs import Blobs
    from jupyter_secure_jobs.store.database import Database
    from jupyter_secure_jobs.store.tables import WorkspaceRow

Clock = Callable[[], datetime]


class Waiting(Flag):
    """Who waits at the server for something: members for anything new, or for a run to end; workers for runs.

    Key services wait for something to answer, and workers that have a run for those answers.
    """

    NEWS = auto()
    ENDS = auto()
    WORK = auto()
    MAIL = auto()
    ANSWERS = auto()


EVERYBODY: Final = Waiting.NEWS | Waiting.ENDS | Waiting.WORK | Waiting.MAIL | Waiting.ANSWERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an administrator may set; times in seconds, if not said. Lease and heartbeat are short in tests.

    results_days: after so many, a run's result and log are removed; 0 or less: never.
    """

    audience: str
    lease_seconds: float = 60.0
    heartbeat_seconds: float = 15.0
    away_seconds: float = 60.0
    results_days: float = 90.0
    creators: tuple[str, ...] = ()
    queue: Bounds = field(default_factory=Bounds)


@dataclass(slots=True, kw_only=True)
class Server:
    """All that the use cases share."""

    database: Database
    blobs: Blobs
    log_key: SigningKey
    settings: Settings
    clock: Clock = utc_now
    notify: Callable[[Waiting], None] = lambda _who: None
    started: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Note when this process began to serve."""
        self.started = self.clock()

    @contextmanager
    def unit(self, key: str | None = None, *, reading: bool = False) -> Iterator[Unit]:
        """Give a unit for one request by the holder of `key`; on success commit, then tell who waits."""
        with self.database.transaction(reading=reading) as session:
            unit = Unit(server=self, session=session, now=self.clock(), key=key)
            yield unit
            for workspace in sorted(unit.changed):
                # One row for each workspace is enough: clients compare numbers and then fetch.
                session.execute(delete(EventRow).where(EventRow.workspace == workspace))
                session.add(EventRow(workspace=workspace))
        for action in unit.afterwards:
            action()
        if unit.wakes:
            self.notify(unit.wakes)


@dataclass(slots=True, kw_only=True)
class Unit:
    """One request. `key` is the caller's public signing key, proven by login."""

    server: Server
    session: Session
    now: datetime
    key: str | None
    changed: set[str] = field(default_factory=set)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    wakes: Waiting = field(default_factory=lambda: Waiting(0))
    _members: dict[str, MemberRow] = field(default_factory=dict)

    def new_id(self) -> str:
        """Return a new UUIDv7."""
        return uuid7(int(self.now.timestamp() * 1000), os.urandom(10))

    def caller(self) -> str:
        """Return the caller's key.

        Raises:
            UnauthenticatedError: nobody is logged in.
        """
        if self.key is None:
            raise UnauthenticatedError("login_needed", "There is no valid session.", "Log in again.")
        return self.key

    def member(self, workspace: str) -> MemberRow:
        """Return the caller as a member of the workspace.

        Raises:
            NotFoundError: there is no such workspace, or the caller is not in it: the two look the same.
        """
        member = self._members.get(workspace)
        if member is None or not inspect(member).persistent:
            member = workspaces.member_of_key(self.session, workspace, self.caller())
        if member is None:
            raise NotFoundError(
                "no_workspace", "There is no such workspace.", "Check the address, or ask to be invited."
            )
        self._members[workspace] = member
        return member

    def workspace(self, workspace: str) -> WorkspaceRow:
        """Return a workspace of the caller.

        Raises:
            NotFoundError: as `member`.
        """
        self.member(workspace)
        row = workspaces.get(self.session, workspace)
        if row is None:
            raise NotFoundError("no_workspace", "There is no such workspace.", "Check the address.")
        return row

    def changes(self, workspace: str, wakes: Waiting = EVERYBODY) -> None:
        """Say that something in a workspace changed: its members' clients will fetch.

        `wakes`: who besides them has to look, where it is known; a look costs more than most changes do.
        """
        self.changed.add(workspace)
        self.wakes |= Waiting.NEWS | wakes

    def stir(self, wakes: Waiting) -> None:
        """Wake those who wait for this, without telling members' clients that anything changed."""
        self.wakes |= wakes

    def record(  # noqa: PLR0913 -- the parts of an event
        self,
        *,
        workspace: str,
        member: str,
        action: Event,
        organisation: str | None = None,
        job: str | None = None,
        version: int | None = None,
        run: str | None = None,
        detail: str = "",
        statement: str | None = None,
    ) -> None:
        """Keep who did what: a line of the audit log, whose hash is an entry of the workspace's log.

        Args:
            workspace: where.
            member: who acted: a member's address, or as `domain.audit` names a key service, a worker or the server.
            action: what.
            organisation: whose; that of the member if it is not given.
            job: id of the job that it is about.
            version: number of the job's version.
            run: id of the run.
            detail: a line in words; never a row of data, never a comment.
            statement: hash of the signed statement behind it.
        """
        if organisation is None:
            known = self.session.get(MemberRow, (workspace, member))
            organisation = known.organisation if known is not None else ""
        about = self.session.get(JobRow, job) if job is not None else None
        record = EventRecord(
            workspace=workspace,
            time=self.now,
            actor=member,
            organisation=organisation,
            event=str(action),
            job=job,
            job_name=about.name if about is not None else "",
            version=version,
            run=run,
            detail=clean_detail(detail),
            statement=statement,
            salt=secrets.token_urlsafe(16),
        )
        self.session.add(
            HistoryRow(
                workspace=workspace,
                job=job,
                job_name=record.job_name,
                member=member,
                organisation=organisation,
                action=record.event,
                detail=record.detail,
                version=version,
                run=run,
                statement=statement,
                salt=record.salt,
                place=logbook.append_event(self, workspace, record.to_bytes()),
                time=self.now,
            )
        )
