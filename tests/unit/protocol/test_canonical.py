"""Canonical JSON: the samples of RFC 8785, and that nothing but canonical bytes is read."""

from __future__ import annotations

import json
import math
import struct
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import canonical
from tests.support.refusal import refused

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "canonical.json").read_text())


@pytest.mark.parametrize(("bits", "text"), VECTORS["numbers"].items())
def test_number_of_rfc_8785_appendix_b(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical.encode(number) == text.encode()
    assert canonical.decode(text.encode()) == number


@pytest.mark.parametrize("sample", VECTORS["samples"], ids=lambda sample: str(sample["name"]))
def test_sample(sample: dict[str, Any]) -> None:
    assert canonical.encode(sample["value"]) == sample["text"].encode()
    assert canonical.decode(sample["text"].encode()) == sample["value"]


@pytest.mark.parametrize("sample", VECTORS["refused"], ids=lambda sample: str(sample["name"]))
def test_refused_bytes(sample: dict[str, str]) -> None:
    with refused(sample["code"]):
        canonical.decode(bytes.fromhex(sample["hex"]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), "\ud800", {1: 2}, b"x", object()])
def test_value_without_a_canonical_form(value: object) -> None:
    with refused("not_canonical"):
        canonical.encode(value)


def test_value_that_is_too_deep() -> None:
    deep: Any = 1
    for _ in range(canonical.MOST_DEPTH):
        deep = [deep]
    assert canonical.decode(canonical.encode(deep)) == deep
    deep = [deep]
    with refused("statement_too_deep"):
        canonical.encode(deep)


def test_depth_is_that_of_brackets_outside_texts() -> None:
    assert canonical.decode(b"[" * 32 + b"]" * 32)
    assert canonical.decode(b'["' + b"[" * 100 + b'"]') == ["[" * 100]
    assert canonical.decode(b'["\\"' + b"[" * 100 + b'"]') == ['"' + "[" * 100]


def test_size_is_bounded() -> None:
    most = b'"' + b"x" * 98 + b'"'
    assert canonical.decode(most, most=100)
    with refused("statement_too_large"):
        canonical.decode(most, most=99)
    with refused("statement_too_large"):
        canonical.decode(b'"' + b"x" * canonical.MOST_BYTES + b'"')


@pytest.mark.parametrize("start", [b'"', b'["a\\', b"{", b""])
@pytest.mark.parametrize("piece", [b'\\"', b"[", b'"', b'"\\', b'{"', b"\\"])
def test_two_megabytes_of_nonsense_are_refused_in_one_pass(start: bytes, piece: bytes) -> None:
    """Work that grows with the square of the size would run into the limit that pytest sets for every test."""
    with pytest.raises(RefusedError):
        canonical.decode(start + piece * ((canonical.MOST_BYTES - 10) // len(piece)))


TEXT = st.text(max_size=20)
NUMBER = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUE)
def test_round_trip(value: Any) -> None:
    try:
        data = canonical.encode(value)
    except RefusedError as error:
        assert error.code in {"not_nfc", "not_canonical"}  # noqa: PT017 -- only refusals come here
        return
    again = canonical.decode(data)
    assert again == value
    assert canonical.encode(again) == data


@given(st.binary(max_size=200) | VALUE.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_canonical_or_refused(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except RefusedError:
        return
    assert canonical.encode(value) == data


def test_digest_names_the_hash() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert canonical.digest(b"") == f"sha256:{empty}"


_TEXT = st.text().map(lambda text: unicodedata.normalize("NFC", text))
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
)  # fmt: skip


@given(_ANYTHING)
def test_bytes_are_those_of_the_rfcs_encoder_whichever_wrote_them(value: Any) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [{"\U0001f600": 1, "\uffee": 2}, {"\uffee": {"a": 1}, "\U0001f600": "b"}, [1.0, 1], {"a": 1e21},
     "\u2028\u2029\x7f\x1f\x00/<>",
     {"b": 1, "B": 2, "a": 3, "_": 4, "": 5}, ("a", ["b"]), {"a": True, "b": None, "c": -0.0}],
)  # fmt: skip
def test_bytes_where_the_two_encoders_could_differ(value: Any) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)


class _Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value", [_Text("e\u0301"), [1.5, "e\u0301"], {"a": 1.5, "b": ["e\u0301"]}, {"\xe9": 1, "e\u0301": 2}]
)
def test_text_out_of_normal_form_is_found_wherever_it_stands(value: Any) -> None:
    with refused("not_nfc"):
        canonical.encode(value)
