"""When a run's result and log were removed, and which runs still have one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_secure_jobs.store.moments import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
_KEPT = "result IS NOT NULL OR log IS NOT NULL"


def upgrade() -> None:
    """Apply. Results and logs of before are as old as their runs."""
    op.add_column("run", sa.Column("removed", UtcTime(), nullable=True))
    op.create_index(
        "ix_run_kept", "run", ["finished", "id"], unique=False, sqlite_where=sa.text(_KEPT),
        postgresql_where=sa.text(_KEPT),
    )  # fmt: skip


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_run_kept", "run")
    op.drop_column("run", "removed")
