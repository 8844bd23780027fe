"""The preflight: what of a job's text the chosen engine cannot do, at line and column, before anything runs.

It reads the text as words (SQL) and as a syntax tree (Python) and looks things up in `domain.engine_features`. What it
cannot be sure of is a hint, not a refusal: a name may belong to something else, and code may build names as it runs.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import LEAST_MEMORY, Compute, EngineName
from jupyter_secure_jobs.domain.engine_features import (
    ALWAYS_THERE,
    NETWORK_MODULES,
    PLAIN_PYTHON,
    TITLES,
    Lack,
    Mark,
    passes_over,
    rows_of,
    unknown_settings,
)
from jupyter_secure_jobs.domain.job import GIB, Language
from jupyter_secure_jobs.flow import engine_sql
from jupyter_secure_jobs.flow.pandas_names import PandasNames, asked
from jupyter_secure_jobs.flow.python_branches import mixed_branches
from jupyter_secure_jobs.flow.python_names import Names, words
from jupyter_secure_jobs.flow.python_places import Places
from jupyter_secure_jobs.flow.sql_text import position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.domain.engine_features import Difference
    from jupyter_secure_jobs.flow.python_places import Place

CODE: Final = "engine_lacks"
# Methods whose texts are SQL or expressions of it, and the names under which these may be given.
_EXPRESSIONS: Final = frozenset({"selectExpr", "where", "filter", "sql", "having"})
_WORDS_FOR_TEXT: Final = frozenset({"sqlQuery", "condition", "str"})
_ELSEWHERE: Final = (
    "http://",
    "https://",
    "s3://",
    "s3a://",
    "gs://",
    "abfs://",
    "abfss://",
    "hdfs://",
    "ftp://",
    "jdbc:",
)
_OUTSIDE: Final = (
    "It names a place outside. The sandbox has no network and none of your files: publish the data as a dataset."
)
# Where Python is handed rows, or asks for their types.
_TYPED: Final = frozenset(
    {"udf", "pandas_udf", "arrow_udf", "udtf", "arrow_udtf", "mapInPandas", "mapInArrow", "applyInPandas",
     "applyInArrow", "toArrow", "schema", "transform", "aggregate", "reduce"}
)  # fmt: skip
_READERS: Final = frozenset({"csv", "json", "parquet", "text"})
# Where a text writes files that it may read again.
_WRITERS: Final = frozenset(
    {"write", "writeTo", "open", "write_text", "write_bytes", "write_table", "to_csv", "to_json", "to_parquet"}
)
_MASTER: Final = "Leave master(…) out: the job's session is there already, and with Sail the call may fail."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that the engine cannot do, or does differently; `fatal` if a run could only fail by it."""

    text: str
    line: int | None = None
    column: int | None = None
    fatal: bool = True


def check(language: Language, code: str, compute: Compute, *, memory_bytes: int | None = None) -> list[Finding]:
    """Return what stands in the way of running the text with this compute, each thing once, in the order of the text.

    A text that does not parse gives nothing here: that is said elsewhere.
    """
    found = list(_settings(compute, memory_bytes))
    found += _sql(code, compute) if language is Language.SQL else _python(code, compute)
    refused = {(each.line, each.column) for each in found if each.fatal}
    kept: dict[str, Finding] = {}
    for each in sorted(found, key=lambda one: (one.line or 0, one.column or 0)):
        # The first place is enough to act on; a hint gives way to a refusal for the same reason or at the same place.
        if not each.fatal and (each.line, each.column) in refused:
            continue
        if each.text not in kept or (each.fatal and not kept[each.text].fatal):
            kept[each.text] = each
    return list(kept.values())


def _settings(compute: Compute, memory_bytes: int | None) -> Iterator[Finding]:
    title = TITLES[compute.engine]
    for name in unknown_settings(compute.engine, tuple(compute.values)):
        yield Finding(text=f"{title} does not know the setting {name}: leave it out, or choose the engine spark.")
    least = LEAST_MEMORY[compute.engine]
    if memory_bytes is not None and memory_bytes < least:
        yield Finding(
            text=f"{title} needs at least {least / GIB:.1f} GiB of memory; the job has {memory_bytes / GIB:.1f} GiB."
        )


def _finding(text: str, place: Place, *, sure: bool = True) -> Finding:
    return Finding(text=text, line=place[0], column=place[1], fatal=sure)


def _sql(code: str, compute: Compute) -> Iterator[Finding]:
    for each in engine_sql.find(code, compute.engine):
        yield _finding(each.text, position(code, each.start), sure=each.sure)


def _python(code: str, compute: Compute) -> Iterator[Finding]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return
    names = Names.of(tree)
    reader = _Reader(
        names=names,
        frames=PandasNames.of(tree, names),
        places=Places(code),
        engine=compute.engine,
        own=_own_functions(tree),
        parts=frozenset(id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)),
    )
    yield from _imports(reader, compute)
    # What fails where the code is ready for it need not fail the run.
    expected = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and node.handlers
        for statement in node.body
        for inner in ast.walk(statement)
    }
    needless = set(_needless(tree, compute.engine))
    for node in ast.walk(tree):
        for each in reader.of(node):
            if each.text not in needless:
                yield replace(each, fatal=False) if id(node) in expected else each


def _needless(tree: ast.Module, engine: EngineName) -> Iterator[str]:
    """Yield what need not be told: of files, where the code writes some; of types, where Python sees none of them."""
    said = {_last_name(node) for node in ast.walk(tree) if isinstance(node, ast.expr)}
    needed = {"file read": _WRITERS.isdisjoint(said), "branches of different types": not _TYPED.isdisjoint(said)}
    rows = rows_of(Mark.FORM, engine)
    yield from (rows[form].words() for form, told in needed.items() if form in rows and not told)


def _own_functions(tree: ast.Module) -> frozenset[str] | None:
    """Return the names that the code gives to functions of its own; none if they are made as it runs."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "register" in node.func.attr:
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "name")]
            if not all(isinstance(each, ast.Constant) for each in given):
                return None
            found |= {words(each).lower() for each in given}
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """What is needed to judge one node of a text.

    own: functions that the code makes itself. parts: nodes of which another node takes a part by its name. seen: texts
    that were looked at, and whether the engine surely gets them.
    """

    names: Names
    frames: PandasNames
    places: Places
    engine: EngineName
    own: frozenset[str] | None
    parts: frozenset[int]
    seen: set[tuple[int, bool, bool]] = field(default_factory=set)

    def of(self, node: ast.AST) -> Iterator[Finding]:
        """Yield what one node asks of the engine, without what lies in it."""
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from self._attribute(node)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in self.parts:
            row = _below(self.names.full(node), self.engine)
            if row is not None:
                yield _finding(row.words(), self.places.of(node))
        if isinstance(node, ast.Call):
            yield from self._call(node)
        yield from self._of_pandas(node)

    def _attribute(self, node: ast.Attribute) -> Iterator[Finding]:
        if self.names.is_known_other(node.value):
            return
        sure = self.names.is_spark(node.value)
        below = f"{node.value.attr}.{node.attr}" if isinstance(node.value, ast.Attribute) else ""
        rows = rows_of(Mark.ATTRIBUTE, self.engine)
        row = rows.get(node.attr) or rows.get(below)
        if row is None and _reads_or_writes(node.value):
            row = rows_of(Mark.FORMAT, self.engine).get(node.attr)
        if isinstance(row, Lack) or (sure and row is not None):
            yield _finding(row.words(), self.places.of_attribute(node), sure=sure and isinstance(row, Lack))

    def _of_pandas(self, node: ast.AST) -> Iterator[Finding]:
        """Yield what is asked of the pandas API on Spark, where it surely is that."""
        mark, named = "", node
        if isinstance(node, ast.Call | ast.Attribute):
            mark, named = asked(node, self.frames), node.func if isinstance(node, ast.Call) else node
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.FloorDiv):
            mark = "//" if self.frames.holds(node.left if isinstance(node, ast.BinOp) else node.target) else ""
        row = rows_of(Mark.PANDAS, self.engine).get(mark)
        if row is not None and isinstance(named, ast.expr | ast.stmt):
            place = self.places.of_attribute(named) if isinstance(named, ast.Attribute) else self.places.of(named)
            yield _finding(engine_sql.told(row, mark), place, sure=isinstance(row, Lack))

    def _call(self, node: ast.Call) -> Iterator[Finding]:
        called = self.names.function_of_spark(node.func)
        row = rows_of(Mark.FUNCTION, self.engine).get(called or "")
        if row is not None and called is not None:
            yield _finding(engine_sql.told(row, f"{called}(…)"), self.places.of(node), sure=isinstance(row, Lack))
        for mark, row in _rows_of_call(called, node, self.engine):
            yield _finding(engine_sql.told(row, mark), self.places.of(node), sure=isinstance(row, Lack))
        row = rows_of(Mark.FORM, self.engine).get("branches of different types")
        if row is not None and mixed_branches(node, self.names):
            yield _finding(row.words(), self.places.of(node), sure=False)
        if called == "expr":
            yield from self._expressions(node, sure=True, whole=False)
        elif called in {"call_function", "call_udf"}:
            yield from self._by_name(node)
        if isinstance(node.func, ast.Attribute):
            yield from self._method(node, node.func)
        for value in (*node.args, *(word.value for word in node.keywords)):
            if isinstance(value, ast.Constant) and words(value).startswith(_ELSEWHERE):
                yield _finding(_OUTSIDE, self.places.of(value), sure=False)

    def _method(self, node: ast.Call, method: ast.Attribute) -> Iterator[Finding]:
        if method.attr in _EXPRESSIONS and not self.names.is_known_other(method.value):
            sure = self.names.is_spark(method.value)
            yield from self._expressions(node, sure=sure, whole=method.attr == "sql")
        yield from self._formats(node, method)
        yield from self._rows_read(node, method)
        yield from self._file_read(node, method)
        first = self.names.text(node.args[0]) if node.args else None
        if method.attr in {"set", "config"} and isinstance(first, ast.Constant):
            name = words(first)
            if passes_over(self.engine, name):
                text = f"{TITLES[self.engine]} may pass over the setting {name}: the run goes on without it."
                yield _finding(text, self.places.of(node.args[0]), sure=False)
        if method.attr == "master" and self.engine is EngineName.SAIL and self.names.is_builder(method.value):
            yield _finding(_MASTER, self.places.of_attribute(method), sure=False)

    def _formats(self, node: ast.Call, method: ast.Attribute) -> Iterator[Finding]:
        """Yield the formats that a call names: as its only text, its second one, or the one called `format`."""
        given = [word.value for word in node.keywords if word.arg == "format"]
        if method.attr in {"format", "using"}:
            given += node.args[:1]
        elif method.attr in {"save", "load", "saveAsTable"}:
            given += node.args[1:2]
        for each in given:
            value = self.names.text(each)
            row = rows_of(Mark.FORMAT, self.engine).get(words(value).lower()) if value is not None else None
            if row is not None and not self.names.is_known_other(method.value):
                sure = self.names.is_spark(method.value) and isinstance(value, ast.Constant)
                yield _finding(row.words(), self.places.of(each), sure=sure)

    def _rows_read(self, node: ast.Call, method: ast.Attribute) -> Iterator[Finding]:
        """Yield where a reader of files is given rows: `spark.read.json(df)`."""
        row = rows_of(Mark.FORM, self.engine).get("rows read")
        reads = method.attr in {"json", "csv", "xml"} and self.names.is_spark(method.value)
        if row is not None and reads and _reads_or_writes(method.value):
            for each in node.args[:1]:
                if self.names.is_spark(each):
                    yield _finding(row.words(), self.places.of(each))

    def _file_read(self, node: ast.Call, method: ast.Attribute) -> Iterator[Finding]:
        """Yield where a file is read of which the text says the name, and that it did not write."""
        row = rows_of(Mark.FORM, self.engine).get("file read")
        if row is None or not _reads_or_writes(method.value):
            return
        if method.attr not in _READERS and not (method.attr == "load" and _format(method.value) in _READERS):
            return
        for each in [*node.args[:1], *(word.value for word in node.keywords if word.arg == "path")]:
            value = self.names.text(each)
            if isinstance(value, ast.Constant) and not words(value).startswith(_ELSEWHERE):
                yield _finding(row.words(), self.places.of(each), sure=False)

    def _by_name(self, node: ast.Call) -> Iterator[Finding]:
        value = self.names.text(node.args[0]) if node.args else None
        name = words(value).lower() if value is not None else ""
        row = rows_of(Mark.FUNCTION, self.engine).get(name)
        if row is not None and name not in (self.own or ()):
            sure = isinstance(row, Lack) and self.own is not None and isinstance(value, ast.Constant)
            yield _finding(engine_sql.told(row, f"{name}(…)"), self.places.of(node.args[0]), sure=sure)

    def _expressions(self, node: ast.Call, *, sure: bool, whole: bool) -> Iterator[Finding]:
        """Yield what the SQL asks for that a call is given: whole statements or parts of one."""
        given = [*node.args, *(word.value for word in node.keywords if word.arg in _WORDS_FOR_TEXT)]
        flat = [part for each in given for part in (each.elts if isinstance(each, ast.List | ast.Tuple) else [each])]
        for each in flat:
            value = self.names.text(each)
            if value is None:
                continue
            text = words(value)
            if (id(value), sure, whole) in self.seen:
                continue
            self.seen.add((id(value), sure, whole))
            # What stands in a gap may turn the words around it into others.
            certain = sure and isinstance(value, ast.Constant) and self.own is not None
            for found in engine_sql.find(text, self.engine, own=self.own or frozenset(), whole=whole):
                yield _finding(found.text, self.places.within(value, text, found.start), sure=found.sure and certain)


def _rows_of_call(called: str | None, node: ast.Call, engine: EngineName) -> Iterator[tuple[str, Lack | Difference]]:
    """Yield the rows about a function of Spark with these arguments, and how to name it."""
    if called is None or any(isinstance(each, ast.Starred) for each in node.args):
        return
    given = [*node.args, *(word.value for word in node.keywords if word.arg is not None)]
    # The first one is what stands between the others, and may be any text.
    given = given[1:] if called == "concat_ws" else given
    yield from engine_sql.rows_of_call(called, len(given), {_kind(each) for each in given}, engine)


def _kind(given: ast.expr) -> str:
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return "*" if given.value == "*" else engine_sql.kind_of_argument(given.value)
    listed = isinstance(given, ast.List | ast.Tuple)
    return "array" if listed or (isinstance(given, ast.Call) and _last_name(given.func) == "array") else ""


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _reads_or_writes(node: ast.expr) -> bool:
    """Whether an expression is a chain that begins to read or write: `spark.read`, `df.write.mode(…)`."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr in {"read", "write"}:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def _format(node: ast.expr) -> str:
    """Return the format that a chain names, `spark.read.format("csv")`."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Call) and _last_name(node.func) == "format":
            return next((words(each) for each in node.args[:1] if isinstance(each, ast.Constant)), "")
        node = node.func if isinstance(node, ast.Call) else node.value
    return ""


def _below(full: str, engine: EngineName) -> Lack | Difference | None:
    """Return the row for a module, or a name in one, that the engine lacks."""
    if not full or any(full == each or full.startswith(f"{each}.") for each in PLAIN_PYTHON):
        return None
    rows = rows_of(Mark.IMPORT, engine)
    return next((row for mark, row in rows.items() if full == mark or full.startswith(f"{mark}.")), None)


def _imports(reader: _Reader, compute: Compute) -> Iterator[Finding]:
    brought = {package.name.replace("-", "_") for package in compute.packages}
    for full, node in reader.names.imported:
        top = full.split(".", maxsplit=1)[0]
        row = _below(full, compute.engine)
        if row is not None:
            # To import it is no fault yet: the refusal is of its first use.
            text = row.words()
        elif any(full == each or full.startswith(f"{each}.") for each in NETWORK_MODULES):
            text = f"{full} reaches out, and the sandbox has no network: every connection fails, with every engine."
        elif top in sys.stdlib_module_names or top in ALWAYS_THERE or top.lower() in brought:
            continue
        elif brought:
            text = f"No package of the compute profile is called {top}: it is there only if one of them brings it."
        else:
            text = f"{top} may not be in the sandbox: choose a compute profile that has its package."
        yield _finding(text, reader.places.of(node), sure=False)
