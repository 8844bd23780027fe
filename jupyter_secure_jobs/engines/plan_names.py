"""What the names in a job's plans mean, and the columns that relations share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.engines.plan_values import IN_PYTHON, unfollowed
from jupyter_secure_jobs.flow.query import MOST_WORK, Reader
from jupyter_secure_jobs.flow.rows import (
    COMPUTED,
    CONSTANT,
    NOTHING,
    Attribute,
    Rows,
    Sources,
    all_of,
    all_sources,
)
from jupyter_secure_jobs.flow.sql_text import UnreadableError, check_names, trees, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

_PYTHON: Final[Sources] = frozenset({IN_PYTHON})


def only(part: Any, *known: str) -> None:  # noqa: ANN401 -- the types of the plan are generated
    """See that a part of a plan has none but known fields.

    Raises:
        UnreadableError: it has others.
    """
    if {each.name for each, _ in part.ListFields()} - set(known):
        unfollowed()


def shown(rows: Rows) -> tuple[Attribute, ...]:
    """Return the columns that a relation has for whoever reads all of it."""
    return tuple(each for each in rows.attributes if not each.hidden)


@dataclass(slots=True, kw_only=True)
class Plans:
    """Reads the plans of one job in the order in which the engine got them.

    tables: the job's tables by name, each with its columns. views: what the job gave a name, by name in lower case.
    registered: the Python functions that it gave a name, in lower case.
    """

    tables: Mapping[str, Sequence[str]]
    views: dict[str, Rows] = field(default_factory=dict)
    registered: set[str] = field(default_factory=set)
    _work: int = 0

    def add_view(self, name: str, rows: Rows) -> None:
        """Remember a view.

        Raises:
            UnreadableError: the name is that of a table or of another view, so that it may mean either.
        """
        low = name.lower()
        if low in self.views or low in {each.lower() for each in self.tables}:
            raise UnreadableError("A view takes the place of a table or of another view.")
        self.views[low] = replace(rows, attributes=shown(rows))

    def sql(self, code: str, views: Mapping[str, Rows]) -> tuple[list[exp.Expr], Reader]:
        """Return a SQL text as trees, and a reader for them.

        Raises:
            UnreadableError: it is not read for certain.
        """
        tokens = words(code)
        parsed = trees(code, tokens)
        columns = [name for each in self.tables.values() for name in each]
        columns += [each.name for rows in views.values() for each in rows.attributes if each.name]
        check_names(code, tokens, parsed, columns)
        if any(token.text.lower() in self.registered for token in tokens):
            raise UnreadableError("A Python function has a name that stands in the text.")
        return parsed, Reader(tables=self.tables, views=dict(views))

    def spend(self, rows: Rows) -> Rows:
        """Count the work.

        Raises:
            UnreadableError: it is too much.
        """
        self._work += 1 + len(rows.conditions) + sum(1 + len(each.sources) for each in rows.attributes)
        if self._work > MOST_WORK:
            raise UnreadableError("The plan makes too many columns to be followed.")
        return rows


def paired_by_name(
    one: list[Attribute], two: list[Attribute], *, missing: bool
) -> tuple[list[Attribute], list[Attribute]]:
    """Return the columns of two relations in one order, by their names; `missing`: a side may lack some.

    Raises:
        UnreadableError: names stand twice or are not there.
    """
    sides = [{(each.name or "").lower(): each for each in side} for side in (one, two)]
    if "" in sides[0] or "" in sides[1] or len(sides[0]) != len(one) or len(sides[1]) != len(two):
        unfollowed()
    if set(sides[0]) != set(sides[1]) and not missing:
        unfollowed()
    names = [*sides[0], *(name for name in sides[1] if name not in sides[0])]
    either = {**sides[1], **sides[0]}
    empty = {name: replace(each, how=CONSTANT, sources=NOTHING) for name, each in either.items()}
    return [sides[0].get(name, empty[name]) for name in names], [sides[1].get(name, empty[name]) for name in names]


def made_in_python(names: Sequence[str], more: Sources = NOTHING) -> Rows:
    """Return the rows of a table of these columns that Python made, from `more` as well."""
    made = (Attribute(name=name, label=name, how=COMPUTED, sources=_PYTHON | more) for name in names)
    return Rows(attributes=tuple(made), conditions=_PYTHON)


def through_python(inner: Rows, function: Any) -> Rows:  # noqa: ANN401 -- as above
    """Return what a Python function makes of whole rows: each column may come from all of them.

    Raises:
        UnreadableError: the columns that it gives are not said.
    """
    kind = function.python_udf.output_type
    if function.WhichOneof("function") != "python_udf" or kind.WhichOneof("kind") != "struct":
        unfollowed()
    read = all_sources(shown(inner))
    found = made_in_python([each.name for each in kind.struct.fields], read)
    return replace(found, conditions=all_of(inner) | found.conditions)
