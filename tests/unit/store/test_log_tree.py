"""Proofs of the log whose hashes are read all at once are those of the tree over its leaves, and by index."""

from __future__ import annotations

import hashlib
import operator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import event, text

from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.store import statements
from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.store.tables import WorkspaceRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
COUNT: Final = 100
LEAVES: Final = [merkle.leaf_hash(str(number).encode()) for number in range(COUNT)]
SIZES: Final = (1, 2, 3, 31, 32, 33, 64, 77, 99)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Give two workspaces with logs of one hundred entries that differ."""
    folder: Path = tmp_path_factory.mktemp("log")
    with closing(Database(f"sqlite:///{folder / 'log.sqlite'}")) as made:
        made.migrate()
        with made.transaction() as session:
            for workspace in ("here", "elsewhere"):
                session.add(WorkspaceRow(id=workspace, name=workspace, genesis="sha256:" + "0" * 64, created=NOW))
                session.flush()
                for number, leaf in enumerate(LEAVES if workspace == "here" else reversed(LEAVES)):
                    digest = "sha256:" + hashlib.sha256(f"{workspace} {number}".encode()).hexdigest()
                    statements.append(session, workspace, digest, kind="test", leaf=leaf, envelope=b"", time=NOW)
        yield made


def _asked(tree: merkle.Tree) -> dict[str, Any]:
    return {
        "root": tree.root(),
        "earlier": {size: tree.root(size) for size in SIZES},
        "consistency": {size: tree.consistency(size) for size in SIZES},
        "inclusion": {place: tree.inclusion(place) for place in range(0, COUNT, 7)},
    }


def test_proofs_are_those_of_the_tree_over_the_leaves(database: Database) -> None:
    with database.transaction(reading=True) as session:
        assert statements.answer(session, "here", _asked) == _asked(merkle.Tree.of(LEAVES))
        assert statements.answer(session, "elsewhere", _asked) == _asked(merkle.Tree.of(LEAVES[::-1]))


def test_proof_of_a_log_whose_rows_were_altered_is_another(database: Database) -> None:
    """Nothing is remembered from one question to the next: each is answered from what the database says then."""
    honest = _asked(merkle.Tree.of(LEAVES))
    with database.transaction() as session:
        assert statements.answer(session, "here", _asked) == honest
        session.execute(text("UPDATE statement SET leaf = zeroblob(32) WHERE workspace = 'here' AND place = 98"))
        assert statements.answer(session, "here", _asked) != honest
        session.rollback()


def test_an_empty_log_has_the_empty_root(database: Database) -> None:
    with database.transaction(reading=True) as session:
        assert statements.answer(session, "nowhere", lambda tree: tree.root()) == merkle.EMPTY_ROOT


def test_few_queries_each_by_an_index(database: Database) -> None:
    asked: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    with database.transaction(reading=True) as session:
        event.listen(database.engine, "before_cursor_execute", keep)
        try:
            statements.answer(session, "here", _asked)
        finally:
            event.remove(database.engine, "before_cursor_execute", keep)
        queries = [each for each in asked if each[0] != "BEGIN"]
        assert len(queries) == 3, "the size, the leaves, the subtrees"
        for statement, parameters in queries:
            plan = session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all()
            searched = [row[3] for row in plan if "SEARCH" in row[3] or "SCAN" in row[3]]
            assert searched
            assert all("SEARCH" in each and "workspace=?" in each for each in searched)
            if "log_node" in statement:
                assert all("place=?" in each for each in searched), "else the whole log is read"


def test_a_longer_log_needs_hardly_a_new_query(database: Database) -> None:
    """Each query that differs is compiled and kept: one for each size of the log filled the server's memory."""

    def compiled() -> int:
        kept: Any = database.engine._compiled_cache
        return len(kept)

    for size in range(1, COUNT):
        with database.transaction(reading=True) as session:
            statements.answer(session, "here", operator.methodcaller("root", size))
        if size == 1:
            before = compiled()
    assert compiled() <= before + COUNT.bit_length()
