"""Many rows into a database in minutes: indexes are made afterwards, and a crash meanwhile may lose it all."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import DecisionRow, JobRow, RunRow, VersionRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Index
    from sqlalchemy.orm import Session

_FILLED: Final = (JobRow, VersionRow, DecisionRow, RunRow, HistoryRow)


@contextmanager
def bulk(url: str) -> Iterator[Session]:
    """Give a session of a database that nobody else uses now, for filling; it is committed at the end."""
    with closing(Database(url)) as database:
        if database.engine.dialect.name == "sqlite":
            event.listen(database.engine, "connect", _hurry)
        with database.transaction() as session:
            indexes = [each for table in _FILLED for each in _indexes(table)]
            for index in indexes:
                index.drop(session.connection())
            yield session
            session.flush()
            for index in indexes:
                index.create(session.connection())


def _indexes(table: Any) -> list[Index]:  # noqa: ANN401 -- a mapped class, whose table is typed too widely
    return sorted((each for each in table.__table__.indexes if not each.unique), key=lambda index: str(index.name))


def _hurry(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own type
    for pragma in ("synchronous=OFF", "cache_size=-800000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()
