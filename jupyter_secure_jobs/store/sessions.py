"""Login challenges and sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select

from jupyter_secure_jobs.store.caller_tables import AnswerRow, ChallengeRow, SessionRow

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session

    from jupyter_secure_jobs.store.database import Database


def take_challenge(session: Session, nonce: str, *, now: datetime) -> bool:
    """Use up a nonce; tell whether it was given out and is still fresh."""
    row = session.get(ChallengeRow, nonce)
    if row is None:
        return False
    session.delete(row)
    return row.expires >= now


# Built once: every request asks this first.
_HOLDER: Final = select(SessionRow.key, SessionRow.expires).where(SessionRow.token == bindparam("token"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose session it is, and until when."""

    key: str
    expires: datetime


def holder(database: Database, token: str) -> Holder | None:
    """Return who holds the session with this token's hash, looked up by itself, before any transaction."""
    row = database.look(_HOLDER, {"token": token})
    return Holder(key=row[0], expires=row[1]) if row is not None else None


def sweep(session: Session, *, now: datetime, answers_before: datetime) -> None:
    """Remove what has expired."""
    session.execute(delete(ChallengeRow).where(ChallengeRow.expires < now))
    session.execute(delete(SessionRow).where(SessionRow.expires < now))
    session.execute(delete(AnswerRow).where(AnswerRow.created < answers_before))


def drop(session: Session, keys: Collection[str]) -> None:
    """End every session of these keys."""
    session.execute(delete(SessionRow).where(SessionRow.key.in_(list(keys))))
