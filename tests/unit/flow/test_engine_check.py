"""The preflight: what the chosen engine cannot do is named with its place, and only what is sure is refused."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.compute import SETTINGS, SETTINGS_OF, Compute, EngineName, Package, Setting
from jupyter_secure_jobs.domain.engine_features import DIFFERENCES, LACKS, Mark
from jupyter_secure_jobs.domain.job import GIB, Language
from jupyter_secure_jobs.flow.engine_check import Finding, check
from jupyter_secure_jobs.flow.sql_words import script_start
from jupyter_secure_jobs.member import checks

SAIL, SPARK = Compute(), Compute(engine=EngineName.SPARK)


def found(code: str, *, sql: bool = False, compute: Compute = SAIL) -> list[Finding]:
    return check(Language.SQL if sql else Language.PYTHON, code, compute)


IMPORTED = "from pyspark.sql import functions as F\n"
FRAME = "import pyspark.pandas as ps\nf = ps.DataFrame({'a': [1]})\n"
BUILT = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.appName('x').getOrCreate()\n"
PYTHON = {
    "RDD": ("people = spark.table('people')\nwhole = people.where('id > 1')\nwhole.rdd.map(len)", 3, 7),
    "SparkContext": ("spark.sparkContext.parallelize([1])", 1, 7),
    "ML": ("from pyspark.ml.feature import VectorAssembler\nx = VectorAssembler(inputCols=['a'])", 2, 5),
    "ML by its full name": ("import pyspark.ml.feature\nx = pyspark.ml.feature.PCA()", 2, 5),
    "a function": ("from pyspark.sql import functions as F\nspark.range(1).select(F.zip_with('a', 'b', f))", 2, 23),
    "a function by its name": ("from pyspark.sql.functions import transform_keys as t\nt('m', f)", 2, 1),
    "an expression": ("df = spark.range(1)\ndf.selectExpr('input_file_name() AS f')", 2, 16),
    "expressions in a list": ("df = spark.range(1)\ndf.selectExpr(['id', 'input_file_name() AS f'])", 2, 23),
    "expr": ("from pyspark.sql.functions import expr\nexpr('input_file_name()')", 2, 7),
    "a function by a text": ("from pyspark.sql import functions as F\nF.call_function('input_file_name')", 2, 17),
    "everything imported": ("from pyspark.sql.functions import *\nx = zip_with('a', 'b', f)", 2, 5),
    "a module by its full name": ("import pyspark.sql.functions\nx = pyspark.sql.functions.input_file_name()", 2, 5),
    "SQL inside": ("spark.sql('WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r')", 1, 12),
    "SQL by a name": ("q = 'WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r'\nspark.sql(q)", 1, 6),
    "SQL by a keyword": ("spark.sql(sqlQuery='SELECT 1 AS a ORDER BY ALL')", 1, 35),
    "SQL on several lines": (
        'spark.sql("""\n  SELECT a, rank() OVER (ORDER BY a) AS r FROM t\n  QUALIFY r = 1""")',
        3,
        3,
    ),
    "SQL joined of parts": ("spark.sql('SELECT 1 AS a '\n 'ORDER BY ALL')", 1, 11),
    "behind letters of several bytes": ("x = 'ééé'; spark.table('flights').rdd", 1, 35),
    "a session built": (
        f"{BUILT}spark.table('t').rdd",
        3,
        18,
    ),
    "a session asked for": (
        "from pyspark.sql import SparkSession\nSparkSession.getActiveSession().sparkContext",
        2,
        33,
    ),
    "a session without a name": (
        "import pyspark.sql\npyspark.sql.SparkSession.builder.getOrCreate().sparkContext",
        2,
        48,
    ),
    "SparkContext of the module": ("import pyspark\npyspark.SparkContext.getOrCreate()", 2, 1),
    "ORC read": ("spark.read.orc('x')", 1, 12),
    "ORC by its name": ("spark.read.format('orc').load('x')", 1, 19),
    "ORC with writeTo": ("df = spark.range(1)\ndf.writeTo('x').using('orc').create()", 2, 23),
    "ORC second": ("spark.read.load('x', 'orc')", 1, 22),
    "ORC written": ("df = spark.range(1)\ndf.write.mode('overwrite').orc('x')", 2, 28),
    "a checkpoint, several lines": ("(\n    spark.range(3)\n    .localCheckpoint()\n)", 3, 6),
    "made from what it was": ("df = spark.table('t')\ndf = df.where('a > 1')\ndf.checkpoint()", 3, 4),
    "a method of the catalog": ("spark.catalog.listViews()", 1, 15),
    "a table-valued function": ("from pyspark.sql import functions as F\nspark.tvf.explode(F.array())", 2, 11),
    "a watermark": ("spark.readStream.format('rate').load().withWatermark('t', '1 day')", 1, 40),
    "XML": ("spark.read.option('rowTag', 'a').xml('x')", 1, 34),
    "rows read as JSON": ("lines = spark.table('t').select('json')\nspark.read.json(lines)", 2, 17),
    "arguments": ("from pyspark.sql import functions as F\nF.approx_count_distinct('a', 0.05)", 2, 1),
    "a keyword": ("from pyspark.sql import functions as F\nF.approx_count_distinct('a', rsd=0.05)", 2, 1),
    "an array": ("from pyspark.sql import functions as F\nF.percentile_approx('a', [0.1, 0.9])", 2, 1),
    "a star": ("from pyspark.sql.functions import xxhash64\nxxhash64('*')", 2, 1),
    "arguments in an expression": ("spark.table('t').selectExpr('percentile_approx(a, array(0.5))')", 1, 30),
    "look around": ("from pyspark.sql import functions as F\nF.regexp_replace('a', r'(?=b)', '')", 2, 1),
    "intersectAll": ("df = spark.table('t')\ndf.intersectAll(df)", 2, 4),
    "pandas API": (f"{FRAME}f.std()", 3, 3),
    "pandas API, from the session": ("f = spark.table('t').pandas_api()\nf[f.a > 1]['a'].iloc[0]", 2, 17),
    "pandas API, made anew": (f"{FRAME}f = f.assign(b=1)\nf['b'].corr(f['a'])", 4, 8),
    "pandas API, divided": (f"{FRAME}f['c'] = 1\nf['a'] // 2", 4, 1),
    "pandas API, divided in place": (f"{FRAME}f['a'] //= 2", 3, 1),
    "pandas API, groups": (f"{FRAME}g = f.groupby('a')\ng['b'].sum() // 2", 4, 1),
    "pandas API, groups' method": (f"{FRAME}f.groupby('a').var()", 3, 16),
    "pandas API, windows": (f"{FRAME}f.rolling(3).skew()", 3, 14),
    "pandas API, several at once": (f"{FRAME}f.agg(['sum', 'min'])", 3, 3),
    "pandas API, a function": ("import pyspark.pandas as ps\nps.merge_asof(a, b, on='x')", 2, 1),
    "observation": ("from pyspark.sql import Observation\no = Observation('x')", 2, 5),
}
SQL = {
    "recursive query": ("SELECT 1;\n  WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r", 2, 3),
    "script": ("BEGIN\n  SELECT 1;\nEND", 1, 1),
    "script after a statement": ("SELECT 1;\nBEGIN\n  SELECT 1;\nEND", 2, 1),
    "function made": ("CREATE OR REPLACE TEMPORARY FUNCTION f(x INT) RETURNS INT RETURN x;\nSELECT f(1)", 1, 1),
    "function": ("SELECT a,\n       zip_with(a, b, (x, y) -> x) FROM t", 2, 8),
    "ORC": ("CREATE TABLE x USING orc AS SELECT 1;\nSELECT 1", 1, 22),
    "ORC in FROM": ("SELECT * FROM orc.`/tables/x`", 1, 15),
    "pipe": ("FROM t\n|> WHERE a = 1", 2, 1),
    "by all": ("SELECT a, 1\nFROM t GROUP   BY ALL", 2, 8),
    "qualify": ("SELECT a, rank() OVER (ORDER BY a) AS r FROM t QUALIFY r = 1", 1, 48),
    "collation": ("SELECT a FROM t WHERE a COLLATE UTF8_LCASE = 'x'", 1, 25),
    "collation of a column": ("SELECT CAST(a AS STRING COLLATE UTF8_LCASE) AS a FROM t", 1, 25),
    "recursive query in a view": (
        "CREATE TEMP VIEW v AS WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r; SELECT * FROM v",
        1,
        23,
    ),
    "levels of recursion": ("WITH RECURSIVE t(n) MAX RECURSION LEVEL 5 AS (SELECT 1) SELECT * FROM t", 1, 1),
    "FROM first": ("SELECT 1;\nFROM t SELECT a", 2, 1),
    "a setting": ("SET spark.sql.ansi.enabled = true;\nSELECT 1", 1, 1),
    "settings as they were": ("SELECT 1; RESET", 1, 11),
    "use": ("USE default; SELECT 1", 1, 1),
    "refresh": ("REFRESH TABLE t; SELECT 1", 1, 1),
    "describe a query": ("DESCRIBE SELECT 1", 1, 1),
    "describe": ("DESC t", 1, 1),
    "arguments": ("SELECT approx_count_distinct(a, 0.05) FROM t", 1, 8),
    "arguments in brackets": ("SELECT hash(*), shuffle((a)), coalesce(f(a, b), (c)) FROM t", 1, 8),
    "an array": ("SELECT percentile_approx(f(a, b), array(0.1, 0.9)) FROM t", 1, 8),
    "an array within a group": ("SELECT percentile_cont(array(0.1)) WITHIN GROUP (ORDER BY a) FROM t", 1, 8),
    "IN among the columns": ("SELECT CASE WHEN a IN (SELECT b FROM s) THEN 1 END AS c FROM t", 1, 18),
    "IN among the groups": ("SELECT count(*) FROM t GROUP BY a NOT IN (SELECT b FROM s)", 1, 33),
    "rows in a list": ("SELECT 1 FROM t WHERE (a, b) IN ((1, 2))", 1, 24),
    "order of an aggregate": ("SELECT a FROM t GROUP BY a ORDER BY count(*) DESC", 1, 37),
    "order of another aggregate": ("SELECT a, sum(b) AS c FROM t GROUP BY a ORDER BY sum(b) / max(c)", 1, 59),
    "order behind HAVING": ("SELECT a, sum(b) AS c FROM t GROUP BY a HAVING sum(b) > 1 ORDER BY sum(b)", 1, 68),
    "a column of one side": ("SELECT s.v, upper(s.k) AS k FROM t JOIN s USING (k)", 1, 19),
    "other capitals": ("WITH Totals AS (SELECT 1 AS a) SELECT * FROM totals", 1, 46),
    "log": ("SELECT log(a + b) FROM t", 1, 8),
    "explode": ("SELECT explode(map('a', f(1)))", 1, 8),
    "grouping sets": ("SELECT a, count(*) FROM t GROUP BY GROUPING SETS ((a), b)", 1, 36),
    "grouping sets behind columns": ("SELECT a, count(*) FROM t GROUP BY a GROUPING SETS ((a))", 1, 38),
    "in a text": ("SELECT 1;\n\nSELECT a FROM t GROUP BY a ORDER BY max(b)", 3, 37),
    "doubled quote": ("SELECT 1,\n  'It''s'", 2, 3),
    "intersect all": ("SELECT 1 INTERSECT ALL SELECT 1", 1, 10),
    "day of the week": ("SELECT extract(DOW FROM a) FROM t", 1, 8),
    "day of the week, by its name": ("SELECT date_part('dow', a) FROM t", 1, 8),
    "look around": ("SELECT a FROM t WHERE a RLIKE '^(?!b)'", 1, 31),
    "look around, a function": ("SELECT regexp_extract(a, '(?<=x)y', 0) FROM t", 1, 8),
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
        "spark.sql(f'SELECT a FROM {t} QUALIFY {condition}')",
        "other().sql('SELECT 1 AS a ORDER BY ALL')",
        "def f(frame):\n    return frame.where('a COLLATE UTF8_LCASE = 1')",
        "from pyspark.ml.feature import VectorAssembler",
        "try:\n    spark.range(1).rdd\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept E as spark:\n    spark.rdd",
        "for n in names:\n    spark.udf.register(n, f)\nspark.sql('SELECT vector_norm(a) FROM t')",
        "from pyspark.sql import SparkSession\ns = SparkSession.builder.master('local[*]')",
        "spark.conf.set('spark.sql.shuffle.partitions', 8)",
    ],
    ids=["an argument", "given something else", "a loop", "a frame of pandas", "a text with gaps", "not the session",
         "a frame that was handed in", "only imported", "expected to fail", "an error's name", "names made at run time",
         "a master", "a setting in the code"],
)  # fmt: skip
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
        ("CREATE TABLE x AS SELECT function FROM people; SELECT * FROM x", True),
        ("SELECT t.qualify, 1 AS qualify, qualify, 2 qualify FROM t WHERE qualify > 1", True),
        ("SELECT t.collate, 1 AS collate, collate FROM t", True),
        ("SELECT orc.`a`, orc.`b` FROM t AS orc, orc.`c`", True),
        ("MERGE INTO t USING orc ON t.a = orc.a WHEN MATCHED THEN DELETE", True),
        ("WITH reflect(a) AS (SELECT 1), collate(b) AS (SELECT 2) SELECT a, b FROM reflect, collate", True),
        ("SELECT a FROM t AS reflect(a)", True),
        ("spark.table('t').where('t.qualify > 1')", False),
        ("spark.udf.register('vector_norm', f)\nspark.sql('SELECT vector_norm(a) FROM t')", False),
        ("spark.table('t').toPandas().filter(regex='a COLLATE x')", False),
        ("from pyspark.ml.functions import predict_batch_udf\nu = predict_batch_udf(f, batch_size=1)", False),
        ("from pyspark.ml.linalg import Vectors\nv = Vectors.dense([1.0])", False),
        ("from pyspark.sql.functions import *\ndef zip_with(a): ...\nzip_with(1)", False),
        ("from pyspark.sql import functions as F\nF = own()\nF.zip_with(1)", False),
        ("SELECT * FROM delta.`/x`", True),
        ("q = 'SELECT 1 AS a ORDER BY ALL'\nq = 'SELECT 1 AS a'\nspark.sql(q)", False),
        ("q = 'SELECT 1 AS a'\nq += ' ORDER BY a'\nspark.sql(q)", False),
        ("t = spark.table('t')\nt.filter('cache > 1 AND use = 2').selectExpr('desc', 'set + 1', 'begin')", False),
        ("from pyspark.sql import functions as F\nF.expr('refresh + reset')", False),
        ("import pandas as pd\nf = pd.DataFrame({'a': [1]})\nf.std()\nf.iloc[0]\nf['a'] // 2", False),
        (f"{FRAME}f.sum()\nf.rolling(2).std()\nf.groupby('a').agg(['sum'])\nf.agg('sum')\nf.a.nunique()", False),
        (f"{FRAME}f['a'].max() // 2\nf.at[0, 'a'] // 2\nf['a'][0] // 2\nlen(f) // 2\nf.shape[0] // 2\n5 // f", False),
        (f"{FRAME}f.to_pandas().std()\nf.to_numpy().std()\nf.a.tolist()", False),
        (f"{FRAME}f = other(f)\nf.std()", False),
        (f"{FRAME}def g(f):\n    return f.std()", False),
        (f"{FRAME}f.pivot(index='a', columns='b', values='c')\nf.insert(0, 'q', 1)", False),
        (
            "SELECT a FROM t WHERE a IN (SELECT b FROM s) OR NOT a IN (SELECT 1) GROUP BY a HAVING a IN (SELECT 1)",
            True,
        ),
        ("SELECT a, sum(b) AS c, count(*) FROM t GROUP BY a ORDER BY SUM(B) / count(*), a", True),
        ("SELECT a, sum(b), max(c) AS m FROM t GROUP BY a HAVING max(c) > 1 ORDER BY sum(b), m", True),
        ("SELECT a, 1 + max(b) AS m FROM t GROUP BY a ORDER BY max(b), rank() OVER (ORDER BY a)", True),
        ("SELECT s.v, k FROM t JOIN s USING (k) WHERE s.k > 1 ORDER BY t.k", True),
        ("SELECT c.k FROM t JOIN s USING (k) JOIN c ON c.v = s.v", True),
        ("SELECT upper(a) AS a, a AS b, 1 AS c, c, sum(d) AS e, (SELECT e FROM s) AS f FROM t", True),
        ("WITH totals AS (SELECT 1 AS a) SELECT T.a FROM totals t", True),
        ("SELECT log(2, a), ln(a), a[0], m['x'], explode(m), explode(map_entries(m)) FROM t", True),
        ("SELECT a, count(*) FROM t GROUP BY GROUPING SETS ((a), (a, b), ())", True),
        ("SELECT a, count(*) FROM t GROUP BY ROLLUP (a, b)", True),
        ("SELECT a, count(*) FROM t GROUP BY a, GROUPING SETS ((a, b), ()), CUBE (c)", True),
        ("SELECT a FROM t GROUP BY CUBE (a) ORDER BY grouping(a), grouping_id(a)", True),
        ("SELECT 'S'\"par\"'k', 'S' 'par' FROM t", True),
        (r"SELECT 'a' 'b', '', 'It\'s', 'x' = '' FROM t", True),
        ("SELECT extract(DAY FROM a), date_part('year', a), dow FROM t INTERSECT SELECT 1, 2, 3", True),
        ("SELECT a FROM t WHERE a RLIKE '^(?:b|c)' AND name LIKE '%(?=%' AND b = '(?!'", True),
        ("SELECT sum(a) OVER (ORDER BY d ROWS BETWEEN 5 PRECEDING AND CURRENT ROW), range FROM t", True),
        ("SELECT a.* FROM a JOIN b ON a.k = b.k", True),
        ("SELECT transform(a, x -> x), a > '2026-01-01', split(a, ',') FROM t WHERE a NOT IN (SELECT b FROM s)", True),
        ("SELECT a FROM t LATERAL VIEW explode(b) e AS v WHERE EXISTS (SELECT 1 FROM s)", True),
        ("SELECT regexp_replace(a, '(x)', '$1-$2'), regexp_replace(a, 'x', '') FROM t", True),
        ("SELECT count(*), coalesce(a * 2, b), uuid(), shuffle(a), approx_count_distinct(a) FROM t", True),
        (
            "SELECT hash(a, 'x*', \"*\"), percentile(a, array(0.5)), percentile_cont(0.5) WITHIN GROUP (ORDER BY a)",
            True,
        ),
        ("from pyspark.sql import functions as F\nF.hash('a', 'b')\nF.coalesce(F.col('a'), F.lit(0.0))", False),
        ("from pyspark.sql import functions as F\nF.concat_ws('*', 'a', 'b')\nF.uuid(*none)\nF.uuid(**none)", False),
        ("df = spark.table('t')\ndf.where(df.a > 0.0).stat.cov('a', 'b')\ndf.corr('a', 'b')", False),
        ("SELECT a > 0.5, b * 0.0, coalesce(a, 0, 0D, 0.0e0, 0.5D), CASE WHEN a THEN 0.5D END, f(0.0) FROM t", True),
        (f"{IMPORTED}F.when(c, 0).otherwise(F.col('v'))", False),
        (f"{IMPORTED}f.schema\nF.when(c, F.col('v')).otherwise(0)\nF.when(c, 0).when(d, -1).otherwise(None)", False),
        (f"{IMPORTED}f.schema\nF.when(c, F.lit('a')).otherwise(1)\nF.when(c)\ng.when(c, 0).otherwise(0.5)", False),
        (
            "df.write.json('x')\nspark.read.json('x')\nspark.read.schema('a int').csv(p)\nread.json(spark.table('t'))",
            False,
        ),
        ("SELECT json.`a`, csv.b FROM json JOIN csv.b", True),
        ("with open('x.csv', 'w') as f:\n    f.write('1')\nspark.read.csv('x.csv')", False),
        ("SET TIMEZONE = 'UTC'; USE SCHEMA default; DESC TABLE t; UPDATE t SET a = 1; SELECT use, set FROM t", True),
    ],
)
def test_what_only_looks_alike_is_let_through(code: str, sql: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert found(code, sql=sql) == []


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        ("SELECT extract(day FROM orc.`d`) FROM t orc", True),
        ("SELECT coalesce(a, 0.0) FROM t", True),
        ("SELECT a FROM t WHERE a > '19.5'", True),
        ("SELECT a + 1 AS b, b * 2 AS c FROM t", True),
        ("SELECT a[i] FROM t", True),
        ("SELECT sum(a) OVER (ORDER BY d RANGE BETWEEN INTERVAL 5 DAYS PRECEDING AND CURRENT ROW) FROM t", True),
        ("SELECT a.* FROM a JOIN b USING (k)", True),
        ("SELECT a.* FROM a NATURAL JOIN b", True),
        ("SELECT mask(a, lowerChar => 'q') FROM t", True),
        ("SELECT a FROM t WHERE EXISTS (SELECT count(*) FROM s WHERE s.b = t.a)", True),
        ("SELECT a FROM t WHERE (a, b) NOT IN (SELECT c, d FROM s)", True),
        ("SELECT a FROM t, LATERAL explode(b) AS e(v)", True),
        ("SELECT split(a, '') FROM t", True),
        ("SELECT count(*) FROM csv.`people.csv`", True),
        ("spark.read.option('header', True).csv('people.csv')", False),
        ("spark.read.format('csv').option('header', True).load('people.csv')", False),
        ("path = 'people.json'\nspark.read.format('json').load(path=path)", False),
        ("SELECT regexp_replace(a, '(x)', '$1_') FROM t", True),
        ("from pyspark.sql import functions as F\nF.split('a', '')", False),
        ("SELECT CASE WHEN a THEN b ELSE 0.5 END FROM t", True),
        ("SELECT a FROM t WHERE 0.0 < a", True),
        ("spark.table('t').where('p > 0.00')", False),
        ("SELECT if(a, b, 1.5), floor(c, 2), max_by(a, b, 3), percentile_approx(a, 0.5) FROM t", True),
        (f"{FRAME}f.median()\nf['a'].quantile(0.5)\nf.groupby('a').median()", False),
        ("df = spark.table('t')\ndf.summary()", False),
        (f"{IMPORTED}f.toArrow()\nF.when(c, 0).otherwise(1.5)", False),
        (f"{IMPORTED}g = F.udf(str)\nF.when(c, None).when(d, F.lit(-1)).otherwise(F.col('v'))", False),
        ("import duckdb\nduckdb.sql('SELECT 1 AS a QUALIFY a = 1').df()", False),
        ("from pyspark.ml import functions as M\nu = M.predict_batch_udf(f, batch_size=1)", False),
        ("from pyspark.sql.functions import *\nfrom own import *\nzip_with(1)", False),
        ("from pyspark.sql.functions import zip_with\nfrom own import zip_with\nzip_with(1)", False),
        ("from pyspark import SparkContext, SparkConf\nspark.table('t')", False),
    ],
)
def test_what_runs_is_told_of_but_never_refused(code: str, sql: bool) -> None:  # noqa: FBT001 -- a column of the table
    told = found(code, sql=sql)
    assert told != []
    assert [each.text for each in told if each.fatal] == []


def test_what_no_sandbox_has_is_told() -> None:
    told = found("import requests\nimport lifelines\nimport json\nspark.read.csv('s3://bucket/x.csv')")
    assert [(each.line, each.fatal) for each in told] == [(1, False), (2, False), (4, False)]
    assert "no network" in told[0].text
    assert "lifelines" in told[1].text
    brought = Compute(packages=(Package(name="lifelines", version="1", wheel="sha256:" + "1" * 64),))
    assert [each.line for each in found("import lifelines", compute=brought)] == []
    (told,) = found("import sklearn", compute=brought)
    assert (told.fatal, "only if one of them brings it" in told.text) == (False, True)


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


def test_alias_with_the_name_of_a_format_is_let_through_on_spark_too() -> None:
    for code in ("SELECT delta.`a` FROM t delta", "SELECT a FROM t JOIN delta.`x` d USING (a) JOIN delta"):
        assert [each for each in found(code, sql=True, compute=SPARK) if each.fatal] == []
    assert [each.fatal for each in found("SELECT * FROM delta.`/x` AS d", sql=True, compute=SPARK)] == [True]


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
        script_start(code)


def test_the_table_is_whole() -> None:
    for row in (*LACKS, *DIFFERENCES):
        assert bool(row.marks) == (row.mark is not Mark.NONE)
        assert row.words().endswith(".")
    for mark in Mark:
        named = [each for row in (*LACKS, *DIFFERENCES) if row.mark is mark for each in row.marks]
        assert len(named) == len(set(named)), mark


def test_a_text_that_nests_deeply_or_names_much_takes_no_long_time() -> None:
    for code in (
        FRAME + "y = f" + "+f" * 2000 + "\nz = y // 2" * 1000,
        FRAME + "y = f" + ".g()" * 900,
        "\n".join(f"a{each} = a{each + 1}.b()" for each in range(5000)) + "\na5000 = f()",
        FRAME + "\n".join(f"a{each + 1} = a{each} + f" for each in range(3000)),
    ):
        found(code)
    found(f"SELECT concat({'a, ' * 15000}b)", sql=True)
    found("SELECT " + "coalesce(" * 5000 + "0.0," * 5000, sql=True)
