"""Ten thousand events: a page is found by an index, whatever the filter, and holds what the filter says."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import event, insert, text

from jupyter_secure_jobs.store import history
from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.store.history import Wanted
from jupyter_secure_jobs.store.history_tables import HistoryRow
from jupyter_secure_jobs.store.tables import WorkspaceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

START: Final = datetime(2026, 11, 1, tzinfo=UTC)
COUNT: Final = 10_000
ACTIONS: Final = ("created", "edited", "accepted", "result_opened")
JOBS: Final = 40


def _row(number: int) -> dict[str, Any]:
    return {
        "workspace": "w" if number % 10 else "elsewhere",
        "job": f"job-{number % JOBS}",
        "job_name": f"Job {number % JOBS}",
        "member": f"m{number % 50}@example",
        "organisation": f"o{number % 5}",
        "action": ACTIONS[number % 4],
        "detail": "",
        "version": None,
        "run": None,
        "statement": None,
        "salt": "",
        "place": number,
        "time": START + timedelta(minutes=number),
    }


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("events")
    with closing(Database(f"sqlite:///{folder / 'workspace.sqlite'}")) as made:
        made.migrate()
        with made.transaction() as session:
            for name in ("w", "elsewhere"):
                session.add(WorkspaceRow(id=name, name=name, genesis="g", created=START))
            session.flush()
            session.execute(insert(HistoryRow), [_row(number) for number in range(COUNT)])
        yield made


FILTERS: Final[dict[str, tuple[Wanted, Callable[[HistoryRow], bool]]]] = {
    "everything": (Wanted(), lambda _: True),
    "kind": (Wanted(actions=["accepted"]), lambda row: row.action == "accepted"),
    "kinds": (Wanted(actions=["accepted", "edited"]), lambda row: row.action in ("accepted", "edited")),
    "member": (Wanted(member="m7@example"), lambda row: row.member == "m7@example"),
    "organisation": (Wanted(organisation="o3"), lambda row: row.organisation == "o3"),
    "job": (Wanted(jobs=["job-7"]), lambda row: row.job == "job-7"),
    "time": (
        Wanted(since=START + timedelta(hours=30), until=START + timedelta(hours=31)),
        lambda row: timedelta(hours=30) <= row.time - START <= timedelta(hours=31),
    ),
    "several": (
        Wanted(actions=["accepted"], organisation="o2", since=START + timedelta(days=2)),
        lambda row: (row.action, row.organisation) == ("accepted", "o2") and row.time >= START + timedelta(days=2),
    ),
}
FILTER: Final = pytest.mark.parametrize("name", FILTERS)


def plans(database: Database, ask: Callable[[Session], object]) -> list[str]:
    """Return how SQLite finds the rows of each query that `ask` makes."""
    asked: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        with database.transaction(reading=True) as session:
            ask(session)
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)
    with database.engine.connect() as connection:
        found = [
            row[3]
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert found
    return found


@FILTER
def test_page_is_found_by_an_index(database: Database, name: str) -> None:
    wanted, _ = FILTERS[name]
    for after in (None, "5000"):
        found = plans(database, lambda s: history.listed(s, "w", wanted, after=after, limit=50))  # noqa: B023 -- at once
        assert all(line.startswith("SEARCH history USING INDEX") for line in found if "history" in line), found
        if name in ("everything", "kind", "member", "organisation"):
            assert not any("TEMP B-TREE" in line for line in found), "the index gives the order as well"


def test_what_else_is_asked_is_found_by_an_index(database: Database) -> None:
    asks: tuple[Callable[[Session], object], ...] = (
        lambda session: history.of_job(session, "job-7"),
        lambda session: history.jobs_named(session, "w", "Job 7"),
        lambda session: history.is_actor(session, "w", "nobody"),
        lambda session: history.is_organisation(session, "w", "nobody"),
        lambda session: history.newest(session, "w", Wanted(actions=["audit_read"], member="m7@example", since=START)),
    )
    for ask in asks:
        found = plans(database, ask)
        assert not [line for line in found if line.startswith("SCAN")], found


def test_plans_tell_a_scan_from_a_search(database: Database) -> None:
    found = plans(database, lambda session: session.execute(text("SELECT id FROM history WHERE detail = 'x'")).all())
    assert [line for line in found if line.startswith("SCAN")]


@FILTER
def test_pages_walk_and_count_agree_with_the_filter(database: Database, name: str) -> None:
    wanted, fits = FILTERS[name]
    with database.transaction(reading=True) as session:
        expected = [row.id for row in history.walk(session, "w", Wanted()) if fits(row)]
        assert [row.id for row in history.walk(session, "w", wanted)] == expected
        assert expected == sorted(expected, reverse=True)
        assert history.count(session, "w", wanted, most=COUNT) == len(expected) > 0
        assert history.count(session, "w", wanted, most=3) == 4
        paged: list[int] = []
        after: str | None = None
        while True:
            rows, after = history.listed(session, "w", wanted, after=after, limit=100)
            paged += [row.id for row in rows]
            if after is None:
                break
        assert paged == expected


def test_no_other_workspace_is_seen(database: Database) -> None:
    with database.transaction(reading=True) as session:
        assert {row.workspace for row in history.walk(session, "elsewhere", Wanted())} == {"elsewhere"}
        assert history.count(session, "nowhere", Wanted(), most=COUNT) == 0
        assert not history.is_actor(session, "nowhere", "m7@example")
        assert history.jobs_named(session, "nowhere", "Job 7") == set()
