"""What the text of a Python job names of the data. It is read, never run; so it cannot be known what becomes of it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.flow.rows import Source
from jupyter_secure_jobs.flow.sql import Followed, follow_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WHY: Final = (
    "Python is not run here, so it is not known which columns reach the result. Listed are those whose names stand in "
    "the text; names that it builds when it runs, and columns that it takes without naming them, are not among them."
)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEXTS: Final = frozenset({tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)})


def sources_named(word: str, tables: Mapping[str, Sequence[str]]) -> list[Source]:
    """Return the tables and columns of this name; a table has no column."""
    low = word.lower()
    found = [Source(table=table, column="") for table in tables if table.lower() == low]
    return found + [Source(table=table, column=column)
                    for table, columns in tables.items() for column in columns if column.lower() == low]  # fmt: skip


def follow_python(code: str, tables: Mapping[str, Sequence[str]]) -> tuple[Followed, frozenset[Source]]:
    """Return what can be followed, and which columns the text names.

    A text that is one `spark.sql("…")` of a plain string, and nothing else, is followed as SQL.
    """
    try:
        tree = ast.parse(code)
        sql = _only_sql(tree)
        named = {word for text in _texts(tree) for word in _WORD.findall(text)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Followed(rows=None, why=f"The Python does not parse here. {WHY}"), frozenset()
    index = _index(tables)
    found = frozenset(each for word in named for each in index.get(word.lower(), ()) if each.column)
    if sql is not None:
        followed = follow_sql(sql, tables)
        # The places are those within the string; the marks of Python are found by name.
        why = followed.why and f"{followed.why} {WHY}"
        return Followed(rows=followed.rows, why=why), found if why else frozenset()
    return Followed(rows=None, why=WHY), found


def _index(tables: Mapping[str, Sequence[str]]) -> dict[str, list[Source]]:
    words = {name.lower() for table, columns in tables.items() for name in (table, *columns)}
    return {word: sources_named(word, tables) for word in words}


def _only_sql(tree: ast.Module) -> str | None:
    """Return the SQL of a text that is `spark.sql("…")` alone; anything beside it could change what that means."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr | ast.Assign):
        return None
    statement = tree.body[0]
    if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) != "result":
        return None
    call = statement.value
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "spark.sql" or len(call.args) != 1:
        return None
    if any(each.arg != "args" or ast.unparse(each.value) not in {"inputs", "dict(inputs)"} for each in call.keywords):
        return None
    text = call.args[0]
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def _texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg


def places_named(code: str, tables: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, int, int, list[Source]]]:
    """Yield line, column (both from 1), length and meaning of names in Python's strings and of attributes."""
    index = _index(tables)
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in _TEXTS or (token.type == tokenize.NAME and before == "."):
                yield from _in_text(token, index)
            before = token.string
    except (tokenize.TokenError, SyntaxError):
        # What came before stays marked; the check of the code says what is wrong.
        return


def _in_text(
    token: tokenize.TokenInfo, index: Mapping[str, list[Source]]
) -> Iterator[tuple[int, int, int, list[Source]]]:
    for number, text in enumerate(token.string.split("\n")):
        first = token.start[1] if number == 0 else 0
        for word in _WORD.finditer(text):
            meant = index.get(word[0].lower())
            if meant:
                yield token.start[0] + number, first + word.start() + 1, len(word[0]), meant
