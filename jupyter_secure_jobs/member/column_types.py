"""Column types: Spark SQL's names beside Arrow's types, and values of each as text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import pyarrow as pa
import pyarrow.types as kinds

from jupyter_secure_jobs.domain.dataset import MOST_PRECISION
from jupyter_secure_jobs.domain.errors import InvalidError

# pyarrow ships no type information, hence `Any` wherever one of its objects goes in or out.
ArrowType = Any

INTEGERS: Final = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
FLOATS: Final = ("float", "double")
TIMESTAMPS: Final = ("timestamp", "timestamp_ntz")
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)\Z")
_EPOCH_DAY = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# The days that both engines and Python can write: 0001-01-01 to 9999-12-31.
FIRST_DAY: Final = (date.min - _EPOCH_DAY).days
LAST_DAY: Final = (date.max - _EPOCH_DAY).days
MICROSECONDS_A_DAY: Final = 86_400_000_000

_ARROW: Final[dict[str, ArrowType]] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "timestamp_ntz": pa.timestamp("us"),
}
# Every Parquet type that Spark reads only after widening has its row here; `null` is a column without any value.
_SPARK: Final[dict[ArrowType, str]] = {
    **{arrow: spark for spark, arrow in _ARROW.items() if spark not in TIMESTAMPS},
    pa.uint8(): "smallint",
    pa.uint16(): "int",
    pa.uint32(): "bigint",
    pa.uint64(): "decimal(20,0)",
    pa.float16(): "float",
    pa.large_string(): "string",
    pa.string_view(): "string",
    pa.large_binary(): "binary",
    pa.binary_view(): "binary",
    pa.date64(): "date",
    pa.null(): "string",
}


def decimal_shape(spark: str) -> tuple[int, int] | None:
    """Return precision and scale of a decimal type; None for every other type."""
    found = _DECIMAL.match(spark)
    return (int(found[1]), int(found[2])) if found else None


def arrow_type(spark: str) -> ArrowType:
    """Return the Arrow type in which a published column of this Spark type is stored.

    Raises:
        KeyError: the text is no type that `Column` would accept.
    """
    shape = decimal_shape(spark)
    return pa.decimal128(*shape) if shape else _ARROW[spark]


def spark_type(arrow: ArrowType, *, column: str) -> str:
    """Return the Spark type that holds every value of an Arrow type.

    Timestamps with a zone become `timestamp`, those without `timestamp_ntz`; Spark has no unit below microseconds.

    Raises:
        InvalidError: Spark or the synthetic twin cannot hold it; the advice depends on the type.
    """
    if kinds.is_dictionary(arrow):
        return spark_type(arrow.value_type, column=column)
    if kinds.is_timestamp(arrow):
        return "timestamp_ntz" if arrow.tz is None else "timestamp"
    if kinds.is_decimal(arrow) and 0 <= arrow.scale <= arrow.precision <= MOST_PRECISION:
        return f"decimal({arrow.precision},{arrow.scale})"
    if kinds.is_fixed_size_binary(arrow):
        return "binary"
    known = _SPARK.get(arrow)
    if known is not None:
        return known
    if kinds.is_nested(arrow):
        advice = "Flatten it into plain columns, or write it as JSON text."
    elif kinds.is_time(arrow):
        advice = "Spark has no time of day: store seconds as a whole number, or a full timestamp."
    elif kinds.is_duration(arrow):
        advice = "Store it as a whole number of seconds or microseconds."
    elif kinds.is_decimal(arrow):
        advice = f"Use a decimal of at most {MOST_PRECISION} digits whose scale is not negative, or a double."
    else:
        advice = "Store it as text, a number or a timestamp."
    raise InvalidError(
        "table_type", f"Column {column!r} has a Parquet type that jobs cannot read: {_plain(arrow)}.", advice
    )


def _plain(arrow: ArrowType) -> str:
    # The text of a struct lists its fields; the kind alone says enough and stays short.
    return str(arrow).split("<", maxsplit=1)[0].split("[", maxsplit=1)[0]


def parse(spark: str, text: str, *, column: str) -> Any:  # noqa: ANN401 - the value's type follows the column's
    """Return the value that a text of the twin stands for.

    Days since 1970-01-01 for `date`, microseconds since then for timestamps (UTC, unless the type has no zone); for
    strings and binaries the text is a length when it is a bound, so they are read with `parse("int", …)`.

    Raises:
        InvalidError: the text is no value of that type.
    """
    try:
        if spark in INTEGERS:
            return _whole(text, INTEGERS[spark])
        if spark in FLOATS:
            return _finite(text)
        if spark == "boolean":
            return {"true": True, "false": False}[text]
        if spark == "date":
            return (date.fromisoformat(text) - _EPOCH_DAY).days
        if spark in TIMESTAMPS:
            return _microseconds(text, zoned=spark == "timestamp")
        shape = decimal_shape(spark)
        return _exact(text, *shape) if shape else text
    except (ValueError, KeyError, InvalidOperation):
        # The text is left out of the message, and the cause with it: it may have been copied from the data.
        raise InvalidError(
            "twin_text", f"A bound or value of column {column!r} is no {spark}.", f"Write it as {_example(spark)}."
        ) from None


def _whole(text: str, bits: int) -> int:
    value = int(text)
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError
    return value


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0.0:  # infinities and NaN are no bounds
        raise ValueError
    return value


def _exact(text: str, precision: int, scale: int) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or (value and value.adjusted() >= precision - scale):
        raise ValueError
    return value


def _microseconds(text: str, *, zoned: bool) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elif not zoned:
        raise ValueError
    return (moment - _EPOCH) // _MICROSECOND


def _example(spark: str) -> str:
    examples = {"boolean": "true or false", "date": "2024-01-31", "timestamp": "2024-01-31T00:00:00Z",
                "timestamp_ntz": "2024-01-31T00:00:00"}  # fmt: skip
    return examples.get(spark, "a number that fits the type")


def day_text(days: int) -> str:
    """Return days since 1970-01-01 as `YYYY-MM-DD`."""
    return (_EPOCH_DAY + timedelta(days=days)).isoformat()


def moment_text(microseconds: int, *, zoned: bool) -> str:
    """Return microseconds since 1970-01-01 as RFC 3339 text, with a final `Z` if the type has a zone."""
    moment = (_EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None)
    return moment.isoformat() + ("Z" if zoned else "")
