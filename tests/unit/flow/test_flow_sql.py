"""Columns followed through SQL: what a reader of the text would say, by hand, for each; and what must not be hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.flow import sql_text
from jupyter_secure_jobs.flow.sql import Followed, follow_sql
from tests.support.flow_corpus import HIDING, KNOWN, TABLES, UNKNOWN

if TYPE_CHECKING:
    from jupyter_secure_jobs.flow.rows import Sources


def told(found: Followed) -> tuple[str, str]:
    assert found.rows is not None, found.why

    def names(sources: Sources) -> str:
        return ", ".join(f"{each.table}.{each.column}" for each in sorted(sources))

    columns = " | ".join(f"{each.label}: {each.how} < {names(each.sources)}" for each in found.rows.attributes)
    return columns, names(found.rows.conditions)


@pytest.mark.parametrize("case", KNOWN)
def test_flow_is_what_a_reader_of_the_text_says(case: str) -> None:
    code, columns, conditions = KNOWN[case]
    assert told(follow_sql(code, TABLES)) == (columns, conditions)


@pytest.mark.parametrize("case", HIDING)
def test_column_that_a_query_hides_is_told_with_the_column_it_flows_into(case: str) -> None:
    code, sources = HIDING[case]
    found = follow_sql(code, TABLES)
    assert found.rows is not None, found.why
    last = found.rows.attributes[-1]
    assert ", ".join(f"{each.table}.{each.column}" for each in sorted(last.sources)) == sources


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_followed_is_unknown_and_says_why(case: str) -> None:
    found = follow_sql(UNKNOWN[case], TABLES)
    assert found.rows is None
    assert found.why.endswith(".")


def test_every_word_that_names_a_column_is_found_in_its_place() -> None:
    code = "SELECT p.year,\n  model AS m\nFROM flights f JOIN planes p\n  ON f.tailnum = p.tailnum"
    found = follow_sql(code, TABLES)
    words = {
        (code[start : start + length], f"{source.table}.{source.column}") for start, length, source in found.places
    }
    assert words == {
        ("year", "planes.year"),
        ("model", "planes.model"),
        ("flights", "flights."),
        ("planes", "planes."),
        ("tailnum", "flights.tailnum"),
        ("tailnum", "planes.tailnum"),
    }


WIDE = {"t": [f"c{number}" for number in range(2000)], "u": [f"d{number}" for number in range(2000)]}
BIG = {
    "many words": "SELECT 1 " + "+ 1" * 60_000,
    "many tries": "SELECT " + "date (" * 40 + "1" + ")" * 40,
    "much room before a wrong comment": "SELECT" + " " * 100_000 + "/* /* */ */ 1",
    "many brackets": "SELECT " + "(" * 500 + "1" + ")" * 500,
    "many columns": "WITH a AS (SELECT * FROM t, u), b AS (SELECT * FROM a, a x, a y) SELECT * FROM b, b x, b y, b z",
    "many sources": "SELECT " + ", ".join(["struct(*)"] * 300) + " FROM t",
    "many levels": " UNION ALL ".join(["SELECT c1 FROM t"] * 3000),
    "many statements": ";".join(f"CREATE VIEW v{number} AS SELECT * FROM t" for number in range(1000)) + "; SELECT 1",
}


@pytest.mark.parametrize("case", BIG)
def test_text_beyond_the_bounds_is_unknown(case: str) -> None:
    found = follow_sql(BIG[case], WIDE)
    assert found.rows is None
    assert found.why


def test_stars_upon_stars_end_at_the_bound_of_work() -> None:
    code = "WITH a AS (SELECT * FROM t, u)" + "".join(f", a{number} AS (SELECT * FROM a)" for number in range(100))
    assert "too many columns to be followed" in follow_sql(f"{code} SELECT 1 AS x", WIDE).why


def test_effort_of_the_parser_is_bounded_by_the_length_of_the_text() -> None:
    """Without the bound this text of 50 words takes sqlglot seconds, and one of 70 words hours."""
    code = "SELECT " + "date (" * 14 + "1" + ")" * 14
    with pytest.raises(sql_text.UnreadableError, match="bounded effort"):
        sql_text.trees(code, sql_text.words(code))
