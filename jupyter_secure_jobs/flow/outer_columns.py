"""Columns of a SQL text that stand in a subquery and belong to the query around it, as far as their names tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator


def outer_tables(query: exp.Expr) -> frozenset[str]:
    """Return the tables of the queries around a subquery, in small letters, but for what it names so itself."""
    around: set[str] = set()
    above = query.find_ancestor(exp.Select)
    while above is not None:
        around |= {each.alias_or_name.lower() for each in _sources(above)}
        above = above.find_ancestor(exp.Select)
    inside = {
        each.alias_or_name.lower() for each in query.find_all(exp.Table, exp.Subquery, exp.UDTF, exp.Values, exp.CTE)
    }
    return frozenset(around - inside - {""})


def _sources(query: exp.Select) -> Iterator[exp.Expr]:
    source = query.args.get("from_")
    for each in (source, *(query.args.get("joins") or ()), *(query.args.get("laterals") or ())):
        if each is not None:
            yield each.this if isinstance(each, exp.From | exp.Join) else each


def query_of(node: exp.Expr) -> exp.Select | None:
    """Return the SELECT of a subquery, if it is one SELECT with tables of its own."""
    inner = node.this.unnest() if isinstance(node.this, exp.Subquery) else node.this
    return inner if isinstance(inner, exp.Select) and inner.args.get("from_") is not None else None


def columns_of(node: exp.Expr) -> list[exp.Column]:
    """Return the columns in an expression, without those of subqueries in it."""
    parts = node.walk(prune=lambda part: isinstance(part, exp.Select))
    return [each for each in parts if isinstance(each, exp.Column)]


def belongs(column: exp.Column, tables: frozenset[str]) -> bool:
    """Whether a column names one of these tables: `t.a`; of a bare `a` nothing is known."""
    return column.table.lower() in tables


def conditions(node: exp.Expr | None) -> Iterator[exp.Expr]:
    """Yield what AND joins, each without brackets; nothing of nothing."""
    bare = node.unnest() if node is not None else None
    if isinstance(bare, exp.And):
        for each in bare.flatten():
            yield from conditions(each)
    elif bare is not None:
        yield bare


def is_plain(condition: exp.Expr, outer: frozenset[str]) -> bool:
    """Whether a condition is `inner = …`, with no other column of the subquery on the right, or comes down to that.

    Of `(a AND b) OR (a AND c)`, an engine may take out what its parts have in common: of such a one nothing is sure.
    """
    if isinstance(condition, exp.Or) and condition.find(exp.And) is not None:
        return True
    if not isinstance(condition, exp.EQ):
        return False
    sides = (condition.this, condition.expression)
    return any(_is_inner(one, outer) and _is_outer(other, outer) for one, other in (sides, sides[::-1]))


def _is_inner(side: exp.Expr, outer: frozenset[str]) -> bool:
    bare = side.unnest()
    while isinstance(bare, exp.Cast):
        bare = bare.this.unnest()
    return isinstance(bare, exp.Column) and not belongs(bare, outer)


def _is_outer(side: exp.Expr, outer: frozenset[str]) -> bool:
    return all(belongs(each, outer) for each in columns_of(side) if each.table)


def aggregates(query: exp.Select) -> bool | None:
    """Whether a SELECT gives one row for many: by GROUP BY, or an aggregate among its columns; none if nobody knows."""
    if query.args.get("group") is not None:
        return True
    called = [
        each
        for column in query.expressions
        for each in column.find_all(exp.AggFunc, exp.Anonymous, exp.Any)
        if each.find_ancestor(exp.Window, exp.Select) is query
    ]
    return None if called and not any(isinstance(each, exp.AggFunc) for each in called) else bool(called)
