"""Which columns of the data flow into which columns of a job's result, from its text alone: nothing of it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.flow.query import Reader
from jupyter_secure_jobs.flow.sql_text import UnreadableError, check_names, trees, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_secure_jobs.flow.rows import Rows, Source

_MOST_COLUMNS: Final = 2_000
_MOST_SOURCES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What was found: `rows` is None if it could not be found out, and `why` says so.

    `places`: offset and length of each word of the text that names a column, or a table (then the column is empty).
    """

    rows: Rows | None
    why: str
    places: tuple[tuple[int, int, Source], ...] = ()


def follow_sql(code: str, tables: Mapping[str, Sequence[str]]) -> Followed:
    """Follow the columns of these tables through SQL; what is not certain is unknown, and `why` says so."""
    try:
        tokens = words(code)
        parsed = trees(code, tokens)
        check_names(code, tokens, parsed, [name for columns in tables.values() for name in columns])
        reader = Reader(tables=tables)
        rows = reader.statements(parsed)
    except UnreadableError as error:
        return Followed(rows=None, why=str(error))
    except RecursionError:
        return Followed(rows=None, why="The query is nested too deeply to be followed here.")
    if len(rows.attributes) > _MOST_COLUMNS or sum(len(each.sources) for each in rows.attributes) > _MOST_SOURCES:
        return Followed(rows=None, why="The result has too many columns to be listed here.")
    return Followed(rows=rows, why="", places=tuple(sorted(set(reader.places), key=lambda place: place[:2])))
