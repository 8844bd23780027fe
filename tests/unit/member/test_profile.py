"""The twin's proposal: what it shows of real data, and what it must never show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_secure_jobs.domain.dataset import Column, Twin
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member.bounds import coarse_days, coarse_numbers, read_bounds
from jupyter_secure_jobs.member.column_types import FIRST_DAY, LAST_DAY, spark_type
from jupyter_secure_jobs.member.profile import (
    describe_twin,
    propose_rows,
    propose_twin,
    with_bounds,
    with_values,
)
from jupyter_secure_jobs.member.tables import PlainTable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


def plain(directory: Path, **arrays: Any) -> PlainTable:
    table = pa.table(arrays)
    path = directory / "part-00000.parquet"
    pq.write_table(table, path)
    columns = tuple(Column(name=field.name, type=spark_type(field.type, column=field.name)) for field in table.schema)
    return PlainTable(columns=columns, parts=(path,), rows=table.num_rows)


def twin_of(
    directory: Path, values: Any, *, public: bool = False, key_groups: Mapping[str, str] | None = None
) -> tuple[Column, Twin]:
    names: Collection[str] = ["c"] if public else []
    (column,), (twin,) = propose_twin(plain(directory, c=values), public=names, key_groups=key_groups or {})
    return column, twin


def test_flags_are_set_and_unknown_names_refused(tmp_path: Path) -> None:
    table = plain(tmp_path, a=[1], b=["x"])
    columns, twins = propose_twin(table, public={"b"}, key_groups={"a": "group"})
    assert [(column.public, column.key_group) for column in columns] == [(False, "group"), (True, "")]
    assert [twin.column for twin in twins] == ["a", "b"]
    with pytest.raises(InvalidError, match="no column 'z'"):
        propose_twin(table, public={"z"}, key_groups={})
    with pytest.raises(InvalidError, match="no column 'z'"):
        propose_twin(table, public=(), key_groups={"z": "group"})
    with pytest.raises(InvalidError, match="identifier"):
        propose_twin(table, public=(), key_groups={"a": "no identifier"})


def test_null_rate_has_two_digits(tmp_path: Path) -> None:
    assert twin_of(tmp_path, [None] + ["x"] * 2)[1].null_rate == 0.33


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (list(range(1, 13)) * 20, "0", "14"),
        ([2013] * 50, "2000", "2050"),
        ([0] * 50, "0", "1"),
        ([0, 1] * 50, "0", "2"),
        (list(range(-128, 128)), "-150", "150"),
        ([0.013 * n for n in range(100)], "0", "1.4"),
        ([Decimal(n) / 100 for n in range(1000, 2000)], "9", "20"),
        ([date(2013, 1, 1) + timedelta(days=n) for n in range(365)], "2012-12-01", "2014-01-31"),
        ([date(1960 + n // 12, 1 + n % 12, 5) for n in range(480)], "1960-01-01", "1999-12-31"),
        ([datetime(2013, 1, 1, 5, tzinfo=UTC) + timedelta(hours=n) for n in range(8000)],
         "2013-01-01T00:00:00Z", "2013-12-01T00:00:00Z"),
        ([datetime(2013, 3, 9, 5) + timedelta(hours=n) for n in range(30)],  # noqa: DTZ001 - no zone is the case
         "2013-03-01T00:00:00", "2013-04-01T00:00:00"),
        (["ab", "abcdefg"] * 20, "1", "10"),
        ([b"x" * 87] * 20, "80", "90"),
    ],
)  # fmt: skip
def test_bounds_are_rounded_outward(tmp_path: Path, values: Any, low: str, high: str) -> None:
    twin = twin_of(tmp_path, values)[1]
    assert (twin.low, twin.high) == (low, high)
    assert twin.values == ()


def test_integer_bounds_stay_inside_the_type(tmp_path: Path) -> None:
    twin = twin_of(tmp_path, pa.array(range(-128, 128), pa.int8()))[1]
    assert (twin.low, twin.high) == ("-128", "127")


def test_outliers_do_not_show(tmp_path: Path) -> None:
    assert twin_of(tmp_path, [10] * 500 + [20] * 500 + [987_654_321])[1].high == "20"


def test_fewer_than_ten_values_have_no_bounds(tmp_path: Path) -> None:
    twin = twin_of(tmp_path, list(range(9)) + [None] * 50)[1]
    assert (twin.low, twin.high) == (None, None)


def test_infinities_and_nan_are_left_out_of_bounds(tmp_path: Path) -> None:
    values = [float("nan"), float("inf"), float("-inf"), *(n / 7 for n in range(100))]
    twin = twin_of(tmp_path, values)[1]
    assert (twin.low, twin.high) == ("0", "16")


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)


@given(values=st.lists(numbers, min_size=1))
def test_number_bounds_hold_the_values_and_are_none_of_the_extremes(values: list[Decimal]) -> None:
    least, greatest = min(values), max(values)
    low, high = coarse_numbers(least, greatest, least=least, greatest=greatest, finest=Decimal("0.001"))
    assert low <= least <= greatest <= high
    assert low < high
    assert not low or low != least
    assert not high or high != greatest


@given(days=st.tuples(st.integers(FIRST_DAY + 800, LAST_DAY - 800), st.integers(0, 700)))
def test_day_bounds_hold_the_values_and_are_none_of_the_extremes(days: tuple[int, int]) -> None:
    least, greatest = days[0], days[0] + days[1]
    low, high = coarse_days(least, greatest, least=least, greatest=greatest)
    assert low < least <= greatest < high
    assert low > FIRST_DAY
    assert high < LAST_DAY


@settings(deadline=None, max_examples=40)
@given(
    values=st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=80),
    public=st.booleans(),
    grouped=st.booleans(),
)
def test_values_are_shown_only_if_public_and_common(
    tmp_path_factory: pytest.TempPathFactory, values: list[str], *, public: bool, grouped: bool
) -> None:
    groups = {"c": "group"} if grouped else {}
    twin = twin_of(tmp_path_factory.mktemp("profile"), values, public=public, key_groups=groups)[1]
    if not public:
        assert twin.values == ()
    reference_list = len(set(values)) == len(values) <= 50
    assert all(values.count(value) >= 10 or reference_list for value in twin.values)


def test_common_values_of_public_columns(tmp_path: Path) -> None:
    assert twin_of(tmp_path, ["b"] * 10 + ["a"] * 11 + ["rare"] * 9, public=True)[1].values == ("a", "b")
    assert twin_of(tmp_path, [10] * 10 + [9] * 10, public=True)[1].values == ("9", "10")
    assert twin_of(tmp_path, [date(2020, 1, 1)] * 10, public=True)[1].values == ("2020-01-01",)
    assert twin_of(tmp_path, ["AA", "DL"], public=True)[1].values == ("AA", "DL")
    assert twin_of(tmp_path, [f"{n}" for n in range(51)], public=True)[1].values == ()
    assert len(twin_of(tmp_path, [f"{n}" for n in range(300)] * 10, public=True)[1].values) == 200
    assert twin_of(tmp_path, [0.5] * 20, public=True)[1].values == ()
    assert twin_of(tmp_path, ["x" * 101] * 20 + ["a\nb"] * 20, public=True)[1].values == ()


def test_values_are_shown_instead_of_bounds(tmp_path: Path) -> None:
    twin = twin_of(tmp_path, [2013] * 20, public=True)[1]
    assert (twin.values, twin.low, twin.high) == (("2013",), None, None)


def test_rows_of_the_twin(tmp_path: Path) -> None:
    table = plain(
        tmp_path, key=list(range(5000)), part=[n % 100 for n in range(5000)], half=[n // 100 for n in range(5000)]
    )
    for groups, rows in [
        ({}, 1000),
        ({"part": "g"}, 1000),
        ({"key": "g"}, 50),
        ({"part": "g", "half": "g"}, 50),
        ({"part": "g", "half": "h"}, 1000),
    ]:
        assert propose_rows(table, propose_twin(table, public=(), key_groups=groups)[0]) == rows
    few = plain(tmp_path, key=[1, 2, 3])
    assert propose_rows(few, propose_twin(few, public=(), key_groups={"key": "g"})[0]) == 3


def test_large_tables_are_sampled_evenly_over_their_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_secure_jobs.member.profile.SAMPLE_ROWS", 10)
    parts = []
    for index in range(3):
        path = tmp_path / f"{index}.parquet"
        pq.write_table(pa.table({"c": range(index * 33, (index + 1) * 33)}), path)
        parts.append(path)
    table = PlainTable(columns=(Column(name="c", type="bigint"),), parts=tuple(parts), rows=99)
    (twin,) = propose_twin(table, public={"c"}, key_groups={})[1]
    assert twin.values == tuple(str(row) for row in range(0, 99, 10))


def test_the_owner_types_bounds_and_values(tmp_path: Path) -> None:
    columns, twins = propose_twin(plain(tmp_path, a=[1], b=["x"]), public={"b"}, key_groups={"b": "group"})
    typed = with_values(with_bounds(twins, "a", "5", "7"), "b", ["y", "x", "y"])
    joins = "It joins other datasets through the key group 'group'."
    assert describe_twin(columns, typed) == [
        ("a", "Its type (bigint); about 0 % nulls; bounds from 5 to 7; no real value."),
        ("b", f"Its type (string); about 0 % nulls; 2 real values: 'x', 'y'. {joins}"),
    ]
    assert twins == with_values(with_bounds(typed, "a", None, None), "b", ["x"])
    with pytest.raises(InvalidError, match="no column 'z'"):
        with_bounds(twins, "z", "1", "2")
    with pytest.raises(InvalidError, match="not marked public"):
        describe_twin(columns, with_values(twins, "a", ["1"]))


def test_the_description_shows_ten_values_and_counts_the_rest(tmp_path: Path) -> None:
    columns, twins = propose_twin(plain(tmp_path, c=[f"v{n}" for n in range(10, 40)]), public={"c"}, key_groups={})
    ((_, sentence),) = describe_twin(columns, twins)
    assert "30 real values: 'v10', " in sentence
    assert "'v19' and 20 more." in sentence


@pytest.mark.parametrize(
    ("kind", "low", "high", "code"),
    [
        ("int", "x", "2", "twin_text"),
        ("int", "1", "2147483648", "twin_text"),
        ("int", "2", "1", "twin_bounds"),
        ("int", "2", None, "twin_bounds"),
        ("double", "nan", "1", "twin_text"),
        ("date", "2020-13-01", "2021-01-01", "twin_text"),
        ("timestamp_ntz", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00", "twin_text"),
        ("decimal(4,2)", "0", "100", "twin_text"),
        ("string", "-1", "5", "twin_bounds"),
        ("string", "1", "10001", "twin_bounds"),
        ("boolean", "false", "true", "twin_bounds"),
    ],
)
def test_bounds_that_are_none(kind: str, low: str | None, high: str | None, code: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read_bounds(Column(name="c", type=kind), Twin(column="c", low=low, high=high))
    assert caught.value.code == code
    assert caught.value.next_step
