"""What makes a job give another result each time: calls of chance and of the clock, as the code names them."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import Final

import sqlglot
from sqlglot.errors import TokenError

from jupyter_secure_jobs.domain.job import Language

# Chance and the clock, by the names that SQL and Python share; the hints look for the same.
CHANCE: Final = (
    "rand", "randn", "random", "uuid", "shuffle", "now", "current_timestamp", "current_date", "localtimestamp",
    "unix_timestamp", "monotonically_increasing_id",
)  # fmt: skip
_SQL: Final = frozenset({*CHANCE, "tablesample", "any_value", "first", "last"})
# These need no parentheses in SQL.
_BARE: Final = frozenset({"current_timestamp", "current_date", "localtimestamp", "tablesample"})
_PYTHON: Final = frozenset(
    {*CHANCE, "uuid1", "uuid4", "sample", "sampleBy", "randomSplit", "today", "time", "time_ns", "urandom", "secrets"}
)


def chances(language: Language, code: str) -> list[str]:
    """Return the names of chance and clock that the code calls, in order; none if it cannot be read."""
    found = _in_sql(code) if language is Language.SQL else _in_python(code)
    return list(dict.fromkeys(found))


def _in_sql(code: str) -> list[str]:
    try:
        tokens = sqlglot.tokenize(code, read="spark")
    except TokenError:
        return []
    made = []
    for token, following in pairwise([*tokens, None]):
        name = token.text.lower() if token is not None else ""
        called = following is not None and following.text == "("
        if name in _SQL and (called or name in _BARE):
            made.append(name)
    return made


def _in_python(code: str) -> list[str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return []
    made: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            made += [name] if name in _PYTHON else []
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            # spark.sql, expr and selectExpr take SQL.
            made += [each for text in texts if name in ("sql", "expr", "selectExpr") for each in _in_sql(text)]
    return made
