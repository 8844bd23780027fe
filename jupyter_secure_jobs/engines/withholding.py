"""Output rules applied to rows: what is withheld here is nowhere in the file that leaves.

The file is written anew from the values that stay. Nothing else of the stream that the author's code wrote comes
along: no metadata, no statistics, no dictionary that still holds values of rows that were withheld.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from jupyter_secure_jobs.domain.output import OutputFailure
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.protocol.result_digest import UnsupportedTypeError, is_simple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.domain.output import OutputRules

# pyarrow ships without types; these names say what is meant.
Array: TypeAlias = Any
DataType: TypeAlias = Any
Flags: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"

MOST_COUNT: Final = 2**53 - 1
_BATCH_ROWS: Final = 65_536
# A floating-point type holds every whole number up to here.
_EXACT_BELOW: Final = {16: 2**11, 32: 2**24, 64: MOST_COUNT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done: why nothing may leave, if so; how many rows were withheld; which withheld columns were there."""

    failure: OutputFailure | None = None
    withheld: int = 0
    dropped: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Withholder:
    """The Arrow stream at `source`, the open files for what leaves and for the report; call it in a forked process."""

    rules: OutputRules
    source: str
    rows: int
    report: int

    def __call__(self) -> None:
        """Write what leaves, then the report; a stream that cannot be read is reported as such."""
        told: dict[str, object]
        try:
            done = withhold(self.source, f"/proc/self/fd/{self.rows}", self.rules)
            told = {"failure": done.failure, "withheld": done.withheld, "dropped": list(done.dropped)}
        except (pa.ArrowException, OSError, ValueError, TypeError):
            told = {"class": "ResultInvalid"}
        except MemoryError:
            told = {"class": "MemoryLimit"}
        os.pwrite(self.report, json.dumps(told).encode(), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Which columns of the stream leave, under which schema, and which are counts."""

    plain: pa.Schema
    kept: tuple[int, ...]
    counts: tuple[int, ...]
    dropped: tuple[int, ...]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([self.plain.field(index) for index in self.kept])


def withhold(source: str, target: str, rules: OutputRules) -> Done:
    """Read the Arrow stream at `source` and write what the rules let out to `target`, as Parquet, batch by batch.

    Raises:
        pa.ArrowException, ValueError, TypeError: the stream is broken, or of a type that does not leave.
        OSError: the file became larger than the limits allow.
    """
    with pa.OSFile(source) as file, pa.ipc.open_stream(file) as stream:
        plan = _plan(stream.schema, rules)
        if isinstance(plan, OutputFailure):
            return Done(failure=plan)
        rows = withheld = 0
        with (
            pa.OSFile(target, "wb") as out,
            pq.ParquetWriter(out, plan.schema, compression="zstd", compression_level=1) as writer,
        ):
            for batch in _batches(stream, plan.plain):
                keep, columns = _counted(batch, plan.counts, rules)
                staying = pa.RecordBatch.from_arrays([columns[index] for index in plan.kept], schema=plan.schema)
                staying = staying.filter(pa.array(keep))
                rows += staying.num_rows
                withheld += batch.num_rows - staying.num_rows
                if rules.most_rows is not None and rows > rules.most_rows.value:
                    return Done(failure=OutputFailure.MOST_ROWS)
                writer.write_batch(staying)
    return Done(withheld=withheld, dropped=plan.dropped)


def _plan(schema: pa.Schema, rules: OutputRules) -> _Plan | OutputFailure:
    plain = pa.schema([(field.name, _plain(field.type)) for field in schema])
    names = [folded(field.name) for field in plain]
    counts: list[int] = []
    if rules.about_counts:
        if not rules.counts:
            return OutputFailure.NO_COUNT
        for wanted in map(folded, rules.counts):
            # A query may give two columns one name; then both are counts.
            found = [index for index, name in enumerate(names) if name == wanted]
            if not found:
                return OutputFailure.COUNT_MISSING
            counts += found
        if not all(_is_number(plain.field(index).type) for index in counts):
            return OutputFailure.COUNT_TYPE
    inside = [{name} | _names(field.type) for name, field in zip(names, plain, strict=True)]
    kept, dropped = set(range(len(names))), []
    for rule, column in enumerate(rules.withheld_columns):
        hit = {index for index, found in enumerate(inside) if folded(column.name) in found}
        if hit:
            kept -= hit
            dropped.append(rule)
    if not kept:
        return OutputFailure.NO_COLUMN
    return _Plan(plain=plain, kept=tuple(sorted(kept)), counts=tuple(counts), dropped=tuple(dropped))


def _batches(stream: pa.RecordBatchStreamReader, plain: pa.Schema) -> Iterator[pa.RecordBatch]:
    for whole in stream:
        # The bytes are the author's: lengths, offsets and text are checked before anything is computed with them.
        whole.validate(full=True)
        for start in range(0, whole.num_rows, _BATCH_ROWS):
            part = whole.slice(start, _BATCH_ROWS)
            columns = [_decoded(column, field.type) for column, field in zip(part.columns, plain, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=plain)


def _decoded(array: Array, plain: DataType) -> Array:
    while isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    return array if array.type == plain else array.cast(plain)


def _plain(kind: DataType) -> DataType:  # noqa: PLR0911 -- one return a kind of type
    """Return the type without dictionaries, extension types and metadata of fields, inside others as well.

    A dictionary would carry the values of rows that were withheld; the values themselves keep their exact type, but for
    views of text and bytes, which Arrow cannot filter. What is not known here does not leave: list views among it,
    which Arrow neither decodes (its lists would reach beyond their items) nor parts from items that no row refers to.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type)
    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    if types.is_struct(kind):
        return pa.struct([_plain_field(kind.field(index)) for index in range(kind.num_fields)])
    if types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type), keys_sorted=kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return pa.list_(_plain_field(kind.value_field), kind.list_size)
    if types.is_large_list(kind):
        return pa.large_list(_plain_field(kind.value_field))
    if types.is_list(kind):
        return pa.list_(_plain_field(kind.value_field))
    return _plain_simple(kind)


def _plain_simple(kind: DataType) -> DataType:
    if not is_simple(kind):
        message = f"Columns of type {kind} do not leave."
        raise UnsupportedTypeError(message)
    if types.is_string_view(kind):
        return pa.large_string()
    return pa.large_binary() if types.is_binary_view(kind) else kind


def _plain_field(field: pa.Field) -> pa.Field:
    return pa.field(field.name, _plain(field.type), nullable=field.nullable)


def _names(kind: DataType) -> set[str]:
    """Return the folded names of all fields inside a type: a column must not leave inside another one either."""
    found = {folded(kind.field(index).name) for index in range(kind.num_fields)} if types.is_struct(kind) else set()
    for index in range(kind.num_fields):
        found |= _names(kind.field(index).type)
    return found


def _is_number(kind: DataType) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _counted(batch: pa.RecordBatch, counts: tuple[int, ...], rules: OutputRules) -> tuple[Flags, list[Array]]:
    """Return which rows stay, and all columns with their counts rounded as the rules say.

    A count is a whole number from 0 to 2^53 - 1. Under a smallest group everything else is withheld; under rounding
    alone a null stays, since there is nothing to round.
    """
    keep = np.ones(batch.num_rows, dtype=np.bool_)
    columns = list(batch.columns)
    for index in counts:
        array = columns[index]
        nulls = np.asarray(array.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
        good, values = _whole_numbers(array)
        good &= ~nulls
        if rules.smallest_group is not None:
            keep &= good & (values >= rules.smallest_group.value)
        else:
            keep &= good | nulls
        if rules.round_counts_to is not None:
            rounded = round_counts(values, rules.round_counts_to.value, most=_most(array.type))
            columns[index] = _array(rounded, nulls, array.type)
    return keep, columns


def _whole_numbers(array: Array) -> tuple[Flags, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return which values are counts, and the values as integers (anything where they are not)."""
    kind = array.type
    if types.is_decimal(kind):
        found = [-1 if value is None else _whole(value) for value in array.to_pylist()]
        whole = np.asarray(found, dtype=np.int64)
        return whole >= 0, whole
    if types.is_floating(kind):
        numbers = np.asarray(array.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.float64)
        with np.errstate(invalid="ignore"):
            good = np.isfinite(numbers) & (np.floor(numbers) == numbers)
        good &= (numbers >= 0) & (numbers <= _EXACT_BELOW[kind.bit_width])
        return good, np.where(good, numbers, 0).astype(np.int64)
    integers = array.fill_null(0).to_numpy(zero_copy_only=False)
    if types.is_uint64(kind):
        good = integers <= np.uint64(MOST_COUNT)
        return good, np.where(good, integers, np.uint64(0)).astype(np.int64)
    integers = integers.astype(np.int64)
    return (integers >= 0) & (integers <= MOST_COUNT), integers


def _whole(value: Decimal) -> int:
    return int(value) if 0 <= value <= MOST_COUNT and int(value) == value else -1


def _most(kind: DataType) -> int:
    """Return the largest count that a type holds exactly."""
    if types.is_decimal(kind):
        return int(min(MOST_COUNT, 10 ** max(0, kind.precision - kind.scale) - 1))
    if types.is_floating(kind):
        return _EXACT_BELOW[kind.bit_width]
    return int(min(MOST_COUNT, np.iinfo(kind.to_pandas_dtype()).max))


def round_counts(
    values: np.ndarray[Any, np.dtype[np.int64]], to: int, *, most: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return each count's nearest multiple of `to`; halves go up, and nothing goes above `most`: then down instead."""
    lower = values // to * to
    upper = lower + to
    return np.where((2 * (values - lower) >= to) & (upper <= most), upper, lower)


def _array(values: np.ndarray[Any, np.dtype[np.int64]], nulls: Flags, kind: DataType) -> Array:
    if types.is_decimal(kind):
        whole = [None if null else Decimal(int(value)) for value, null in zip(values, nulls, strict=True)]
        return pa.array(whole, type=kind)
    return pa.array(values.astype(kind.to_pandas_dtype()), type=kind, mask=nulls)
