"""The forms of a query: which of their parts are followed, their names, and joins by equal names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from jupyter_secure_jobs.flow.rows import COMPUTED, Attribute, Rows, Scope
from jupyter_secure_jobs.flow.sql_text import UnreadableError
from jupyter_secure_jobs.flow.values import label

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING: Final = "A form is not followed here: {}."


def only(node: exp.Expr, known: frozenset[str] | set[str]) -> None:
    """See that a part of a query has none but known parts.

    Raises:
        UnreadableError: it has others.
    """
    more = sorted(name for name, part in node.args.items() if part and name not in known)
    if more:
        raise UnreadableError(MISSING.format(f"{node.key.upper()} with {', '.join(more)}"))


def merged(keys: Sequence[str], left: Rows, right: Rows, words: set[str]) -> tuple[Attribute, ...]:
    """Return the columns of a join USING these keys: each key once, and its two sides by their relations alone."""
    first: list[Attribute] = []
    rest = {"left": list(left.attributes), "right": list(right.attributes)}
    for name in keys:
        one, two = (Scope(attributes=side.attributes).find([name]) for side in (left, right))
        for side, each in (("left", one), ("right", two)):
            place = rest[side].index(each)
            rest[side][place] = replace(each, hidden=True, merged=True)
        if "FULL" in words:
            made = replace(one, how=COMPUTED, sources=one.sources | two.sources, relations=frozenset())
        else:
            made = replace(two if "RIGHT" in words else one, name=one.name, label=one.label, relations=frozenset())
        first.append(made)
    made_one = (*first, *rest["left"], *rest["right"])
    touched = {relation for each in made_one if each.merged for relation in each.relations}
    return tuple(replace(each, merged=True) if each.relations & touched else each for each in made_one)


def named_as(node: exp.Expr) -> tuple[str | None, list[str]]:
    """Return the name that a relation is given, and the names of its columns.

    Raises:
        UnreadableError: it is given in another form.
    """
    alias = node.args.get("alias")
    if alias is None:
        return None, []
    if not isinstance(alias, exp.TableAlias):
        raise UnreadableError(MISSING.format(label(node)))
    return alias.name or None, [each.name for each in alias.columns]


def without(node: exp.Expr, *names: str) -> exp.Expr:
    """Return a copy without some parts."""
    copied = node.copy()
    for name in names:
        copied.set(name, None)
    return copied


def arguments(node: exp.Expr) -> list[exp.Expr]:
    """Return what a function is applied to.

    Raises:
        UnreadableError: it is no function.
    """
    if not isinstance(node, exp.Func):
        raise UnreadableError(MISSING.format(label(node)))
    return list(node.iter_expressions())
