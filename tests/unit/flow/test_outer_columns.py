"""Subqueries that hang on the row around them: what Sail cannot do with them is refused, and only that."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.compute import Compute, EngineName
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.flow.engine_check import Finding, check

REFUSED = {
    "a condition on the outer row": ("SELECT (SELECT max(s.b) FROM s WHERE s.c < t.c) FROM t", 1, 44),
    "a sum on the outer row's side": ("SELECT (SELECT mean(s.b) FROM s WHERE s.c + 1 = t.c) FROM t", 1, 49),
    "a join's condition on the outer row": (
        "SELECT a FROM t\nWHERE b > (SELECT sum(s.b) FROM s JOIN u ON u.c = t.c AND u.d = s.d)",
        2,
        51,
    ),
    "one of several, joined by OR": ("SELECT (SELECT max(s.b) FROM s WHERE s.c = t.c OR s.d = t.d) FROM t", 1, 44),
    "an aggregate behind IN": ("SELECT a FROM t x WHERE a IN (SELECT max(s.b) FROM s WHERE s.c >= x.c)", 1, 67),
    "an aggregate behind EXISTS": (
        "SELECT a FROM t WHERE EXISTS (SELECT s.b FROM s WHERE s.c <> t.c GROUP BY 1)",
        1,
        62,
    ),
    "a row for the outer row": ("SELECT (SELECT s.b FROM s WHERE s.c = t.c LIMIT 1) FROM t", 1, 16),
    "LATERAL": ("SELECT * FROM t, LATERAL (SELECT s.b FROM s WHERE s.c = t.c) x", 1, 57),
    "LATERAL among columns": ("SELECT * FROM t LEFT JOIN LATERAL (SELECT s.b + t.c FROM s) x ON true", 1, 49),
    "LATERAL, further in": ("SELECT * FROM t, LATERAL (SELECT t.a UNION ALL SELECT t.b) x", 1, 34),
}


def found(code: str, engine: EngineName = EngineName.SAIL) -> list[Finding]:
    return check(Language.SQL, code, Compute(engine=engine))


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_at_its_place(name: str) -> None:
    code, line, column = REFUSED[name]
    (one,) = found(code)
    assert (one.fatal, one.line, one.column) == (True, line, column), one
    assert "The engine spark can" in one.text
    assert found(code, EngineName.SPARK) == []


@pytest.mark.parametrize(
    "code",
    [
        "SELECT (SELECT max(s.b) FROM s WHERE s.c = t.c AND t.d + 1 = CAST(s.d AS INT) AND s.e > 1) FROM t",
        "SELECT (SELECT max(s.b) FROM s WHERE (s.c = t.c AND (s.d = t.d)) AND s.e > 1) FROM t",
        "SELECT (SELECT max(b) FROM s WHERE (s.c = t.c AND s.d = 1) OR (s.c = t.c AND s.e = 2)) FROM t",
        "SELECT (SELECT max(b) FROM s WHERE c < d) FROM t WHERE e > (SELECT max(s.b) FROM s WHERE s.c < s.d)",
        "SELECT (SELECT max(s.b) FROM s WHERE s.c = t.c HAVING max(s.b) > t.d), (SELECT any(s.b) FROM s) FROM t",
        "SELECT (SELECT own(s.b) FROM s WHERE s.c = t.c), (SELECT t.a + 1), (SELECT s.b FROM s LIMIT 1) FROM t",
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM s WHERE s.c < t.c) OR a IN (SELECT s.b FROM s WHERE s.c > 2)",
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM s WHERE t.a IS NULL GROUP BY s.b)",
        "SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.c = t.c) AND a NOT IN (SELECT s.b FROM s)",
        "SELECT * FROM t, LATERAL (SELECT t.a + 1 AS b) x, LATERAL (SELECT s.b FROM s WHERE s.b > 1) y",
        "SELECT max(x.a) FROM (SELECT t.a FROM t WHERE t.b < 1) x JOIN (SELECT s.a FROM s WHERE s.b < 1) y",
        "WITH s AS (SELECT t.a FROM t WHERE t.b = 1) SELECT * FROM s WHERE s.a > (SELECT max(t.b) FROM t)",
    ],
)
def test_what_works_is_let_through(code: str) -> None:
    assert found(code) == []


@pytest.mark.parametrize(
    "code",
    [
        "SELECT a FROM t WHERE a NOT IN (SELECT s.b FROM s WHERE s.c = t.c)",
        "SELECT a FROM t WHERE NOT (a IN (SELECT s.b FROM s WHERE t.c + 1 = s.c))",
        "SELECT * FROM VALUES (1) t(a), LATERAL (SELECT s.b FROM VALUES (1) s(b) WHERE s.b = t.a) x",
    ],
)
def test_what_hangs_on_the_rows_is_a_hint(code: str) -> None:
    assert [each.fatal for each in found(code)] == [False]
