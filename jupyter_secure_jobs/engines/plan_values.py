"""Which columns an expression of a Spark Connect plan reads, and how in a word."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sqlglot import exp

from jupyter_secure_jobs.flow import values as sql_values
from jupyter_secure_jobs.flow.rows import (
    COMPUTED,
    CONSTANT,
    NOTHING,
    Attribute,
    Rows,
    Scope,
    Source,
    Sources,
    all_of,
    all_sources,
)
from jupyter_secure_jobs.flow.sql_text import UnreadableError, check_names, trees, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# The types of a plan's messages are generated when pyspark is imported, so that they are `Any` here.
# What Python code made or may have mixed in: it goes along with the columns like one more source.
IN_PYTHON: Final = Source(table="", column="")
_PYTHON: Final[Sources] = frozenset({IN_PYTHON})
_PARTS: Final = re.compile(r"(?:`((?:[^`]|``)+)`|([^`.]+))(\.|\Z)")
_SIMPLE_PATTERN: Final = re.compile(r"[A-Za-z0-9_.*+?^$|()\[\]-]*\Z")
_AGGREGATES: Final = frozenset(
    {"count", "sum", "avg", "mean", "min", "max", "first", "last", "first_value", "last_value", "any_value", "stddev",
     "stddev_samp", "stddev_pop", "std", "variance", "var_samp", "var_pop", "collect_list", "collect_set", "array_agg",
     "approx_count_distinct", "percentile", "percentile_approx", "approx_percentile", "median", "mode", "skewness",
     "kurtosis", "corr", "covar_pop", "covar_samp", "count_if", "bool_and", "bool_or", "every", "some", "any", "max_by",
     "min_by", "listagg", "string_agg", "sum_distinct", "count_distinct"}
)  # fmt: skip
_SAME: Final = {"mean": "avg"}
# Functions whose value comes from elsewhere than their arguments, or that make several columns of one.
_REFUSED: Final = frozenset(
    {"input_file_name", "input_file_block_start", "input_file_block_length", "reflect", "java_method", "try_reflect",
     "read_files", "identifier", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack", "json_tuple",
     "variant_explode", "variant_explode_outer", "outer"}
)  # fmt: skip
_GENERATORS: Final = frozenset({"explode", "explode_outer"})


def tag(plan: int) -> str:
    """Return the name of a relation that stands for a plan's number; no name in a text can be the same."""
    return f"\0{plan}"


def parts_of(identifier: str) -> list[str]:
    """Return the parts of a name with dots and backticks.

    Raises:
        UnreadableError: it is not written like one.
    """
    parts: list[str] = []
    at = 0
    while at < len(identifier) or not parts:
        found = _PARTS.match(identifier, at)
        if found is None or (found[3] and found.end() == len(identifier)):
            raise UnreadableError("A name is not written like one.")
        parts.append(found[1].replace("``", "`") if found[1] else found[2])
        at = found.end()
    return parts


def unfollowed() -> NoReturn:
    """Raise that a form is not followed.

    Raises:
        UnreadableError: always.
    """
    raise UnreadableError("A form of the plan is not followed.")


class _NoQueries:
    def query(self, node: exp.Expr, outer: Scope | None) -> Rows:  # noqa: ARG002 -- the protocol's
        raise UnreadableError("A query stands within a text for one column.")

    def named(self, column: exp.Column, meant: Attribute) -> None:
        """Places in a text are of no use here."""


@dataclass(slots=True, kw_only=True)
class Expressions:
    """Reads the expressions of one relation.

    registered: functions of Python's that have a name. subqueries: relations that expressions may name, by number.
    deciding: gathers what decides how many rows a row becomes.
    """

    registered: frozenset[str]
    subqueries: Mapping[int, Rows]
    deciding: Sources = field(default=NOTHING)

    def attributes(self, node: Any, scope: Scope) -> list[Attribute]:  # noqa: ANN401, PLR0911 -- as above; one case for each kind of entry
        """Return the columns that an entry of a select list gives.

        Raises:
            UnreadableError: it has a form that is not followed.
        """
        kind = node.WhichOneof("expr_type")
        if kind == "unresolved_star":
            return list(self._star(node.unresolved_star, scope))
        if kind == "unresolved_regex":
            return self._matching(node.unresolved_regex, scope)
        if kind == "expression_string":
            return self._text(node.expression_string.expression, scope)
        if kind == "unresolved_attribute":
            return [self.attribute(node.unresolved_attribute, scope)]
        if kind == "alias":
            if len(node.alias.name) != 1:
                unfollowed()
            inner = self.attributes(node.alias.expr, scope)
            if len(inner) != 1:
                unfollowed()
            name = node.alias.name[0]
            return [Attribute(name=name, label=name, how=inner[0].how, sources=inner[0].sources)]
        if _function(node)[0] in _GENERATORS:
            _, arguments = _function(node)
            sources = self._all(arguments, scope)
            self.deciding |= sources
            return [Attribute(name=None, label="", how=COMPUTED, sources=sources)]
        return [Attribute(name=None, label="", how=self.how(node, scope), sources=self.sources(node, scope))]

    def attribute(self, node: Any, scope: Scope) -> Attribute:  # noqa: ANN401 -- as above
        """Return what a name means; a field of a structure stands for all of it.

        Raises:
            UnreadableError: it is not certain.
        """
        if node.is_metadata_column:
            unfollowed()
        parts = parts_of(node.unparsed_identifier)
        meant = scope.find([tag(node.plan_id), *parts] if node.HasField("plan_id") else parts)
        # Only what is taken as it is stays what it was for the names that come later.
        stays = any(meant is each for each in scope.attributes)
        relations = meant.relations if stays else frozenset[str]()
        return replace(meant, name=parts[-1], label=parts[-1], hidden=False, merged=False, relations=relations)

    def _star(self, node: Any, scope: Scope) -> tuple[Attribute, ...]:  # noqa: ANN401 -- as above
        if not node.HasField("unparsed_target"):
            return scope.star(tag(node.plan_id) if node.HasField("plan_id") else None)
        if not node.unparsed_target.endswith(".*") or node.HasField("plan_id"):
            unfollowed()
        parts = parts_of(node.unparsed_target.removesuffix(".*"))
        if len(parts) != 1 or scope.knows(parts):
            unfollowed()
        return scope.star(parts[0])

    def _matching(self, node: Any, scope: Scope) -> list[Attribute]:  # noqa: ANN401 -- as above
        pattern = node.col_name
        if not (pattern.startswith("`") and pattern.endswith("`")) or not _SIMPLE_PATTERN.match(pattern[1:-1]):
            unfollowed()
        try:
            matches = re.compile(pattern[1:-1], re.IGNORECASE)
        except re.error as error:
            raise UnreadableError("A pattern for names is not followed.") from error
        found = scope.star(tag(node.plan_id) if node.HasField("plan_id") else None)
        if any(each.name is None for each in found):
            unfollowed()
        return [each for each in found if matches.fullmatch(each.name or "")]

    def _text(self, text: str, scope: Scope) -> list[Attribute]:
        code = f"SELECT {text}"
        tokens = words(code)
        parsed = trees(code, tokens)
        check_names(code, tokens, parsed, [each.name for each in scope.attributes if each.name])
        select = parsed[0] if len(parsed) == 1 else None
        if not isinstance(select, exp.Select) or len(select.expressions) != 1:
            unfollowed()
        if {name for name, part in select.args.items() if part} != {"expressions"}:
            unfollowed()
        (node,) = select.expressions
        if isinstance(node, exp.Star):
            if any(node.args.values()):
                unfollowed()
            return list(scope.star())
        if any(isinstance(each, exp.Anonymous) for each in node.walk()) and self.registered:
            unfollowed()
        if isinstance(node, exp.Column) and node.is_star:
            return list(scope.star(node.table))
        if isinstance(node.unalias(), exp.UDTF | exp.Explode):
            unfollowed()
        return [sql_values.Values(queries=_NoQueries()).attribute(node, scope)]

    def _all(self, nodes: Iterable[Any], scope: Scope) -> Sources:
        return NOTHING.union(*(self.sources(each, scope) for each in nodes))

    def sources(self, node: Any, scope: Scope) -> Sources:  # noqa: ANN401, C901, PLR0911, PLR0912 -- as above; one case for each kind of expression
        """Return all columns of the data that an expression reads.

        Raises:
            UnreadableError: it has a form that is not followed.
        """
        kind = node.WhichOneof("expr_type")
        part: Any = getattr(node, kind) if kind else None
        if kind in {"literal", "unresolved_named_lambda_variable"}:
            return NOTHING
        if kind in {"unresolved_attribute", "unresolved_star", "unresolved_regex", "expression_string"}:
            return all_sources(self.attributes(node, scope))
        if kind in {"unresolved_function", "call_function"}:
            return self._called(node, scope)
        if kind == "common_inline_user_defined_function":
            if part.WhichOneof("function") != "python_udf":
                unfollowed()
            return self._all(part.arguments, scope) | _PYTHON
        if kind in {"cast", "alias"}:
            return self.sources(part.expr, scope)
        if kind == "sort_order":
            return self.sources(part.child, scope)
        if kind == "lambda_function":
            return self.sources(part.function, scope)
        if kind == "named_argument_expression":
            return self.sources(part.value, scope)
        if kind == "unresolved_extract_value":
            return self._all([part.child, part.extraction], scope)
        if kind == "update_fields":
            more = [part.value_expression] if part.HasField("value_expression") else []
            return self._all([part.struct_expression, *more], scope)
        if kind == "window":
            bounds = [each.value for each in (part.frame_spec.lower, part.frame_spec.upper) if each.HasField("value")]
            orders = [each.child for each in part.order_spec]
            return self._all([part.window_function, *part.partition_spec, *orders, *bounds], scope)
        if kind == "subquery_expression":
            if part.subquery_type not in _SUBQUERIES or part.plan_id not in self.subqueries:
                unfollowed()
            return all_of(self.subqueries[part.plan_id]) | self._all(part.in_subquery_values, scope)
        unfollowed()

    def _called(self, node: Any, scope: Scope) -> Sources:  # noqa: ANN401 -- as above
        name, arguments = _function(node)
        if name in _REFUSED or name in _GENERATORS or not name:
            unfollowed()
        if name == "count" and len(arguments) == 1 and arguments[0].WhichOneof("expr_type") == "unresolved_star":
            return NOTHING
        made = _PYTHON if self._is_python(node, name) else NOTHING
        return self._all(arguments, scope) | made

    def _is_python(self, node: Any, name: str) -> bool:  # noqa: ANN401 -- as above
        if name in self.registered:
            return True
        named = node.WhichOneof("expr_type") == "unresolved_function"
        return bool(named and node.unresolved_function.is_user_defined_function)

    def how(self, node: Any, scope: Scope) -> str:  # noqa: ANN401 -- as above
        """Return in a word or two what an expression makes of what it reads."""
        kind = node.WhichOneof("expr_type")
        if kind == "alias":
            return self.how(node.alias.expr, scope)
        if kind == "unresolved_attribute":
            return self.attribute(node.unresolved_attribute, scope).how
        if kind == "window":
            name, _ = _function(node.window.window_function)
            return f"window: {_SAME.get(name, name)}" if name else COMPUTED
        name, _ = _function(node)
        if name in _AGGREGATES and not self._is_python(node, name):
            distinct = node.WhichOneof("expr_type") == "unresolved_function" and node.unresolved_function.is_distinct
            return f"{_SAME.get(name, name)}{', distinct' if distinct else ''}"
        made = sorted({_SAME.get(each, each) for each in _names_in(node) & _AGGREGATES})
        if made:
            return f"{COMPUTED} from {', '.join(made)}"
        return COMPUTED if self.sources(node, scope) else CONSTANT


# in_subquery_values, EXISTS and scalars; a subquery as a table of rows is none of them.
_SUBQUERIES: Final = frozenset({1, 2, 4})


def _function(node: Any) -> tuple[str, Sequence[Any]]:  # noqa: ANN401 -- as above
    kind = node.WhichOneof("expr_type")
    if kind not in {"unresolved_function", "call_function"}:
        return "", ()
    called = getattr(node, kind)
    return str(called.function_name).lower(), called.arguments


def _names_in(node: Any) -> set[str]:  # noqa: ANN401 -- as above
    """Return the names of all functions in an expression."""
    name, arguments = _function(node)
    found = {name} if name else set()
    inner: list[Any] = list(arguments)
    kind = node.WhichOneof("expr_type")
    if kind in {"cast", "alias"}:
        inner.append(getattr(node, kind).expr)
    if kind == "lambda_function":
        inner.append(node.lambda_function.function)
    return found.union(*(_names_in(each) for each in inner))
