"""The logical digest of a result in a Parquet file, in bounded memory also where the result does not fit into it.

Up to a million rows it is `logical_digest`. To sort more rows than that they would all have to be in memory, so that
the digest of a larger result is of its rows in the file's order, as for one whose order the job fixes; it is computed
column after column, batch by batch, and equals `logical_digest` of the whole table with `ordered`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from jupyter_secure_jobs.protocol import result_digest as forms

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SORTED: Final = 1_000_000
_BATCH_ROWS: Final = 65_536


def file_digest(file: pq.ParquetFile, *, ordered: bool) -> str:
    """Return the digest of the rows in an open Parquet file.

    Raises:
        UnsupportedTypeError: as `logical_digest`.
    """
    if file.metadata.num_rows <= MOST_SORTED or not _streams(file.schema_arrow):
        return forms.logical_digest(file.read(), ordered=ordered)
    return _streamed(file)


def file_has_digest(file: pq.ParquetFile, digest: str | None) -> bool:
    """Tell whether `digest` is that of the rows in the file: in their order, or, where they can be sorted, in any.

    Raises:
        UnsupportedTypeError: as `logical_digest`.
    """
    if file.metadata.num_rows > MOST_SORTED and _streams(file.schema_arrow):
        return _streamed(file) == digest
    return forms.has_digest(file.read(), digest)


def _streams(schema: pa.Schema) -> bool:
    """Whether each column can be hashed batch by batch: nested ones cannot, nor times that may be in nanoseconds."""
    return len(set(schema.names)) == len(schema.names) and not any(
        types.is_nested(kind)
        or "[ns" in str(kind)
        or types.is_dictionary(kind)
        or isinstance(kind, pa.BaseExtensionType)
        for kind in schema.types
    )


def _streamed(file: pq.ParquetFile) -> str:
    schema = file.schema_arrow
    # The canonical type of a column is that of its values, whatever the engine wrote.
    kinds = [forms.canonical(pa.array([], kind)).type for kind in schema.types]
    digest = forms.begun(schema.names, kinds, rows=file.metadata.num_rows, ordered=True)
    for index, kind in enumerate(kinds):
        for part in _column(file, schema.names[index], kind):
            digest.update(part)
    return f"sha256:{digest.hexdigest()}"


def _batches(file: pq.ParquetFile, name: str) -> Iterator[Any]:
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=[name], use_threads=False):
        if batch.num_columns != 1:
            # A name with a dot in it may mean a field of another column as well.
            raise forms.UnsupportedTypeError(f"The column {name!r} cannot be read alone.")
        yield forms.canonical(batch.column(0))


def _column(file: pq.ParquetFile, name: str, kind: Any) -> Iterator[bytes | memoryview]:  # noqa: ANN401 -- an Arrow type
    """Yield what is hashed of one column: each kind of part is one more pass over the file."""
    yield from _bits(forms.validity(array) for array in _batches(file, name))
    width = forms.fixed_width(kind)
    if width is not None:
        for array in _batches(file, name):
            yield forms.numbers(array, width).tobytes()
    elif types.is_boolean(kind):
        yield from _bits(np.asarray(pc.fill_null(array, pa.scalar(value=False))) for array in _batches(file, name))
    elif not types.is_null(kind):
        for array in _batches(file, name):
            yield forms.lengths(array).tobytes()
        for array in _batches(file, name):
            yield forms.joined_text(array)


def _bits(flags: Iterator[np.ndarray[Any, Any]]) -> Iterator[bytes]:
    """Yield flags as bits, eight a byte over the ends of the batches."""
    left = np.zeros(0, dtype=np.bool_)
    for batch in flags:
        joined = np.concatenate([left, np.asarray(batch, dtype=np.bool_)])
        whole = len(joined) // 8 * 8
        yield np.packbits(joined[:whole], bitorder="little").tobytes()
        left = joined[whole:]
    yield np.packbits(left, bitorder="little").tobytes()
