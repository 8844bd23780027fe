"""The tables of what happened: hints of change, and the events of the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_secure_jobs.store.tables import EMAIL, HASH, ID, Base


class EventRow(Base):
    """A hint that something changed in a workspace."""

    __tablename__ = "event"
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    __table_args__ = (Index(None, "workspace", "seq"), {"sqlite_autoincrement": True})


class HistoryRow(Base):
    """An event of the audit log: who did what, when. Its hash is the leaf `place` of the workspace's log.

    What is personal stands here alone, so that it can be erased while the leaf stays. `member` is who acted. `job` is
    no foreign key: events outlive a deleted job. Events of before the audit log have no `place`.
    """

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    job: Mapped[str | None] = mapped_column(ID)
    job_name: Mapped[str] = mapped_column(String(50))
    member: Mapped[str] = mapped_column(EMAIL)
    organisation: Mapped[str] = mapped_column(String(50))
    action: Mapped[str] = mapped_column(String(30))
    detail: Mapped[str] = mapped_column(Text)
    version: Mapped[int | None]
    run: Mapped[str | None] = mapped_column(ID)
    statement: Mapped[str | None] = mapped_column(HASH)
    salt: Mapped[str] = mapped_column(String(64))
    place: Mapped[int | None]
    time: Mapped[datetime]
    __table_args__ = (
        Index(None, "job", "id"),
        Index(None, "workspace", "id"),
        Index(None, "workspace", "action", "id"),
        Index(None, "workspace", "member", "id"),
        Index(None, "workspace", "organisation", "id"),
        Index(None, "workspace", "job_name", "id"),
        Index(None, "workspace", "time"),
    )
