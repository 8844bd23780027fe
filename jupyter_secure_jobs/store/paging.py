"""Pages by key: the cost of a page does not depend on how many there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jupyter_secure_jobs.domain.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

R = TypeVar("R")
MOST: Final = 100
ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


def check_limit(limit: int, *, most: int = MOST) -> int:
    """Return a page size from 1 to `most`.

    Raises:
        InvalidError: outside.
    """
    if not 1 <= limit <= most:
        raise InvalidError("limit", f"A page has 1 to {most} items.", "Change limit.")
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
    """Return one page and the cursor of the next; `key` is unique and sorts as the page does.

    Raises:
        InvalidError: the cursor is none, or the page size is out of bounds.
    """
    if after:
        counted = key.type.python_type is int
        if not (_NUMBER if counted else ID).fullmatch(after):
            raise InvalidError("cursor", "That is no cursor of this list.", "Start from the first page.")
        seen: int | str = int(after) if counted else after
        query = query.where(key < seen) if newest_first else query.where(key > seen)
    ordered = query.order_by(key.desc() if newest_first else key.asc()).limit(check_limit(limit) + 1)
    rows = session.scalars(ordered).all()
    cursor = str(getattr(rows[limit - 1], key.key)) if len(rows) > limit else None
    return rows[:limit], cursor
