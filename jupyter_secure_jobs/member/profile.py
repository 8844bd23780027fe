"""The proposal of what a synthetic twin shows, and the plain words in which its owner reads it before publishing."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jupyter_secure_jobs.domain.dataset import Column, Twin, check_columns, check_twin
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member.bounds import (
    coarse_days,
    coarse_lengths,
    coarse_moments,
    coarse_numbers,
    read_bounds,
)
from jupyter_secure_jobs.member.column_types import (
    FLOATS,
    INTEGERS,
    TIMESTAMPS,
    day_text,
    decimal_shape,
    moment_text,
    parse,
)
from jupyter_secure_jobs.member.key_domain import DOMAIN_SIZE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from jupyter_secure_jobs.member.tables import PlainTable

SAMPLE_ROWS: Final = 1_000_000
TWIN_ROWS: Final = 1_000
MOST_VALUES: Final = 200
CROWD: Final = 10
SHORT_LIST: Final = 50
LONGEST_VALUE: Final = 100
_SHOWN: Final = 10

# pyarrow ships no type information.
Array = Any


def propose_twin(
    table: PlainTable, *, public: Collection[str] = (), key_groups: Mapping[str, str]
) -> tuple[tuple[Column, ...], tuple[Twin, ...]]:
    """Return the table's columns with their flags, and what the twin would show of each.

    Of every column: its type and the share of nulls in whole per cents. Of numbers, dates and timestamps: the 1 % and
    99 % quantiles, rounded outward to a coarse grid (calendar months or years for dates), never the exact least or
    greatest value unless that is zero. Of strings and binaries: such bounds of their length. A column with fewer than
    10 values has no bounds, since a quantile of so few is one person's value.

    Values are shown, instead of bounds, for columns in `public` alone, of the types string, whole number and date: at
    most the 200 most frequent, each occurring at least 10 times, in ascending order, so that neither rare values nor
    ranks show. One kind of column is shown whole: at most 50 values that never repeat, a reference list such as
    carriers and their names. A rare value in a short list that does repeat (the one patient with a diagnosis) is thus
    left out; the owner can add it with `with_values`. Values longer than 100 characters or not printable are never
    proposed.

    Quantiles and counts come from at most a million rows, taken evenly; shares of nulls and extremes from all rows.

    Raises:
        InvalidError: `public` or `key_groups` name a column that is not there, or a group that is no identifier.
    """
    names = {column.name for column in table.columns}
    unknown = sorted((set(public) | set(key_groups)) - names)
    if unknown:
        raise InvalidError("twin_column", f"The table has no column {unknown[0]!r}.", "Check the name and its case.")
    columns = check_columns(
        tuple(
            replace(column, public=column.name in public, key_group=key_groups.get(column.name, ""))
            for column in table.columns
        )
    )
    return columns, check_twin(columns, tuple(_propose(table, column) for column in columns))


def propose_rows(table: PlainTable, columns: tuple[Column, ...]) -> int:
    """Return how many rows the twin should have: no more than the table, and at most 1,000.

    If the columns of some key group never repeat in the table, it is the "one" side of a join: then at most 50, the
    size of a key group's domain, so that the twin's keys do not repeat either.
    """
    groups: dict[str, list[str]] = {}
    for column in columns:
        if column.key_group:
            groups.setdefault(column.key_group, []).append(column.name)
    for names in groups.values():
        keys = pa.concat_tables(pa.table(dict(zip(names, chunk, strict=True))) for chunk in _sampled(table, names))
        if keys.group_by(names).aggregate([]).num_rows == keys.num_rows:
            return min(table.rows, DOMAIN_SIZE)
    return min(table.rows, TWIN_ROWS)


def with_bounds(twins: tuple[Twin, ...], column: str, low: str | None, high: str | None) -> tuple[Twin, ...]:
    """Return the twins with the bounds that the owner typed for a column (None, None: no bounds).

    `describe_twin` and `make_twin` read the texts in the column's type and refuse what is none.

    Raises:
        InvalidError: there is no such column.
    """
    return _changed(twins, column, low=low, high=high)


def with_values(twins: tuple[Twin, ...], column: str, values: Collection[str]) -> tuple[Twin, ...]:
    """Return the twins with the values that the owner lets be seen of a public column (none: no values).

    Raises:
        InvalidError: there is no such column.
    """
    return _changed(twins, column, values=tuple(sorted(set(values))))


def describe_twin(columns: tuple[Column, ...], twins: tuple[Twin, ...]) -> list[tuple[str, str]]:
    """Return, for each column, its name and a sentence that says what everybody in the workspace will see of it.

    Raises:
        InvalidError: the twins do not fit the columns, or hold a bound or value that is none of its column's type.
    """
    check_twin(columns, twins)
    return [(column.name, _sentence(column, twin)) for column, twin in zip(columns, twins, strict=True)]


def _changed(twins: tuple[Twin, ...], column: str, **parts: Any) -> tuple[Twin, ...]:  # noqa: ANN401 - fields of Twin
    if column not in {twin.column for twin in twins}:
        raise InvalidError("twin_column", f"The table has no column {column!r}.", "Check the name and its case.")
    return tuple(replace(twin, **parts) if twin.column == column else twin for twin in twins)


def _sentence(column: Column, twin: Twin) -> str:
    measured = column.type in {"string", "binary"}
    bounds = read_bounds(column, twin)
    for value in twin.values:
        parse(column.type, value, column=column.name)
    shown = [f"Its type ({column.type})", f"about {round(twin.null_rate * 100)} % nulls"]
    if bounds is not None:
        shown.append(f"{'lengths' if measured else 'bounds'} from {twin.low} to {twin.high}")
    if twin.values:
        first = ", ".join(repr(value) for value in twin.values[:_SHOWN])
        more = f" and {len(twin.values) - _SHOWN} more" if len(twin.values) > _SHOWN else ""
        plural = "s" if len(twin.values) > 1 else ""
        shown.append(f"{len(twin.values)} real value{plural}: {first}{more}")
    else:
        shown.append("no real value")
    joins = f" It joins other datasets through the key group {column.key_group!r}." if column.key_group else ""
    return f"{'; '.join(shown)}.{joins}"


def _propose(table: PlainTable, column: Column) -> Twin:
    nulls = 0
    extremes: list[Any] = []
    for part in table.parts:
        for batch in _batches(part, [column.name]):
            values = batch.column(0)
            nulls += values.null_count
            extremes += _extremes(_measured(column, values.drop_null()))
    sample = pa.chunked_array([chunk for (chunk,) in _sampled(table, [column.name])]).combine_chunks().drop_null()
    values = _common(column, sample) if column.public else ()
    # Values say all that the twin needs, and true and false have no bounds.
    bounded = not values and column.type != "boolean"
    bounds = _bounds(column, _measured(column, sample), extremes) if bounded else None
    return Twin(
        column=column.name,
        null_rate=round(nulls / table.rows, 2),
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        values=values,
    )


def _batches(part: Any, names: list[str]) -> Iterator[Any]:  # noqa: ANN401 - Arrow's record batches
    with pq.ParquetFile(part) as file:
        yield from file.iter_batches(columns=names)


def _sampled(table: PlainTable, names: list[str]) -> Iterator[tuple[Array, ...]]:
    # Every n-th row of the table, counted through all parts.
    every = -(-table.rows // SAMPLE_ROWS)
    start = 0
    for part in table.parts:
        for batch in _batches(part, names):
            rows = pa.array(range(-start % every, batch.num_rows, every), pa.int64())
            yield tuple(batch.column(name).take(rows) for name in names)
            start += batch.num_rows


def _measured(column: Column, values: Array) -> Array:
    """Return what bounds are about: lengths, days, microseconds, or the numbers themselves (finite ones)."""
    if column.type == "string":
        return pc.utf8_length(values)
    if column.type == "binary":
        return pc.binary_length(values)
    if column.type == "date":
        return values.cast(pa.int32())
    if column.type in TIMESTAMPS:
        return values.cast(pa.int64())
    if column.type in FLOATS:
        return values.filter(pc.is_finite(values))
    return values


def _extremes(values: Array) -> list[Any]:
    if not len(values) or pa.types.is_boolean(values.type):
        return []
    found = pc.min_max(values).as_py()
    return [found["min"], found["max"]]


def _bounds(column: Column, values: Array, extremes: list[Any]) -> tuple[str, str] | None:
    if len(values) < CROWD:
        return None
    ordered = values.take(pc.array_sort_indices(values))
    low = ordered[math.floor((len(values) - 1) * 0.01)].as_py()
    high = ordered[math.ceil((len(values) - 1) * 0.99)].as_py()
    least, greatest = min(extremes), max(extremes)
    if column.type in {"string", "binary"}:
        shortest, longest = coarse_lengths(low, high)
        return str(shortest), str(longest)
    if column.type == "date":
        first, last = coarse_days(low, high, least=least, greatest=greatest)
        return day_text(first), day_text(last)
    if column.type in TIMESTAMPS:
        start, end = coarse_moments(low, high, least=least, greatest=greatest)
        zoned = column.type == "timestamp"
        return moment_text(start, zoned=zoned), moment_text(end, zoned=zoned)
    lower, upper = coarse_numbers(
        _decimal(low), _decimal(high), least=_decimal(least), greatest=_decimal(greatest), finest=_finest(column.type)
    )
    bottom, top = _limits(column.type)
    return _number_text(max(lower, bottom)), _number_text(min(upper, top))


def _decimal(value: Any) -> Decimal:  # noqa: ANN401 - int, float or Decimal
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _finest(spark: str) -> Decimal:
    shape = decimal_shape(spark)
    if shape:
        return Decimal(f"1E-{shape[1]}")
    return Decimal(1) if spark in INTEGERS else Decimal(0)


def _limits(spark: str) -> tuple[Decimal, Decimal]:
    shape = decimal_shape(spark)
    if shape:
        top = Decimal(f"{'9' * shape[0]}E-{shape[1]}")
        return top.copy_negate(), top
    if spark in INTEGERS:
        return Decimal(-(2 ** (INTEGERS[spark] - 1))), Decimal(2 ** (INTEGERS[spark] - 1) - 1)
    top = Decimal("1.7e308") if spark == "double" else Decimal("3.4e38")
    return -top, top


def _number_text(value: Decimal) -> str:
    if value == value.to_integral_value() and value.adjusted() < 40:  # noqa: PLR2004 - wider than any exact type
        return str(int(value))
    with localcontext(prec=100):  # `normalize` would round to 28 digits
        return str(value.normalize())


def _common(column: Column, values: Array) -> tuple[str, ...]:
    if column.type not in {"string", "date", *INTEGERS}:
        return ()
    counts = [(entry["values"], entry["counts"]) for entry in values.value_counts().to_pylist()]
    if not (len(counts) <= SHORT_LIST and all(count == 1 for _, count in counts)):
        counts = [(value, count) for value, count in counts if count >= CROWD]
    fitting = [
        (-count, value) for value, count in counts if len(str(value)) <= LONGEST_VALUE and str(value).isprintable()
    ]
    return tuple(str(value) for value in sorted(value for _, value in sorted(fitting)[:MOST_VALUES]))
