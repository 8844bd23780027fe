"""Output policies: what is refused, how those of several parties meet, and the words that people read."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.output import (
    MOST_COUNTS,
    MOST_WITHHELD,
    Bound,
    OutputFailure,
    OutputPolicy,
    OutputRule,
    OutputRules,
    WithheldColumn,
    check_counts,
    combine,
    describe_policy,
    describe_rules,
    failure_words,
    withheld_by,
)
from tests.support.refusal import refused

AIRLINE, WEATHER, JOB = "Airline for flights", "Weather Service for weather", "the job"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smallest_group", 1),
        ("smallest_group", 0),
        ("smallest_group", -5),
        ("smallest_group", 1_000_001),
        ("round_counts_to", 1),
        ("round_counts_to", 1_000_001),
        ("most_rows", 0),
        ("most_rows", 1_000_000_001),
    ],
)
def test_numbers_that_mean_nothing(name: str, value: int) -> None:
    with refused("output_policy", kind=InvalidError, saying=name):
        OutputPolicy(**{name: value})  # type: ignore[arg-type]  # each of these fields is a number


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (("captain", "CAPTAIN"), "output_policy"),
        (("a b",), "not_an_identifier"),
        (("",), "not_an_identifier"),
        (("cap\u202etain",), "not_an_identifier"),
        (tuple(f"c{number}" for number in range(MOST_WITHHELD + 1)), "output_policy"),
    ],
)
def test_columns_that_cannot_be_meant(columns: tuple[str, ...], code: str) -> None:
    with refused(code, kind=InvalidError):
        OutputPolicy(withheld_columns=columns)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("n", "N"), "output_policy"),
        (("count(1)",), "not_an_identifier"),
        (tuple(f"c{number}" for number in range(MOST_COUNTS + 1)), "output_policy"),
    ],
)
def test_counts_that_cannot_be_meant(names: tuple[str, ...], code: str) -> None:
    with refused(code, kind=InvalidError):
        check_counts(names)


def test_nothing_asked_means_that_results_leave_as_they_are() -> None:
    assert OutputPolicy().empty
    rules = combine([(AIRLINE, OutputPolicy()), (JOB, OutputPolicy())], counts=("n",))
    assert rules.empty
    assert (rules.about_counts, describe_rules(rules), describe_policy(OutputPolicy())) == ((), [], [])


def test_the_strictest_of_each_rule_holds_and_all_who_asked_are_named() -> None:
    rules = combine(
        [
            (AIRLINE, OutputPolicy(smallest_group=10, most_rows=1000, withheld_columns=("captain",))),
            (WEATHER, OutputPolicy(smallest_group=5, round_counts_to=5)),
            (JOB, OutputPolicy(round_counts_to=10, most_rows=50, withheld_columns=("Captain", "ticket"))),
        ],
        counts=("n",),
    )
    assert rules == OutputRules(
        smallest_group=Bound(value=10, asked_by=(AIRLINE, WEATHER)),
        round_counts_to=Bound(value=10, asked_by=(WEATHER, JOB)),
        most_rows=Bound(value=50, asked_by=(AIRLINE, JOB)),
        withheld_columns=(
            WithheldColumn(name="captain", asked_by=(AIRLINE, JOB)),
            WithheldColumn(name="ticket", asked_by=(JOB,)),
        ),
        counts=("n",),
    )
    assert describe_rules(rules) == [
        f"rows that count fewer than 10 are withheld (asked by {AIRLINE}, {WEATHER})",
        f"counts are rounded to multiples of 10 (asked by {WEATHER}, {JOB})",
        f"a result of more than 50 rows fails (asked by {AIRLINE}, {JOB})",
        f"column captain is left out (asked by {AIRLINE}, {JOB})",
        f"column ticket is left out (asked by {JOB})",
    ]


def test_one_dataset_under_two_names_asks_once() -> None:
    rules = combine([(AIRLINE, OutputPolicy(smallest_group=5)), (AIRLINE, OutputPolicy(smallest_group=5))], counts=())
    assert rules.smallest_group == Bound(value=5, asked_by=(AIRLINE,))


RULES = combine(
    [
        (AIRLINE, OutputPolicy(smallest_group=10, withheld_columns=("captain", "ticket"))),
        (JOB, OutputPolicy(round_counts_to=5, most_rows=3)),
    ],
    counts=("n",),
)


def test_what_was_withheld_is_told_by_rule() -> None:
    told = withheld_by(RULES, rows=1234, columns=[1])
    assert [(each.rule, each.asked_by) for each in told] == [
        (OutputRule.SMALLEST_GROUP, (AIRLINE,)),
        (OutputRule.ROUND_COUNTS, (JOB,)),
        (OutputRule.WITHHELD_COLUMN, (AIRLINE,)),
    ]
    assert told[0].words() == (
        "1,234 rows were withheld: they count fewer than 10, or nothing that is a count. "
        "Rule: smallest group, asked by Airline for flights."
    )
    assert "ticket" in told[2].what


def test_rows_of_which_none_was_withheld_are_not_told() -> None:
    assert [each.rule for each in withheld_by(RULES, rows=0, columns=[])] == [OutputRule.ROUND_COUNTS]
    assert withheld_by(OutputRules(), rows=0, columns=[]) == ()


@pytest.mark.parametrize("failure", OutputFailure)
def test_every_failure_says_who_asked_and_what_to_do(failure: OutputFailure) -> None:
    words: Any = failure_words(RULES, failure)
    assert "asked by" in words
    assert words.startswith("Output policy: ")
    assert words.endswith(".")
