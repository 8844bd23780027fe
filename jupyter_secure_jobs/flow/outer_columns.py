"""Columns of a SQL text that stand in a subquery and belong to the query around it, as far as their names tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator


def outer_columns(query: exp.Expr) -> list[exp.Column]:
    """Return the columns in a subquery that name a table of the queries around it: `t.a`, but never a bare `a`."""
    around: set[str] = set()
    above = query.find_ancestor(exp.Select)
    while above is not None:
        around |= {each.alias_or_name.lower() for each in _sources(above)}
        above = above.find_ancestor(exp.Select)
    inside = {
        each.alias_or_name.lower() for each in query.find_all(exp.Table, exp.Subquery, exp.UDTF, exp.Values, exp.CTE)
    }
    return [each for each in query.find_all(exp.Column) if each.table.lower() in around - inside - {""}]


def _sources(query: exp.Select) -> Iterator[exp.Expr]:
    source = query.args.get("from_")
    for each in (source, *(query.args.get("joins") or ()), *(query.args.get("laterals") or ())):
        if each is not None:
            yield each.this if isinstance(each, exp.From | exp.Join) else each


def query_of(node: exp.Expr) -> exp.Select | None:
    """Return the SELECT of a subquery, if it is one SELECT with tables of its own."""
    inner = node.this.unnest() if isinstance(node.this, exp.Subquery) else node.this
    return inner if isinstance(inner, exp.Select) and inner.args.get("from_") is not None else None


def clause(node: exp.Expr) -> str:
    """Return in which part of its SELECT something stands, such as `expressions` or `where`."""
    while node.parent is not None and not isinstance(node.parent, exp.Select):
        node = node.parent
    return node.arg_key or ""


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


def condition_of(column: exp.Column) -> exp.Expr:
    """Return the condition in which a column stands: one of those that AND joins, without brackets."""
    top: exp.Expr = column
    while isinstance(top.parent, exp.Expr) and not isinstance(top.parent, exp.Where | exp.And | exp.Select):
        top = top.parent
    return top.unnest()


def is_plain_condition(column: exp.Column, outer: list[exp.Column]) -> bool:
    """Whether an outer column stands in a condition `inner = …`, in which nothing else of the subquery is named."""
    condition = condition_of(column)
    if not isinstance(condition, exp.EQ):
        return False
    mine, other = condition.this, condition.expression
    if _holds(other, column):
        mine, other = other, mine
    bare = other.unnest()
    while isinstance(bare, exp.Cast):
        bare = bare.this.unnest()
    inner = [each for each in mine.find_all(exp.Column) if each.table and not _is_one_of(each, outer)]
    return isinstance(bare, exp.Column) and not _is_one_of(bare, outer) and not inner


def _holds(node: exp.Expr, column: exp.Column) -> bool:
    return any(each is column for each in node.find_all(exp.Column))


def _is_one_of(column: exp.Column, columns: list[exp.Column]) -> bool:
    # Two columns that are written alike are equal, wherever they stand.
    return any(each is column for each in columns)
