"""Reading statements is strict: every field, no other, each of exactly its type and in its one spelling."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_secure_jobs.protocol import canonical, codec
from tests.support.refusal import refused
from tests.support.sample import Colour, Inner, Sample

WHEN = datetime(2026, 11, 2, 12, 0, 0, 123000, tzinfo=UTC)
SAMPLE = Sample(
    text="ä",
    count=2,
    ratio=0.5,
    flag=True,
    data=b"\0\xff",
    when=WHEN,
    colour=Colour.BLUE,
    inner=Inner(name="a"),
    parts=(Inner(name="b"), Inner(name="c")),
    perhaps=None,
    values={"a": "x", "b": 1, "c": 1.5, "d": True, "e": ("p", "q")},
)
JSON = {
    "text": "ä",
    "count": 2,
    "ratio": 0.5,
    "flag": True,
    "data": "AP8=",
    "when": "2026-11-02T12:00:00.123Z",
    "colour": "blue",
    "inner": {"name": "a"},
    "parts": [{"name": "b"}, {"name": "c"}],
    "perhaps": None,
    "values": {"a": "x", "b": 1, "c": 1.5, "d": True, "e": ["p", "q"]},
}


def test_both_ways() -> None:
    assert codec.to_json(SAMPLE) == JSON
    read = codec.from_json(Sample, JSON)
    assert codec.to_json(read) == JSON
    assert read == SAMPLE
    assert read.values["d"] is True


def test_values_that_were_read_cannot_be_changed() -> None:
    read = codec.from_json(Sample, JSON)
    with pytest.raises(TypeError):
        read.values["a"] = "y"  # type: ignore[index]  # the test shows that this cannot be done


@pytest.mark.parametrize("field", JSON)
def test_missing_field(field: str) -> None:
    with refused("statement_shape", saying=f"'{field}' is missing or unknown"):
        codec.from_json(Sample, {name: value for name, value in JSON.items() if name != field})


def test_unknown_field() -> None:
    with refused("statement_shape", saying="'zz' is missing or unknown"):
        codec.from_json(Sample, {**JSON, "zz": 1})
    with refused("statement_shape", saying=r"Sample.inner: field 'zz'"):
        codec.from_json(Sample, {**JSON, "inner": {"name": "a", "zz": None}})


WRONG: dict[str, list[Any]] = {
    "text": [None, 1, True, ["ä"], {}],
    "count": [None, "2", 2.0, True, "02", [2]],
    "ratio": [None, "0.5", True],
    "flag": [None, 0, 1, "true"],
    "data": [None, 1, "AP8", "AP8=\n", "AP9=", "A P8=", "AP-_", "AP8==", "ÄP8=", "=AP8", [0, 255]],
    "when": [
        None, 1, "2026-11-02T12:00:00Z", "2026-11-02T12:00:00.123+00:00", "2026-11-02T12:00:00.1234Z",
        "2026-11-02 12:00:00.123Z", "2026-02-30T12:00:00.123Z", "2026-11-02T24:00:00.000Z", "2026-11-02T12:00:60.000Z",
        "0000-01-01T00:00:00.000Z", "2026-11-02T12:00:00.123Z\n", "٢٠٢٦-11-02T12:00:00.123Z",
    ],
    "colour": [None, "green", "RED", "BLUE", 1, ["red"], {}],
    "inner": [None, "a", [], {}, {"name": 1}],
    "parts": [None, {}, "b", [{"name": 1}], [["b"]]],
    "perhaps": [1, True, [], {}],
    "values": [None, [], {"a": None}, {"a": ["x", 1]}, {"a": {}}, {"a": [["x"]]}],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_wrong_type_or_spelling(field: str, value: object) -> None:
    code = "not_a_time" if field == "when" and isinstance(value, str) else "statement_shape"
    with refused(code):
        codec.from_json(Sample, {**JSON, field: value})


def test_not_an_object_at_all() -> None:
    for value in (None, [], "x", 1):
        with refused("statement_shape"):
            codec.from_json(Sample, value)


def test_what_a_part_refuses_is_a_refusal_with_its_code() -> None:
    with refused("inner_name", saying="Sample: This name is refused"):
        codec.from_json(Sample, {**JSON, "inner": {"name": "refused"}})


def test_whole_float_is_read_from_the_integer_that_rfc_8785_writes() -> None:
    read = codec.from_json(Sample, {**JSON, "ratio": 2})
    assert (read.ratio, type(read.ratio)) == (2.0, float)


@pytest.mark.parametrize("big", [2**53, -(2**53), 2**63 - 1])
def test_big_integers_travel_as_text(big: int) -> None:
    data = canonical.encode(codec.to_json({"count": big}))
    assert data == f'{{"count":"{big}"}}'.encode()
    assert codec.from_json(Sample, {**JSON, "count": str(big)}).count == big


@pytest.mark.parametrize("text", ["9007199254740991", "1" * 20, "0" * 17, "+9007199254740992", " 9007199254740992"])
def test_small_or_odd_integers_as_text_are_refused(text: str) -> None:
    with refused("statement_shape"):
        codec.from_json(Sample, {**JSON, "count": text})


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 -- hypothesis adds zones
def test_times_are_utc_with_milliseconds(moment: datetime) -> None:
    try:
        text = codec.time_text(moment)
    except OverflowError:
        return
    again = codec.parse_time(text)
    assert codec.time_text(again) == text
    assert timedelta(0) <= moment - again < timedelta(milliseconds=1)


def test_time_of_another_zone() -> None:
    assert codec.time_text(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00.000Z"


SAMPLES = st.builds(
    Sample,
    text=st.text(),
    count=st.integers(-(2**63), 2**63 - 1),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    flag=st.booleans(),
    data=st.binary(),
    when=st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 -- as above
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    colour=st.sampled_from(Colour),
    inner=st.builds(Inner, name=st.just("a")),
    parts=st.lists(st.builds(Inner, name=st.text().filter(lambda name: name != "refused"))).map(tuple),
    perhaps=st.none() | st.text(),
    values=st.dictionaries(
        st.text(), st.text() | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.lists(st.text()).map(tuple)
    ),
)


@given(SAMPLES)
def test_round_trip(sample: Sample) -> None:
    assert codec.from_json(Sample, codec.to_json(sample)) == sample


@given(st.binary())
def test_bytes_are_base64(data: bytes) -> None:
    assert codec.to_json(data) == base64.b64encode(data).decode()
