"""Migrations make exactly the tables that the models describe, keep a copy, and leave a newer database alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from jupyter_secure_jobs.cli.main import main
from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.store.tables import Base
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'workspace.sqlite'}"


def differences(database: Database) -> list[object]:
    """Return what alembic would have to change for the tables to be the models."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_migrations_equal_models(url: str) -> None:
    with closing(Database(url)) as database:
        assert differences(database), "an empty database differs, or the comparison sees nothing"
        database.migrate()
        assert differences(database) == []
        with database.engine.begin() as connection:
            connection.execute(text("ALTER TABLE job ADD COLUMN surplus INTEGER"))
        assert differences(database), "a column too many is seen"


def test_migrating_an_older_database_keeps_a_copy(url: str, tmp_path: Path) -> None:
    with closing(Database(url)) as database:
        head = database.migrate()
        assert database.migrate() == head
        assert not list(tmp_path.glob("*.before-*")), "nothing to do, nothing to copy"


def test_newer_database_is_left_alone(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Database(url)) as database:
        database.migrate()
        with database.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
        with refused("database_newer", kind=SecureJobsError):
            database.migrate()
    with pytest.raises(SystemExit) as left:
        main(["migrate", "--data-dir", str(tmp_path)])
    assert left.value.code == 1
    assert "newer version" in capsys.readouterr().err
    with closing(sqlite3.connect(tmp_path / "workspace.sqlite")) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999_from_the_future",)]
