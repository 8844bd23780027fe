"""Synthetic twins: the same again for the same arguments, within what the owner lets be seen, and joinable."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_secure_jobs.domain.dataset import Column, Twin
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member.bounds import read_bounds
from jupyter_secure_jobs.member.column_types import arrow_type
from jupyter_secure_jobs.member.draws import below, draws, fraction, order, word
from jupyter_secure_jobs.member.key_domain import DOMAIN_SIZE
from jupyter_secure_jobs.member.synthetic import make_twin, write_twin

if TYPE_CHECKING:
    from pathlib import Path

SEED = bytes(range(32))
BOUNDS = {
    "tinyint": ("-128", "127"),
    "smallint": ("-3", "300"),
    "int": ("5", "5"),
    "bigint": ("-9223372036854775808", "9223372036854775807"),
    "float": ("-0.1", "0.1"),
    "double": ("-1.7e308", "1.7e308"),
    "decimal(38,10)": ("-9999999999999999999999999999.9999999999", "9999999999999999999999999999.9999999999"),
    "decimal(4,2)": ("-1.5", "99.99"),
    "decimal(2,2)": ("0", "0.99"),
    "string": ("1", "40"),
    "binary": ("0", "3"),
    "date": ("0001-01-01", "9999-12-31"),
    "timestamp": ("2013-01-01T00:00:00Z", "2014-01-01T00:00:00Z"),
    "timestamp_ntz": ("2013-01-01T00:00:00", "2013-01-01T00:00:01"),
}
TYPES = [*BOUNDS, "boolean"]
VALUES = {"string": ("x", "y"), "int": ("1", "5"), "date": ("2020-02-29",), "binary": ("x",), "boolean": ("true",),
          "decimal(4,2)": ("1.5",), "double": ("0.5",), "timestamp": ("2020-01-01T00:00:00Z",)}  # fmt: skip


def one(column: Column, twin: Twin, *, rows: int = 200, dataset: str = "d", seed: bytes = SEED) -> Any:
    return make_twin((column,), (twin,), seed=seed, dataset=dataset, rows=rows)


def made(dataset: str, rows: int, *columns: Column, **twins: Twin) -> Any:
    shown = tuple(twins.get(column.name, Twin(column=column.name)) for column in columns)
    return make_twin(columns, shown, seed=SEED, dataset=dataset, rows=rows)


def key(name: str, kind: str, group: str, *, public: bool = False) -> Column:
    return Column(name=name, type=kind, key_group=group, public=public)


def joined(left: Any, right: Any, on: list[str], right_on: list[str] | None = None) -> int:
    rows: int = left.join(right, on, right_on or on, join_type="inner", right_suffix="_r").num_rows
    return rows


def plain_number(spark: str, array: Any) -> Any:
    if spark in {"string", "binary"}:
        return pc.binary_length(array)
    if spark == "date":
        return array.cast(pa.int32())
    return array.cast(pa.int64()) if spark.startswith("timestamp") else array


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_exact_without_bounds(kind: str) -> None:
    array = one(Column(name="c", type=kind), Twin(column="c"))["c"]
    assert array.type == arrow_type(kind)
    assert array.null_count == 0
    assert len(set(array.to_pylist())) > 1


@pytest.mark.parametrize("kind", list(BOUNDS))
def test_every_type_stays_within_its_bounds(kind: str) -> None:
    low, high = BOUNDS[kind]
    column, twin = Column(name="c", type=kind), Twin(column="c", low=low, high=high)
    array = one(column, twin)["c"]
    bounds = read_bounds(column, twin)
    assert bounds is not None
    assert array.type == arrow_type(kind)
    measured = plain_number(kind, array)
    least, greatest = (pa.scalar(bound).cast(measured.type).as_py() for bound in bounds)
    assert all(least <= value <= greatest for value in measured.to_pylist())


@settings(deadline=None)
@given(
    low=st.integers(-(2**63), 2**63 - 1),
    across=st.integers(0, 2**64),
    rows=st.integers(1, 40),
    rate=st.integers(0, 100),
)
def test_bounds_rows_and_null_rate_hold(low: int, across: int, rows: int, rate: int) -> None:
    high = min(low + across, 2**63 - 1)
    twin = Twin(column="c", null_rate=rate / 100, low=str(low), high=str(high))
    values = one(Column(name="c", type="bigint"), twin, rows=rows)["c"].to_pylist()
    nulls = values.count(None)
    assert len(values) == rows
    assert abs(nulls - rows * rate / 100) <= 1
    assert (nulls > 0) == (rate > 0 and (rows > 1 or rate == 100))
    assert (nulls < rows) == (rate < 100)
    assert all(low <= value <= high for value in values if value is not None)


@pytest.mark.parametrize("kind", list(VALUES))
def test_values_are_drawn_from_the_twin_alone(kind: str) -> None:
    column = Column(name="c", type=kind, public=True)
    table = one(column, Twin(column="c", values=VALUES[kind]))
    wanted = pa.array(VALUES[kind]).cast(arrow_type(kind)).to_pylist()
    assert table["c"].type == arrow_type(kind)
    assert set(table["c"].to_pylist()) == set(wanted)


def test_columns_that_cannot_be_null_are_not() -> None:
    table = one(Column(name="c", type="int", nullable=False), Twin(column="c", null_rate=0.5))
    assert table["c"].null_count == 0
    assert not table.schema.field("c").nullable


def test_words_look_synthetic() -> None:
    words = one(Column(name="c", type="string"), Twin(column="c", low="6", high="60"))["c"].to_pylist()
    assert all(text.startswith("syn") and text.isalnum() for text in words)
    assert len(set(words)) == len(words)


def content(table: Any) -> str:
    # As text: how Python shows a time zone differs between versions of pyarrow.
    columns = {name: [str(value) for value in values] for name, values in table.to_pydict().items()}
    return hashlib.sha256(repr(columns).encode()).hexdigest()


def everything(seed: bytes = SEED, dataset: str = "d", rows: int = 60) -> Any:
    plain = [Column(name=f"c{place}", type=kind) for place, kind in enumerate(TYPES)]
    keys = [key(f"k{place}", kind, "group") for place, kind in enumerate(TYPES)]
    twins = [Twin(column=column.name, null_rate=0.1) for column in (*plain, *keys)]
    return make_twin((*plain, *keys), tuple(twins), seed=seed, dataset=dataset, rows=rows)


def test_the_same_arguments_give_the_same_table_on_every_machine() -> None:
    # A vector: if it changes, every published twin's digest does, and stored test results no longer compare.
    assert content(everything()) == "93615b5874ca51f708cd2c19de722e999a973d65699b8d93121044994df4ab4a"


def test_other_seeds_and_datasets_give_other_tables() -> None:
    first = content(everything())
    assert content(everything(seed=bytes(32))) != first
    assert content(everything(dataset="e")) != first


def test_a_file_has_its_digest_and_is_the_same_again(tmp_path: Path) -> None:
    table = everything()
    digest = write_twin(table, tmp_path / "a.parquet")
    raw = (tmp_path / "a.parquet").read_bytes()
    assert digest == "sha256:" + hashlib.sha256(raw).hexdigest()
    assert write_twin(everything(), tmp_path / "b.parquet") == digest
    assert pq.read_table(tmp_path / "a.parquet").equals(table)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("int", "bigint"), ("tinyint", "double"), ("bigint", "decimal(10,0)"), ("string", "string"), ("date", "date"),
        ("timestamp", "timestamp"), ("binary", "binary"), ("boolean", "boolean"),
    ],
)  # fmt: skip
def test_two_owners_who_share_a_group_alone_can_join(left: str, right: str) -> None:
    many = made("many", 1000, key("a", left, "group"), Column(name="x", type="int"))
    single = made("single", DOMAIN_SIZE, key("b", right, "group"), Column(name="y", type="int"))
    wide = pa.float64() if left not in {"string", "date", "timestamp", "binary", "boolean"} else arrow_type(left)
    left_keys = set(many["a"].cast(wide).to_pylist())
    right_keys = single["b"].cast(wide).to_pylist()
    assert left_keys == set(right_keys)
    assert len(right_keys) == len(set(right_keys)) or left == "boolean"


@settings(deadline=None, max_examples=40)
@given(
    low=st.tuples(st.integers(-5000, 5000), st.integers(-5000, 5000)),
    across=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    bounded=st.tuples(st.booleans(), st.booleans()),
    rows=st.tuples(st.integers(1, 200), st.integers(1, 200)),
)
def test_keys_join_whatever_bounds_the_owners_give(
    low: tuple[int, int], across: tuple[int, int], bounded: tuple[bool, bool], rows: tuple[int, int]
) -> None:
    tables = []
    for side in (0, 1):
        bounds = (str(low[side]), str(low[side] + across[side])) if bounded[side] else (None, None)
        twin = Twin(column="k", low=bounds[0], high=bounds[1])
        tables.append(made(f"side{side}", rows[side], key("k", "bigint", "group"), k=twin))
    assert joined(tables[0], tables[1], ["k"]) > 0


@given(
    values=st.tuples(*[st.sets(st.sampled_from(["JFK", "LGA", "EWR", "BOS", "ORD"]))] * 2),
    rows=st.tuples(st.integers(1, 120), st.integers(1, 120)),
)
@settings(deadline=None, max_examples=40)
def test_keys_join_whatever_values_the_owners_show(values: tuple[set[str], ...], rows: tuple[int, int]) -> None:
    tables = [
        made(f"side{side}", rows[side], key("k", "string", "group", public=True),
             k=Twin(column="k", values=tuple(sorted(values[side]))))
        for side in (0, 1)
    ]  # fmt: skip
    assert joined(tables[0], tables[1], ["k"]) > 0


def test_public_values_of_both_sides_can_be_filtered_for() -> None:
    shown = Twin(column="k", values=("EWR", "JFK", "LGA"))
    left, right = (made(name, 200, key("k", "string", "group", public=True), k=shown) for name in ("a", "b"))
    for table in (left, right):
        assert set(shown.values) < set(table["k"].to_pylist())


def test_a_column_that_is_not_public_shows_no_value_of_the_other_side() -> None:
    hidden = made("b", 200, key("k", "string", "group"))
    assert all(text.startswith("syn") for text in hidden["k"].to_pylist())


def test_equal_bounds_give_equal_keys_and_bounds_can_be_filtered_for() -> None:
    shown = Twin(column="k", low="2013-01-01T00:00:00Z", high="2014-01-01T00:00:00Z")
    left, right = (made(name, 50, key("k", "timestamp", "hour"), k=shown) for name in ("a", "b"))
    assert sorted(left["k"].to_pylist()) == sorted(right["k"].to_pylist())
    assert sum(moment.year == 2013 for moment in left["k"].to_pylist()) == 25


def test_a_key_of_several_columns_joins_as_a_whole() -> None:
    flights = made("flights", 1000, key("origin", "string", "place_hour"), key("at", "timestamp", "place_hour"))
    weather = made("weather", 50, key("hour", "timestamp", "place_hour"), key("origin", "string", "place_hour"))
    assert joined(flights, weather, ["origin", "at"], ["origin", "hour"]) == 1000
    calendar = [key(name, "int", "day") for name in ("year", "month", "day")]
    assert joined(made("a", 500, *calendar), made("b", 50, *calendar), ["year", "month", "day"]) == 500


def test_one_column_joins_each_column_of_a_key_of_two() -> None:
    flights = made("flights", 400, key("origin", "string", "airport"), key("dest", "string", "airport"))
    airports = made("airports", 50, key("faa", "string", "airport"))
    assert joined(flights, airports, ["origin"], ["faa"]) == 400
    assert joined(flights, airports, ["dest"], ["faa"]) == 400
    assert flights["origin"].to_pylist() != flights["dest"].to_pylist()


def test_the_half_that_always_joins_is_the_same_in_every_column() -> None:
    columns = [key(name, "string", "airport", public=True) for name in ("origin", "dest", "faa")]
    flights = made("flights", 400, *columns[:2], dest=Twin(column="dest", values=("BOS",)))
    airports = made("airports", 50, columns[2], faa=Twin(column="faa", values=("ORD",)))
    assert set(flights["dest"].to_pylist()) - {"BOS"} == set(airports["faa"].to_pylist()) - {"ORD"}


def test_two_groups_of_one_dataset_are_mixed() -> None:
    table = made("a", 50, key("x", "int", "one"), key("y", "int", "two"))
    shared = made("b", 50, key("x", "int", "one"), key("y", "int", "two"))
    assert set(zip(table["x"].to_pylist(), table["y"].to_pylist(), strict=True)) != set(
        zip(shared["x"].to_pylist(), shared["y"].to_pylist(), strict=True)
    )


@given(rows=st.integers(1, DOMAIN_SIZE))
@settings(deadline=None)
def test_keys_of_the_one_side_never_repeat(rows: int) -> None:
    keys = made("planes", rows, key("tailnum", "string", "plane"))["tailnum"].to_pylist()
    assert len(set(keys)) == rows


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"rows": 0}, "twin_rows"),
        ({"rows": 100_001}, "twin_rows"),
        ({"seed": b"short"}, "twin_seed"),
        ({"twins": (Twin(column="d"),)}, "twin_columns"),
        ({"twins": (Twin(column="c", values=("1",)),)}, "twin_not_public"),
        ({"twins": (Twin(column="c", low="9", high="1"),)}, "twin_bounds"),
        ({"twins": (Twin(column="c", low="a", high="b"),)}, "twin_text"),
    ],
)
def test_arguments_that_are_refused(arguments: dict[str, Any], code: str) -> None:
    usual: dict[str, Any] = {"twins": (Twin(column="c"),), "seed": SEED, "rows": 1}
    given_now: dict[str, Any] = usual | arguments
    with pytest.raises(InvalidError) as caught:
        make_twin(
            (key("c", "int", "group"),),
            given_now["twins"],
            seed=given_now["seed"],
            dataset="d",
            rows=given_now["rows"],
        )
    assert caught.value.code == code


@given(draw=st.integers(0, 2**128 - 1), bound=st.integers(1, 2**130))
def test_draws_become_numbers_in_range(draw: int, bound: int) -> None:
    assert 0 <= below(draw, bound) < bound
    assert 0.0 <= fraction(draw) < 1.0


@given(count=st.integers(0, 60))
def test_orders_and_words(count: int) -> None:
    assert sorted(order(count, SEED, "x")) == list(range(count))
    assert len(word(count, SEED, "x")) == count


def test_labels_cannot_be_confused() -> None:
    labels: list[tuple[bytes | str | int, ...]] = [("ab", "c"), ("a", "bc"), ("abc",), (b"abc",), (b"ab", "c"), ()]
    different = [draws(1, *parts) for parts in labels]
    assert len({numbers[0] for numbers in different}) == len(different)
    assert draws(3, "a")[:2] == draws(2, "a")
