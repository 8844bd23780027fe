"""A Python job: its text run as one notebook cell."""

from __future__ import annotations
import __future__

import ast
import linecache
import sys
import traceback
import types
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.engines.errors import job_line_in

if TYPE_CHECKING:
    from collections.abc import Mapping

FILENAME: Final = "<job>"
_FUTURES: Final = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


def run(code: str, names: Mapping[str, object]) -> tuple[object, dict[str, Any]]:
    """Run the text and return the value of its last expression (or none) and the variables it leaves.

    Raises:
        whatever the text raises; SyntaxError if it is not Python.
    """
    tree = ast.parse(code, FILENAME)
    linecache.cache[FILENAME] = (len(code), None, code.splitlines(keepends=True), FILENAME)
    # A module named __main__ makes functions of the job travel into UDFs by value.
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    variables = module.__dict__
    variables.update(names)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    # This file's own future imports are not the author's; the author's hold for the last expression as well.
    body = compile(tree, FILENAME, "exec", dont_inherit=True)
    if not isinstance(last, ast.Expr):
        exec(body, variables)  # noqa: S102 -- running the author's code is this file's purpose
        return None, variables
    futures = body.co_flags & _FUTURES
    end = compile(ast.Expression(last.value), FILENAME, "eval", flags=futures, dont_inherit=True)
    exec(body, variables)  # noqa: S102 -- as above
    value = eval(end, variables)  # noqa: S307 -- as above
    return value, variables


def result_line(code: str) -> int:
    """Return the line of the last statement: where a result that is computed late is said to fail."""
    body = ast.parse(code, FILENAME).body
    return body[-1].lineno if body else 1


def error_line(error: BaseException) -> int | None:
    """Return the innermost line of the job's text that led to the error, UDFs included, if any."""
    inner = job_line_in(str(error)) if type(error).__module__.startswith("pyspark.") else None
    if inner is not None:
        return inner
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILENAME]
    if lines:
        return lines[-1]
    return error.lineno if isinstance(error, SyntaxError) and error.filename == FILENAME else None


def message(error: BaseException) -> str:
    """Return the traceback within the job's text and the error's own words, for the log policy `full`."""
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if frame.filename == FILENAME])
    return "".join(told.format(chain=False))
