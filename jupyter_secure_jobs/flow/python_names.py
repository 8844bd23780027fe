"""What the names of a Python text stand for, as far as the text alone tells."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final, Self

_FUNCTIONS: Final = "pyspark.sql.functions"
# After these a chain that began with the session is something else: rows, a table of pandas or of Arrow, a number.
_LEAVING: Final = frozenset(
    {"collect", "toPandas", "toArrow", "toLocalIterator", "first", "head", "take", "tail", "count", "pandas_api",
     "columns", "schema", "dtypes", "asDict"}
)  # fmt: skip
# What leads on from one thing of Spark's to another, beside methods that are called.
_LEADING: Final = frozenset({"read", "write", "catalog", "stat", "na", "rdd", "sparkContext", "udf", "udtf", "conf"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of one text.

    imported: every module, or name in one, by its full name and its place. known: what each imported name stands for.
    session: the names that came from the session and hold nothing else. other: those that hold something else.
    """

    imported: tuple[tuple[str, tuple[int, int]], ...]
    known: dict[str, str]
    session: frozenset[str]
    other: frozenset[str]

    @classmethod
    def of(cls, tree: ast.Module) -> Self:
        """Read the names of a text."""
        imported, known = _imports(tree)
        assigned = _assigned(tree)
        session = {"spark"} - set(known)
        # A name counts only if everything that it is ever given came from the session.
        while True:
            more = {
                name
                for name, values in assigned.items()
                if name not in known and all(value is not None and _from(value, session) for value in values)
            }
            if more <= session:
                break
            session |= more
        if any(value is None or not _from(value, session) for value in assigned.get("spark", [])):
            session -= {"spark"}
        other = frozenset(name for name in {*assigned, *known} if name not in session)
        return cls(imported=imported, known=known, session=frozenset(session), other=other)

    def is_spark(self, node: ast.expr) -> bool:
        """Whether an expression surely came from the session."""
        return _from(node, self.session)

    def is_known_other(self, node: ast.expr) -> bool:
        """Whether an expression surely is something else: an imported module, or a value written out."""
        root = _root(node)
        return isinstance(root, ast.Constant) or (isinstance(root, ast.Name) and root.id in self.known)

    def function_of_spark(self, node: ast.expr) -> str | None:
        """Return the name of the function of pyspark.sql.functions that an expression is, if it surely is one."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr if self.known.get(node.value.id) == _FUNCTIONS else None
        full = self.known.get(node.id, "") if isinstance(node, ast.Name) else ""
        return full.removeprefix(f"{_FUNCTIONS}.") if full.startswith(f"{_FUNCTIONS}.") else None


def _imports(tree: ast.Module) -> tuple[tuple[tuple[str, tuple[int, int]], ...], dict[str, str]]:
    imported: list[tuple[str, tuple[int, int]]] = []
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        inside = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
        for alias in node.names:
            place = (
                (alias.lineno, alias.col_offset + 1)
                if isinstance(node, ast.Import)
                else (node.lineno, node.col_offset + 1)
            )
            imported.append((inside + alias.name, place))
            bound = alias.asname or (alias.name if inside else alias.name.split(".", maxsplit=1)[0])
            known[bound] = inside + alias.name if inside or alias.asname else bound
    return tuple(imported), known


def _assigned(tree: ast.Module) -> dict[str, list[ast.expr | None]]:
    """Return every value that each name is given; none where it is given something that cannot be followed."""
    found: dict[str, list[ast.expr | None]] = {}
    followed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
                    followed.add(id(target))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.setdefault(node.target.id, []).append(node.value)
            followed.add(id(node.target))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in followed:
            found.setdefault(node.id, []).append(None)
        elif isinstance(node, ast.arg):
            found.setdefault(node.arg, []).append(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.setdefault(node.name, []).append(None)
    return found


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def _from(node: ast.expr, session: set[str] | frozenset[str]) -> bool:
    """Whether an expression is a chain that begins with something of the session's and does not leave it."""
    called = False
    while True:
        if isinstance(node, ast.Name):
            return node.id in session
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called, node = True, node.func
            continue
        if not isinstance(node, ast.Attribute) or node.attr in _LEAVING:
            return False
        if not called and node.attr not in _LEADING:
            return False
        called, node = False, node.value
