"""Declarations of input variables as the magic writes them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.inputs import InputType, InputVariable, parse_declaration
from tests.support.refusal import refused

T = InputType
READ = {
    "month integer 1..12 = 1": InputVariable(name="month", type=T.INTEGER, low="1", high="12", default=1),
    "month integer": InputVariable(name="month", type=T.INTEGER),
    "  month   integer   1..   ": InputVariable(name="month", type=T.INTEGER, low="1"),
    "ratio number ..0.5": InputVariable(name="ratio", type=T.NUMBER, high="0.5"),
    "carrier choice AA|UA = UA": InputVariable(name="carrier", type=T.CHOICE, choices=("AA", "UA"), default="UA"),
    "carriers multiple choice AA|UA = AA|UA": InputVariable(
        name="carriers", type=T.MULTIPLE_CHOICE, choices=("AA", "UA"), default=("AA", "UA")
    ),
    "code string /[A-Z]{2}/": InputVariable(name="code", type=T.STRING, pattern="[A-Z]{2}"),
    "code string /[A-Z]{2}/ 2..2 = AA": InputVariable(
        name="code", type=T.STRING, pattern="[A-Z]{2}", low="2", high="2", default="AA"
    ),
    "name string 1..20": InputVariable(name="name", type=T.STRING, low="1", high="20"),
    "flag boolean = no": InputVariable(name="flag", type=T.BOOLEAN, default=False),
    "day date 2013-01-01..2013-12-31 = 2013-07-04": InputVariable(
        name="day", type=T.DATE, low="2013-01-01", high="2013-12-31", default="2013-07-04"
    ),
    "since timestamp = 2013-01-01T00:00:00Z": InputVariable(
        name="since", type=T.TIMESTAMP, default="2013-01-01T00:00:00Z"
    ),
    'month integer 1..12 = 1 "The month of departure"': InputVariable(
        name="month", type=T.INTEGER, low="1", high="12", default=1, description="The month of departure"
    ),
    'month integer "Without more"': InputVariable(name="month", type=T.INTEGER, description="Without more"),
}


@pytest.mark.parametrize("text", READ)
def test_declaration(text: str) -> None:
    assert parse_declaration(text) == READ[text]


@pytest.mark.parametrize("text", ["", "month", "month int", "month integer 1", "month integer 1..2..3", "month = 1"])
def test_declaration_that_cannot_be_read(text: str) -> None:
    with refused("input_declaration", kind=InvalidError):
        parse_declaration(text)


@pytest.mark.parametrize("declared", [each for each in READ.values() if each.pattern is None or each.low is None])
def test_constraint_reads_back(declared: InputVariable) -> None:
    """What a person sees as the constraint is what the magic takes (where there is no pattern beside a range)."""
    shown = f"{declared.name} {declared.constraint().replace(' length ', ' ')}"
    assert parse_declaration(shown) == replace(declared, default=None, description="")


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_declaration(text)
    except InvalidError as error:
        assert error.next_step  # noqa: PT017 -- both outcomes are right; a refusal must say what to do
