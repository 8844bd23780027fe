"""Synthetic twins: tables that look like a dataset as far as its owner lets them, and can be made again exactly."""

from __future__ import annotations

import hashlib
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.domain.dataset import Column, Twin, check_columns, check_twin
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member.bounds import read_bounds
from jupyter_secure_jobs.member.column_types import (
    FLOATS,
    INTEGERS,
    MICROSECONDS_A_DAY,
    TIMESTAMPS,
    arrow_type,
    decimal_shape,
    parse,
)
from jupyter_secure_jobs.member.draws import below, draws, fraction, order, word
from jupyter_secure_jobs.member.key_domain import key_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MOST_ROWS: Final = 100_000
_SEED_BYTES: Final = 32
_YEAR: Final = (18_262, 18_627)  # 2020-01-01 to 2020-12-31, in days since 1970-01-01

# pyarrow ships no type information.
Table = Any


def make_twin(columns: tuple[Column, ...], twins: tuple[Twin, ...], *, seed: bytes, dataset: str, rows: int) -> Table:
    """Return the synthetic table of a dataset: the same for the same arguments, on every machine.

    Every column has its exact type, and `null_rate` of its rows are null (rounded to a row; a rate above 0 gives at
    least one null, a rate below 1 at least one value). Values are drawn evenly from the twin's values, else within its
    bounds, else from a default range: 0 to 100, 0.0 to 1.0, the year 2020, 4 to 12 characters. Strings without values
    are words that begin with `syn` where they have room. Columns of a key group take their values from the group's
    domain (see `key_domain`): with no more rows than the domain has keys, every key appears once at most; with more,
    every key appears, and the rest are drawn. `seed` is the genesis hash, 32 bytes; all randomness is `draws`.

    Raises:
        InvalidError: columns and twins do not fit, a bound or value is none of its type, or rows outside 1..100,000.
    """
    check_columns(columns)
    check_twin(columns, twins)
    if len(seed) != _SEED_BYTES:
        raise InvalidError("twin_seed", "The seed is not 32 bytes.", "Use the workspace's genesis hash.")
    if not 1 <= rows <= MOST_ROWS:
        raise InvalidError("twin_rows", f"A twin has 1 to {MOST_ROWS} rows.", "Choose a number within them.")
    for column, twin in zip(columns, twins, strict=True):
        read_bounds(column, twin)  # Key columns may use none of theirs; a wrong one is refused all the same.
    keys = _keys(columns, twins, seed=seed, dataset=dataset, rows=rows)
    arrays = []
    for column, twin in zip(columns, twins, strict=True):
        labels = (seed, dataset, column.name)
        values = keys.get(column.name) or _values(column, twin, rows, labels)
        arrays.append(pa.array(_with_nulls(column, twin, values, labels), arrow_type(column.type)))
    fields = [pa.field(column.name, arrow_type(column.type), column.nullable) for column in columns]
    return pa.table(arrays, schema=pa.schema(fields))


def write_twin(table: Table, path: Path) -> str:
    """Write the table as Parquet and return `sha256:` with the hex digest of the file's bytes.

    The same table gives the same bytes for one version of pyarrow; nothing is compressed, so that the versions of
    compression libraries do not matter.

    Raises:
        OSError: the file cannot be written.
    """
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="NONE", store_schema=False)
    content = sink.getvalue()
    path.write_bytes(content)
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _keys(
    columns: Sequence[Column], twins: Sequence[Twin], *, seed: bytes, dataset: str, rows: int
) -> dict[str, list[Any]]:
    groups: dict[str, list[int]] = {}
    for index, column in enumerate(columns):
        if column.key_group:
            groups.setdefault(column.key_group, []).append(index)
    found: dict[str, list[Any]] = {}
    for group, indices in groups.items():
        domain = key_rows([columns[index] for index in indices], [twins[index] for index in indices], seed=seed)
        drawn = [below(draw, len(domain)) for draw in draws(max(rows - len(domain), 0), seed, dataset, "keys", group)]
        chosen = [*range(min(rows, len(domain))), *drawn]
        # The rows are mixed for each group by itself, else the first keys of two groups would always meet.
        mixed = [domain[chosen[place]] for place in order(rows, seed, dataset, "rows", group)]
        for position, index in enumerate(indices):
            found[columns[index].name] = [key[position] for key in mixed]
    return found


def _with_nulls(column: Column, twin: Twin, values: list[Any], labels: tuple[bytes | str, ...]) -> list[Any]:
    rows = len(values)
    if not column.nullable or not twin.null_rate:
        return values
    wanted = max(round(twin.null_rate * rows), 1)
    if twin.null_rate < 1.0:
        wanted = min(wanted, rows - 1)
    empty = set(order(rows, *labels, "nulls")[:wanted])
    return [None if row in empty else value for row, value in enumerate(values)]


def _values(column: Column, twin: Twin, rows: int, labels: tuple[bytes | str, ...]) -> list[Any]:
    bounds = read_bounds(column, twin)
    drawn = draws(rows, *labels, "values")
    if twin.values:
        known = [parse(column.type, text, column=column.name) for text in twin.values]
        return [_storable(column.type, known[below(draw, len(known))]) for draw in drawn]
    make = _maker(column.type, bounds)
    if column.type == "string":
        return [word(make(draw), *labels, "word", row) for row, draw in enumerate(drawn)]
    if column.type == "binary":
        return [word(make(draw), *labels, "word", row).encode() for row, draw in enumerate(drawn)]
    return [make(draw) for draw in drawn]


def _storable(spark: str, value: Any) -> Any:  # noqa: ANN401 - a value for an Arrow array of that type
    return value.encode() if spark == "binary" else value


def _maker(spark: str, bounds: tuple[Any, Any] | None) -> Callable[[int], Any]:
    """Return the function from a draw to a value of the type, or to a length for strings and binaries."""
    shape = decimal_shape(spark)
    if shape:
        return _decimals(shape, bounds)
    if spark in FLOATS:
        low, high = bounds or (0.0, 1.0)
        # Weighted ends, since `high - low` can overflow; the limits undo a last digit's rounding.
        return lambda draw: min(max(low * (1.0 - fraction(draw)) + high * fraction(draw), low), high)
    if spark == "boolean":
        return lambda draw: bool(below(draw, 2))
    first, last = bounds or _default(spark)
    return lambda draw: first + below(draw, last - first + 1)


def _default(spark: str) -> tuple[int, int]:
    if spark in INTEGERS:
        return 0, 100
    if spark == "date":
        return _YEAR
    if spark in TIMESTAMPS:
        return _YEAR[0] * MICROSECONDS_A_DAY, (_YEAR[1] + 1) * MICROSECONDS_A_DAY - 1
    return 4, 12


def _decimals(shape: tuple[int, int], bounds: tuple[Decimal, Decimal] | None) -> Callable[[int], Decimal]:
    precision, scale = shape
    unit = 10**scale
    low, high = bounds or (Decimal(0), Decimal(100))
    # Bounds with more digits than the type are narrowed to values that it has.
    first = -((-low.as_integer_ratio()[0] * unit) // low.as_integer_ratio()[1])
    last = min(high.as_integer_ratio()[0] * unit // high.as_integer_ratio()[1], 10**precision - 1)
    first = min(first, last)
    # Built from text, since arithmetic on decimals rounds to the context's 28 digits.
    return lambda draw: Decimal(f"{first + below(draw, last - first + 1)}E-{scale}")
