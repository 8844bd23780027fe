"""Which columns an expression of SQL reads, and how in a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sqlglot import exp

from jupyter_secure_jobs.flow.rows import (
    AS_IT_IS,
    COMPUTED,
    CONSTANT,
    NOTHING,
    Attribute,
    Rows,
    Scope,
    Sources,
    all_of,
    all_sources,
)
from jupyter_secure_jobs.flow.sql_text import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORBIDDEN: Final = frozenset({"identifier", "reflect", "java_method", "try_reflect", "input_file_name", "read_files"})
_GENERATORS: Final = frozenset(
    {"explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack", "json_tuple",
     "variant_explode", "variant_explode_outer"}
)  # fmt: skip
_LEAVES: Final = (
    exp.Literal, exp.Boolean, exp.Null, exp.HexString, exp.DataType, exp.Var, exp.Placeholder,
    exp.JSONPath,
)  # fmt: skip
# Forms whose parts are expressions, all of which are read. Any other form is unknown.
_PLAIN: Final = (
    exp.Func, exp.Binary, exp.Unary, exp.Predicate, exp.Tuple, exp.Interval, exp.Bracket, exp.Window, exp.WindowSpec,
    exp.Order, exp.Ordered, exp.Filter, exp.Where, exp.Distinct, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls,
    exp.Alias, exp.Cube, exp.Rollup, exp.GroupingSets, exp.AtTimeZone, exp.IntervalSpan,
)  # fmt: skip
_SAME: Final[dict[type[exp.Func], str]] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
}
_MOST_LABEL: Final = 100


class Queries(Protocol):
    """What reads queries within expressions, and notes names of columns as it goes."""

    def query(self, node: exp.Expr, outer: Scope | None) -> Rows:
        """Return the rows of a query."""

    def named(self, column: exp.Column, meant: Attribute) -> None:
        """Note that the text names a column here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The expressions of one SELECT."""

    queries: Queries

    def attribute(self, node: exp.Expr, scope: Scope) -> Attribute:
        """Return an expression of the select list as a column.

        Raises:
            UnreadableError: it is of a form that is not followed.
        """
        inner = node.unalias()
        if isinstance(inner, exp.Column):
            meant = self._column(inner, scope)
            given = node.alias if isinstance(node, exp.Alias) else inner.name
            return Attribute(name=given, label=given, how=meant.how, sources=meant.sources)
        sources = self.sources(inner, scope, top=True)
        name = node.alias if isinstance(node, exp.Alias) else None
        return Attribute(name=name, label=name or label(node), how=how(inner), sources=sources)

    def sources(self, node: exp.Expr, scope: Scope, *, top: bool = False) -> Sources:
        """Return all columns of the data that an expression reads, those that decide about rows of it included.

        `top`: a function may make several rows of one here.

        Raises:
            UnreadableError: it is of a form that is not followed.
        """
        if isinstance(node, _LEAVES):
            return NOTHING
        named = self._name(node, scope)
        if named is not None:
            return named
        if isinstance(node, exp.Query):
            return all_of(self.queries.query(node, scope))
        if isinstance(node, exp.Lambda):
            return self._lambda(node, scope)
        if not isinstance(node, _PLAIN):
            raise UnreadableError(f"It has a form that is not followed here: {label(node)}.")
        return self._parts(node, scope, top=top)

    def _name(self, node: exp.Expr, scope: Scope) -> Sources | None:
        if isinstance(node, exp.Column):
            return all_sources(scope.star(node.table)) if node.is_star else self._column(node, scope).sources
        if isinstance(node, exp.Star):
            if any(node.args.values()):
                raise UnreadableError("A * with exceptions stands within an expression.")
            return all_sources(scope.star())
        if isinstance(node, exp.Count) and isinstance(node.this, exp.Star) and not node.args.get("expressions"):
            return NOTHING
        return scope.find([node.name]).sources if isinstance(node, exp.Identifier) else None

    def _parts(self, node: exp.Expr, scope: Scope, *, top: bool) -> Sources:
        word = (node.name if isinstance(node, exp.Anonymous) else node.key).lower()
        if isinstance(node, exp.Anonymous) and not isinstance(node.this, str):
            raise UnreadableError(f"The name of a function is not plain: {label(node)}.")
        if word in _FORBIDDEN:
            raise UnreadableError(f"What {word} reads is only known when the job runs.")
        one = isinstance(node, exp.Explode) and not isinstance(node, exp.Posexplode)
        many = isinstance(node, exp.UDTF) or word in _GENERATORS
        if many and not (top and (one or word in {"explode", "explode_outer"})):
            raise UnreadableError(f"A function makes several columns of one: {label(node)}.")
        found = [self.sources(each, scope) for each in _children(node)]
        if isinstance(node, exp.Window):
            found.append(scope.windows)
        return NOTHING.union(*found)

    def _lambda(self, node: exp.Lambda, scope: Scope) -> Sources:
        names = {each.name.lower() for each in node.expressions}
        inner = Attribute(name=None, label="", how=CONSTANT, sources=NOTHING)
        aliases = {name: Attribute(name=name, label=name, how=inner.how, sources=NOTHING) for name in names}
        # What a function is applied to is read beside it; its own names hide columns of the same name.
        shadowed = tuple(each for each in scope.attributes if each.name is None or each.name.lower() not in names)
        return self.sources(
            node.this,
            Scope(attributes=shadowed, outer=scope.outer, aliases={**scope.aliases, **aliases}, windows=scope.windows),
        )

    def _column(self, node: exp.Column, scope: Scope) -> Attribute:
        parts = [part.name for part in node.parts]
        if not all(isinstance(part, exp.Identifier) for part in node.parts):
            raise UnreadableError(f"It is not certain what {label(node)} names.")
        meant = scope.find(parts)
        self.queries.named(node, meant)
        return meant


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    for name, part in node.args.items():
        if name == "alias" or (isinstance(node, exp.Dot) and name == "expression" and not _computed(part)):
            # The name that a field of a structure, or a window, has; a named window's columns are read with the scope.
            continue
        if isinstance(node, exp.Cast) and name == "to":
            continue
        if isinstance(node, exp.PropertyEQ) and name == "this" and isinstance(part, exp.Identifier):
            continue
        for each in part if isinstance(part, list) else [part]:
            if isinstance(each, exp.Expr):
                yield each


def _computed(part: object) -> bool:
    return not isinstance(part, exp.Identifier)


def label(node: exp.Expr) -> str:
    """Return an expression as a short text."""
    text = node.sql(dialect="spark", comments=False)
    return text if len(text) <= _MOST_LABEL else text[: _MOST_LABEL - 1] + "…"


def _word(node: exp.Func) -> str:
    return _SAME.get(type(node)) or (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()[:40]


def how(node: exp.Expr) -> str:
    """Return in a word or two what an expression makes of what it reads."""
    while isinstance(node, exp.Paren | exp.Filter | exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls):
        node = node.this
    if isinstance(node, exp.Column):
        return AS_IT_IS
    if isinstance(node, exp.Window):
        inner = node.this
        plain = isinstance(inner, exp.Func) and not isinstance(inner, exp.AggFunc)
        return f"window: {_word(inner) if plain else how(inner)}"
    if isinstance(node, exp.AggFunc):
        word = _word(node)
        return f"{word}, distinct" if isinstance(node.this, exp.Distinct) else word
    if isinstance(node, exp.Round | exp.Cast) and isinstance(node.this.unnest(), exp.AggFunc):
        return f"{how(node.this)}, {'rounded' if isinstance(node, exp.Round) else 'converted'}"
    read = [each for each in node.walk() if isinstance(each, exp.Column | exp.Star | exp.Func | exp.Query)]
    if not any(not isinstance(each, exp.Cast) for each in read):
        return "input" if node.find(exp.Placeholder) else CONSTANT
    made = sorted({how(each) for each in node.find_all(exp.AggFunc)})
    outside = any(not each.find_ancestor(exp.AggFunc) for each in node.find_all(exp.Column))
    return COMPUTED if outside or not made else f"{COMPUTED} from {', '.join(made)}"
