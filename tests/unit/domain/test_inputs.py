"""Input variables: types, constraints, canonical forms, declarations, and patterns that cannot take for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.inputs import InputType, InputVariable, check_declarations, check_values
from tests.support.refusal import refused

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = InputType


def variable(kind: InputType, **parts: Any) -> InputVariable:
    choices = ("AA", "UA", "DL") if kind in {T.CHOICE, T.MULTIPLE_CHOICE} else ()
    return InputVariable(name="x", type=kind, **{"choices": choices, **parts})


CANONICAL: list[tuple[InputType, object, object]] = [
    (T.STRING, "abc", "abc"),
    (T.STRING, "", ""),
    (T.STRING, " a ", " a "),
    (T.STRING, "e\u0301", "\u00e9"),
    (T.STRING, "a\nb\tc", "a\nb\tc"),
    (T.STRING, "x" * 1000, "x" * 1000),
    (T.INTEGER, 7, 7),
    (T.INTEGER, "7", 7),
    (T.INTEGER, " +007 ", 7),
    (T.INTEGER, "-0", 0),
    (T.INTEGER, 2**63 - 1, 2**63 - 1),
    (T.INTEGER, "-9223372036854775808", -(2**63)),
    (T.NUMBER, 1.5, 1.5),
    (T.NUMBER, "1.5", 1.5),
    (T.NUMBER, 2, 2.0),
    (T.NUMBER, "1e3", 1000.0),
    (T.NUMBER, -0.0, 0.0),
    (T.BOOLEAN, True, True),
    (T.BOOLEAN, " Yes ", True),
    (T.BOOLEAN, "TRUE", True),
    (T.BOOLEAN, "1", True),
    (T.BOOLEAN, "no", False),
    (T.BOOLEAN, "false", False),
    (T.BOOLEAN, "0", False),
    (T.DATE, date(2026, 12, 31), "2026-12-31"),
    (T.DATE, " 2024-02-29 ", "2024-02-29"),
    (T.TIMESTAMP, "2026-12-31T08:00:00Z", "2026-12-31T08:00:00.000000Z"),
    (T.TIMESTAMP, "2026-12-31 08:00", "2026-12-31T08:00:00.000000Z"),
    (T.TIMESTAMP, "2026-12-31T08:00:00.5+02:00", "2026-12-31T06:00:00.500000Z"),
    (T.TIMESTAMP, datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2025-12-31T23:00:00.000000Z"),
    (T.TIMESTAMP, datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
    (T.CHOICE, "UA", "UA"),
    (T.MULTIPLE_CHOICE, ["UA", "AA"], ("UA", "AA")),
    (T.MULTIPLE_CHOICE, "UA| AA ", ("UA", "AA")),
    (T.MULTIPLE_CHOICE, (), ()),
    (T.MULTIPLE_CHOICE, "", ()),
]


@pytest.mark.parametrize(("kind", "given_value", "canonical"), CANONICAL)
def test_canonical_form(kind: InputType, given_value: object, canonical: object) -> None:
    found = variable(kind).check(given_value)
    assert (found, type(found), repr(found)) == (canonical, type(canonical), repr(canonical))


REFUSED: list[tuple[InputType, object]] = [
    *[(kind, value) for kind in T for value in (None, b"x", object(), {"a": 1})],
    *[(kind, value) for kind in (T.STRING, T.DATE, T.TIMESTAMP, T.CHOICE, T.BOOLEAN) for value in (1, 1.5, ["x"])],
    *[(kind, value) for kind in (T.INTEGER, T.NUMBER) for value in (True, "", "abc", "1,5", "1 2", [1])],
    *[(T.INTEGER, value) for value in (1.0, "1.0", "1e3", "0x1", "\u0667", 2**63, -(2**63) - 1, "9" * 19, "1" * 5000)],
    *[(T.NUMBER, value) for value in ("nan", "inf", float("nan"), float("inf"), -float("inf"), 10**400, "1e999")],
    *[(T.BOOLEAN, value) for value in ("", "y", "on", "2")],
    *[(T.DATE, v) for v in ("2026-02-30", "2025-02-29", "20260101", "2026-1-1", "", "2026-01-01T00:00", "٢٠٢٦-01-01")],
    (T.DATE, datetime(2026, 1, 1, tzinfo=UTC)),
    *[(T.TIMESTAMP, value) for value in ("", "yesterday", "2026-13-01T00:00:00", date(2026, 1, 1))],
    (T.TIMESTAMP, datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))),
    *[(T.CHOICE, value) for value in ("", "aa", "XX", "AA|UA", " AA")],
    *[(T.MULTIPLE_CHOICE, value) for value in (["AA", "AA"], ["XX"], "AA|AA", "AA||UA", [1], 1, True, ["AA", None])],
]


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_refused_value_of_another_type(kind: InputType, value: object) -> None:
    with refused("input_value", kind=InvalidError, saying="'x'"):
        variable(kind).check(value)


def test_texts_that_deceive_are_refused() -> None:
    for text in ("a\u202eb", "a\0b", "\u200bx", "\ud800"):
        with refused("text_characters", kind=InvalidError):
            variable(T.STRING).check(text)
    with refused("text_too_long", kind=InvalidError):
        variable(T.STRING).check("x" * 1001)


def test_a_refusal_does_not_repeat_the_value() -> None:
    for kind in (T.STRING, T.INTEGER, T.NUMBER, T.DATE, T.TIMESTAMP, T.CHOICE):
        parts = {"pattern": "[a-z]"} if kind is T.STRING else {}
        with pytest.raises(InvalidError) as caught:
            variable(kind, **parts).check("SECRET-4711")
        assert "4711" not in str(caught.value)


CONSTRAINTS: list[tuple[InputVariable, list[object], list[object]]] = [
    (variable(T.INTEGER, low="1", high="12"), [1, 12, "7"], [0, 13, "-1"]),
    (variable(T.INTEGER, low="-5"), [-5, 10**12], [-6]),
    (variable(T.NUMBER, low="0.5", high="1.5"), [0.5, 1, "1.5"], [0.49, 1.51, 2]),
    (variable(T.STRING, low="2", high="3"), ["ab", "abc", "ää"], ["a", "abcd", ""]),
    (variable(T.STRING, pattern="[A-Z]{2}[0-9]+"), ["UA1", "AA4711"], ["ua1", "UA", "UA1x", "xUA1", "UA1\n"]),
    (variable(T.STRING, pattern="AA|UA"), ["AA", "UA"], ["AAUA", "A", "AA "]),
    (variable(T.DATE, low="2013-01-01", high="2013-12-31"), ["2013-01-01", date(2013, 12, 31)], ["2012-12-31"]),
    (
        variable(T.TIMESTAMP, low="2013-01-01T00:00:00Z", high="2013-01-02T00:00:00Z"),
        ["2013-01-01T02:00:00+02:00", "2013-01-02"],
        ["2013-01-01T01:59:59+02:00", "2013-01-02T00:00:00.000001Z"],
    ),
    (variable(T.CHOICE), ["AA"], ["BB"]),
]


@pytest.mark.parametrize(("declared", "inside", "outside"), CONSTRAINTS)
def test_constraint(declared: InputVariable, inside: list[object], outside: list[object]) -> None:
    for value in inside:
        declared.check(value)
    for value in outside:
        with refused("input_value", kind=InvalidError):
            declared.check(value)


def test_a_long_text_is_not_even_tried_against_a_pattern() -> None:
    with refused("input_value", kind=InvalidError):
        variable(T.STRING, pattern="a*").check("a" * 201)


MEANINGLESS: list[dict[str, Any]] = [
    {"type": T.INTEGER, "low": "2", "high": "1"},
    {"type": T.INTEGER, "low": "x"},
    {"type": T.NUMBER, "high": "nan"},
    {"type": T.DATE, "low": "2026-02-30"},
    {"type": T.STRING, "low": "-1"},
    {"type": T.STRING, "low": "1001"},
    {"type": T.STRING, "high": "-1"},
    {"type": T.BOOLEAN, "low": "1"},
    {"type": T.CHOICE, "choices": ("a",), "low": "1"},
    {"type": T.CHOICE},
    {"type": T.MULTIPLE_CHOICE},
    {"type": T.STRING, "choices": ("a",)},
    {"type": T.CHOICE, "choices": ("a", "a")},
    {"type": T.CHOICE, "choices": ("a|b",)},
    {"type": T.CHOICE, "choices": (" a",)},
    {"type": T.INTEGER, "pattern": "[0-9]"},
    {"type": T.INTEGER, "low": "1", "default": 0},
    {"type": T.STRING, "pattern": "[a-z]", "default": "A"},
    {"type": T.CHOICE, "choices": ("a",), "default": "b"},
]


@pytest.mark.parametrize("parts", MEANINGLESS)
def test_declaration_that_means_nothing(parts: dict[str, Any]) -> None:
    with refused("input_value", kind=InvalidError):
        InputVariable(name="x", **parts)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a-b", "ä", "a" * 64, "a\n", ":a"])
def test_name_that_is_no_identifier(name: str) -> None:
    with refused("not_an_identifier", kind=InvalidError):
        InputVariable(name=name, type=T.STRING)


def test_choices_that_deceive_are_refused() -> None:
    with refused("name_characters", kind=InvalidError):
        variable(T.CHOICE, choices=("a\u202e",))


def test_default_takes_its_canonical_form() -> None:
    assert variable(T.INTEGER, default="07").default == 7
    assert variable(T.MULTIPLE_CHOICE, default="AA|UA").default == ("AA", "UA")


SLOW = [
    "(a+)+", "(a*)*b", "(a|a)*", "(a{1,9}){1,9}", "(.*)*", "(a)+", "(?:a+)+", "(?=a)a", "(?P<n>a)", r"(a)\1",
    "a*a*a*a*b", "a?" * 60 + "a" * 60, "(a|ab)" * 30, "a{0,90}" * 20, ".*.*.*.*x", "a{1,}" * 4, "(a?)?" * 30,
    "[ab]*[ab]*[ab]*[ab]*c",
]  # fmt: skip
MALFORMED = ["[", "(", ")", "*a", "a**", "a{99999999999}", "(?", "\\", "[z-a]"]


@pytest.mark.parametrize("pattern", SLOW + MALFORMED)
def test_pattern_that_could_take_for_ever_or_is_none(pattern: str) -> None:
    with refused("input_pattern", kind=InvalidError):
        variable(T.STRING, pattern=pattern)


def test_pattern_that_is_too_long_or_deceives() -> None:
    with refused("text_too_long", kind=InvalidError):
        variable(T.STRING, pattern="a" * 201)
    with refused("text_characters", kind=InvalidError):
        variable(T.STRING, pattern="a\u202e")


FINE = [
    "[A-Z]{2}[0-9]+", "[^@]+@[^@]+", "(AA|UA|DL|B6|EV|MQ|US|WN|VX|FL|AS|9E|F9|HA|YV|OO)", "a?b?c?",
    r"\d{4}-\d{2}-\d{2}",
    r"N[0-9]{1,5}[A-Z]{0,2}", r"\(x\)+", r"[*+?]{3}", "[]a]+", "(a|b)?c", r"\[\]", "x{3}", ".*",
]  # fmt: skip


@pytest.mark.parametrize("pattern", FINE)
def test_useful_patterns_are_allowed(pattern: str) -> None:
    variable(T.STRING, pattern=pattern)


ATOM = st.sampled_from(["a", "b", ".", "[ab]", "(a|ab)", "(a|b|c)", r"\w", "(a?b*)", "(a)"])
REPEAT = st.sampled_from(["", "?", "*", "+", "{2}", "{0,3}", "{1,200}", "{,9}", "{2,}", "*?"])


@given(st.lists(st.tuples(ATOM, REPEAT), max_size=12).map(lambda parts: "".join(a + r for a, r in parts)))
def test_whatever_pattern_is_allowed_answers_soon(pattern: str) -> None:
    """An exponential pattern among them would run into the limit that pytest sets for every test."""
    try:
        declared = variable(T.STRING, pattern=pattern + "!")
    except InvalidError:
        return
    for text in ("a" * 60 + "c", "ab" * 30, "abc" * 20):
        with pytest.raises(InvalidError):
            declared.check(text)


TYPED: dict[InputType, SearchStrategy[Any]] = {
    T.STRING: st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=50),
    T.INTEGER: st.integers(-(2**63), 2**63 - 1),
    T.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    T.BOOLEAN: st.booleans(),
    T.DATE: st.dates(),
    T.TIMESTAMP: st.datetimes(timezones=st.just(UTC)),
    T.CHOICE: st.sampled_from(["AA", "UA", "DL"]),
    T.MULTIPLE_CHOICE: st.lists(st.sampled_from(["AA", "UA", "DL"]), unique=True),
}


def as_text(value: object) -> str:
    if isinstance(value, list):
        return "|".join(value)
    if isinstance(value, date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


@given(st.sampled_from(list(T)).flatmap(lambda kind: st.tuples(st.just(kind), TYPED[kind])))
def test_check_is_idempotent_and_text_and_typed_forms_agree(case: tuple[InputType, Any]) -> None:
    kind, value = case
    declared = variable(kind)
    canonical = declared.check(value)
    assert declared.check(canonical) == canonical
    assert repr(declared.check(canonical)) == repr(canonical)
    assert repr(declared.check(as_text(value))) == repr(canonical)


@given(
    st.sampled_from(list(T)),
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(), st.lists(st.text())),
)
def test_anything_at_all_is_canonical_or_refused(kind: InputType, value: object) -> None:
    declared = variable(kind)
    try:
        canonical = declared.check(value)
    except InvalidError:
        return
    assert repr(declared.check(canonical)) == repr(canonical)


def test_values_of_a_run() -> None:
    month = InputVariable(name="month", type=T.INTEGER, default=1, low="1", high="12")
    carrier = InputVariable(name="carrier", type=T.STRING)
    found = check_values((month, carrier), {"carrier": "UA"})
    assert list(found.items()) == [("month", 1), ("carrier", "UA")]
    assert check_values((month, carrier), {"carrier": "UA", "month": "12"})["month"] == 12
    assert check_values((), {}) == {}
    with refused("input_unknown", kind=InvalidError, saying="'year'"):
        check_values((month, carrier), {"carrier": "UA", "year": 2013})
    with refused("input_value", kind=InvalidError, saying="'carrier'"):
        check_values((month, carrier), {})


def test_declarations_of_a_job() -> None:
    some = tuple(InputVariable(name=f"x{number}", type=T.STRING) for number in range(51))
    assert check_declarations(some[:50]) == some[:50]
    with refused("inputs_many", kind=InvalidError):
        check_declarations(some)
    with refused("input_twice", kind=InvalidError):
        check_declarations((some[0], some[0]))
