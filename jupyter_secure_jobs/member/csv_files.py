"""CSV files that form one table: their header, their columns' types over the whole files, and typed batches."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member.column_types import arrow_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NULL_SPELLINGS: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")
BLOCK_BYTES: Final = 8 * 1024 * 1024
HEADER_BYTES: Final = 1024 * 1024

# pyarrow ships no type information.
Batch = Any
Array = Any

_RAGGED: Final = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
_DAY = r"(?:0[1-9]|[1-9]\d)\d\d-\d\d-\d\d"
_TIME = r"[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?"
# In the order of preference. Digits that a type would lose keep a column out of it: codes with leading zeros are no
# numbers, and whole numbers too long for a bigint are no doubles, which hold 15 digits.
_CANDIDATES: Final = {
    "boolean": r"^(?i:true|false)$",
    "bigint": r"^-?(?:0|[1-9]\d{0,18})$",
    "double": r"^-?(?:(?:(?:0|[1-9]\d{0,14})(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?|(?i:inf|infinity))$",
    "date": rf"^{_DAY}$",
    "timestamp_ntz": rf"^{_DAY}(?:{_TIME})?$",
    "timestamp": rf"^{_DAY}{_TIME}(?:Z|[+-]\d\d:?\d\d)$",
}


def read_header(path: Path) -> tuple[tuple[str, ...], str]:
    """Return the column names of a CSV file and its delimiter: a comma, else a tab, else a semicolon.

    Raises:
        InvalidError: no header, a header that is not UTF-8, or one over 1 MiB.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    lines = head.splitlines(keepends=True)
    first = lines[0] if lines else b""
    try:
        line = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _encoding(path) from None
    if not line.strip():
        raise InvalidError("csv_header", f"{path.name!r} does not begin with column names.", "Put them in line 1.")
    if len(first) == HEADER_BYTES:
        raise InvalidError("csv_header", f"The first line of {path.name!r} is over 1 MiB.", "Is it a CSV file?")
    delimiter = next((mark for mark in (",", "\t", ";") if mark in line), ",")
    try:
        return tuple(cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter))), delimiter
    except csv.Error:
        raise InvalidError("csv_header", f"The first line of {path.name!r} is not CSV.", "Check its quotes.") from None


def infer_types(paths: Sequence[Path], names: Sequence[str], *, delimiter: str) -> tuple[dict[str, str], int]:
    """Return each column's Spark type, chosen over every row of every file, and the number of rows.

    A type is chosen only if all values of the column can be written in it without loss; else the column is `string`.

    Raises:
        InvalidError: a file that is not CSV throughout.
    """
    left = {name: dict(_CANDIDATES) for name in names}
    seen: set[str] = set()
    rows = 0
    for path in paths:
        for batch in _text_batches(path, names, delimiter=delimiter):
            rows += batch.num_rows
            for name, texts in zip(names, batch.columns, strict=True):
                if not left[name]:
                    continue
                values = _without_nulls(texts).drop_null()
                if len(values):
                    seen.add(name)
                    left[name] = {spark: form for spark, form in left[name].items() if _fits(values, spark, form)}
        _check_quotes(path)
    return {name: next(iter(left[name]), "string") if name in seen else "string" for name in names}, rows


def typed_batches(path: Path, types: Mapping[str, str], *, delimiter: str) -> Iterator[Batch]:
    """Yield a file's rows as record batches of the given Spark types, in the file's order.

    Unquoted null spellings are null in every column; quoted ones stay text in string columns and are null elsewhere.

    Raises:
        InvalidError: a file that is not CSV throughout, or a value that is not of its column's type.
    """
    row = 1
    for batch in _text_batches(path, tuple(types), delimiter=delimiter):
        arrays = []
        for (name, spark), texts in zip(types.items(), batch.columns, strict=True):
            if spark == "string":
                arrays.append(texts)
                continue
            values = _without_nulls(texts)
            wanted = arrow_type(spark)
            if not _castable(values, wanted):
                line = row + 1 + _first_bad(values, wanted)
                raise InvalidError(
                    "csv_value",
                    f"Row {line} of {path.name!r} (the header is row 1) holds no {spark} in column {name!r}.",
                    f"Correct the file, or give the column another type, such as string.{_zone_advice(spark)}",
                )
            arrays.append(pc.cast(values, wanted))
        yield pa.record_batch(arrays, names=list(types))
        row += batch.num_rows


def _check_quotes(path: Path) -> None:
    # Arrow takes a quote that is not closed as one cell up to the end of the file, and all rows in it would be lost.
    marks = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            marks += block.count(b'"')
    if marks % 2:
        raise InvalidError(
            "csv_quotes",
            f"{path.name!r} has an odd number of quotation marks, so one is not closed.",
            "Close it; a mark inside a cell is written twice and the cell quoted (RFC 4180).",
        )


def _zone_advice(spark: str) -> str:
    advice = {
        "timestamp": " Times without a zone are timestamp_ntz.",
        "timestamp_ntz": " Times with a zone are timestamp.",
    }
    return advice.get(spark, "")


def _without_nulls(texts: Array) -> Array:
    return pc.if_else(pc.is_in(texts, value_set=pa.array(NULL_SPELLINGS)), pa.scalar(None, pa.string()), texts)


def _fits(values: Array, spark: str, form: str) -> bool:
    matches = pc.all(pc.match_substring_regex(values, form)).as_py()
    return bool(matches) and _castable(values, arrow_type(spark))


def _castable(values: Array, wanted: Any) -> bool:  # noqa: ANN401 - an Arrow type
    try:
        pc.cast(values, wanted)
    except pa.ArrowInvalid:
        return False
    return True


def _first_bad(values: Array, wanted: Any) -> int:  # noqa: ANN401 - an Arrow type
    # Arrow's own message quotes the value and not its row, so the row is found by halving.
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        if _castable(values.slice(low, middle - low), wanted):
            low = middle
        else:
            high = middle
    return low


def _text_batches(path: Path, names: Sequence[str], *, delimiter: str) -> Iterator[Batch]:
    # Columns are read by position: the names in the file may be none that Arrow should see twice.
    positions = [f"c{index}" for index in range(len(names))]
    try:
        with arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, column_names=positions, skip_rows=1
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(positions, pa.string()),
                null_values=list(NULL_SPELLINGS),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        ) as reader:
            yield from reader
    except pa.ArrowInvalid as error:
        # Arrow's messages quote rows, so they are classified here and not passed on.
        raise _broken(path, str(error)) from None


def _broken(path: Path, message: str) -> InvalidError:
    # The message is read, since pyarrow's handler for such rows fails aloud on one that is not UTF-8.
    ragged = _RAGGED.search(message)
    if ragged:
        row, expected, actual = ragged.groups()
        return InvalidError(
            "csv_ragged",
            f"Row {row} of {path.name!r} (the header is row 1) has {actual} cells; the header has {expected}.",
            "Correct the row; a quotation mark that is not closed has the same effect.",
        )
    if "UTF8" in message:
        return _encoding(path)
    if "straddling" in message or "block" in message:
        # A file whose header is not followed by a line break comes here as well, and has no rows.
        if path.stat().st_size <= BLOCK_BYTES:
            return InvalidError("table_no_rows", f"{path.name!r} has a header and no rows.", "Add rows.")
        return InvalidError(
            "csv_row_long",
            f"A row of {path.name!r} is longer than 8 MiB, or a quotation mark is not closed.",
            "Correct the file, or publish it as Parquet.",
        )
    return InvalidError("csv_broken", f"{path.name!r} is not CSV throughout.", "Check quotes and line ends.")


def _encoding(path: Path) -> InvalidError:
    return InvalidError(
        "csv_encoding", f"{path.name!r} is not UTF-8 text.", "Save it as CSV in UTF-8, without compression."
    )
