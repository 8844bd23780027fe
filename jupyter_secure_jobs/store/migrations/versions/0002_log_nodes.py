"""Complete subtrees of each workspace's log, so that a proof reads a few rows and not the whole log."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply, and fill in the subtrees of the statements that are there."""
    nodes = op.create_table(
        "log_node",
        sa.Column("workspace", sa.String(length=36), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["workspace"], ["workspace.id"], name=op.f("fk_log_node_workspace_workspace")),
        sa.PrimaryKeyConstraint("workspace", "level", "place", name=op.f("pk_log_node")),
    )
    statement = sa.table("statement", sa.column("workspace"), sa.column("place"), sa.column("leaf"))
    connection = op.get_bind()
    for (workspace,) in connection.execute(sa.select(statement.c.workspace).distinct()).fetchall():
        query = sa.select(statement.c.leaf).where(statement.c.workspace == workspace).order_by(statement.c.place)
        hashes = [bytes(row[0]) for row in connection.execute(query)]
        level = 0
        while len(hashes) > 1:
            level += 1
            # RFC 9162, 2.1.1; only complete pairs are kept.
            pairs = zip(hashes[::2], hashes[1::2], strict=False)
            hashes = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
            named = {"workspace": workspace, "level": level}
            op.bulk_insert(nodes, [{**named, "place": place, "hash": made} for place, made in enumerate(hashes)])


def downgrade() -> None:
    """Undo."""
    op.drop_table("log_node")
