"""Seen: how far each member has seen the notices of a workspace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seen",
        sa.Column("workspace", sa.String(length=36), nullable=False),
        sa.Column("member", sa.String(length=255), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_seen_workspace_workspace")),
        sa.PrimaryKeyConstraint("workspace", "member", name=op.f("pk_seen")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("seen")
