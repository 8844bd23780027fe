"""Line comments of decisions, and which submission of a version was reviewed last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Decisions of before have no line comments; the last review of a draft is read off the history."""
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line_comments", sa.JSON(), nullable=True))
    op.execute("UPDATE decision SET line_comments = '[]'")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.alter_column("line_comments", existing_type=sa.JSON(), nullable=False)
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reviewed", sa.String(length=80), nullable=True))
    op.execute(
        "UPDATE version SET reviewed = (SELECT history.statement FROM history WHERE history.job = version.job "
        "AND history.version = version.number AND history.action = 'submitted' ORDER BY history.id DESC LIMIT 1) "
        "WHERE stage = 'draft'"
    )


def downgrade() -> None:
    """Take back; line comments go."""
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.drop_column("reviewed")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_column("line_comments")
