"""Pages by key: the cost of a page does not depend on how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from jupyter_secure_jobs.domain.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

R = TypeVar("R")
MOST: Final = 100


def check_limit(limit: int) -> int:
    """Return a page size from 1 to 100.

    Raises:
        InvalidError: outside.
    """
    if not 1 <= limit <= MOST:
        raise InvalidError("limit", f"A page has 1 to {MOST} items.", "Change limit.")
    return limit


def page(
    session: Session,
    query: Select[R],
    key: InstrumentedAttribute[Any],
    *,
    after: str | None,
    limit: int,
    newest_first: bool = True,
) -> tuple[Sequence[R], str | None]:
    """Return one page and the cursor of the next; `key` is unique and sorts as the page does."""
    if after:
        query = query.where(key < after) if newest_first else query.where(key > after)
    ordered = query.order_by(key.desc() if newest_first else key.asc()).limit(check_limit(limit) + 1)
    rows = session.scalars(ordered).all()
    cursor = str(getattr(rows[limit - 1], key.key)) if len(rows) > limit else None
    return rows[:limit], cursor
