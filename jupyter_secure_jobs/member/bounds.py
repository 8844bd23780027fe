"""Bounds of a column: rounded outward when they are proposed, and read strictly when they are used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member.column_types import FIRST_DAY, LAST_DAY, MICROSECONDS_A_DAY, parse

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.dataset import Column, Twin

LONGEST_TEXT: Final = 10_000
_STEPS_ACROSS: Final = 10
_YEAR_GRID_DAYS: Final = 5 * 365
_LADDER: Final = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))


def coarse_numbers(
    low: Decimal, high: Decimal, *, least: Decimal, greatest: Decimal, finest: Decimal
) -> tuple[Decimal, Decimal]:
    """Return bounds around [low, high] on a grid of 1, 2 or 5 times a power of ten, at most ten or so steps apart.

    Bounds that would meet move apart, and one that would be the exact `least` or `greatest` value moves one step
    further out. A bound of zero stays: it is the grid's own origin, and counts that cannot be negative must not become
    so. `finest`: the type's smallest difference.
    """
    with localcontext(prec=100, Emax=9999, Emin=-9999):
        across = (high - low or abs(low) / _STEPS_ACROSS or Decimal(1)) / _STEPS_ACROSS
        power = Decimal(1).scaleb(across.adjusted())
        step = max(next(mark * power for mark in _LADDER if mark * power >= across), finest)
        lower = (low / step).to_integral_value(ROUND_FLOOR) * step
        upper = (high / step).to_integral_value(ROUND_CEILING) * step
        if lower == upper:
            lower, upper = lower - step if lower else lower, upper + step
        if lower == least and lower:
            lower -= step
        if upper == greatest and upper:
            upper += step
        return lower, upper


def coarse_days(low: int, high: int, *, least: int, greatest: int) -> tuple[int, int]:
    """Return bounds around days [low, high], in days since 1970-01-01, on whole months, or whole years from 5 years on.

    The lower bound is the first day of a month or year, the upper one a last day. Neither is `least` or `greatest`.
    """
    months = 12 if high - low >= _YEAR_GRID_DAYS else 1
    first = _month(low) // months
    after = _month(high) // months + 1
    if _first_day(first * months) == least:
        first -= 1
    if _first_day(after * months) - 1 == greatest:
        after += 1
    return max(_first_day(first * months), FIRST_DAY), min(_first_day(after * months) - 1, LAST_DAY)


def coarse_moments(low: int, high: int, *, least: int, greatest: int) -> tuple[int, int]:
    """Return bounds around [low, high], in microseconds since 1970-01-01, at midnight on the grid of `coarse_days`."""
    lower, upper = coarse_days(
        low // MICROSECONDS_A_DAY,
        high // MICROSECONDS_A_DAY,
        least=_exact_day(least),
        greatest=_exact_day(greatest),
    )
    return lower * MICROSECONDS_A_DAY, upper * MICROSECONDS_A_DAY + (
        MICROSECONDS_A_DAY if upper < LAST_DAY and (upper + 1) * MICROSECONDS_A_DAY != greatest else 0
    )


def coarse_lengths(low: int, high: int) -> tuple[int, int]:
    """Return bounds around lengths [low, high] in characters or bytes, in fives up to 50, then tens, then fifties."""

    def grid(length: int) -> int:
        return next((step for longest, step in ((50, 5), (200, 10)) if length <= longest), 50)

    upper = -(-high // grid(high)) * grid(high)
    return max(low // grid(low) * grid(low), 1), max(min(upper, LONGEST_TEXT), 1)


def read_bounds(column: Column, twin: Twin) -> tuple[Any, Any] | None:
    """Return the twin's inclusive bounds as values (see `column_types.parse`; lengths for `string` and `binary`).

    Returns None if the twin has none.

    Raises:
        InvalidError: one bound alone, a text that is no value, the lower above the upper, or a type without bounds.
    """
    if twin.low is None and twin.high is None:
        return None
    if column.type == "boolean":
        raise _wrong(column, "is true or false and has no bounds", "Leave them out.")
    if twin.low is None or twin.high is None:
        raise _wrong(column, "has one bound alone", "Give both, or none.")
    measured = column.type in {"string", "binary"}
    kind = "int" if measured else column.type
    low, high = (parse(kind, text, column=column.name) for text in (twin.low, twin.high))
    if low > high:
        raise _wrong(column, "has a lower bound above the upper one", "Exchange them.")
    if measured and not 0 <= low <= high <= LONGEST_TEXT:
        raise _wrong(column, "has length bounds outside 0..10000", "Give lengths within them.")
    return low, high


def _wrong(column: Column, what: str, advice: str) -> InvalidError:
    return InvalidError("twin_bounds", f"Column {column.name!r} {what}.", advice)


def _month(day: int) -> int:
    # Months since year 0; the days outside what Python can write are moved to its ends.
    found = date.fromordinal(min(max(day, FIRST_DAY), LAST_DAY) - FIRST_DAY + 1)
    return found.year * 12 + found.month - 1


def _first_day(month: int) -> int:
    if month < 12:  # noqa: PLR2004 - before January of year 1
        return FIRST_DAY
    if month >= 12 * 10_000:
        return LAST_DAY + 1
    return (datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).date() - date(1970, 1, 1)).days


def _exact_day(microseconds: int) -> int:
    # A moment inside a day can equal no bound at midnight, so it is given as a day that no bound can be.
    day, inside = divmod(microseconds, MICROSECONDS_A_DAY)
    return LAST_DAY + 2 if inside else day
