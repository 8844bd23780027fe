"""Audit: the history of jobs becomes the record of every event, each a leaf of the workspace's log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_RENAMED = {
    "create": "created",
    "edit": "edited",
    "test": "tested",
    "submit": "submitted",
    "cancel_review": "review_cancelled",
    "accept": "accepted",
    "decline": "declined",
    "run": "ordered",
    "job_ended": "run_ended",
    "cancel": "cancelled",
    "read_result": "result_opened",
    "read_log": "log_opened",
    "revoke": "reruns_revoked",
    "withdraw": "acceptance_withdrawn",
    "new_draft": "draft_opened",
    "discard_draft": "draft_discarded",
    "activate": "version_activated",
    "archive": "archived",
    "unarchive": "unarchived",
}
_INDEXES = (("id",), ("action", "id"), ("member", "id"), ("organisation", "id"), ("job_name", "id"), ("time",))
_ADDED = ("job_name", "organisation", "salt")


def upgrade() -> None:
    """Apply. Events of before have no place in the log."""
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.alter_column("job", existing_type=sa.String(length=36), nullable=True)
        batch_op.add_column(sa.Column("job_name", sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column("organisation", sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column("run", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("statement", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("salt", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("place", sa.Integer(), nullable=True))
    history = sa.table("history", sa.column("action"), sa.column("detail"))
    for before, now in _RENAMED.items():
        op.execute(history.update().where(history.c.action == before).values(action=now))
    op.execute(
        "UPDATE history SET salt = '', "
        "job_name = coalesce((SELECT job.name FROM job WHERE job.id = history.job), ''), "
        "organisation = coalesce((SELECT member.organisation FROM member WHERE member.workspace = history.workspace "
        "AND member.email = history.member), '')"
    )
    # A comment stays with its decision alone, where it can be erased; the event then points at the decision.
    said = (
        "FROM decision WHERE decision.workspace = history.workspace AND decision.member = history.member "
        "AND decision.comment = history.detail AND decision.verdict = "
        "CASE history.action WHEN 'accepted' THEN 'accept' WHEN 'declined' THEN 'decline' END"
    )
    op.execute(
        f"UPDATE history SET statement = (SELECT min(decision.statement) {said}), detail = '' "  # noqa: S608 -- constants
        f"WHERE (SELECT count(*) {said}) = 1"
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        for name in _ADDED:
            batch_op.alter_column(name, existing_type=sa.String(length=64 if name == "salt" else 50), nullable=False)
        for columns in _INDEXES:
            name = batch_op.f(f"ix_history_workspace_{'_'.join(columns)}")
            batch_op.create_index(name, ["workspace", *columns], unique=False)


def downgrade() -> None:
    """Take back; events that are of no job go."""
    op.execute("DELETE FROM history WHERE job IS NULL")
    history = sa.table("history", sa.column("action"))
    for before, now in _RENAMED.items():
        op.execute(history.update().where(history.c.action == now).values(action=before))
    with op.batch_alter_table("history", schema=None) as batch_op:
        for columns in _INDEXES:
            batch_op.drop_index(batch_op.f(f"ix_history_workspace_{'_'.join(columns)}"))
        for name in (*_ADDED, "run", "statement", "place"):
            batch_op.drop_column(name)
        batch_op.alter_column("job", existing_type=sa.String(length=36), nullable=False)
