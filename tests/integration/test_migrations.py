"""Migrations make exactly the tables that the models describe, keep a copy, and leave a newer database alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

import jupyter_secure_jobs
from jupyter_secure_jobs.cli.main import main
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.job_list import searched
from jupyter_secure_jobs.store import history, jobs
from jupyter_secure_jobs.store.database import Database
from jupyter_secure_jobs.store.tables import Base, JobRow
from tests.support.refusal import refused

MIGRATIONS = Path(jupyter_secure_jobs.__file__).parent / "store" / "migrations"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'workspace.sqlite'}"


def upgrade(database: Database, revision: str) -> None:
    """Bring an empty database to an earlier schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


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


def test_history_becomes_the_audit_log(url: str, tmp_path: Path) -> None:
    with closing(Database(url)) as database:
        upgrade(database, "0001")
        time = "2026-11-01 12:00:00.000000"
        with database.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO workspace VALUES ('w', 'W', 'g', '{time}')"))
            connection.execute(text("INSERT INTO member VALUES ('w', 'ana@airline.example', 'Airline', 'k', 0, 1)"))
            connection.execute(
                text(
                    "INSERT INTO job VALUES ('j', 'w', 'Delays', 'delays', '', 'ana@airline.example', 'Airline', 0, "
                    f"'{time}', '{time}', 1, 1, NULL)"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO decision VALUES ('v', 'ana@airline.example', 'w', 'sha256:d', 'decline', 'Round it.', "
                    f"'s', '{time}', '{time}')"
                )
            )
            for action, detail in (("create", ""), ("decline", "Round it."), ("read_log", "job run 1")):
                connection.execute(
                    text(
                        "INSERT INTO history (workspace, job, member, action, detail, version, time) "
                        "VALUES ('w', 'j', 'ana@airline.example', :action, :detail, 1, :time)"
                    ),
                    {"action": action, "detail": detail, "time": time},
                )
        head = database.migrate()
        with closing(sqlite3.connect(f"{tmp_path / 'workspace.sqlite'}.before-{head}")) as kept:
            assert kept.execute("SELECT count(*) FROM history WHERE action = 'create'").fetchall() == [(1,)]
        with database.transaction(reading=True) as session:
            events = list(reversed(history.of_job(session, "j")))
            assert [(row.action, row.detail, row.statement) for row in events] == [
                ("created", "", None),
                ("declined", "", "sha256:d"),
                ("log_opened", "job run 1", None),
            ]
            assert {(row.job_name, row.organisation, row.salt, row.place) for row in events} == {
                ("Delays", "Airline", "", None)
            }
            assert {row.action for row in events} <= set(Event)
            assert history.comments(session, ["sha256:d"]) == {"sha256:d": "Round it."}
        assert differences(database) == []


def test_older_jobs_can_be_searched(url: str) -> None:
    with closing(Database(url)) as database:
        upgrade(database, "0004")
        time = "2026-11-01 12:00:00.000000"
        said = {
            "name": "Straße",
            "folded": "strasse",
            "description": "two\nlines OF  it",
            "author": "ana@airline.example",
        }
        with database.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO workspace VALUES ('w', 'W', 'g', '{time}')"))
            connection.execute(
                text(
                    "INSERT INTO job VALUES ('j', 'w', :name, :folded, :description, :author, 'Airline', 0, "
                    f"'{time}', '{time}', 1, 1, NULL)"
                ),
                said,
            )
        database.migrate()
        made = searched(name=said["name"], description=said["description"], author=said["author"],
                        organisation="Airline")  # fmt: skip
        with database.transaction(reading=True) as session:
            assert session.scalars(select(JobRow.searched)).all() == [made]
        assert made.splitlines() == ["strasse", "two lines of it", "ana@airline.example", "airline"]
        assert differences(database) == []


def test_draft_that_was_reviewed_before_keeps_its_last_review(url: str) -> None:
    time = "2026-11-01 12:00:00.000000"
    with closing(Database(url)) as database:
        upgrade(database, "0004")
        with database.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO workspace VALUES ('w', 'W', 'g', '{time}')"))
            connection.execute(
                text(
                    "INSERT INTO job VALUES ('j', 'w', 'Delays', 'delays', '', 'ana@airline.example', 'Airline', 0, "
                    f"'{time}', '{time}', 1, 2, 1)"
                )
            )
            for number, stage in ((1, "accepted"), (2, "draft")):
                connection.execute(
                    text(
                        "INSERT INTO version (job, number, stage, terms, text_hash) VALUES ('j', :n, :stage, '{}', 't')"
                    ),
                    {"n": number, "stage": stage},
                )
            for number, statement in ((1, "sha256:a"), (2, "sha256:b"), (2, "sha256:c")):
                connection.execute(
                    text(
                        "INSERT INTO history (workspace, job, job_name, member, organisation, action, detail, version, "
                        "statement, salt, time) VALUES ('w', 'j', 'Delays', 'ana', 'Airline', 'submitted', '', :n, "
                        ":statement, '', :time)"
                    ),
                    {"n": number, "statement": statement, "time": time},
                )
            connection.execute(
                text("INSERT INTO decision VALUES ('sha256:c', 'wei', 'w', 'd', 'decline', 'No.', 's', :time, :time)"),
                {"time": time},
            )
        database.migrate()
        with database.transaction(reading=True) as session:
            reviewed = {row.number: row.reviewed for row in jobs.versions(session, "j")}
            assert reviewed == {1: None, 2: "sha256:c"}
            assert [row.line_comments for row in jobs.decisions_on(session, "sha256:c").values()] == [[]]
