"""The queue's turns, what lists filter and sort by, and indexes so that no page costs more the more there is."""

from __future__ import annotations

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_GONE = (
    ("job", ["workspace", "author", "id"]),
    ("run", ["workspace", "status", "kind", "id"]),
)
_INDEXES = (
    ("job", ["workspace", "id"]),
    ("job", ["workspace", "updated", "id"]),
    ("job", ["workspace", "author", "id", "archived"]),
    ("job", ["workspace", "author", "archived", "updated", "id"]),
    ("job", ["workspace", "folded_organisation", "id", "archived"]),
    ("job", ["workspace", "listed_status", "id", "archived"]),
    ("job", ["workspace", "listed_status", "updated", "id"]),
    ("job", ["workspace", "listed_run", "id", "archived"]),
    ("run", ["job", "id"]),
    ("run", ["job", "kind", "status", "id"]),
    ("run", ["job", "kind", "text_hash", "id"]),
    ("run", ["workspace", "id"]),
    ("run", ["workspace", "kind", "id"]),
)
_SOME = (
    ("ix_run_waiting", "run", ["workspace", "turn", "id", "organisation", "kind", "status", "lease"],
     "status = 'Queued' AND lease IS NULL"),
    ("ix_run_expires", "run", ["expires"], "status = 'Queued'"),
    ("ix_run_leased", "run", ["workspace", "worker"], "lease IS NOT NULL"),
    ("ix_run_active", "run", ["workspace", "id"], "status IN ('Queued', 'Running')"),
    ("ix_notice_open", "notice", ["workspace", "organisation"], "acknowledgement IS NULL"),
)  # fmt: skip
# The places of `domain.lifecycle.Status`, and the status as `store.job_list` worked it out before it was kept.
_PLACES = ("Draft", "Under Review", "Accepted", "Queued", "Running", "Succeeded", "Failed", "Cancelled", "Archived")
_NEWEST = (
    "(SELECT run.{what} FROM run WHERE run.job = job.id AND run.kind = 'job' AND run.version = job.live_version "
    "ORDER BY run.id DESC LIMIT 1)"
)
_REVIEW = (
    "EXISTS (SELECT 1 FROM version WHERE version.job = job.id AND version.number = job.open_version "
    "AND version.stage = 'review')"
)


def _column(table: str, name: str, kind: sa.types.TypeEngine[Any], default: str) -> None:
    # With a default the column is added in place: SQLite could not drop and rebuild a table that others refer to.
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))


def upgrade() -> None:
    """Apply. Runs that wait keep the order in which they came; so do organisations' names, folded."""
    op.create_table(
        "queue",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
    )
    op.execute("INSERT INTO queue (id, taken) VALUES (1, 0)")
    _column("run", "organisation", sa.String(length=50), "")
    _column("run", "turn", sa.BigInteger(), "0")
    _column("version", "used", sa.Integer(), "0")
    _column("job", "folded_organisation", sa.String(length=100), "")
    _column("job", "listed_status", sa.Integer(), "0")
    _column("job", "listed_run", sa.String(length=36), "")
    op.execute(
        "UPDATE run SET organisation = COALESCE((SELECT member.organisation FROM member "
        "WHERE member.workspace = run.workspace AND member.email = run.member), "
        "(SELECT job.organisation FROM job WHERE job.id = run.job)) WHERE status = 'Queued'"
    )
    counted = "SELECT job, version, count(*) FROM run WHERE kind = 'job' AND keys_released GROUP BY job, version"
    connection = op.get_bind()
    for job, version, used in connection.execute(sa.text(counted)).all():
        connection.execute(
            sa.text("UPDATE version SET used = :used WHERE job = :job AND number = :version"),
            {"used": used, "job": job, "version": version},
        )
    for (name,) in connection.execute(sa.text("SELECT DISTINCT organisation FROM job")).all():
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        connection.execute(
            sa.text("UPDATE job SET folded_organisation = :folded WHERE organisation = :name"),
            {"folded": folded, "name": name},
        )
    places = " ".join(f"WHEN '{status}' THEN {place}" for place, status in enumerate(_PLACES))
    op.execute(
        f"UPDATE job SET listed_run = COALESCE({_NEWEST.format(what='id')}, ''), "  # noqa: S608 -- constants alone
        f"listed_status = CASE CASE WHEN archived THEN 'Archived' WHEN open_version IS NOT NULL THEN "
        f"CASE WHEN {_REVIEW} THEN 'Under Review' ELSE 'Draft' END "
        f"ELSE COALESCE({_NEWEST.format(what='status')}, 'Accepted') END {places} END"
    )
    for table, columns in _GONE:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False)
    for name, table, columns, where in _SOME:
        op.create_index(
            name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def downgrade() -> None:
    """Take back; runs that wait come in the order of their ids again."""
    for name, table, _, _ in _SOME:
        op.drop_index(name, table_name=table)
    for table, columns in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)
    for table, columns in _GONE:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False)
    for table, name in (("job", "listed_run"), ("job", "listed_status"), ("job", "folded_organisation"),
                        ("version", "used"), ("run", "turn"), ("run", "organisation")):  # fmt: skip
        op.drop_column(table, name)
    op.drop_table("queue")
