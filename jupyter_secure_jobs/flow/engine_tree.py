"""What of a SQL text the chosen engine cannot do, found in its trees: where words alone do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from jupyter_secure_jobs.domain.engine_features import Mark, rows_of
from jupyter_secure_jobs.flow.outer_columns import (
    aggregates,
    belongs,
    columns_of,
    conditions,
    is_plain,
    outer_tables,
    query_of,
)
from jupyter_secure_jobs.flow.sql_text import DIALECT, UnreadableError, trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sized

    from jupyter_secure_jobs.domain.compute import EngineName
    from jupyter_secure_jobs.domain.engine_features import Difference, Lack

# Around a subquery that gives a table, or a set of rows, and no value.
_TABLES: Final = exp.From | exp.Join | exp.Lateral
_SETS: Final = exp.In | exp.Exists | exp.SetOperation | exp.Subquery | exp.CTE
# The offset where something stands, and whether the engine could only fail by it.
Place = tuple[int, bool]


def find(code: str, tokens: Sized, engine: EngineName) -> Iterator[tuple[Lack | Difference, Place]]:
    """Yield the rows that a text meets, with the place; nothing of a text that does not parse within bounds."""
    rows = rows_of(Mark.TREE, engine)
    if not rows:
        return
    try:
        statements = trees(code, tokens)
    except UnreadableError:
        return
    for statement in statements:
        if "other capitals" in rows:
            yield from ((rows["other capitals"], place) for place in _other_capitals(statement))
        for node in statement.walk():
            for form, applies in _FORMS.get(type(node), {}).items():
                if form in rows:
                    yield from ((rows[form], place) for place in applies(node))


def _start(node: exp.Expr) -> int:
    return min((each.meta["start"] for each in node.walk() if "start" in each.meta), default=0)


def _clause(node: exp.Expr) -> str:
    """Return in which part of its SELECT something stands, such as `expressions` or `where`."""
    while node.parent is not None and not isinstance(node.parent, exp.Select):
        node = node.parent
    return node.arg_key or ""


def _in_columns(node: exp.Expr) -> Iterator[Place]:
    """`a IN (SELECT …)` anywhere but in a condition."""
    if node.args.get("query") is not None and _clause(node) in {"expressions", "group", "order"}:
        yield _start(node), not isinstance(node.this, exp.Literal | exp.Tuple)


def _rows_in_list(node: exp.Expr) -> Iterator[Place]:
    """`(a, b) IN ((1, 2), (3, 4))`."""
    if isinstance(node.this, exp.Tuple) and any(isinstance(each, exp.Tuple) for each in node.expressions):
        yield _start(node), node.this.find(exp.Column) is not None


def _order_of_aggregate(node: exp.Expr) -> Iterator[Place]:
    """ORDER BY an aggregate that is not among the columns; or, behind HAVING, one that has another name there."""
    order, having = node.args.get("order"), node.args.get("having")
    if order is None or node.args.get("group") is None or node.args.get("distinct") is not None:
        return
    whole = {_alike(each.unalias()) for each in node.expressions}
    parts = {_alike(part) for each in node.expressions for part in each.find_all(exp.AggFunc)}
    plain = {_alike(each) for each in node.expressions if not isinstance(each, exp.Alias)}
    for each in order.find_all(exp.AggFunc):
        if isinstance(each, exp.Grouping | exp.GroupingId):
            continue
        named = _alike(each)
        if each.find_ancestor(exp.Window, exp.Select) is node and named not in (parts if having is None else plain):
            yield _start(each), having is None or named not in parts or named in whole


def _alike(node: exp.Expr) -> str:
    """Return an expression as a text that is the same however it is written: capitals, and tables before columns."""
    bare = node.transform(lambda part: exp.column(part.name) if isinstance(part, exp.Column) else part)
    return bare.sql(dialect=DIALECT).lower()


def _column_of_one_side(node: exp.Expr) -> Iterator[Place]:
    """`SELECT a.k FROM a JOIN b USING (k)`."""
    joins, source = node.args.get("joins") or [], node.args.get("from_")
    if not joins or source is None:
        return
    shared = {each.name.lower() for each in joins[0].args.get("using") or []}
    sides = {source.this.alias_or_name.lower(), joins[0].alias_or_name.lower()}
    for column in (part for each in node.expressions for part in each.find_all(exp.Column)):
        mine = column.find_ancestor(exp.Select) is node
        if mine and column.table.lower() in sides and column.name.lower() in shared:
            yield _start(column), True


def _made_beside(node: exp.Expr) -> Iterator[Place]:
    """`SELECT a + 1 AS b, b * 2`: unless the tables have a column of that name, which the text does not tell."""
    made: set[str] = set()
    for each in node.expressions:
        named = [part for part in each.find_all(exp.Column) if part.find_ancestor(exp.Select) is node]
        for column in named:
            if not column.table and column.name.lower() in made:
                yield _start(column), False
        given = isinstance(each, exp.Alias) and not isinstance(each.this, exp.Literal)
        if given and each.alias.lower() not in {column.name.lower() for column in named}:
            made.add(each.alias.lower())


def _other_capitals(node: exp.Expr) -> Iterator[Place]:
    """`WITH Totals AS (…) SELECT * FROM totals`."""
    named = {each.alias for each in node.find_all(exp.CTE)}
    folded = {each.lower() for each in named}
    for table in node.find_all(exp.Table):
        if not table.db and table.name not in named and table.name.lower() in folded:
            yield _start(table), True


def _computed_index(node: exp.Expr) -> Iterator[Place]:
    """`a[i]` of an array; of a map that is its key."""
    if len(node.expressions) == 1 and not isinstance(node.expressions[0], exp.Literal | exp.Slice):
        yield _start(node), False


def _outer_condition(node: exp.Expr) -> Iterator[Place]:
    """`(SELECT max(s.a) FROM s WHERE s.b < t.b)`, and the same behind IN and EXISTS."""
    query = query_of(node)
    if query is None or isinstance(node.parent, _TABLES):
        return
    value, whole = isinstance(node, exp.Subquery) and not isinstance(node.parent, exp.In), aggregates(query)
    if not (whole or (value and whole is None)):
        return
    outer = outer_tables(query)
    odd = [each for each in _where(query) if not is_plain(each, outer)]
    joined = [part for join in query.args.get("joins") or () for part in conditions(join.args.get("on"))]
    for condition in (*joined, *odd):
        columns = columns_of(condition)
        named = [each for each in columns if belongs(each, outer)]
        if named and (value or len(named) < len(columns)):
            yield min(_start(each) for each in named), True


def _where(query: exp.Select) -> Iterator[exp.Expr]:
    where = query.args.get("where")
    return conditions(where.this if where is not None else None)


def _outer_row(node: exp.Expr) -> Iterator[Place]:
    """`(SELECT s.a FROM s WHERE s.b = t.b LIMIT 1)` as a value."""
    query = query_of(node)
    if query is None or node.parent is None or isinstance(node.parent, _TABLES | _SETS):
        return
    outer = outer_tables(query)
    named = (belongs(each, outer) for condition in _where(query) for each in columns_of(condition))
    if aggregates(query) is False and any(named):
        yield _start(query), True


def _lateral(node: exp.Expr) -> Iterator[Place]:
    """`LATERAL (SELECT s.a FROM s WHERE s.b = t.b)`, and whatever else but `LATERAL (SELECT t.a + 1)`."""
    if isinstance(node.this, exp.Subquery):
        query = node.this.unnest()
        outer = outer_tables(query)
        # Of rows that the text itself writes out nothing is sure: some of what fails with datasets works with them.
        sure = node.root().find(exp.Values) is None
        for each in query.find_all(exp.Column):
            further = each.find_ancestor(exp.Select) is not query or query_of(node) is not None
            if further and belongs(each, outer):
                yield _start(each), sure


def _outer_not_in(node: exp.Expr) -> Iterator[Place]:
    """`a NOT IN (SELECT s.a FROM s WHERE s.b = t.b)`, which works where none of the columns can be NULL."""
    inner = node.this.unnest()
    listed = inner.args.get("query") if isinstance(inner, exp.In) else None
    query = query_of(listed) if listed is not None else None
    if query is not None:
        outer = outer_tables(query)
        plain = [each for each in _where(query) if is_plain(each, outer)]
        if any(belongs(column, outer) for each in plain for column in columns_of(each)):
            yield _start(inner), False


_FORMS: Final[dict[type, dict[str, Callable[[exp.Expr], Iterator[Place]]]]] = {
    exp.In: {"in among columns": _in_columns, "rows in a list": _rows_in_list},
    exp.Select: {
        "order of aggregate": _order_of_aggregate,
        "column of one side": _column_of_one_side,
        "made beside": _made_beside,
    },
    exp.Bracket: {"computed index": _computed_index},
    exp.Subquery: {"outer condition": _outer_condition, "outer row": _outer_row},
    exp.Exists: {"outer condition": _outer_condition},
    exp.Lateral: {"lateral": _lateral},
    exp.Not: {"outer not in": _outer_not_in},
}
