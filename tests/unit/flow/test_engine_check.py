"""The preflight: what the chosen engine cannot do is named with its place, and only what is sure is refused."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.compute import SETTINGS, SETTINGS_OF, Compute, EngineName, Package, Setting
from jupyter_secure_jobs.domain.engine_features import DIFFERENCES, LACKS, Mark
from jupyter_secure_jobs.domain.job import GIB, Language
from jupyter_secure_jobs.flow.engine_check import Finding, check, is_script
from jupyter_secure_jobs.member import checks

SAIL, SPARK = Compute(), Compute(engine=EngineName.SPARK)


def found(code: str, *, sql: bool = False, compute: Compute = SAIL) -> list[Finding]:
    return check(Language.SQL if sql else Language.PYTHON, code, compute)


PYTHON = {
    "RDD": ("people = spark.table('people')\nwhole = people.where('id > 1')\nwhole.rdd.map(len)", 3, 7),
    "SparkContext": ("spark.sparkContext.parallelize([1])", 1, 7),
    "ML": ("import os\nfrom pyspark.ml.feature import VectorAssembler", 2, 1),
    "a function": ("from pyspark.sql import functions as F\nspark.range(1).select(F.zip_with('a', 'b', f))", 2, 23),
    "a function by its name": ("from pyspark.sql.functions import transform_keys as t\nt('m', f)", 2, 1),
    "an expression": ("df = spark.range(1)\ndf.selectExpr('input_file_name() AS f')", 2, 15),
    "SQL inside": ("spark.sql('WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r')", 1, 11),
    "ORC read": ("spark.read.orc('x')", 1, 12),
    "ORC by its name": ("spark.read.format('orc').load('x')", 1, 19),
    "ORC written": ("df = spark.range(1)\ndf.write.mode('overwrite').orc('x')", 2, 28),
    "a checkpoint, several lines": ("(\n    spark.range(3)\n    .localCheckpoint()\n)", 3, 6),
    "observation": ("from pyspark.sql import Observation", 1, 1),
}
SQL = {
    "recursive query": ("SELECT 1;\n  WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r", 2, 3),
    "script": ("BEGIN\n  SELECT 1;\nEND", 1, 1),
    "function made": ("CREATE OR REPLACE TEMPORARY FUNCTION f(x INT) RETURNS INT RETURN x;\nSELECT f(1)", 1, 1),
    "function": ("SELECT a,\n       zip_with(a, b, (x, y) -> x) FROM t", 2, 8),
    "ORC": ("CREATE TABLE x USING orc AS SELECT 1;\nSELECT 1", 1, 22),
    "ORC in FROM": ("SELECT * FROM orc.`/tables/x`", 1, 15),
    "pipe": ("FROM t\n|> WHERE a = 1", 2, 1),
    "pivot": ("SELECT * FROM t PIVOT (sum(a) FOR b IN (1))", 1, 17),
}


@pytest.mark.parametrize("name", PYTHON)
def test_python_is_refused_at_its_place_and_the_other_engine_named(name: str) -> None:
    code, line, column = PYTHON[name]
    (one,) = found(code)
    assert (one.fatal, one.line, one.column) == (True, line, column), one
    assert "The engine spark can" in one.text
    assert found(code, compute=SPARK) == []


@pytest.mark.parametrize("name", SQL)
def test_sql_is_refused_at_its_place_and_the_other_engine_named(name: str) -> None:
    code, line, column = SQL[name]
    (one,) = found(code, sql=True)
    assert (one.fatal, one.line, one.column) == (True, line, column), one
    assert "The engine spark can" in one.text
    assert found(code, sql=True, compute=SPARK) == []


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x.rdd",
        "x = spark.table('t')\nx = other()\nx.rdd",
        "for part in parts:\n    part.checkpoint()",
        "frame = spark.table('t').toPandas()\nframe.transpose()",
    ],
    ids=["an argument", "given something else", "a loop", "a frame of pandas"],
)
def test_what_may_be_something_else_is_a_hint(code: str) -> None:
    assert [each.fatal for each in found(code)] == [False]


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        ("import numpy as np\nnp.transpose(np.ones((2, 2)))", False),
        ("'text'.rdd", False),
        ("name = 'zip_with'\nspark.table('rdd')", False),
        ("spark.sql(\"SELECT 'zip_with(' AS a, `input_file_name` FROM t\")", False),
        ("SELECT 'WITH RECURSIVE' AS a, rdd, orc, b.orc FROM t -- PIVOT (", True),
        ("SELECT * EXCEPT SELECT 1", True),
        ("SELECT transform(a, x -> x) FROM t JOIN u USING (k)", True),
        ("SELECT begin, end FROM t", True),
        ("SELECT 1 WHERE a LIKE 'ANY'", True),
    ],
)
def test_what_only_looks_alike_is_let_through(code: str, sql: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert found(code, sql=sql) == []


def test_what_no_sandbox_has_is_told() -> None:
    told = found("import requests\nimport lifelines\nimport json\nspark.read.csv('s3://bucket/x.csv')")
    assert [(each.line, each.fatal) for each in told] == [(1, False), (2, False), (4, False)]
    assert "no network" in told[0].text
    assert "lifelines" in told[1].text
    brought = Compute(packages=(Package(name="lifelines", version="1", wheel="sha256:" + "1" * 64),))
    assert [each.line for each in found("import lifelines", compute=brought)] == []


def test_setting_that_the_engine_would_pass_over_is_refused() -> None:
    settings = (Setting(name="spark.sql.shuffle.partitions", value="8"),)
    (one,) = found("spark.range(1)", compute=Compute(settings=settings))
    assert (one.fatal, "spark.sql.shuffle.partitions" in one.text) == (True, True)
    assert found("spark.range(1)", compute=Compute(engine=EngineName.SPARK, settings=settings)) == []


def test_every_setting_belongs_to_an_engine() -> None:
    assert {name for names in SETTINGS_OF.values() for name in names} == set(SETTINGS)


def test_memory_that_an_engine_cannot_start_in_is_refused() -> None:
    assert [each.fatal for each in check(Language.SQL, "SELECT 1", SPARK, memory_bytes=GIB)] == [True]
    assert check(Language.SQL, "SELECT 1", SAIL, memory_bytes=GIB) == []


def test_place_is_the_code_and_not_the_parser() -> None:
    """Where an engine's own grammar is wider than the parser's here, the reader gets the reason that helps."""
    script = "BEGIN\n  DECLARE n INT DEFAULT 1;\n  SELECT n FROM people;\nEND"
    (problem,) = checks.check(Language.SQL, script, tables=["people"]).problems
    assert (problem.code, problem.line) == ("engine_lacks", 1)
    told = checks.check(Language.SQL, script, tables=["people", "sales"], compute=SPARK)
    assert (told.problems, told.tables) == ([], ["people"])


def test_a_text_of_any_kind_gives_an_answer() -> None:
    for code in ("", "\x00", "SELECT '", "(" * 5000, "def", "spark." * 3000 + "rdd", "x = " + "-" * 3000 + "1"):
        for sql in (True, False):
            found(code, sql=sql)
        is_script(code)


def test_the_table_is_whole() -> None:
    for row in (*LACKS, *DIFFERENCES):
        assert bool(row.marks) == (row.mark is not Mark.NONE)
        assert row.words().endswith(".")
    functions = [mark for row in LACKS if row.mark is Mark.FUNCTION for mark in row.marks]
    assert len(functions) == len(set(functions))
