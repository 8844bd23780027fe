"""The logical digest of a result: equal for equal rows, whatever engine, file or version of Arrow carried them.

The form, version 1: SHA-256 over a JSON header (names, type names, number of rows, ordered or not) and the columns one
after the other. A column is its validity, one bit a row, lowest bit first, then its values, little-endian, zero where
null. Text and binary are their lengths (int64), then their bytes; lists are their lengths, then the column of their
items; structs are the columns of their fields. Unless ordered, rows are sorted by all columns, ascending: text by
its bytes, NaN after the numbers, nulls last.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# pyarrow ships without types; these names say what is meant.
Array: TypeAlias = Any
DataType: TypeAlias = Any

_FORM: Final = "secure-jobs/result-digest/v1"
_MICROSECOND: Final = 1000


class UnsupportedTypeError(TypeError):
    """A column's type has no canonical form."""


def exact(schema: pa.Schema) -> bool:
    """Whether equal computations give equal digests: false if floating-point numbers occur anywhere."""
    return not any(_has_float(field.type) for field in schema)


def logical_digest(table: pa.Table, *, ordered: bool) -> str:
    """Return the digest of the table's rows as `sha256:` and 64 hexadecimal digits.

    Args:
        table: the result.
        ordered: whether the job fixes the order of the rows; if not, the digest is the same for every order.

    Raises:
        UnsupportedTypeError: a column is of a type without a canonical form (intervals, unions, list views).
    """
    columns = [canonical(_one_array(column)) for column in table.columns]
    if not ordered and table.num_rows > 1 and columns:
        order = _order(columns)
        columns = [column.take(order) for column in columns]
    kinds = [column.type for column in columns]
    digest = begun(table.column_names, kinds, rows=table.num_rows, ordered=ordered)
    for column in columns:
        for part in _parts(column):
            digest.update(part)
    return f"sha256:{digest.hexdigest()}"


def begun(names: Sequence[str], kinds: Sequence[DataType], *, rows: int, ordered: bool) -> hashlib._Hash:
    """Return the hash over the header: what is hashed next are the columns, one after the other."""
    header = {
        "form": _FORM,
        "ordered": ordered,
        "rows": rows,
        "columns": [[name, type_name(kind)] for name, kind in zip(names, kinds, strict=True)],
    }
    return hashlib.sha256(json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")


def has_digest(table: pa.Table, digest: str | None) -> bool:
    """Tell whether `digest` is the table's: of its rows in their order, as for ORDER BY, or in any order.

    Raises:
        UnsupportedTypeError: as `logical_digest`.
    """
    return any(logical_digest(table, ordered=ordered) == digest for ordered in (True, False))


def _has_float(kind: DataType) -> bool:
    if types.is_floating(kind):
        return True
    if types.is_dictionary(kind):
        return _has_float(kind.value_type)
    return any(_has_float(kind.field(index).type) for index in range(kind.num_fields))


def _one_array(column: pa.ChunkedArray) -> Array:
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        # More than 2 GiB of text does not fit one array of 32-bit offsets; the canonical type has 64-bit ones.
        target = _target(column.type)
        joined = pa.concat_arrays([chunk.cast(target) for chunk in column.chunks])
    return joined


def _is_text(kind: DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_bytes(kind: DataType) -> bool:
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def _is_list(kind: DataType) -> bool:
    # A map is a list of its entries, in the order in which the engine left them.
    return bool(
        types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind) or types.is_map(kind)
    )


def is_simple(kind: DataType) -> bool:
    """Whether a type has no parts and has a canonical form."""
    return bool(
        _is_text(kind)
        or _is_bytes(kind)
        or types.is_decimal(kind)
        or types.is_date(kind)
        or types.is_time(kind)
        or types.is_timestamp(kind)
        or types.is_duration(kind)
        or types.is_null(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
    )


def _target(kind: DataType) -> DataType:  # noqa: PLR0911 -- one return a kind of type
    """Return the canonical type of a type without parts.

    Arrow's own change of a list view into a list (pyarrow 26) gives lists that reach beyond their items, so that a list
    view has none.
    """
    if not is_simple(kind):
        message = f"Columns of type {kind} have no canonical form."
        raise UnsupportedTypeError(message)
    if _is_text(kind):
        return pa.large_string()
    if _is_bytes(kind):
        return pa.large_binary()
    if types.is_float16(kind):
        return pa.float32()
    if types.is_decimal(kind):
        return pa.decimal256(kind.precision, kind.scale)
    if types.is_date(kind):
        return pa.date32()
    if types.is_time(kind):
        return pa.time64("ns" if kind.unit == "ns" else "us")
    if types.is_timestamp(kind):
        return pa.timestamp("ns" if kind.unit == "ns" else "us", "UTC" if kind.tz else None)
    if types.is_duration(kind):
        return pa.duration("ns" if kind.unit == "ns" else "us")
    return kind


def canonical(array: Array) -> Array:
    """Return the array in its canonical type, with -0.0 as 0.0 and one NaN; nested arrays are left to `_parts`."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return canonical(array.storage)
    if types.is_dictionary(kind):
        return canonical(array.dictionary_decode())
    if _is_list(kind) or types.is_struct(kind):
        return array
    target = _target(kind)
    if kind != target:
        array = array.cast(target)
    if types.is_floating(target):
        # Adding zero turns -0.0 into 0.0 (IEEE 754, 6.3).
        array = pc.add(array, pa.scalar(0.0, target))
        not_a_number = pc.fill_null(pc.is_nan(array), pa.scalar(value=False))
        return pc.if_else(not_a_number, pa.scalar(float("nan"), target), array)
    return _whole_microseconds(array)


def _whole_microseconds(array: Array) -> Array:
    """Return nanoseconds as microseconds where nothing is lost: engines differ in the unit that they hand over."""
    kind = array.type
    temporal = types.is_timestamp(kind) or types.is_time64(kind) or types.is_duration(kind)
    if not temporal or kind.unit != "ns":
        return array
    counted = numbers(array, np.dtype("<i8"))
    if (counted % _MICROSECOND).any():
        return array
    if types.is_timestamp(kind):
        return array.cast(pa.timestamp("us", kind.tz))
    return array.cast(pa.time64("us") if types.is_time64(kind) else pa.duration("us"))


def type_name(kind: DataType) -> str:  # noqa: PLR0911 -- one return a kind of type
    """Return a type's name in the digest, equal for all layouts of equal values.

    Raises:
        UnsupportedTypeError: it has no canonical form.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return type_name(kind.storage_type)
    if types.is_dictionary(kind):
        return type_name(kind.value_type)
    if types.is_map(kind):
        return f"map<{type_name(kind.key_type)},{type_name(kind.item_type)}>"
    if _is_list(kind):
        return f"list<{type_name(kind.value_type)}>"
    if types.is_struct(kind):
        fields = [kind.field(index) for index in range(kind.num_fields)]
        return "struct<" + ",".join(f"{json.dumps(field.name)}:{type_name(field.type)}" for field in fields) + ">"
    target = _target(kind)
    if types.is_large_string(target):
        return "string"
    if types.is_large_binary(target):
        return "binary"
    if types.is_decimal(target):
        return f"decimal({target.precision},{target.scale})"
    if types.is_timestamp(target):
        return f"timestamp_{'utc' if target.tz else 'ntz'}_{target.unit}"
    return str(target)


def validity(array: Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which values are there, a flag a row."""
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def fixed_width(kind: DataType) -> np.dtype[Any] | None:
    """Return how one value lies in Arrow's memory (little-endian by its specification); none for other layouts."""
    if types.is_decimal256(kind):
        return np.dtype("V32")
    if types.is_date32(kind):
        return np.dtype("<i4")
    if types.is_timestamp(kind) or types.is_time64(kind) or types.is_duration(kind):
        return np.dtype("<i8")
    if types.is_integer(kind) or types.is_floating(kind):
        width: np.dtype[Any] = np.dtype(kind.to_pandas_dtype()).newbyteorder("<")
        return width
    return None


def numbers(array: Array, width: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return the values as a copy, with zeros for nulls."""
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.zeros(len(array), width)
    values = np.frombuffer(buffer, width, len(array), array.offset * width.itemsize).copy()
    if array.null_count:
        values[~validity(array)] = np.zeros(1, width)[0]
    return values


def lengths(array: Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the number of bytes or items of each row, 0 for nulls."""
    counted = pc.binary_length(array) if not _is_list(array.type) else _list_lengths(array)
    return np.asarray(pc.fill_null(counted, 0).to_numpy(zero_copy_only=False), dtype="<i8")


def _list_lengths(array: Array) -> Array:
    return pc.list_value_length(array.cast(_as_list(array.type)) if types.is_map(array.type) else array)


def _as_list(kind: DataType) -> DataType:
    return pa.list_(pa.struct([pa.field("key", kind.key_type, nullable=False), pa.field("value", kind.item_type)]))


def _items(array: Array) -> Array:
    """Return the items of all rows that are not null, one after the other."""
    valid = array.drop_null()
    return valid.cast(_as_list(valid.type)).flatten() if types.is_map(valid.type) else valid.flatten()


def _parts(array: Array) -> Iterator[bytes | memoryview]:
    """Yield what is hashed of one column."""
    array = canonical(array)
    kind = array.type
    yield np.packbits(validity(array), bitorder="little").tobytes()
    width = fixed_width(kind)
    if width is not None:
        yield numbers(array, width).tobytes()
    elif types.is_boolean(kind):
        yield np.packbits(np.asarray(pc.fill_null(array, pa.scalar(value=False))), bitorder="little").tobytes()
    elif types.is_struct(kind):
        # `flatten` hands a null struct down to its fields.
        for field in array.flatten():
            yield from _parts(field)
    elif _is_list(kind):
        yield lengths(array).tobytes()
        yield from _parts(_items(array))
    elif not types.is_null(kind):
        yield lengths(array).tobytes()
        yield joined_text(array)


def joined_text(array: Array) -> bytes | memoryview:
    """Return the bytes of all values one after the other."""
    valid = pa.concat_arrays([array.drop_null()])
    buffers = valid.buffers()
    if len(valid) == 0 or buffers[2] is None:
        return b""
    offsets = np.frombuffer(buffers[1], "<i8", len(valid) + 1, valid.offset * 8)
    return memoryview(buffers[2])[int(offsets[0]) : int(offsets[-1])]


def _order(columns: list[Array]) -> Array:
    """Return the places of the rows in sorted order; rows that compare equal are equal."""
    keys = [column if _sorts(column.type) else pa.array(_row_keys(column), pa.large_binary()) for column in columns]
    named = pa.table(keys, names=[str(index) for index in range(len(keys))])
    # Arrow puts NaN after the numbers and nulls after NaN.
    return pc.sort_indices(named, sort_keys=[(name, "ascending") for name in named.column_names])


def _sorts(kind: DataType) -> bool:
    return not (_is_list(kind) or types.is_struct(kind) or types.is_null(kind) or types.is_duration(kind))


def _row_keys(array: Array) -> list[bytes]:
    """Return one key a row, equal for equal rows; slower than Arrow's own sorting, for nested columns only."""
    array = canonical(array)
    kind = array.type
    valid = validity(array)
    if types.is_struct(kind):
        fields = [_row_keys(field) for field in array.flatten()]
        bodies = [b"".join(row) for row in zip(*fields, strict=True)] if fields else [b""] * len(array)
    elif _is_list(kind):
        items, ends = _row_keys(_items(array)), np.cumsum(lengths(array)).tolist()
        starts = [0, *ends[:-1]]
        bodies = [b"".join(items[start:end]) for start, end in zip(starts, ends, strict=True)]
    elif (width := fixed_width(kind)) is not None:
        bodies = [value.tobytes() for value in numbers(array, width)]
    elif types.is_boolean(kind) or types.is_null(kind):
        bodies = [b"1" if value else b"0" for value in array.to_pylist()]
    else:
        bodies = [value or b"" for value in array.cast(pa.large_binary()).to_pylist()]
    return [
        b"\x01" + len(body).to_bytes(8, "big") + body if there else b"\x00"
        for there, body in zip(valid.tolist(), bodies, strict=True)
    ]
