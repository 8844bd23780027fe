"""How the declared counts of a job are made, as far as its text shows: for the reviewer, who accepts what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.flow.sql_text import UnreadableError, trees, words

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOK = "look at how it is made"


def describe_counts(language: Language, code: str, counts: Sequence[str]) -> list[str]:
    """Return a sentence for each declared count: what it is in the last SELECT, or that this cannot be seen.

    The enclave sees numbers in a column of that name and nothing of what they mean; so somebody has to look.
    """
    if not counts:
        return []
    if language is not Language.SQL:
        return [f"Declared count {name} could not be confirmed for Python: {_LOOK}." for name in counts]
    select, plain = _last_select(code)
    if select is None:
        return [f"Declared count {name} could not be confirmed: the result is no plain SELECT; {_LOOK}."
                for name in counts]  # fmt: skip
    return [_described(select, name, plain=plain) for name in counts]


def _last_select(code: str) -> tuple[exp.Select | None, bool]:
    """Return the SELECT whose rows are the result, and whether it reads one table as it is."""
    try:
        parsed = trees(code, words(code))
    except UnreadableError:
        return None, False
    last = parsed[-1] if parsed else None
    if not isinstance(last, exp.Select):
        return None, False
    source = last.args.get("from_") or last.args.get("from")
    table = source.this if isinstance(source, exp.From) else None
    alone = isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier)
    more = [part.args.get(name) for part in (table, last) if part is not None
            for name in ("joins", "laterals", "pivots", "with_", "with")]  # fmt: skip
    return last, len(parsed) == 1 and alone and not any(more)


def _described(select: exp.Select, name: str, *, plain: bool) -> str:
    found = [each for each in select.expressions if folded(each.alias_or_name) == folded(name)]
    if not found:
        star = any(each.is_star for each in select.expressions)
        where = "it may come in by *" if star else "the last SELECT has no column of this name"
        return f"Declared count {name} could not be confirmed: {where}; {_LOOK}."
    if len(found) > 1:
        return f"Declared count {name} could not be confirmed: two columns have this name; {_LOOK}."
    counted = _count(found[0].unalias())
    if counted is None:
        made = found[0].unalias().sql(dialect="spark")
        return f"Declared count {name} is no count of rows: it is made as {made[:200]}; {_LOOK}."
    group = "each group" if select.args.get("group") else "all rows"
    if plain:
        return f"Declared count {name} is {counted} of {group}."
    return (
        f"Declared count {name} is {counted} of {group}, but of rows that a join, a subquery or an earlier statement "
        "makes: look whether these can be more than the persons or things behind them."
    )


def _count(made: exp.Expr) -> str | None:
    """Return how rows are counted, or None if they are not."""
    if isinstance(made, exp.Count) and not made.args.get("expressions"):
        what = made.this
        counts_rows = isinstance(what, exp.Star | exp.Column | exp.Distinct) or _is_one(what)
        return "count" + str(made.sql(dialect="spark")).removeprefix("COUNT")[:200] if counts_rows else None
    if isinstance(made, exp.Sum) and _is_one(made.this):
        return "sum(1)"
    return None


def _is_one(what: exp.Expr | None) -> bool:
    return isinstance(what, exp.Literal) and not what.is_string and what.this == "1"
