"""Which tables a job's text names, and which it makes itself, as far as the text alone tells."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.flow.python_names import Names, words
from jupyter_secure_jobs.flow.python_places import Places
from jupyter_secure_jobs.flow.sql_text import DIALECT, parse, position
from jupyter_secure_jobs.flow.sql_words import script_start
from jupyter_secure_jobs.wire.member_side import CheckProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_secure_jobs.flow.python_places import Place

# After these in FROM stands a path, not a table.
_FORMATS: Final = frozenset({"parquet", "csv", "json", "text", "orc", "delta", "avro", "binaryfile", "xml"})
# Methods that make a table or a view; the name is what they are given first.
_MAKERS: Final = frozenset(
    {"createTempView", "createOrReplaceTempView", "createGlobalTempView", "createOrReplaceGlobalTempView",
     "registerTempTable", "saveAsTable", "writeTo", "createTable", "createExternalTable", "to_table"}
)  # fmt: skip
_NAMES_OF_NAME: Final = frozenset({"name", "tableName", "sqlQuery", "table"})
# What DESCRIBE tells about, beside tables.
_DESCRIBED: Final = frozenset({"FUNCTION", "DATABASE", "SCHEMA"})
_ROWLESS: Final = (exp.Create, exp.Drop, exp.Insert, exp.Use, exp.Alter, exp.Cache, exp.Declare)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTable:
    """A table that is read, and its place in the text; `sure` if the text surely asks the engine for it.

    schema: what the text has before the name, with dots; a job's datasets are in none.
    """

    name: str
    place: Place
    sure: bool = True
    schema: str = ""

    @property
    def written(self) -> str:
        """The name with its schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(slots=True, kw_only=True)
class NamedTables:
    """What a text reads and makes.

    open: it may make tables whose names cannot be seen here. rowless: its last statement surely gives no rows.
    """

    problems: list[CheckProblem] = field(default_factory=list)
    read: list[NamedTable] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    open: bool = False
    rowless: bool = False

    def problem(self, message: str, place: Place, *, fatal: bool) -> None:
        """Add something that is wrong with the text."""
        self.problems.append(CheckProblem(message=message, line=place[0], column=place[1], fatal=fatal))

    @property
    def outside(self) -> list[NamedTable]:
        """The tables that are read and not made by the text itself."""
        return [each for each in self.read if each.name.lower() not in self.made]

    def unknown(self, tables: frozenset[str]) -> Iterator[tuple[NamedTable, bool]]:
        """Yield the tables that are neither among `tables` nor made by the text, and whether that is certain."""
        for each in self.outside:
            if each.schema or each.name.lower() not in tables:
                yield each, each.sure and not self.open


def of_sql(
    code: str, engine: EngineName, *, where: Callable[[int], Place] | None = None, sure: bool = True
) -> NamedTables:
    """Return what a SQL text names; `where` gives the place of an offset, if the text is part of another.

    `sure`: whether the engine surely gets this text. What does not parse here may do so for Spark, whose grammar is
    wider.
    """
    where = where or (lambda start: position(code, start))
    found = NamedTables()
    try:
        parsed = parse(code)
    except ParseError as error:
        for each in error.errors:
            said = f"The SQL does not parse: {each.get('description') or 'syntax error'}"
            found.problem(said, where(_start(each, code)), fatal=sure and engine is not EngineName.SPARK)
    except TokenError:
        found.problem("The SQL does not parse: a quote or comment is not closed.", where(0), fatal=sure)
    except RecursionError:
        found.problem("The SQL is nested too deeply to be checked here.", where(0), fatal=False)
    else:
        for statement in parsed:
            _statement(statement, found, where, sure=sure)
        if not parsed:
            found.problem("There is no statement.", where(0), fatal=sure)
        found.rowless = bool(parsed) and isinstance(parsed[-1], _ROWLESS)
    # Nothing is known of what does not parse.
    found.open |= bool(found.problems)
    return found


def _start(error: dict[str, Any], code: str) -> int:
    """Return the offset of an error of the parser's, which counts to the end of the word."""
    lines = code.split("\n")[: (error.get("line") or 1) - 1]
    inside = (error.get("col") or 1) - len(error.get("highlight") or " ")
    return sum(len(line) + 1 for line in lines) + max(inside, 0)


def _statement(statement: exp.Expr, found: NamedTables, where: Callable[[int], Place], *, sure: bool) -> None:
    # These may make a table; of many a command the parser knows the first word alone.
    found.open |= isinstance(statement, exp.Command | exp.Alter | exp.Cache)
    if isinstance(statement, exp.Drop | exp.Use):
        return
    if isinstance(statement, exp.Describe) and statement.args.get("kind") in _DESCRIBED:
        return
    scoped = {cte.alias_or_name.lower() for cte in statement.find_all(exp.CTE)}
    target = statement.this.find(exp.Table) if isinstance(statement, exp.Create) else None
    if target is not None:
        # Its name may be put together as the text runs: IDENTIFIER(…).
        found.open |= target.name.upper() == "IDENTIFIER"
        found.made.add(target.name.lower())
    for table in statement.find_all(exp.Table):
        if table is target or not isinstance(table.this, exp.Identifier) or table.find_ancestor(exp.Hint):
            continue
        if table.name.lower() not in scoped and table.db.lower() not in _FORMATS:
            place = where(table.this.meta.get("start", 0))
            found.read.append(_table(table, place, sure=sure))


def of_python(tree: ast.Module, code: str, engine: EngineName) -> NamedTables:
    """Return what a Python text names, in its own calls and in the SQL that it gives to the engine."""
    found = NamedTables()
    names, places = Names.of(tree), Places(code)
    seen: set[tuple[int, bool]] = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        method, sure = node.func.attr, names.is_spark(node.func.value)
        if method not in _MAKERS | {"table", "sql"} or names.is_known_other(node.func.value):
            continue
        given = [*node.args[:1], *(word.value for word in node.keywords if word.arg in _NAMES_OF_NAME)]
        value = names.text(given[0]) if given else None
        if not isinstance(value, ast.Constant):
            # The name of a table that is read is no matter; what is made, or the engine is told to do, may be anything.
            found.open |= method != "table"
        elif method == "sql":
            # Other words fill gaps of the text, which then is not all of it.
            whole = all(word.arg in {"sqlQuery", "args"} for word in node.keywords)
            if (id(value), sure and whole) not in seen:
                _sql(value, places, engine, found, sure=sure and whole)
            seen.add((id(value), sure and whole))
        else:
            table = _named(words(value))
            if method in _MAKERS:
                found.made.add(table.name.lower())
            else:
                found.read.append(_table(table, places.of(value), sure=sure))
    return found


def _sql(value: ast.Constant, places: Places, engine: EngineName, found: NamedTables, *, sure: bool) -> None:
    text = words(value)
    if script_start(text) is not None:
        found.open = True
        return
    inner = of_sql(text, engine, where=lambda start: places.within(value, text, start), sure=sure)
    found.problems += inner.problems
    found.read += inner.read
    found.made |= inner.made
    found.open |= inner.open


def _named(name: str) -> exp.Table:
    """Return what a name with dots and quotes says; one that does not parse is taken as it is."""
    try:
        return exp.to_table(name, dialect=DIALECT)
    except SqlglotError:
        return exp.table_(name)


def _table(table: exp.Table, place: Place, *, sure: bool) -> NamedTable:
    schema = ".".join(part for part in (table.catalog, table.db) if part)
    # Other schemas may be the engine's own.
    return NamedTable(name=table.name, place=place, sure=sure and table.db.lower() in {"", "default"}, schema=schema)
