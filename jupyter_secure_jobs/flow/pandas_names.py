"""Which values of a text surely are of the pandas API on Spark, and what is asked of them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from jupyter_secure_jobs.flow.python_names import assigned_values, is_text, surely

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from jupyter_secure_jobs.flow.python_names import Names

_MODULE: Final = "pyspark.pandas."
# What of the module gives a frame, a series or an index, whatever it is called with.
_GIVING: Final = frozenset(
    {"DataFrame", "Series", "Index", "MultiIndex", "concat", "date_range", "from_pandas", "get_dummies", "melt",
     "merge", "merge_asof", "range", "read_csv", "read_delta", "read_excel", "read_json", "read_orc", "read_parquet",
     "read_spark_io", "read_sql", "read_table", "sql"}
)  # fmt: skip
# With these a chain leaves: it may be a number then, a list, a frame of pandas or of Spark.
_LEAVING: Final = frozenset(
    {"at", "axes", "boxplot", "columns", "dtype", "dtypes", "empty", "equals", "hasnans", "hist", "iat", "iloc",
     "info", "is_monotonic_decreasing", "is_monotonic_increasing", "is_unique", "item", "items", "iterrows",
     "itertuples", "keys", "loc", "name", "names", "ndim", "pandas_on_spark", "plot", "shape", "size", "spark", "style",
     "tolist", "values"}
)  # fmt: skip
# These give a number of a series, and what still is a frame of groups and windows.
_REDUCING: Final = frozenset(
    {"agg", "aggregate", "all", "any", "argmax", "argmin", "asof", "corr", "count", "cov", "dot", "first_valid_index",
     "idxmax", "idxmin", "kurt", "kurtosis", "last_valid_index", "max", "mean", "median", "min", "nunique", "pop",
     "prod", "product", "quantile", "sem", "skew", "squeeze", "std", "sum", "var", "xs"}
)  # fmt: skip
# Called, these give what has methods of its own until one of them is called.
_STAGES: Final = frozenset({"groupby", "rolling", "expanding"})

# What is nested deeper than this is left to the run.
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PandasNames:
    """The names of one text that are given nothing else than values of the pandas API on Spark."""

    names: Names
    values: Mapping[str, list[ast.expr | None]]
    held: AbstractSet[str] = frozenset()

    @classmethod
    def of(cls, tree: ast.Module, names: Names) -> Self:
        """Read the names of a text."""
        values = assigned_values(tree)

        def belongs(value: ast.expr, held: AbstractSet[str]) -> bool:
            return cls(names=names, values=values, held=held).holds(value)

        mine = {name: given for name, given in values.items() if name not in names.known}
        return cls(names=names, values=values, held=surely(mine, belongs))

    def holds(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether an expression surely is a frame, a series, an index, or groups or windows of one."""
        if isinstance(node, ast.Name) or depth == _DEEPEST:
            return isinstance(node, ast.Name) and node.id in self.held
        deeper = depth + 1
        if isinstance(node, ast.Call):
            return self._gives(node, deeper)
        if isinstance(node, ast.Attribute):
            return _stays(node.attr) and self.holds(node.value, deeper)
        if isinstance(node, ast.Subscript):
            return _is_whole(node.slice) and self.holds(node.value, deeper)
        if isinstance(node, ast.BinOp):
            return self.holds(node.left, deeper) or self.holds(node.right, deeper)
        return isinstance(node, ast.UnaryOp) and self.holds(node.operand, deeper)

    def stage(self, node: ast.expr) -> str:
        """Return which groups or windows an expression is, or columns of them; nothing if it is neither."""
        seen: set[str] = set()
        while True:
            if isinstance(node, ast.Subscript | ast.Attribute):
                node = node.value
            elif isinstance(node, ast.Name) and node.id not in seen and len(self.values.get(node.id, [])) == 1:
                seen.add(node.id)
                (value,) = self.values[node.id]
                if value is None:
                    return ""
                node = value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _STAGES:
                return node.func.attr
            else:
                return ""

    def _gives(self, node: ast.Call, depth: int) -> bool:
        full = self.names.full(node.func)
        if full.startswith(_MODULE):
            return full.removeprefix(_MODULE) in _GIVING
        if not isinstance(node.func, ast.Attribute):
            return False
        method, of = node.func.attr, node.func.value
        if method == "pandas_api":
            return self.names.is_spark(of)
        if not _stays(method) or (method in _REDUCING and not self.stage(of)):
            return False
        return self.holds(of, depth)


def _stays(name: str) -> bool:
    return name not in _LEAVING and not name.startswith("to_")


def _is_whole(chosen: ast.expr) -> bool:
    """Whether what is chosen by it is no single value: by a number or a name it may be one of a series."""
    if isinstance(chosen, ast.BinOp):
        return isinstance(chosen.op, ast.BitAnd | ast.BitOr)
    return is_text(chosen) or isinstance(chosen, ast.List | ast.Compare | ast.Slice)


def asked(node: ast.Attribute | ast.Call, frames: PandasNames) -> str:
    """Return what is asked of a value of the pandas API on Spark, by its mark; nothing if it is none of these.

    The mark is the name of a method that is called or of an indexer, `rolling.skew` for one of groups or windows, and
    in brackets what it is called with where that decides: `agg([…])`, `std(axis)`, `nunique(approx)`.
    """
    method = node.func if isinstance(node, ast.Call) else node
    if not isinstance(method, ast.Attribute) or not frames.holds(method.value):
        return ""
    if isinstance(node, ast.Attribute):
        return node.attr if node.attr in {"iloc", "iat"} else ""
    if any(isinstance(each, ast.Starred) for each in node.args) or any(word.arg is None for word in node.keywords):
        return ""
    stage = frames.stage(method.value)
    matters = _ARGUMENTS.get(method.attr)
    called = matters(node) if matters is not None else ""
    return f"{stage}.{method.attr}{called}" if stage else f"{method.attr}{called}"


def _listed(node: ast.Call, at: int = 0) -> str:
    return "([…])" if len(node.args) > at and isinstance(node.args[at], ast.List | ast.Tuple) else ""


def _several(node: ast.Call) -> str:
    return "([…])" if node.args and isinstance(node.args[0], ast.List | ast.Dict) else ""


def _approximate(node: ast.Call) -> str:
    for word in node.keywords:
        if word.arg == "approx" and isinstance(word.value, ast.Constant) and word.value.value is True:
            return "(approx)"
    return ""


def _unindexed(node: ast.Call) -> str:
    return "" if node.args or any(word.arg == "index" for word in node.keywords) else "(columns)"


def _across(node: ast.Call) -> str:
    """Whether it may be of each row: pandas itself does that, in each part of the rows."""
    return "(axis)" if node.args or any(word.arg == "axis" for word in node.keywords) else ""


# What of their arguments decides whether these can be done.
_ARGUMENTS: Final[Mapping[str, Callable[[ast.Call], str]]] = {
    "agg": _several,
    "aggregate": _several,
    "asof": _listed,
    "insert": lambda node: _listed(node, 2),
    "nunique": _approximate,
    "pivot": _unindexed,
    "quantile": _listed,
    **dict.fromkeys(("kurt", "kurtosis", "prod", "product", "sem", "skew", "std", "var"), _across),
}
