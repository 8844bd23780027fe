"""The tables of what the server keeps for those who call it: logins, pinned queries, what was seen and answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_secure_jobs.store.tables import EMAIL, HASH, ID, Base


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


class ChallengeRow(Base):
    """A login nonce that was given out."""

    __tablename__ = "challenge"
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires: Mapped[datetime] = mapped_column(index=True)


class SessionRow(Base):
    """A login; the token itself is not kept, only its hash."""

    __tablename__ = "session"
    token: Mapped[str] = mapped_column(HASH, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    expires: Mapped[datetime] = mapped_column(index=True)


class PinnedRow(Base):
    """A pinned query: one member's, in one workspace."""

    __tablename__ = "pinned_query"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    member: Mapped[str] = mapped_column(EMAIL)
    title: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime]
    __table_args__ = (Index(None, "workspace", "member", "id"),)
