"""The list of jobs: the text that a search looks in, and indexes for its orders and for a job's newest run."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PARTS = ("name", "description", "author", "organisation")
_INDEXES = (
    ("job", "ix_job_workspace_archived_updated_id", ["workspace", "archived", "updated", "id"]),
    ("run", "ix_run_job_kind_id", ["job", "kind", "id"]),
    ("run", "ix_run_job_version_kind_id_status", ["job", "version", "kind", "id", "status"]),
)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(folded.split())


def upgrade() -> None:
    """Apply."""
    # With a default the column is added in place: SQLite could not drop and rebuild a table that others refer to.
    op.add_column("job", sa.Column("searched", sa.Text(), nullable=False, server_default=""))
    job = sa.table("job", *(sa.column(name) for name in ("id", "searched", *_PARTS)))
    connection = op.get_bind()
    for row in connection.execute(sa.select(job.c.id, *(job.c[name] for name in _PARTS))).all():
        text = "\n".join(_plain(part) for part in row[1:])
        connection.execute(job.update().where(job.c.id == row.id).values(searched=text))
    for table, name, columns in _INDEXES:
        op.create_index(op.f(name), table, columns, unique=False)


def downgrade() -> None:
    """Take back."""
    for table, name, _ in reversed(_INDEXES):
        op.drop_index(op.f(name), table_name=table)
    op.drop_column("job", "searched")
