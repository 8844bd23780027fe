"""A database with two workspaces of the same members, filled with jobs in every state, and a server over it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import event

from bench.ui_workspace import fill
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.services import job_list
from jupyter_secure_jobs.services.unit import Server, Settings
from jupyter_secure_jobs.store.blobs import Blobs
from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.store.tables import MemberRow, StatementRow, WorkspaceRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.domain.lifecycle import Status
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import Base
    from jupyter_secure_jobs.wire.job import JobWire

NOW: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
HERE, ELSEWHERE = "w", "elsewhere"
PEOPLE: Final = {
    "ana@airline.example": "Airline",
    "ben@airline.example": "Airline",
    "wei@weather.example": "Weather Service",
    "mia@registry.example": "aircraft registry",
}
ANA, BEN, WEI, MIA = PEOPLE
OUTSIDER: Final = "eve@elsewhere.example"


class Filled:
    """`statuses` is the status that each job of `HERE` is to have; members log in by their address as key."""

    def __init__(self, folder: Path, *, jobs: int, runs: int, url: str | None = None) -> None:
        """Make the tables and fill them; in SQLite, unless a URL says otherwise."""
        self.database = Database(url or f"sqlite:///{folder / 'workspace.sqlite'}")
        self.database.migrate()
        self.server = Server(
            database=self.database,
            blobs=Blobs(folder / "blobs"),
            log_key=SigningKey.generate(),
            settings=Settings(audience="test"),
            clock=lambda: NOW,
        )
        with self.database.transaction() as session:
            for workspace in (HERE, ELSEWHERE):
                session.add(WorkspaceRow(id=workspace, name=workspace, genesis="g", created=NOW))
                session.flush()
                session.add(StatementRow(workspace=workspace, hash="roster", kind="roster", place=0, leaf=b"",
                                         envelope=b"", time=NOW))  # fmt: skip
                others = {} if workspace == HERE else {OUTSIDER: "Elsewhere"}
                for place, (email, organisation) in enumerate({**PEOPLE, **others}.items()):
                    session.add(MemberRow(workspace=workspace, email=email, organisation=organisation,
                                          signing_key=email, place=place, joined=True))  # fmt: skip
            session.flush()
            self.statuses: dict[str, Status] = fill(session, HERE, jobs=jobs, runs=runs, now=NOW)
            if jobs:
                fill(session, ELSEWHERE, jobs=20, runs=10, seed=1, now=NOW)

    @contextmanager
    def unit(self, who: str, *, reading: bool = True) -> Iterator[Unit]:
        """Give a request of a member."""
        with self.server.unit(who, reading=reading) as unit:
            yield unit

    def listed(self, who: str = ANA, *, limit: int = 200, **query: str) -> list[JobWire]:
        """Return every job of a member's list, page after page."""
        items: list[JobWire] = []
        after = None
        while True:
            with self.unit(who) as unit:
                page = job_list.page(unit, HERE, query, after=after, limit=limit)
            items += page.items
            assert page.next is None or len(page.items) == limit
            if page.next is None:
                return items
            after = page.next

    @contextmanager
    def queries(self) -> Iterator[list[tuple[str, object]]]:
        """Give a list that every statement sent to the database is put into, with its parameters."""
        asked: list[tuple[str, object]] = []

        def keep(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        event.listen(self.database.engine, "before_cursor_execute", keep)
        try:
            yield asked
        finally:
            event.remove(self.database.engine, "before_cursor_execute", keep)


def copied(row: Base, **changes: object) -> Base:
    """Return a new row like one that is there."""
    values = {column.key: getattr(row, column.key) for column in type(row).__mapper__.column_attrs}
    return type(row)(**{**values, **changes})
