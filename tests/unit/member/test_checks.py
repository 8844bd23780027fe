"""The check before submission: which tables a text reads, whether it gives rows, and where it does not parse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.compute import Compute, EngineName
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.engines.statements import is_ordered, split
from jupyter_secure_jobs.member.checks import check

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.member_side import CheckProblem

TABLES = ("flights", "planes")


def problems(code: str, *, sql: bool = False, engine: EngineName = EngineName.SAIL) -> list[CheckProblem]:
    language = Language.SQL if sql else Language.PYTHON
    return check(language, code, tables=TABLES, compute=Compute(engine=engine)).problems


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        ("SELECT /*+ BROADCAST(p) */ * FROM flights f JOIN planes p USING (tailnum)", True),
        ("SELECT /*+ MAPJOIN(p), SHUFFLE_HASH(f) */ * FROM flights f JOIN planes p USING (tailnum)", True),
        ("DROP VIEW IF EXISTS v; CREATE TEMP VIEW v AS SELECT 1 AS a; SELECT * FROM v", True),
        ("USE SCHEMA other; SELECT * FROM flights", True),
        ("CREATE TABLE x USING parquet LOCATION '/tmp/x' AS SELECT 1 AS a; SELECT * FROM parquet.`/tmp/x`", True),
        ("spark.range(1).write.parquet('/tmp/x')\nspark.sql('SELECT * FROM parquet.`/tmp/x`')", False),
        ("WITH v AS (SELECT * FROM flights) SELECT * FROM v", True),
        ("VALUES (1), (2)", True),
        ("TABLE flights", True),
        ("SHOW TABLES", True),
        ("EXPLAIN SELECT 1", True),
        ("SHOW COLUMNS FROM flights", True),
        ("DESCRIBE TABLE flights", True),
        ("DESCRIBE FUNCTION abs", True),
        ("DESC DATABASE default", True),
        ("CREATE TABLE default.x AS SELECT 1 AS a; SELECT * FROM default.x", True),
        ("spark.sql('CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS a')\nspark.sql('SELECT * FROM v')", False),
        ("spark.sql('CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS a')\nspark.table('v')", False),
        ("df = spark.table('flights')\ndf.write.saveAsTable('x')\nspark.table('x')", False),
        ("df = spark.table('flights')\ndf.write.saveAsTable('default.x')\nspark.sql('SELECT * FROM x')", False),
        ("df = spark.table('flights')\ndf.writeTo('x').create()\nspark.table('x')", False),
        ("df = spark.table('flights')\ndf.createOrReplaceTempView(name='v')\nspark.table('v')", False),
        ("df = spark.table('flights')\nv = 'seen'\ndf.createOrReplaceTempView(v)\nspark.table(v)", False),
        ("spark.table('`flights`')", False),
        ("spark.sql('SELECT * FROM {rows}', rows=spark.table('flights'))", False),
        ("import json\njson.table('x')", False),
    ],
)
def test_table_that_is_the_jobs_own_or_none_is_no_problem(code: str, sql: bool) -> None:  # noqa: FBT001 -- a column
    assert problems(code, sql=sql) == []


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        ("EXECUTE IMMEDIATE 'CREATE TEMP VIEW v AS SELECT 1 AS a'; SELECT * FROM v", True),
        ("CREATE TEMP VIEW IDENTIFIER(:name) AS SELECT 1 AS a; SELECT * FROM v1", True),
        ("SELECT * FROM system.session.variables", True),
        ("df = spark.table('flights')\ndf.createOrReplaceTempView('v' + n)\nspark.table('v1')", False),
        ("spark.sql(f'CREATE TEMP VIEW v AS SELECT {columns} FROM flights')\nspark.table('v')", False),
        ("def f(session):\n    return session.table('x')\nf(spark)", False),
    ],
)
def test_table_that_may_be_made_at_run_time_is_a_hint(code: str, sql: bool) -> None:  # noqa: FBT001 -- a column
    told = [each for each in problems(code, sql=sql, engine=EngineName.SPARK) if "datasets" in each.message]
    assert [each.fatal for each in told] == [False]
    assert "this is no fault" in told[0].message


@pytest.mark.parametrize(
    ("code", "sql", "line", "column"),
    [
        ("SELECT * FROM flights f JOIN nosuch_table n USING (a)", True, 1, 30),
        ("SELECT 1;\n  SELECT * FROM `no such`", True, 2, 17),
        ("x = 'ééé'; spark.table('nosuch')", False, 1, 24),
        ('spark.sql("""\n  SELECT *\n  FROM nosuch""")', False, 3, 8),
        ("q = 'SELECT * FROM nosuch'\nspark.sql(q)", False, 1, 20),
        ("spark.table(tableName='nosuch')", False, 1, 23),
        # The engines know a job's datasets without a schema alone.
        ("SELECT * FROM default.flights", True, 1, 23),
        ("DESCRIBE TABLE spark_catalog.default.flights", True, 1, 38),
        ("spark.table('`default`.flights')", False, 1, 13),
    ],
)
def test_table_of_no_dataset_is_refused_where_it_is_named(code: str, sql: bool, line: int, column: int) -> None:  # noqa: FBT001 -- a column
    (one,) = problems(code, sql=sql)
    assert (one.fatal, one.line, one.column) == (True, line, column)
    assert "is not among the job's datasets" in one.message


@pytest.mark.parametrize(
    "code",
    ["CREATE TEMP VIEW v AS SELECT 1 AS a", "SELECT 1; DROP VIEW v", "INSERT INTO flights SELECT 1", "USE SCHEMA x"],
)
def test_last_statement_that_gives_no_rows_is_refused(code: str) -> None:
    assert ["gives no rows" in each.message and each.fatal for each in problems(code, sql=True)] == [True]


def test_what_does_not_parse_is_refused_on_sail_and_a_hint_on_spark() -> None:
    """Spark's grammar is wider than that of the parser here."""
    code = "SELECT month FROM flights\nWHERE month >= 1 GROUP"
    for engine, fatal in ((EngineName.SAIL, True), (EngineName.SPARK, False)):
        told = problems(code, sql=True, engine=engine)
        assert [(each.fatal, each.line) for each in told if "does not parse" in each.message] == [(fatal, 2)]
    recursive = "WITH RECURSIVE t(n) MAX RECURSION LEVEL 5 AS (SELECT 1) SELECT * FROM t"
    assert [each.fatal for each in problems(recursive, sql=True, engine=EngineName.SPARK)] == [False]


def test_table_in_the_body_of_a_function_is_read() -> None:
    code = "CREATE TEMPORARY FUNCTION f() RETURNS INT RETURN (SELECT max(month) FROM flights); SELECT f() AS a"
    assert check(Language.SQL, code, tables=TABLES, compute=Compute(engine=EngineName.SPARK)).tables == ["flights"]


def test_text_that_does_not_parse_is_told_on_its_line() -> None:
    (one,) = problems('spark.sql("""\nSELECT 1 AS a\nFROM flights WHERE (a""")')
    assert (one.fatal, one.line) == (True, 3)
    (one,) = problems("SELECT a FROM flights\nWHERE a = 1 nonsense words", sql=True)
    assert (one.line, one.column) == (2, 13)


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("BEGIN\n  SELECT 1;\nEND", [("BEGIN\n  SELECT 1;\nEND", 1)]),
        (
            "DECLARE x INT = 1;\nBEGIN\n  SELECT x;\nEND;",
            [("DECLARE x INT = 1", 1), ("BEGIN\n  SELECT x;\nEND;", 2)],
        ),
        ("SELECT begin; SELECT CASE WHEN a THEN 1 END", [("SELECT begin", 1), ("SELECT CASE WHEN a THEN 1 END", 1)]),
    ],
)
def test_script_is_one_statement_and_has_the_last_word(code: str, parts: list[tuple[str, int]]) -> None:
    assert [(each.text, each.line) for each in split(code)] == parts
    assert problems(code.replace("SELECT begin", "SELECT 1"), sql=True, engine=EngineName.SPARK) == []


def test_script_in_python_is_the_engines_own_matter() -> None:
    assert problems("spark.sql('BEGIN SELECT 1; END')", engine=EngineName.SPARK) == []


def test_a_text_that_is_nested_too_deeply_is_left_to_the_engine() -> None:
    (problem,) = problems("SELECT " + "(" * 5000 + "1" + ")" * 5000, sql=True)
    assert problem.message == "The SQL is nested too deeply to be checked here."
    assert not problem.fatal


def test_parser_tells_nobody_of_what_it_does_not_know(caplog: pytest.LogCaptureFixture) -> None:
    code = "SHOW TABLES; SHOW COLUMNS FROM flights"
    assert problems(code, sql=True) == []
    assert [is_ordered(each) for each in split(code)] == [False, False]
    assert caplog.records == []


def test_dataset_with_other_capitals_is_refused_where_the_engine_does_not_find_it() -> None:
    """Sail tells capitals apart in the names of tables; Spark does not."""
    for language, code in ((Language.SQL, "SELECT * FROM Patients"), (Language.PYTHON, "spark.table('Patients')")):
        (problem,) = check(language, code, tables=["patients"]).problems
        assert (problem.fatal, problem.line, "write 'patients'" in problem.message) == (True, 1, True)
        spark = Compute(engine=EngineName.SPARK)
        assert check(language, code, tables=["patients"], compute=spark).problems == []
        assert check(language, code, tables=["Patients"]).problems == []
    made = "CREATE TEMP VIEW Patients AS SELECT * FROM patients; SELECT * FROM Patients"
    assert check(Language.SQL, made, tables=["patients"]).problems == []
