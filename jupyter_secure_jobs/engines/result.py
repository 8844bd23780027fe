"""The job's rows on their way to the result file."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jupyter_secure_jobs.engines.engine import Engine
    from jupyter_secure_jobs.engines.spec import Form

BATCH_ROWS: Final = 65_536
GROUP_ROWS: Final = 131_072
Result: TypeAlias = "DataFrame | pd.DataFrame | pa.Table"


def is_result(value: object) -> bool:
    """Whether `value` is a DataFrame of Spark or pandas, or an Arrow table."""
    return isinstance(value, DataFrame | pd.DataFrame | pa.Table)


def parts(result: Result, engine: Engine) -> Iterator[pa.Table]:
    """Yield the rows of a result part by part, in their order."""
    if isinstance(result, pa.Table):
        yield result
    elif isinstance(result, pd.DataFrame):
        yield pa.Table.from_pandas(result, preserve_index=False)
    else:
        yield from engine.stream(result)


def write(tables: Iterator[pa.Table], path: str, *, form: Form = "parquet") -> None:
    """Write the rows to `path`, as Parquet or as an Arrow stream (compressed, in batches of at most 65,536 rows).

    Raises:
        whatever the engine raises while it computes the rows.
        OSError: the file became larger than the limits allow.
    """
    first = next(tables)
    # Whether a column may be null is a guess of the engine's and differs from batch to batch.
    schema = pa.schema([(field.name, field.type) for field in first.schema])
    # Truncating through the path keeps the file that the supervisor watches.
    with pa.OSFile(path, "wb") as file, _writer(file, schema, form) as writer:
        for group in _groups(chain([first], tables)):
            writer.write_table(group.cast(schema), BATCH_ROWS if form == "arrow" else GROUP_ROWS)


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows in larger pieces: an engine hands over a few thousand at a time, and each would be a row group."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= GROUP_ROWS:
            yield pa.concat_tables(waiting, promote_options="permissive")
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting, promote_options="permissive")


def _writer(file: pa.OSFile, schema: pa.Schema, form: Form) -> pq.ParquetWriter | pa.RecordBatchStreamWriter:
    if form == "parquet":
        return pq.ParquetWriter(file, schema, compression="zstd", compression_level=1)
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
    return pa.ipc.new_stream(file, schema, options=options)
