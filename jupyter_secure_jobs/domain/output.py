"""Output policies: what an owner or an author asks of every result, the rules that follow, and what they withheld."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.text import clean_identifier, folded

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WITHHELD: Final = 100
MOST_COUNTS: Final = 20
THE_JOB: Final = "the job"
_RANGES: Final = {
    "smallest_group": (2, 1_000_000),
    "round_counts_to": (2, 1_000_000),
    "most_rows": (1, 1_000_000_000),
}


class OutputRule(StrEnum):
    """The four kinds of rules, in the words that everybody reads."""

    SMALLEST_GROUP = "smallest group"
    ROUND_COUNTS = "rounding of counts"
    MOST_ROWS = "most rows"
    WITHHELD_COLUMN = "withheld column"


class OutputFailure(StrEnum):
    """Why a result cannot leave at all; none of them says anything of the data but `MOST_ROWS`, which says one bit."""

    NO_COUNT = "no count"
    COUNT_MISSING = "count missing"
    COUNT_TYPE = "count type"
    MOST_ROWS = "most rows"
    NO_COLUMN = "no column"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPolicy:
    """What one party asks; nothing if every field is empty.

    smallest_group: a row with a declared count below it is withheld. round_counts_to: declared counts are rounded to
    multiples of it. most_rows: a result with more rows fails as a whole. withheld_columns: result columns of these
    names, letter case aside, are left out.
    """

    smallest_group: int | None = None
    round_counts_to: int | None = None
    most_rows: int | None = None
    withheld_columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing and names that no column can have.

        Raises:
            InvalidError: with the part that is wrong.
        """
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InvalidError(
                    "output_policy", f"The output policy's {name} must be from {low:,} to {high:,}.", "Change it."
                )
        _check_names(self.withheld_columns, what="withheld column", most=MOST_WITHHELD)

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return self == OutputPolicy()


def _check_names(names: tuple[str, ...], *, what: str, most: int) -> None:
    for name in names:
        clean_identifier(name, what=what)
    if len({folded(name) for name in names}) != len(names):
        raise InvalidError("output_policy", f"A {what} is named twice (letter case aside).", "Name it once.")
    if len(names) > most:
        raise InvalidError("output_policy", f"There are more than {most} names of a {what}.", "Name fewer.")


def check_counts(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the result's columns that count rows or persons in a group.

    Raises:
        InvalidError: one is no identifier, stands twice, or there are too many.
    """
    _check_names(names, what="count column", most=MOST_COUNTS)
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A number that holds, and everybody who asked for a rule of this kind (some perhaps for a milder one)."""

    value: int
    asked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldColumn:
    """A column that must not leave, and who said so."""

    name: str
    asked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRules:
    """What holds for the results of one version: the strictest of each rule, with the job's declared count columns."""

    smallest_group: Bound | None = None
    round_counts_to: Bound | None = None
    most_rows: Bound | None = None
    withheld_columns: tuple[WithheldColumn, ...] = ()
    counts: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether results leave as they are."""
        return not (self.about_counts or self.most_rows or self.withheld_columns)

    @property
    def about_counts(self) -> tuple[Bound, ...]:
        """The rules that need declared counts."""
        return tuple(bound for bound in (self.smallest_group, self.round_counts_to) if bound is not None)


def of_dataset(owner: str, dataset: str) -> str:
    """Return how the owner of a dataset is named as the one who asked for a rule."""
    return f"{owner} for {dataset}"


def combine(asked: Iterable[tuple[str, OutputPolicy]], *, counts: tuple[str, ...]) -> OutputRules:
    """Return the rules that follow from policies, each beside the name of who asks: the strictest of each holds.

    The largest smallest group is the strictest; so is the coarsest rounding and the lowest number of rows. Columns
    that any of them withholds are withheld.
    """
    policies = list(asked)

    def strictest(name: str, *, lowest: bool = False) -> Bound | None:
        given = [(who, getattr(policy, name)) for who, policy in policies if getattr(policy, name) is not None]
        if not given:
            return None
        values = [value for _, value in given]
        return Bound(
            value=min(values) if lowest else max(values), asked_by=tuple(dict.fromkeys(who for who, _ in given))
        )

    columns: dict[str, tuple[str, list[str]]] = {}
    for who, policy in policies:
        for name in policy.withheld_columns:
            columns.setdefault(folded(name), (name, []))[1].append(who)
    return OutputRules(
        smallest_group=strictest("smallest_group"),
        round_counts_to=strictest("round_counts_to"),
        most_rows=strictest("most_rows", lowest=True),
        withheld_columns=tuple(
            WithheldColumn(name=name, asked_by=tuple(dict.fromkeys(who))) for name, who in columns.values()
        ),
        counts=counts,
    )


def describe_policy(policy: OutputPolicy) -> list[str]:
    """Return what one party asks, a sentence for each rule."""
    return [sentence for sentence, _ in _sentences(combine([("", policy)], counts=()))]


def policy_sentences(policy: OutputPolicy) -> list[str]:
    """Return what one party asks as whole sentences, one for each rule."""
    return [f"{said[:1].upper()}{said[1:]}." for said in describe_policy(policy)]


def describe_rules(rules: OutputRules) -> list[str]:
    """Return what holds, a sentence for each rule, with who asked for it."""
    return [f"{sentence} ({_asked(who)})" for sentence, who in _sentences(rules)]


def _sentences(rules: OutputRules) -> list[tuple[str, tuple[str, ...]]]:
    said = []
    if rules.smallest_group is not None:
        text = f"rows that count fewer than {rules.smallest_group.value:,} are withheld"
        said.append((text, rules.smallest_group.asked_by))
    if rules.round_counts_to is not None:
        text = f"counts are rounded to multiples of {rules.round_counts_to.value:,}"
        said.append((text, rules.round_counts_to.asked_by))
    if rules.most_rows is not None:
        text = f"a result of more than {rules.most_rows.value:,} rows fails"
        said.append((text, rules.most_rows.asked_by))
    said += [(f"column {column.name} is left out", column.asked_by) for column in rules.withheld_columns]
    return said


def _asked(who: tuple[str, ...]) -> str:
    return f"asked by {', '.join(who)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What one rule did to one result: for the recipients of the result alone."""

    rule: OutputRule
    asked_by: tuple[str, ...]
    what: str

    def words(self) -> str:
        """Return it in a sentence."""
        return f"{self.what} Rule: {self.rule}, {_asked(self.asked_by)}."


def withheld_by(rules: OutputRules, *, rows: int, columns: Iterable[int]) -> tuple[Withheld, ...]:
    """Return what the rules did: how many rows were withheld, which of `rules.withheld_columns` were in the result.

    Rounding is told whether or not it changed a number.
    """
    told = []
    by_counts = rules.smallest_group or rules.round_counts_to
    if rows and by_counts is not None:
        kind = OutputRule.SMALLEST_GROUP if rules.smallest_group is not None else OutputRule.ROUND_COUNTS
        one = rows == 1
        why = (
            f"{'counts' if one else 'count'} fewer than {by_counts.value:,}, or nothing that is a count"
            if rules.smallest_group is not None
            else f"{'holds' if one else 'hold'} a count that is no whole number"
        )
        what = f"1 row was withheld: it {why}." if one else f"{rows:,} rows were withheld: they {why}."
        told.append(Withheld(rule=kind, asked_by=by_counts.asked_by, what=what))
    if rules.round_counts_to is not None:
        bound = rules.round_counts_to
        what = f"Counts ({', '.join(rules.counts)}) were rounded to multiples of {bound.value:,}."
        told.append(Withheld(rule=OutputRule.ROUND_COUNTS, asked_by=bound.asked_by, what=what))
    for index in columns:
        column = rules.withheld_columns[index]
        what = f"Column {column.name} was left out."
        told.append(Withheld(rule=OutputRule.WITHHELD_COLUMN, asked_by=column.asked_by, what=what))
    return tuple(told)


def failure_words(rules: OutputRules, failure: OutputFailure) -> str:
    """Return why the result could not leave, and what its author can do: for the sealed log."""
    needs = _asked(tuple(dict.fromkeys(who for bound in rules.about_counts for who in bound.asked_by)))
    most = rules.most_rows
    told = {
        OutputFailure.NO_COUNT: f"A rule about counts holds ({needs}), but the job declares no count column. "
        "Add a count of each group to the result, declare its name as a count, and submit again.",
        OutputFailure.COUNT_MISSING: f"A rule about counts holds ({needs}), but the result lacks a column that the "
        f"job declares as a count ({', '.join(rules.counts)}). Give the column this name in the result.",
        OutputFailure.COUNT_TYPE: f"A rule about counts holds ({needs}), but a declared count "
        f"({', '.join(rules.counts)}) is not a column of numbers. Make it one.",
        OutputFailure.NO_COLUMN: "Every column of the result is one that must not leave "
        f"({_asked(tuple(dict.fromkeys(who for column in rules.withheld_columns for who in column.asked_by)))}). "
        "Select others.",
        OutputFailure.MOST_ROWS: ""
        if most is None
        else f"The result has more than {most.value:,} rows ({_asked(most.asked_by)}). Nothing of it leaves, since a "
        "part would look like a result. Group or filter further.",
    }
    return f"Output policy: {told[failure]}"


KEPT_IN: Final = "Output policy: printed text and messages of errors stay in the enclave where a rule holds."
