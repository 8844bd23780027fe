"""Changes of the roster, and outcome keys that were sealed again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "proposal",
        sa.Column("workspace", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("proposer", sa.String(length=255), nullable=False),
        sa.Column("roster", sa.LargeBinary(), nullable=True),
        sa.Column("workers", sa.LargeBinary(), nullable=False),
        sa.Column("proposed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("ended_by", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_proposal_workspace_workspace")),
        sa.PrimaryKeyConstraint("workspace", "number", name=op.f("pk_proposal")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_ended"), ["ended"], unique=False)

    op.create_table(
        "reseal",
        sa.Column("run", sa.String(length=36), nullable=False),
        sa.Column("statement", sa.String(length=80), nullable=False),
        sa.Column("workspace", sa.String(length=36), nullable=False),
        sa.Column("recipient", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_reseal_run_run")),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_reseal_workspace_workspace")),
        sa.PrimaryKeyConstraint("run", "statement", name=op.f("pk_reseal")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("reseal")
    op.drop_table("proposal")
