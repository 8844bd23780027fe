"""A table is left out of a run only if it is certain that its query does not read it."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.flow.reading import tables_read

TABLES = ("flights", "planes")
BOTH = frozenset(TABLES)


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("SELECT count(*) FROM flights", {"flights"}),
        ("SELECT * FROM FLIGHTS AS f WHERE f.x IN (SELECT 1)", {"flights"}),
        ("SELECT * FROM `flights`", {"flights"}),
        ("SELECT * FROM flights JOIN planes USING (tailnum)", BOTH),
        ("SELECT 1 AS one", set()),
        ("SELECT 1 AS one; SELECT * FROM planes", {"planes"}),
        ("WITH f AS (SELECT * FROM flights) SELECT * FROM f", {"flights"}),
    ],
)
def test_plain_queries_name_what_they_read(code: str, read: set[str]) -> None:
    assert tables_read(code, TABLES) == read


@pytest.mark.parametrize(
    "code",
    [
        "SELECT * FROM IDENTIFIER('pla' || 'nes')",
        "SELECT * FROM IDENTIFIER(:table)",
        "SHOW TABLES",
        "DESCRIBE flights",
        "CREATE TEMPORARY VIEW v AS SELECT * FROM flights; SELECT * FROM v",
        "EXECUTE IMMEDIATE 'SELECT * FROM pla' || 'nes'",
        "SELECT some_function('x') FROM flights",
        "SELECT * FROM some_function('x')",
        "TABLE flights",
        "SELECT 'planes' AS name FROM flights",
        "SELECT * FROM flights -- and planes",
        "SELECT * FROM flights WHERE",
        "SELECT * FROM flights WHERE x = 'not closed",
        "SELECT " + "(" * 500 + "1" + ")" * 500 + " FROM flights",
    ],
)
def test_where_it_is_not_certain_every_table_is_there(code: str) -> None:
    assert tables_read(code, TABLES) == BOTH
