"""Key domains: the few synthetic keys of a key group, the same for owners who share nothing but its name.

A group's domain has 50 keys. In a dataset, the columns of a group form one key together: columns of the same class of
types (numbers; text; dates; timestamps; booleans) are matched between datasets by their order. A column's class decides
its values, not its exact type: `int` joins `bigint`, `decimal` and `double`.

Half of the keys (the even ones) come from the seed and the group's name alone. They join whatever the owners reveal.
The other half shows what the column's owner lets be seen, so that a filter such as `origin = 'JFK'` finds rows: the
public values, or numbers and times within the bounds. Each key takes the candidate that hashes lowest for that key
(rendezvous hashing), so two owners with the same values or bounds get the same keys, and with similar ones mostly so.
A column that reveals nothing uses the first kind for both halves. So in a key column, synthetic values may lie outside
the column's bounds and values: joins come first.

The second and later columns of one class in a key take the same values in another order. That is why a dataset with
one column of the group joins each column of a dataset that has two (airports.faa with flights.origin and flights.dest).
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.member.bounds import read_bounds
from jupyter_secure_jobs.member.column_types import (
    FLOATS,
    INTEGERS,
    MICROSECONDS_A_DAY,
    TIMESTAMPS,
    decimal_shape,
    parse,
)
from jupyter_secure_jobs.member.draws import draws, order, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.domain.dataset import Column, Twin

DOMAIN_SIZE: Final = 50
_WORD_LENGTH: Final = 8
_CANDIDATES: Final = 10_000
_HOUR: Final = MICROSECONDS_A_DAY // 24
_YEAR_START: Final = 18_262  # 2020-01-01 in days since 1970-01-01, a leap year
_YEAR_DAYS: Final = 366

# A key's part: a whole number, text, or a truth value; days and microseconds for dates and timestamps.
Part = int | str | bool


def key_rows(columns: Sequence[Column], twins: Sequence[Twin], *, seed: bytes) -> list[tuple[Any, ...]]:
    """Return the distinct keys of one group in one dataset, at most 50, as values for Arrow arrays of these columns.

    All columns are of the same group. The order of the keys is the same for all datasets of the group.

    Raises:
        InvalidError: a bound or value that is none of its column's type.
    """
    seen: dict[str, int] = {}
    parts = []
    for column, twin in zip(columns, twins, strict=True):
        kind = _class(column.type)
        ordinal = seen.get(kind, 0)
        seen[kind] = ordinal + 1
        parts.append([_typed(column.type, part) for part in _parts(column, twin, kind, ordinal, seed=seed)])
    return list(dict.fromkeys(zip(*parts, strict=True)))


def _class(spark: str) -> str:
    if spark in INTEGERS or spark in FLOATS or decimal_shape(spark):
        return "number"
    if spark in TIMESTAMPS:
        return "moment"
    return "text" if spark == "binary" else {"string": "text"}.get(spark, spark)


def _parts(column: Column, twin: Twin, kind: str, ordinal: int, *, seed: bytes) -> list[Part]:
    group = column.key_group
    shared = _shared(kind, seed, group)
    own = _own(column, twin, kind, seed=seed)
    places = _places(ordinal, seed, group)
    return [own[place] if own and place % 2 else shared[place] for place in places]


def _places(ordinal: int, seed: bytes, group: str) -> list[int]:
    if ordinal == 0:
        return list(range(DOMAIN_SIZE))
    # Even keys stay even: the half that always joins stays the same set in every column.
    half = order(DOMAIN_SIZE // 2, seed, "places", group, ordinal)
    return [2 * half[place // 2] + place % 2 for place in range(DOMAIN_SIZE)]


def _shared(kind: str, seed: bytes, group: str) -> list[Part]:
    labels = (seed, "shared", group, kind)
    if kind == "number":
        return [1 + value for value in order(DOMAIN_SIZE, *labels)]
    if kind == "boolean":
        # Truth values alternate within each half, so that both appear in both.
        return [place // 2 % 2 == 0 for place in range(DOMAIN_SIZE)]
    if kind == "date":
        return [_YEAR_START + value for value in order(_YEAR_DAYS, *labels)[:DOMAIN_SIZE]]
    if kind == "moment":
        start = _YEAR_START * 24
        return [(start + value) * _HOUR for value in order(_YEAR_DAYS * 24, *labels)[:DOMAIN_SIZE]]
    return [word(_WORD_LENGTH, *labels, place) for place in range(DOMAIN_SIZE)]


def _own(column: Column, twin: Twin, kind: str, *, seed: bytes) -> list[Part]:
    candidates: Sequence[Part]
    if twin.values:
        candidates = [_part(parse(column.type, text, column=column.name)) for text in twin.values]
    else:
        candidates = _within(column, twin, kind)
    if not candidates:
        return []
    hashed = [draws(DOMAIN_SIZE, seed, "own", column.key_group, kind, candidate) for candidate in candidates]
    return [min(zip((row[place] for row in hashed), candidates, strict=True))[1] for place in range(DOMAIN_SIZE)]


def _part(value: Any) -> Part:  # noqa: ANN401 - what `parse` returns
    # 7 in a column of doubles and 7 in one of integers are the same key.
    if isinstance(value, (float, Decimal)) and value == int(value):
        return int(value)
    return value if isinstance(value, (int, str)) else str(value)


def _within(column: Column, twin: Twin, kind: str) -> Sequence[Part]:
    bounds = None if kind in {"text", "boolean"} else read_bounds(column, twin)
    if bounds is None:
        return ()
    low, high = math.ceil(bounds[0]), math.floor(bounds[1])
    step = _HOUR if kind == "moment" else 1
    # Steps are multiples of each other and start at zero, so that wider bounds keep many of the same candidates.
    while (high - low) // step >= _CANDIDATES:
        step *= 24 if kind == "moment" and step == _HOUR else 10
    return range(-(-low // step) * step, high + 1, step)


def _typed(spark: str, part: Part) -> Any:  # noqa: ANN401 - a value for an Arrow array of that type
    if spark == "binary":
        return str(part).encode()
    if spark in FLOATS:
        return float(part)
    shape = decimal_shape(spark)
    if not shape:
        return part
    # A decimal with fewer than two digits before the point holds the keys modulo what fits.
    value = Decimal(part)
    return value if value.copy_abs() < 10 ** (shape[0] - shape[1]) else value % 10 ** (shape[0] - shape[1])
