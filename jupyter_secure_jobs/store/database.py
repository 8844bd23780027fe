"""The database: one engine, short transactions, SQLite in WAL mode or PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.store import job_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Row, Select

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Opens transactions. `url` is a SQLAlchemy URL."""

    def __init__(self, url: str) -> None:
        """Create the engine; a SQLite file's folder must exist."""
        self.url = url
        self.engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _tune_sqlite)
            event.listen(self.engine, "begin", _begin)
        # SQLite lets one writer in and has the others look again after pauses that grow; in a queue of our own the next
        # one begins as soon as the last has ended. Writers of other processes still wait in SQLite's way.
        self._writer: AbstractContextManager[object] = (
            threading.RLock() if self.engine.dialect.name == "sqlite" else nullcontext()
        )
        self._writing = sessionmaker(self.engine, expire_on_commit=False)
        job_index.keep(self._writing)
        self._looking = self.engine.execution_options(reading=True)
        self._reading = sessionmaker(self._looking, expire_on_commit=False)

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[Session]:
        """Give a session; commit at the end, roll back on any error. One that only reads blocks no writer."""
        with (
            nullcontext() if reading else self._writer,
            (self._reading if reading else self._writing).begin() as session,
        ):
            yield session

    def look(self, query: Select[*tuple[Any, ...]], values: Mapping[str, object]) -> Row[*tuple[Any, ...]] | None:
        """Return the first row of one query by itself; it blocks no writer."""
        with self._looking.connect() as connection:
            return connection.execute(query, values).first()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def current_revision(self) -> str | None:
        """Return the schema revision of the database, or None if it is empty."""
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def migrate(self) -> str:
        """Bring the schema to this version's, after a copy of a SQLite file; return the revision.

        Raises:
            SecureJobsError: the database was written by a newer version of this package.
        """
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        script = ScriptDirectory.from_config(config)
        head = script.get_current_head() or ""
        current = self.current_revision()
        if current == head:
            return head
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise SecureJobsError(
                "database_newer",
                "The database was written by a newer version of jupyter-secure-jobs.",
                "Install that version or a later one; nothing was changed.",
            )
        path = self.engine.url.database
        if current is not None and self.engine.dialect.name == "sqlite" and path:
            # SQLite's own backup also takes along what is still in the write-ahead log; a plain copy would miss it.
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(f"{path}.before-{head}")) as target:
                source.backup(target)
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return head


def _tune_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own type
    # The driver must not begin transactions by itself; `_begin` does, so that writers queue up front instead of
    # failing half-way.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.close()


def _begin(connection: Any) -> None:  # noqa: ANN401 -- SQLAlchemy passes its own type
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
