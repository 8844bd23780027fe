"""The check of a job's code before it is submitted: does it parse, what does it read, can its engine run it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.compute import Compute, EngineName
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.flow import engine_check
from jupyter_secure_jobs.flow.sql_words import script_start
from jupyter_secure_jobs.member import named_tables
from jupyter_secure_jobs.member.named_tables import NamedTable, NamedTables
from jupyter_secure_jobs.wire.member_side import CheckProblem, CheckWire

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


STANDARD: Final = Compute()


_PARSE: Final = "The SQL does not parse"


def check(
    language: Language,
    code: str,
    *,
    tables: Collection[str] | None = None,
    compute: Compute = STANDARD,
    memory_bytes: int | None = None,
) -> CheckWire:
    """Return what is wrong with the code, at line and column, and the tables it seems to read.

    With `tables`, reading any other is a problem. What the engine of `compute` cannot do is one, too. Names that Python
    code builds at run time cannot be seen here; the test run gives the engine's own word.
    """
    if not code.strip():
        return CheckWire(problems=[CheckProblem(message="The code is empty.", line=1, column=1)], tables=[])
    problems, named = _named(language, code, tables, compute.engine)
    if tables is not None:
        listed = ", ".join(sorted(tables)) or "none"
        for each, certain in named.unknown(frozenset(name.lower() for name in tables)):
            message = f"Table {each.written!r} is not among the job's datasets ({listed})."
            if not certain:
                message += " If the code makes it, or reads it elsewhere, this is no fault."
            line, column = each.place
            problems.append(CheckProblem(message=message, line=line, column=column, fatal=certain))
        if compute.engine is EngineName.SAIL:
            problems += _spelled_otherwise(named, {name.lower(): name for name in tables})
    problems += _of_engine(language, code, compute, memory_bytes, known=problems)
    return CheckWire(problems=problems, tables=list(dict.fromkeys(each.name for each in named.outside)))


def _spelled_otherwise(named: NamedTables, tables: Mapping[str, str]) -> Iterator[CheckProblem]:
    """Yield the datasets that are named with other capitals: Sail does not find them; Spark does."""
    for each in named.outside:
        meant = tables.get(each.name.lower(), each.name)
        if meant != each.name and not each.schema:
            message = f"Sail tells capitals apart in the names of tables: write {meant!r} for {each.name!r}."
            line, column = each.place
            certain = each.sure and not named.open
            yield CheckProblem(code=engine_check.CODE, message=message, line=line, column=column, fatal=certain)


def _named(
    language: Language, code: str, tables: Collection[str] | None, engine: EngineName
) -> tuple[list[CheckProblem], NamedTables]:
    if language is Language.PYTHON:
        return _check_python(code, engine)
    if script_start(code) is not None:
        # Its own grammar is the engine's alone: here only the known tables that it names are found.
        named = {word.lower() for word in re.findall(r"\w+", code)}
        read = [NamedTable(name=name, place=(1, 1)) for name in tables or () if name.lower() in named]
        return [], NamedTables(read=read)
    found = named_tables.of_sql(code, engine)
    if found.rowless:
        message = "The last statement gives no rows: end with a query, whose rows are the result."
        found.problems.append(CheckProblem(message=message))
    return found.problems, found


def _of_engine(
    language: Language, code: str, compute: Compute, memory_bytes: int | None, *, known: list[CheckProblem]
) -> list[CheckProblem]:
    found = engine_check.check(language, code, compute, memory_bytes=memory_bytes)
    if any(each.fatal for each in found):
        # sqlglot does not parse some forms that one engine lacks and the other has: their own reason is the better one.
        known[:] = [problem for problem in known if _PARSE not in problem.message]
    return [
        CheckProblem(code=engine_check.CODE, message=each.text, line=each.line, column=each.column, fatal=each.fatal)
        for each in found
    ]


def _check_python(code: str, engine: EngineName) -> tuple[list[CheckProblem], NamedTables]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        column = getattr(error, "offset", None)
        message = f"The Python does not parse: {getattr(error, 'msg', 'invalid text')}"
        return [CheckProblem(message=message, line=line, column=column)], NamedTables()
    found = named_tables.of_python(tree, code, engine)
    last = tree.body[-1] if tree.body else None
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if not isinstance(last, ast.Expr) and "result" not in assigned:
        message = "There is no result: end with a DataFrame, or assign it to `result`."
        found.problems.append(CheckProblem(message=message, line=last.lineno if last else 1, column=1))
    return found.problems, found
