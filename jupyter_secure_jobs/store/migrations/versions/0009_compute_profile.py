"""Compute profiles of a workspace, and what a worker says that runs can have there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_secure_jobs.store.moments import UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Drafts of before have what the profile Standard has, or what their authors typed."""
    op.create_table(
        "compute_profile",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("folded", sa.String(length=100), nullable=False),
        sa.Column("made_by", sa.String(length=255), nullable=False),
        sa.Column("organisation", sa.String(length=50), nullable=False),
        sa.Column("compute", sa.JSON(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_compute_profile_workspace_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_profile")),
    )
    with op.batch_alter_table("compute_profile", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_profile_workspace_folded"), ["workspace", "folded"], unique=True)
    with op.batch_alter_table("service_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offer", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take back; profiles go, versions keep their copies."""
    with op.batch_alter_table("service_key", schema=None) as batch_op:
        batch_op.drop_column("offer")
    with op.batch_alter_table("compute_profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_compute_profile_workspace_folded"))
    op.drop_table("compute_profile")
