"""Which tables a SQL text reads. A table counts as unread only if that is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from jupyter_secure_jobs.flow.sql_text import UnreadableError, trees, words

if TYPE_CHECKING:
    from collections.abc import Collection


def tables_read(code: str, tables: Collection[str]) -> frozenset[str]:
    """Return those of `tables` that SQL may read; all of them if it is not certain.

    A table is left out if every statement is a query, its trees name their tables plainly, none of them is this one,
    and the table's name stands nowhere in the text, whatever for.
    """
    everything = frozenset(tables)
    try:
        statements = trees(code, words(code))
    except (UnreadableError, RecursionError):
        return everything
    if not all(isinstance(each, exp.Query) for each in statements):
        return everything
    found = [table for each in statements for table in each.find_all(exp.Table)]
    if not all(isinstance(table.this, exp.Identifier) for table in found):
        # `IDENTIFIER(…)` and table functions find a table by a text that is put together.
        return everything
    if any(isinstance(each, exp.Anonymous) for tree in statements for each in tree.find_all(exp.Func)):
        return everything
    text = code.casefold()
    named = {table.name.casefold() for table in found}
    return frozenset(each for each in everything if each.casefold() in named or each.casefold() in text)


def rehearse() -> None:
    """Do once what a run does: the dialect's words are made ready when they are first used, which takes a while."""
    tables_read("SELECT 1 AS one FROM rehearsal", ["rehearsal"])
