"""The job's rows on their way to the result file."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types
from pyspark.sql import DataFrame

from jupyter_secure_jobs.engines import frame
from jupyter_secure_jobs.protocol.result_digest import UnsupportedTypeError, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jupyter_secure_jobs.engines.engine import Engine
    from jupyter_secure_jobs.engines.spec import Form

BATCH_ROWS: Final = 65_536
GROUP_ROWS: Final = 131_072
Result: TypeAlias = "DataFrame | pd.DataFrame | pa.Table"


class NoResultError(Exception):
    """The job made no table; its class in the closed list is `NoResult`."""


class ResultTypeError(Exception):
    """The job's table has a column of a type that results cannot have; its class is `ResultType`."""


def is_result(value: object) -> bool:
    """Whether `value` is a DataFrame of Spark or pandas, or an Arrow table."""
    return isinstance(value, DataFrame | pd.DataFrame | pa.Table)


def parts(result: Result, engine: Engine) -> Iterator[pa.Table]:
    """Yield the rows of a result part by part, in their order."""
    if isinstance(result, pa.Table):
        yield result
    elif isinstance(result, pd.DataFrame):
        yield frame.to_arrow(result)
    else:
        yield from engine.stream(result)


def write(tables: Iterator[pa.Table], path: str, *, form: Form = "parquet") -> None:
    """Write the rows to `path`, as Parquet or as an Arrow stream (compressed, in batches of at most 65,536 rows).

    Raises:
        whatever the engine raises while it computes the rows.
        NoResultError, ResultTypeError: the table has no columns, or one of a type that results cannot have.
        OSError: the file became larger than the limits allow.
    """
    first = next(tables)
    schema = _schema(first)
    # Truncating through the path keeps the file that the supervisor watches.
    with pa.OSFile(path, "wb") as file, _writer(file, schema, form) as writer:
        for group in _groups(chain([first], tables), schema):
            writer.write_table(group, BATCH_ROWS if form == "arrow" else GROUP_ROWS)


def _schema(table: pa.Table) -> pa.Schema:
    """Return names and types alone: whether a column may be null is a guess of the engine's, other in each batch."""
    if not table.num_columns:
        message = "The result has no columns."
        raise NoResultError(message)
    for field in table.schema:
        try:
            type_name(field.type)
        except UnsupportedTypeError:
            bad = True
        else:
            bad = _is_empty(field.type)
        if bad:
            message = (
                f"The result's column {field.name!r} is of type {field.type}, which results cannot have. "
                "Turn it into text or numbers, or leave it out."
            )
            raise ResultTypeError(message)
    return pa.schema([(field.name, field.type) for field in table.schema])


def _is_empty(kind: pa.DataType) -> bool:
    """Whether a struct without fields is in it: Parquet has no place for one."""
    if types.is_struct(kind) and not kind.num_fields:
        return True
    return any(_is_empty(kind.field(index).type) for index in range(kind.num_fields))


def _groups(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows in larger pieces: an engine hands over a few thousand at a time, and each would be a row group."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(_in_form(table, schema))
        rows += table.num_rows
        if rows >= GROUP_ROWS:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _in_form(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table in this schema, by the columns' places: two of them may have one name."""
    if table.schema.types == schema.types:
        return pa.Table.from_arrays(table.columns, schema=schema)
    return table.cast(schema)


def _writer(file: pa.OSFile, schema: pa.Schema, form: Form) -> pq.ParquetWriter | pa.RecordBatchStreamWriter:
    if form == "parquet":
        return pq.ParquetWriter(file, schema, compression="zstd", compression_level=1)
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
    return pa.ipc.new_stream(file, schema, options=options)
