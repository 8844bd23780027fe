"""Parquet's types as Spark's: which are widened, which keep every value, and which are refused by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member.tables import PlainTable, read_table

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "Erika-Mustermann-4711"


def parquet_file(tmp_path: Path, table: Any) -> Path:
    path = tmp_path / "table.parquet"
    pq.write_table(table, path)
    return path


def rows_of(table: PlainTable) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.concat_tables(pq.read_table(part) for part in table.parts).to_pylist()
    return rows


def types_of(table: PlainTable) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}


MOMENT = datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LOCAL = MOMENT.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("array", "kind", "value"),
    [
        (pa.array([255], pa.uint8()), "smallint", 255),
        (pa.array([65535], pa.uint16()), "int", 65535),
        (pa.array([2**32 - 1], pa.uint32()), "bigint", 2**32 - 1),
        (pa.array([2**64 - 1], pa.uint64()), "decimal(20,0)", Decimal(2**64 - 1)),
        (pa.array([1], pa.int8()), "tinyint", 1),
        (pa.array([0.5], pa.float16()), "float", 0.5),
        (pa.array([0.5], pa.float32()), "float", 0.5),
        (pa.array(["x"], pa.large_string()), "string", "x"),
        (pa.array(["x"]).dictionary_encode(), "string", "x"),
        (pa.array([b"xy"], pa.binary(2)), "binary", b"xy"),
        (pa.array([date(2020, 1, 2)], pa.date64()), "date", date(2020, 1, 2)),
        (pa.array([MOMENT], pa.timestamp("ms", "UTC")).cast(pa.timestamp("ns", "Europe/Berlin")), "timestamp", None),
        (pa.array([LOCAL], pa.timestamp("us")), "timestamp_ntz", LOCAL),
        (pa.array([1577934245678901999], pa.timestamp("ns")), "timestamp_ntz", LOCAL),
        (pa.array([Decimal("1.5")], pa.decimal128(5, 2)), "decimal(5,2)", Decimal("1.50")),
        (pa.array([Decimal("1.5")], pa.decimal256(38, 2)), "decimal(38,2)", Decimal("1.50")),
        (pa.array([True]), "boolean", True),
    ],
    ids=str,
)
def test_parquet_types_become_spark_types(tmp_path: Path, into: Path, array: Any, kind: str, value: object) -> None:
    table = read_table([parquet_file(tmp_path, pa.table({"c": array}))], into=into)
    assert types_of(table) == {"c": kind}
    expected = MOMENT.replace(microsecond=678000) if value is None else value
    assert rows_of(table) == [{"c": expected}]


def test_an_all_null_column_is_a_string(tmp_path: Path, into: Path) -> None:
    table = read_table([parquet_file(tmp_path, pa.table({"a": [1], "c": pa.nulls(1)}))], into=into)
    assert types_of(table) == {"a": "bigint", "c": "string"}


def test_nullable_follows_the_parquet_schema(tmp_path: Path, into: Path) -> None:
    schema = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("b", pa.int64())])
    table = read_table([parquet_file(tmp_path, pa.table({"a": [1], "b": [2]}, schema=schema))], into=into)
    assert [column.nullable for column in table.columns] == [False, True]


@pytest.mark.parametrize(
    ("array", "advice"),
    [
        (pa.array([[1]]), "Flatten"),
        (pa.array([{SECRET: 1}]), "Flatten"),
        (pa.array([time(1, 2)]), "time of day"),
        (pa.array([timedelta(1)]), "seconds"),
        (pa.array([Decimal(10) ** 50], pa.decimal256(60, 0)), "38 digits"),
    ],
    ids=str,
)
def test_parquet_types_that_jobs_cannot_read(tmp_path: Path, into: Path, array: Any, advice: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read_table([parquet_file(tmp_path, pa.table({"span": array}))], into=into)
    assert caught.value.code == "table_type"
    assert "'span'" in caught.value.detail
    assert advice in caught.value.next_step
    assert SECRET not in str(caught.value)
