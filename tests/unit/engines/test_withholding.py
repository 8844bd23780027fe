"""Output rules on rows: every type of count, nulls, huge numbers, names, nested columns, and what must not be left."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.output import Bound, OutputFailure, OutputRules, WithheldColumn
from jupyter_secure_jobs.engines.withholding import MOST_COUNT, Done, withhold

if TYPE_CHECKING:
    from pathlib import Path

ME = ("the job",)


def rules(
    *, group: int | None = None, to: int | None = None, most: int | None = None, without: tuple[str, ...] = ()
) -> OutputRules:
    def bound(value: int | None) -> Bound | None:
        return None if value is None else Bound(value=value, asked_by=ME)

    return OutputRules(
        smallest_group=bound(group),
        round_counts_to=bound(to),
        most_rows=bound(most),
        withheld_columns=tuple(WithheldColumn(name=name, asked_by=ME) for name in without),
        counts=("n",),
    )


class Place:
    """Where a stream and what leaves of it lie."""

    def __init__(self, folder: Path) -> None:
        self.source, self.target = folder / "rows.arrow", folder / "out.parquet"

    def withhold(self, held: OutputRules, *batches: pa.RecordBatch) -> Done:
        with pa.OSFile(str(self.source), "wb") as file, pa.ipc.new_stream(file, batches[0].schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return withhold(str(self.source), str(self.target), held)

    def left(self) -> pa.Table:
        return pq.read_table(self.target)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def batch(**columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


COUNTS = {
    "int8": pa.array([9, 10, 127, -1, None], pa.int8()),
    "int16": pa.array([9, 10, 127, -1, None], pa.int16()),
    "int32": pa.array([9, 10, 127, -1, None], pa.int32()),
    "int64": pa.array([9, 10, 127, -(2**63), None], pa.int64()),
    "uint8": pa.array([9, 10, 127, 0, None], pa.uint8()),
    "uint64": pa.array([9, 10, 127, 2**64 - 1, None], pa.uint64()),
    "huge int64": pa.array([9, 10, 127, MOST_COUNT + 1, None], pa.int64()),
    "float16": pa.array([9, 10, 127, 10.5, None], pa.float16()),
    "float32": pa.array([9, 10, 127, 2.0**25, None], pa.float32()),
    "double": pa.array([9.999999, 10, 127, float("inf"), None], pa.float64()),
    "double that is no number": pa.array([9, 10, 127, float("nan"), None], pa.float64()),
    "huge double": pa.array([-0.0, 10, 127, 1e300, None], pa.float64()),
    "decimal": pa.array([Decimal("9.99"), Decimal(10), Decimal(127), Decimal("12.50"), None], pa.decimal128(10, 2)),
    "decimal256": pa.array([Decimal(9), Decimal(10), Decimal(127), Decimal(10**40), None], pa.decimal256(60, 0)),
}


@pytest.mark.parametrize("name", COUNTS)
def test_rows_that_do_not_count_enough_are_withheld_whatever_the_type(place: Place, name: str) -> None:
    counts = COUNTS[name]
    done = place.withhold(rules(group=10), batch(who=["a", "b", "c", "d", "e"], n=counts))
    assert (done.failure, done.withheld) == (None, 3)
    assert place.left().to_pydict() == {"who": ["b", "c"], "n": [10, 127]}
    assert place.left().schema.field("n").type == counts.type


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_rounded_within_their_type(place: Place, name: str) -> None:
    counts = COUNTS[name]
    place.withhold(rules(group=10, to=50), batch(n=counts))
    rounded = [0, 100] if name == "int8" else [0, 150]
    assert place.left()["n"].to_pylist() == rounded  # 127 is nearer to 150, which one byte cannot hold
    assert place.left().schema.field("n").type == counts.type


def test_halves_go_up_and_rounding_comes_after_suppression(place: Place) -> None:
    place.withhold(rules(group=10, to=10), batch(n=[9, 10, 14, 15, 24, 25, 105]))
    assert place.left()["n"].to_pylist() == [10, 10, 20, 20, 30, 110]


def test_rounding_alone_keeps_nulls_and_withholds_what_is_no_count(place: Place) -> None:
    done = place.withhold(rules(to=5), batch(n=pa.array([1.0, 2.5, None, float("nan"), -5.0, 13.0])))
    assert place.left()["n"].to_pylist() == [0, None, 15]
    assert done.withheld == 3


@pytest.mark.parametrize(
    "counts",
    [["10", "11"], [True, True], [[10], [11]], [{"n": 10}, {"n": 11}], [None, None], [b"10", b"11"]],
    ids=["text", "boolean", "list", "struct", "null", "bytes"],
)
def test_count_that_is_no_number_fails_the_run(place: Place, counts: list[Any]) -> None:
    done = place.withhold(rules(group=10), batch(who=["a", "b"], n=counts))
    assert done == Done(failure=OutputFailure.COUNT_TYPE)


def test_declared_count_that_is_missing_or_none_declared(place: Place) -> None:
    assert place.withhold(rules(group=10), batch(flights=[50])).failure is OutputFailure.COUNT_MISSING
    undeclared = OutputRules(round_counts_to=Bound(value=5, asked_by=ME))
    assert place.withhold(undeclared, batch(n=[50])).failure is OutputFailure.NO_COUNT
    two = OutputRules(smallest_group=Bound(value=2, asked_by=ME), counts=("n", "flights"))
    assert place.withhold(two, batch(flights=[50])).failure is OutputFailure.COUNT_MISSING


def test_every_column_of_a_counts_name_is_a_count_letter_case_aside(place: Place) -> None:
    both = pa.RecordBatch.from_arrays([pa.array([10, 10]), pa.array([10, 9]), pa.array(["a", "b"])], ["n", "N", "who"])
    assert place.withhold(rules(group=10), both).withheld == 1
    assert place.left().column(2).to_pylist() == ["a"]


def test_dictionary_encoded_counts_are_read_as_numbers(place: Place) -> None:
    counts = pa.array([9, 10, 10]).dictionary_encode()
    assert place.withhold(rules(group=10), batch(n=counts)).withheld == 1
    assert place.left()["n"].to_pylist() == [10, 10]


def test_dropped_columns_letter_case_aside_and_inside_others(place: Place) -> None:
    rows = batch(
        Captain=["x"],
        kept=[1],
        nested=[{"who": {"CAPTAIN": "x"}}],
        listed=[[{"captain": "x"}]],
        mapped=pa.array([[("a", {"captain": "x"})]], pa.map_(pa.string(), pa.struct([("captain", pa.string())]))),
        key=["captain"],
    )
    done = place.withhold(rules(without=("nothing", "captain")), rows)
    assert done == Done(dropped=(1,))
    assert place.left().column_names == ["kept", "key"]


def test_count_may_be_a_dropped_column_and_still_decides(place: Place) -> None:
    done = place.withhold(rules(group=10, without=("n",)), batch(who=["a", "b"], n=[9, 10]))
    assert (done.withheld, place.left().to_pydict()) == (1, {"who": ["b"]})


def test_nothing_left_to_show_fails_the_run(place: Place) -> None:
    assert place.withhold(rules(without=("n",)), batch(n=[1])).failure is OutputFailure.NO_COLUMN


def test_most_rows_counts_what_leaves(place: Place) -> None:
    rows = [batch(n=[9, 10]), batch(n=[9, 10, 9])]
    assert place.withhold(rules(group=10, most=2), *rows) == Done(withheld=3)
    assert place.withhold(rules(group=10, most=1), *rows).failure is OutputFailure.MOST_ROWS
    assert place.withhold(rules(most=4), *rows).failure is OutputFailure.MOST_ROWS
    assert place.withhold(rules(most=5), *rows) == Done()


def test_nothing_withheld_is_anywhere_in_the_file_that_leaves(place: Place) -> None:
    """A dictionary, the metadata of a schema or of a field would carry what was withheld."""
    secret = "canary-4711"
    who = pa.array([secret, "b", "b"])
    fields = [
        pa.field("who", pa.dictionary(pa.int32(), pa.string()), metadata={"m": secret}),
        pa.field("inside", pa.list_(pa.field("item", pa.dictionary(pa.int32(), pa.string()), metadata={"m": secret}))),
        pa.field("n", pa.int64()),
    ]
    listed = pa.ListArray.from_arrays([0, 1, 2, 3], who.dictionary_encode())
    columns = [who.dictionary_encode(), listed, pa.array([9, 10, 11])]
    made = pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields, metadata={"m": secret}))
    place.withhold(rules(group=10), made)
    assert secret.encode() in place.source.read_bytes()
    assert secret.encode() not in place.target.read_bytes()
    assert place.left().to_pydict() == {"who": ["b", "b"], "inside": [["b"], ["b"]], "n": [10, 11]}


def test_types_of_other_columns_stay_as_they_are(place: Place) -> None:
    kinds = {
        "decimal": pa.array([Decimal("1.10")], pa.decimal128(38, 2)),
        "time": pa.array([1], pa.timestamp("us", "UTC")),
        "local": pa.array([1], pa.timestamp("us")),
        "date": pa.array([1], pa.date32()),
        "small": pa.array([1], pa.int8()),
        "nested": pa.array([{"a": [1, None]}], pa.struct([("a", pa.list_(pa.int16()))])),
        "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
        "bytes": pa.array([b"\0"], pa.binary()),
    }
    place.withhold(rules(group=1, without=("other",)), batch(n=[1], **kinds))
    left = place.left()
    for name, array in kinds.items():
        assert left.schema.field(name).type == array.type, name
        assert left[name].to_pylist() == array.to_pylist()


def test_many_rows_go_through_in_parts(place: Place) -> None:
    rows = batch(n=list(range(200_000)))
    assert place.withhold(rules(group=100_000), rows).withheld == 100_000
    assert place.left().num_rows == 100_000
    assert pq.ParquetFile(place.target).num_row_groups > 2


OFFSETS = (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + (2).to_bytes(4, "little")


@pytest.mark.parametrize("middle", [2**31 - 1, 2**31, 3], ids=["far", "negative", "backwards"])
def test_lying_offsets_are_found_before_anything_is_computed(place: Place, middle: int) -> None:
    place.withhold(rules(group=2), batch(t=["a", "b"], n=[3, 3]))
    honest = place.source.read_bytes()
    assert honest.count(OFFSETS) == 1
    place.source.write_bytes(honest.replace(OFFSETS, OFFSETS[:4] + middle.to_bytes(4, "little") + OFFSETS[8:]))
    with pytest.raises(pa.ArrowInvalid, match="offset"):
        withhold(str(place.source), str(place.target), rules(group=2))


def test_text_that_is_no_utf8_is_found(place: Place) -> None:
    place.withhold(rules(group=2), batch(t=["aaaa"], n=[3]))
    place.source.write_bytes(place.source.read_bytes().replace(b"aaaa", b"\xff\xfeaa"))
    with pytest.raises(pa.ArrowInvalid, match="UTF8"):
        withhold(str(place.source), str(place.target), rules(group=2))


@pytest.mark.parametrize("cut", [0, 1, 30, 100])
def test_broken_stream_is_refused(place: Place, cut: int) -> None:
    place.withhold(rules(group=2), batch(n=[3]))
    place.source.write_bytes(place.source.read_bytes()[:cut])
    with pytest.raises((pa.ArrowException, OSError)):
        withhold(str(place.source), str(place.target), rules(group=2))
