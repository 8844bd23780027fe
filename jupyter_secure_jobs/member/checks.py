"""The check of a job's code before it is submitted: does it parse, what does it read, can its engine run it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from jupyter_secure_jobs.domain.compute import Compute
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.flow import engine_check
from jupyter_secure_jobs.wire.member_side import CheckProblem, CheckWire

if TYPE_CHECKING:
    from collections.abc import Collection


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
    problems, read = _read(language, code, tables)
    if tables is not None:
        known = {name.lower() for name in tables}
        for name, line, column in read:
            if name.lower() not in known:
                listed = ", ".join(sorted(tables)) or "none"
                message = f"Table {name!r} is not among the job's datasets ({listed})."
                problems.append(CheckProblem(message=message, line=line, column=column))
    problems += _of_engine(language, code, compute, memory_bytes, known=problems)
    names = list(dict.fromkeys(name for name, _, _ in read))
    return CheckWire(problems=problems, tables=names)


_Read = list[tuple[str, int | None, int | None]]


def _read(language: Language, code: str, tables: Collection[str] | None) -> tuple[list[CheckProblem], _Read]:
    if language is Language.PYTHON:
        return _check_python(code)
    return _check_script(code, tables) if engine_check.is_script(code) else _check_sql(code)


def _check_script(code: str, tables: Collection[str] | None) -> tuple[list[CheckProblem], _Read]:
    """Return the known tables that a script names; its own grammar is the engine's alone."""
    named = {word.lower() for word in re.findall(r"\w+", code)}
    return [], [(name, None, None) for name in tables or () if name.lower() in named]


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


def _check_sql(code: str) -> tuple[list[CheckProblem], _Read]:
    try:
        parsed = [each for each in sqlglot.parse(code, dialect="spark") if each is not None]
    except ParseError as error:
        return [_sql_problem(each) for each in error.errors] or [CheckProblem(message="The SQL does not parse.")], []
    except TokenError:
        return [CheckProblem(message="The SQL does not parse: a quote or comment is not closed.", line=1, column=1)], []
    problems: list[CheckProblem] = []
    if not parsed:
        problems.append(CheckProblem(message="There is no statement.", line=1, column=1))
    elif not isinstance(parsed[-1], exp.Query):
        problems.append(CheckProblem(message="The last statement must be a query: its rows are the result."))
    made: set[str] = set()
    read: _Read = []
    for statement in parsed:
        scoped = {cte.alias_or_name.lower() for cte in statement.find_all(exp.CTE)}
        target = statement.this.find(exp.Table) if isinstance(statement, exp.Create) else None
        for table in statement.find_all(exp.Table):
            if table is target:
                continue
            if isinstance(table.this, exp.Identifier) and table.name.lower() not in scoped | made:
                meta = table.this.meta
                read.append((table.name, meta.get("line"), meta.get("col")))
        if target is not None:
            made.add(target.name.lower())
    return problems, read


def _sql_problem(error: dict[str, object]) -> CheckProblem:
    line, column = error.get("line"), error.get("col")
    return CheckProblem(
        message=f"The SQL does not parse: {error.get('description', 'syntax error')}",
        line=line if isinstance(line, int) else None,
        column=column if isinstance(column, int) else None,
    )


def _check_python(code: str) -> tuple[list[CheckProblem], _Read]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        column = getattr(error, "offset", None)
        message = f"The Python does not parse: {getattr(error, 'msg', 'invalid text')}"
        return [CheckProblem(message=message, line=line, column=column)], []
    problems: list[CheckProblem] = []
    last = tree.body[-1] if tree.body else None
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if not isinstance(last, ast.Expr) and "result" not in assigned:
        message = "There is no result: end with a DataFrame, or assign it to `result`."
        problems.append(CheckProblem(message=message, line=last.lineno if last else 1, column=1))
    read: _Read = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        first = node.args[0]
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            continue
        if node.func.attr == "table":
            read.append((first.value, first.lineno, first.col_offset + 1))
        elif node.func.attr == "sql":
            inner_problems, inner = _check_sql(first.value)
            problems += [each.model_copy(update={"line": first.lineno, "column": first.col_offset + 1})
                         for each in inner_problems if "last statement" not in each.message]  # fmt: skip
            read += [(name, first.lineno, first.col_offset + 1) for name, _, _ in inner]
    views = _views(tree)
    return problems, [each for each in read if each[0].lower() not in views]


def _views(tree: ast.Module) -> set[str]:
    return {
        str(node.args[0].value).lower()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and "TempView" in node.func.attr
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
