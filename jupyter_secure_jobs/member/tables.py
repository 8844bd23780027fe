"""Plain tables: an owner's CSV or Parquet files, read once, checked, and written as Parquet that every engine reads."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.domain.dataset import Column, check_columns
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member import csv_files
from jupyter_secure_jobs.member.column_types import TIMESTAMPS, arrow_type, spark_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PART_ROWS: Final = 2_000_000
PART_BYTES: Final = 256 * 1024 * 1024
BATCH_ROWS: Final = 65_536
# A query reads a row group as one piece: small ones cost it time, large ones memory.
GROUP_ROWS: Final = 524_288
GROUP_BYTES: Final = 128 * 1024 * 1024
_MAGIC: Final = b"PAR1"
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_COMPRESSED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")

# pyarrow ships no type information.
Batch = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTable:
    """A table in the clear, on the owner's machine alone: `rows` rows in Parquet `parts`, columns in Spark's types."""

    columns: tuple[Column, ...]
    parts: tuple[Path, ...]
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    device: int
    inode: int
    size: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Files that have been looked at: their columns, and how to get their rows in the columns' types."""

    columns: tuple[Column, ...]
    batches: Callable[[], Iterator[Batch]]


def read_table(
    paths: Sequence[Path],
    *,
    into: Path,
    column_types: Mapping[str, str] = _NONE,
    rename: Mapping[str, str] = _NONE,
) -> PlainTable:
    """Write the table that `paths` form together into `into`, as Parquet parts with Spark's types.

    The files are all CSV (UTF-8, header in line 1; comma, tab or semicolon) or all Parquet, told apart by content, and
    have the same columns. They are streamed: memory stays bounded whatever their size. CSV types are chosen over all
    rows, so a late text in a column of numbers makes it `string` and loses nothing; an empty cell, NA, N/A, NaN, nan,
    null and NULL are null unless quoted in a string column. Nanoseconds are cut to microseconds. `rename` maps names in
    the files to names in the table; `column_types` maps names in the table to Spark types. `into` is an empty
    directory of mode 0700 that the caller made, best on a tmpfs, and is left empty if anything is refused.

    Raises:
        InvalidError: what is wrong with which file, column or row; never a value.
    """
    if not paths:
        raise InvalidError("table_no_file", "No file was given.", "Name one or several CSV or Parquet files.")
    _check_directory(into)
    before = {path: _identity(path) for path in paths}
    try:
        read = _parquet_source if _all_parquet(paths) else _csv_source
        source = read(paths, column_types, rename)
        with _Parts(into, source.columns) as parts:
            for batch in source.batches():
                parts.write(batch)
            _check_unchanged(before)
            return parts.finish()
    except (InvalidError, OSError) as error:
        # A file that changes under the reader can look broken in any way; that it changed is then the true reason.
        _check_unchanged(before)
        if isinstance(error, OSError):
            raise _unusable(error) from error
        raise


def _check_directory(into: Path) -> None:
    if into.is_symlink() or not into.is_dir() or stat.S_IMODE(into.stat().st_mode) & 0o077 or any(into.iterdir()):
        raise InvalidError(
            "table_directory",
            "The working directory must exist, be empty, and be closed to other users (mode 0700).",
            "Make a new one for this table.",
        )


def _identity(path: Path) -> _Identity:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise InvalidError("table_no_file", f"There is no file {path.name!r}.", "Check the path.") from None
    except OSError as error:
        raise _unusable(error) from error
    if not stat.S_ISREG(found.st_mode):
        raise InvalidError("table_not_a_file", f"{path.name!r} is not a file.", "Name the CSV or Parquet files in it.")
    if not found.st_size:
        raise InvalidError("table_empty_file", f"{path.name!r} is empty.", "Leave it out, or write it again.")
    return _Identity(device=found.st_dev, inode=found.st_ino, size=found.st_size, changed=found.st_mtime_ns)


def _check_unchanged(before: Mapping[Path, _Identity]) -> None:
    for path, identity in before.items():
        try:
            same = _identity(path) == identity
        except InvalidError:
            same = False
        if not same:
            raise InvalidError(
                "table_changed", f"{path.name!r} changed while it was read.", "Wait until it is complete, then publish."
            )


def _unusable(error: OSError) -> InvalidError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return InvalidError("table_no_space", "The working directory is full.", "Free space there, or use another one.")
    name = f" {Path(os.fsdecode(error.filename)).name!r}" if error.filename else ""
    return InvalidError("table_unreadable", f"The file{name} cannot be read.", "Check its permissions and its disk.")


def _all_parquet(paths: Sequence[Path]) -> bool:
    kinds = {_is_parquet(path) for path in paths}
    if len(kinds) > 1:
        raise InvalidError("table_mixed", "Some files are CSV and some Parquet.", "Publish files of one kind.")
    return kinds.pop()


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(65_536)
    if head.startswith(_MAGIC):
        return True
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidError("csv_encoding", f"{path.name!r} is UTF-16 text.", "Save it as CSV in UTF-8.")
    if head.startswith(_COMPRESSED):
        raise InvalidError(
            "table_packed", f"{path.name!r} is compressed or a workbook.", "Unpack it, or save it as CSV."
        )
    if b"\0" in head:
        raise InvalidError("table_binary", f"{path.name!r} is neither CSV nor Parquet.", "Save it as one of them.")
    return False


def _columns(fields: Mapping[str, tuple[str, bool]], column_types: Mapping[str, str]) -> tuple[Column, ...]:
    unknown = sorted(set(column_types) - set(fields))
    if unknown:
        raise InvalidError("table_column", f"There is no column {unknown[0]!r} to give a type.", "Check the name.")
    return check_columns(
        tuple(Column(name=name, type=kind, nullable=nullable) for name, (kind, nullable) in fields.items())
    )


def _renamed(names: Sequence[str], rename: Mapping[str, str], *, path: Path) -> tuple[str, ...]:
    unknown = sorted(set(rename) - set(names))
    if unknown:
        raise InvalidError("table_column", f"There is no column {unknown[0]!r} to rename.", "Check the name.")
    renamed = tuple(rename.get(name, name) for name in names)
    seen: set[str] = set()
    for position, name in enumerate(renamed, start=1):
        try:
            Column(name=name, type="string")
        except InvalidError:
            raise InvalidError(
                "table_column_name",
                f"Column {position} of {path.name!r} is called {name!r}, which is no identifier.",
                "Rename it when publishing: ASCII letters, digits and underscores, no digit first.",
            ) from None
        if name.lower() in seen:
            raise InvalidError(
                "dataset_column_twice",
                f"Two columns of {path.name!r} are called {name!r} (letter case does not tell them apart).",
                "Rename one in the file.",
            )
        seen.add(name.lower())
    return renamed


def _differ(path: Path, first: Path, what: str) -> InvalidError:
    return InvalidError(
        "table_schemas_differ",
        f"{path.name!r} and {first.name!r} do not form one table: {what}.",
        "Give them the same columns, or publish two datasets.",
    )


def _csv_source(paths: Sequence[Path], column_types: Mapping[str, str], rename: Mapping[str, str]) -> _Source:
    header, delimiter = csv_files.read_header(paths[0])
    names = _renamed(header, rename, path=paths[0])
    for path in paths[1:]:
        if csv_files.read_header(path) != (header, delimiter):
            raise _differ(path, paths[0], "their first lines differ")
    found, rows = csv_files.infer_types(paths, names, delimiter=delimiter)
    if not rows:
        raise _no_rows()
    types = found | {name: kind for name, kind in column_types.items() if name in found}
    columns = _columns({name: (kind, True) for name, kind in types.items()}, column_types)

    def batches() -> Iterator[Batch]:
        for path in paths:
            yield from csv_files.typed_batches(path, types, delimiter=delimiter)

    return _Source(columns=columns, batches=batches)


def _parquet_source(paths: Sequence[Path], column_types: Mapping[str, str], rename: Mapping[str, str]) -> _Source:
    shapes = {path: _parquet_fields(path, rename) for path in paths}
    fields = shapes[paths[0]]
    for path in paths[1:]:
        if list(shapes[path]) != list(fields):
            raise _differ(path, paths[0], "they have different columns")
        for name, kind in shapes[path].items():
            if kind != fields[name]:
                raise _differ(path, paths[0], f"column {name!r} has different types")
    typed = {name: (column_types.get(name, kind), nullable) for name, (kind, nullable) in fields.items()}
    columns = _columns(typed, column_types)

    def batches() -> Iterator[Batch]:
        for path in paths:
            try:
                with pq.ParquetFile(path) as file:
                    for batch in file.iter_batches(batch_size=BATCH_ROWS):
                        batch.validate(full=True)
                        yield _in_types(batch, columns, path=path)
            except (pa.ArrowException, OSError) as error:
                raise _broken_parquet(path, error) from None

    return _Source(columns=columns, batches=batches)


def _parquet_fields(path: Path, rename: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _broken_parquet(path, error) from None
    names = _renamed(schema.names, rename, path=path)
    return {
        name: (spark_type(field.type, column=name), bool(field.nullable))
        for name, field in zip(names, schema, strict=True)
    }


def _broken_parquet(path: Path, error: Exception) -> InvalidError:
    # Arrow reports damaged bytes as an OSError without a number; one with a number comes from the operating system.
    if isinstance(error, OSError) and error.errno:
        return _unusable(error)
    # Arrow's own words can quote statistics or values, so they are not passed on.
    return InvalidError(
        "parquet_broken",
        f"{path.name!r} is damaged, cut off, or has text that is not UTF-8.",
        "Write the Parquet file again.",
    )


def _in_types(batch: Batch, columns: tuple[Column, ...], *, path: Path) -> Batch:
    arrays = []
    for column, array in zip(columns, batch.columns, strict=True):
        # Spark has no nanoseconds: cutting them is the one loss that a cast may make.
        cut = column.type in TIMESTAMPS and pa.types.is_timestamp(array.type)
        try:
            plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
            arrays.append(plain.cast(arrow_type(column.type), safe=not cut))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise InvalidError(
                "parquet_value",
                f"Column {column.name!r} of {path.name!r} holds a value that is no {column.type}.",
                "Give the column another type, such as string.",
            ) from None
    return pa.record_batch(arrays, names=[column.name for column in columns])


def _no_rows() -> InvalidError:
    return InvalidError("table_no_rows", "The table has columns and no rows.", "Publish a table with rows.")


class _Parts:
    """Part files being written; unless `finish` was reached, leaving the block removes every one of them."""

    def __init__(self, into: Path, columns: tuple[Column, ...]) -> None:
        self._into = into
        self._columns = columns
        self._schema = pa.schema(
            [pa.field(column.name, arrow_type(column.type), column.nullable) for column in columns]
        )
        self._paths: list[Path] = []
        self._rows = self._part_rows = self._part_bytes = 0
        self._group: list[Batch] = []
        self._open = ExitStack()
        self._writer: Any = None
        self._finished = False

    def write(self, batch: Batch) -> None:
        if self._writer is None or self._part_rows >= PART_ROWS or self._part_bytes >= PART_BYTES:
            self._next_part()
        self._group.append(batch.cast(self._schema))
        self._rows += batch.num_rows
        self._part_rows += batch.num_rows
        self._part_bytes += batch.nbytes
        waiting = sum(each.num_rows for each in self._group), sum(each.nbytes for each in self._group)
        if waiting[0] >= GROUP_ROWS or waiting[1] >= GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        if self._group:
            group, self._group = self._group, []
            self._writer.write_table(pa.Table.from_batches(group))

    def _close_part(self) -> None:
        self._write_group()
        self._open.close()

    def _next_part(self) -> None:
        self._close_part()
        path = self._into / f"part-{len(self._paths):05d}.parquet"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._paths.append(path)
        file = self._open.enter_context(os.fdopen(descriptor, "wb"))
        # The Arrow schema is not stored beside the Parquet one: it could carry metadata of the owner's files. Decimals
        # that fit into an integer are read faster as one.
        self._writer = self._open.enter_context(
            pq.ParquetWriter(file, self._schema, compression="zstd", store_schema=False, store_decimal_as_integer=True)
        )
        self._part_rows = self._part_bytes = 0

    def finish(self) -> PlainTable:
        self._close_part()
        if not self._rows:
            raise _no_rows()
        self._finished = True
        return PlainTable(columns=self._columns, parts=tuple(self._paths), rows=self._rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._open.close()
        finally:
            if not self._finished:
                for path in self._paths:
                    path.unlink(missing_ok=True)
