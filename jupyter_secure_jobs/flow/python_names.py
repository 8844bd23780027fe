"""What the names of a Python text stand for, as far as the text alone tells."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

_FUNCTIONS: Final = "pyspark.sql.functions"
_SESSIONS: Final = frozenset({"pyspark.sql.SparkSession", "pyspark.sql.session.SparkSession"})
# What gives the session, called on its class or at the end of its builder.
_GIVING: Final = frozenset({"getOrCreate", "getActiveSession", "active"})
# After these a chain that began with the session is something else: rows, a table of pandas or of Arrow, a number.
_LEAVING: Final = frozenset(
    {"collect", "toPandas", "toArrow", "toLocalIterator", "first", "head", "take", "tail", "count", "pandas_api",
     "columns", "schema", "dtypes", "asDict"}
)  # fmt: skip
# What leads on from one thing of Spark's to another, beside methods that are called.
_LEADING: Final = frozenset(
    {"read", "write", "catalog", "stat", "na", "rdd", "sparkContext", "sparkSession", "readStream", "tvf", "udf",
     "udtf", "conf"}
)  # fmt: skip
# A text whose names hang together in more steps than this, each later one on an earlier, is left to the run.
_MOST_PASSES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of one text.

    imported: every module, or name in one, by its full name, with the node that brings it. known: what each imported
    name stands for, if for one thing. session: the names that came from the session and hold nothing else. texts: the
    names that are given one text, once. assigned: the names that are given anything.
    star: whether the text has every name of pyspark.sql.functions, and of no other module.
    """

    imported: tuple[tuple[str, ast.alias | ast.stmt], ...]
    known: dict[str, str]
    session: frozenset[str]
    texts: dict[str, ast.expr]
    assigned: frozenset[str]
    star: bool

    @classmethod
    def of(cls, tree: ast.Module) -> Self:
        """Read the names of a text."""
        assigned = assigned_values(tree)
        imported, known = _imports(tree, assigned)
        session = surely(
            {name: values for name, values in assigned.items() if name not in known},
            lambda value, session: _from(value, session, known),
            given=frozenset({"spark"} - set(known)),
        )
        texts = {
            name: values[0]
            for name, values in assigned.items()
            if len(values) == 1 and name not in known and is_text(values[0])
        }
        return cls(
            imported=imported,
            known=known,
            session=session,
            texts={name: value for name, value in texts.items() if value is not None},
            assigned=frozenset(assigned),
            star={full for full, _ in imported if full.endswith(".*")} == {f"{_FUNCTIONS}.*"},
        )

    def is_spark(self, node: ast.expr) -> bool:
        """Whether an expression surely came from the session."""
        return _from(node, self.session, self.known)

    def is_builder(self, node: ast.expr) -> bool:
        """Whether an expression seems to build a session: it is a chain that began with something of PySpark's."""
        root = _root(node)
        return isinstance(root, ast.Name) and self.known.get(root.id, "").startswith("pyspark")

    def is_known_other(self, node: ast.expr) -> bool:
        """Whether an expression surely is something else: an imported module, or a value written out."""
        root = _root(node)
        if isinstance(root, ast.Constant | ast.JoinedStr):
            return True
        return isinstance(root, ast.Name) and bool(self.known.get(root.id)) and not self.is_spark(node)

    def full(self, node: ast.expr) -> str:
        """Return the full name of what an expression names, if it is or lies in something imported; else nothing."""
        return _full(node, self.known)

    def function_of_spark(self, node: ast.expr) -> str | None:
        """Return the name of the function of pyspark.sql.functions that an expression is, if it surely is one."""
        full = self.full(node)
        if full.startswith(f"{_FUNCTIONS}."):
            return full.removeprefix(f"{_FUNCTIONS}.")
        if not self.star or not isinstance(node, ast.Name) or node.id in self.known or node.id in self.assigned:
            return None
        return node.id

    def text(self, node: ast.expr) -> ast.expr | None:
        """Return the text that an expression is, or that its name was given: a constant, or one with gaps."""
        if isinstance(node, ast.Name):
            return self.texts.get(node.id)
        return node if is_text(node) else None


def is_text(node: ast.expr | None) -> bool:
    """Whether an expression is a text written out, with gaps or without."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def words(node: ast.expr) -> str:
    """Return the letters of a text; each gap is one word, of which nothing is known."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "_" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def surely(
    assigned: Mapping[str, list[ast.expr | None]],
    belongs: Callable[[ast.expr, AbstractSet[str]], bool],
    *,
    given: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Return the names of which everything that they are ever given `belongs`, as far as names that are left do.

    `given` are there before anything is assigned, unless the text gives them something else. A name that is made from
    what it was, as in `df = df.where(…)`, stays.
    """
    names = {*given, *assigned}
    for _ in range(_MOST_PASSES):
        before = len(names)
        for name, values in assigned.items():
            if name in names and not all(value is not None and belongs(value, names) for value in values):
                names.remove(name)
        if len(names) == before:
            return frozenset(names)
    return frozenset()


def _imports(
    tree: ast.Module, assigned: Mapping[str, object]
) -> tuple[tuple[tuple[str, ast.alias | ast.stmt], ...], dict[str, str]]:
    imported: list[tuple[str, ast.alias | ast.stmt]] = []
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        inside = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
        for alias in node.names:
            imported.append((inside + alias.name, alias if isinstance(node, ast.Import) else node))
            bound = alias.asname or (alias.name if inside else alias.name.split(".", maxsplit=1)[0])
            full = inside + alias.name if inside or alias.asname else bound
            # A name that stands for several things is known for none of them.
            known[bound] = full if known.get(bound, full) == full and bound not in assigned else ""
    return tuple(imported), known


def _full(node: ast.expr, known: Mapping[str, str]) -> str:
    rest = ""
    while isinstance(node, ast.Attribute):
        rest, node = f".{node.attr}{rest}", node.value
    full = known.get(node.id, "") if isinstance(node, ast.Name) else ""
    return full + rest if full else ""


_NAMED: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
)


def assigned_values(tree: ast.Module) -> dict[str, list[ast.expr | None]]:
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
        elif isinstance(node, _NAMED) and node.name is not None:
            found.setdefault(node.name, []).append(None)
    return found


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def _from(node: ast.expr, session: AbstractSet[str], known: Mapping[str, str]) -> bool:
    """Whether an expression is a chain that begins with something of the session's and does not leave it."""
    called = given = False
    while True:
        if isinstance(node, ast.Name) and node.id in session:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called, node = True, node.func
            given = given or node.attr in _GIVING
            continue
        if isinstance(node, ast.Attribute) and node.attr not in _LEAVING and (called or node.attr in _LEADING):
            called, node = False, node.value
            continue
        # `SparkSession.builder…getOrCreate()` gives the session too, and so does the class that is asked for it.
        return given and _full(node, known).removesuffix(".builder") in _SESSIONS
