"""A large result's digest is computed batch by batch: the same digest, in memory that does not grow with the rows."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.protocol import result_stream
from jupyter_secure_jobs.protocol.result_digest import UnsupportedTypeError, logical_digest
from jupyter_secure_jobs.protocol.result_stream import file_digest, file_has_digest

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 70_003


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_stream, "MOST_SORTED", 1000)


def every_kind() -> Any:
    numbers = np.random.default_rng(1)
    hole = numbers.random(ROWS) < 0.1
    day = dt.date(2020, 1, 1)
    return pa.table(
        {
            "whole": pa.array(numbers.integers(-9, 9, ROWS), mask=hole),
            "small": pa.array(numbers.integers(0, 9, ROWS).astype("int8")),
            "real": pa.array(np.where(hole, -0.0, numbers.random(ROWS))),
            "single": pa.array(numbers.random(ROWS).astype("float32")),
            "not a number": pa.array(np.where(hole, np.nan, 1.0), from_pandas=False),
            "flag": pa.array(numbers.random(ROWS) < 0.5, mask=hole),
            "text": pa.array([None if at else "é" * (row % 5) for row, at in enumerate(hole)]),
            "bytes": pa.array([b"\0" * (row % 3) for row in range(ROWS)]),
            "day": pa.array([day + dt.timedelta(days=row % 400) for row in range(ROWS)]),
            "moment": pa.array(numbers.integers(0, 2**40, ROWS), pa.timestamp("us")),
            "utc": pa.array(numbers.integers(0, 2**40, ROWS), pa.timestamp("us", "UTC")),
            "price": pa.array([Decimal(row) / 4 for row in range(ROWS)], pa.decimal128(12, 2)),
            "nothing": pa.nulls(ROWS),
        }
    )


def written(table: Any, folder: Path, *, group: int = 30_001) -> pq.ParquetFile:
    pq.write_table(table, folder / "result.parquet", row_group_size=group)
    return pq.ParquetFile(folder / "result.parquet")


@pytest.mark.usefixtures("small")
def test_batch_by_batch_gives_the_digest_of_the_whole_in_its_order(tmp_path: Path) -> None:
    table = every_kind()
    with written(table, tmp_path) as file:
        assert result_stream._streams(file.schema_arrow)
        assert file_digest(file, ordered=False) == logical_digest(table, ordered=True)
        assert file_has_digest(file, logical_digest(table, ordered=True))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("row", [0, ROWS // 2, ROWS - 1])
def test_one_changed_value_is_seen(row: int, tmp_path: Path) -> None:
    table = every_kind().select(["whole", "text"])
    expected = logical_digest(table, ordered=True)
    texts = table.column("text").to_pylist()
    texts[row] = "another"
    with written(table.set_column(1, "text", pa.array(texts)), tmp_path) as file:
        assert not file_has_digest(file, expected)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "column",
    [pa.array([[1], None] * ROWS), pa.array([1, 2] * ROWS, pa.timestamp("ns")), pa.array([{"a": 1}, None] * ROWS)],
    ids=["list", "nanoseconds", "struct"],
)
def test_what_cannot_be_hashed_in_parts_is_read_whole(column: Any, tmp_path: Path) -> None:
    table = pa.table({"column": column})
    with written(table, tmp_path) as file:
        assert not result_stream._streams(file.schema_arrow)
        assert file_digest(file, ordered=False) == logical_digest(table, ordered=False)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("names", [["a", "a"], ["a", "a.b"], ["a.b", "a"]])
def test_a_column_whose_name_may_lead_to_two_is_never_passed_over(names: list[str], tmp_path: Path) -> None:
    """A reader that takes one name for two columns must not hash the one in the other's place."""
    seen = set()
    for changed in (0, 1):
        columns = [pa.array(np.arange(ROWS)), pa.array(np.arange(ROWS) + changed)]
        with written(pa.Table.from_arrays(columns, names=names), tmp_path) as file:
            try:
                seen.add(file_digest(file, ordered=True))
            except UnsupportedTypeError as error:
                seen.add(f"{error} {changed}")
    assert len(seen) == 2


def test_a_result_that_can_be_sorted_has_the_digest_of_any_order(tmp_path: Path) -> None:
    table = pa.table({"n": [3, 1, 2]})
    with written(table, tmp_path) as file:
        assert file_digest(file, ordered=False) == logical_digest(pa.table({"n": [1, 2, 3]}), ordered=False)
        assert file_has_digest(file, logical_digest(table, ordered=True))


_MEASURE = """
import sys
from pathlib import Path
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from jupyter_secure_jobs.member.opening import write_csv
from jupyter_secure_jobs.protocol import result_stream
result_stream.MOST_SORTED = int(sys.argv[4])
folder, rows, step = Path(sys.argv[1]), int(sys.argv[2]), 65536
path = folder / f"{rows}.parquet"
schema = pa.schema([("n", pa.int64()), ("value", pa.float64()), ("name", pa.string())])
with pq.ParquetWriter(path, schema) as writer:
    for start in range(0, rows, step):
        numbers = np.arange(start, min(rows, start + step))
        columns = [pa.array(numbers), pa.array(numbers / 3), pa.array(numbers).cast(pa.string())]
        writer.write_table(pa.table(columns, schema=schema))
if sys.argv[3] == "digest":
    with pq.ParquetFile(path) as file:
        result_stream.file_digest(file, ordered=False)
else:
    write_csv(path, Path("/dev/null"))
# Not getrusage: its greatest size is the parent's where that was larger when it forked.
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def peak(folder: Path, rows: int, what: str, *, sorted_rows: int = 1000) -> int:
    command = [sys.executable, "-c", _MEASURE, str(folder), str(rows), what, str(sorted_rows)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Four times as many rows; sorted, and so held at once, they take far more, as the last line shows."""
    few = peak(tmp_path, 250_000, "digest")
    assert peak(tmp_path, 1_000_000, "digest") < 1.25 * few
    assert peak(tmp_path, 1_000_000, "digest", sorted_rows=1_000_000) > 1.25 * few


def test_a_file_of_rows_is_exported_without_holding_them(tmp_path: Path) -> None:
    assert peak(tmp_path, 600_000, "csv") < 1.25 * peak(tmp_path, 150_000, "csv")
