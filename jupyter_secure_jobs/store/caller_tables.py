"""The tables of what the server remembers for those who call it: what they have seen, and what it answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_secure_jobs.store.tables import EMAIL, HASH, Base


class SeenRow(Base):
    """How far a member has seen the notices of a workspace: up to this event of the history."""

    __tablename__ = "seen"
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    member: Mapped[str] = mapped_column(EMAIL, primary_key=True)
    up_to: Mapped[int] = mapped_column(BigInteger)


class AnswerRow(Base):
    """The answer to a POST that carried an Idempotency-Key, for 24 hours."""

    __tablename__ = "answer"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[str] = mapped_column(HASH)
    status: Mapped[int]
    body: Mapped[bytes]
    created: Mapped[datetime] = mapped_column(index=True)
