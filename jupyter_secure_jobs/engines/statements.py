"""SQL text as statements, each with its place in the job's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from jupyter_secure_jobs.flow.sql_text import DIALECT, parse
from jupyter_secure_jobs.flow.sql_words import script_start

if TYPE_CHECKING:
    from sqlglot import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement without its semicolon, and the line of its first word, from 1."""

    text: str
    line: int


def split(code: str) -> list[Statement]:
    """Return the statements of `code`; semicolons in strings and comments do not count, empty statements are left out.

    A script, BEGIN … END, is one statement, and the last one.

    Raises:
        SyntaxError: a string or comment does not end; with the line.
    """
    script = script_start(code)
    if script is not None:
        whole = Statement(text=code[script:].strip(), line=code.count("\n", 0, script) + 1)
        return [*split(code[:script]), whole]
    try:
        tokens = sqlglot.tokenize(code, read=DIALECT)
    except SqlglotError as error:
        reason = "The SQL text cannot be split into words: a string, name or comment may not end."
        raise SyntaxError(reason, ("<job>", code.count("\n") + 1, 0, "")) from error
    statements: list[Statement] = []
    current: list[Token] = []
    for token in [*tokens, None]:
        if token is not None and token.token_type is not TokenType.SEMICOLON:
            current.append(token)
            continue
        if current:
            start, end = current[0].start, current[-1].end + 1
            statements.append(Statement(text=code[start:end], line=code.count("\n", 0, start) + 1))
        current = []
    return statements


def rehearse() -> None:
    """Do once what a job does: the dialect's words are made ready when they are first used, which takes a while."""
    is_ordered(split("SELECT 1 AS one FROM rehearsal ORDER BY one")[0])


def is_ordered(statement: Statement) -> bool:
    """Whether the statement's own ORDER BY fixes the order of its rows."""
    try:
        trees = parse(statement.text)
    except (SqlglotError, RecursionError):
        return False
    tree = trees[0] if trees else None
    while isinstance(tree, exp.Subquery) and not tree.args.get("order"):
        tree = tree.this
    return isinstance(tree, exp.Query) and tree.args.get("order") is not None
