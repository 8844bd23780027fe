"""Login challenges and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from jupyter_secure_jobs.store.caller_tables import AnswerRow, ChallengeRow, SessionRow

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session


def take_challenge(session: Session, nonce: str, *, now: datetime) -> bool:
    """Use up a nonce; tell whether it was given out and is still fresh."""
    row = session.get(ChallengeRow, nonce)
    if row is None:
        return False
    session.delete(row)
    return row.expires >= now


def sweep(session: Session, *, now: datetime, answers_before: datetime) -> None:
    """Remove what has expired."""
    session.execute(delete(ChallengeRow).where(ChallengeRow.expires < now))
    session.execute(delete(SessionRow).where(SessionRow.expires < now))
    session.execute(delete(AnswerRow).where(AnswerRow.created < answers_before))


def drop(session: Session, keys: Collection[str]) -> None:
    """End every session of these keys."""
    session.execute(delete(SessionRow).where(SessionRow.key.in_(list(keys))))
