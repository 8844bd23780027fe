"""Jobs whose errors and side channels quote a value of the data: what must stay out of the log, by policy.

Every job reads the table `people` of one row, whose columns `name` (text), `ticket` (bigint) and `when` (date) hold
values that a test draws at random. The class and the line are those that the engine or Python gives today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_secure_jobs.engines.spec import Language

_FETCH: Final = "who = spark.table('people').first()\n"
_UDF: Final = "from pyspark.sql import functions as F\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakingJob:
    """One job, the error class that it ends with (None if it succeeds), and the line that is told.

    prints: it writes a value to its standard output itself. quotes: its whole log, under `full`, holds a value.
    """

    name: str
    language: Language
    code: str
    error_class: str | None = None
    error_line: int | None = None
    prints: bool = False
    quotes: bool = True


def _sql(name: str, code: str, error_class: str, *, quotes: bool = True) -> LeakingJob:
    return LeakingJob(name=name, language="sql", code=code, error_class=error_class, error_line=1, quotes=quotes)


def _python(name: str, code: str, error_class: str, line: int | None, *, quotes: bool = True) -> LeakingJob:
    return LeakingJob(name=name, language="python", code=code, error_class=error_class, error_line=line, quotes=quotes)


def _ends_well(name: str, code: str, *, prints: bool = False, quotes: bool = True) -> LeakingJob:
    return LeakingJob(name=name, language="python", code=code + "\nspark.range(1)", prints=prints, quotes=quotes)


# Statements whose error quotes a value in Sail.
SQL: Final = (
    _sql("cast to int", "SELECT CAST(name AS INT) FROM people", "SparkRuntimeException"),
    _sql("cast to date", "SELECT CAST(name AS DATE) FROM people", "CAST_INVALID_INPUT"),
    _sql("cast to timestamp", "SELECT CAST(name AS TIMESTAMP) FROM people", "AnalysisException"),
    _sql("cast to double", "SELECT CAST(name AS DOUBLE) FROM people", "SparkRuntimeException"),
    _sql("cast to boolean", "SELECT CAST(name AS BOOLEAN) FROM people", "SparkRuntimeException"),
    _sql("cast to decimal", "SELECT CAST(name AS DECIMAL(9, 2)) FROM people", "SparkRuntimeException"),
    _sql("cast to a small number", "SELECT CAST(ticket AS TINYINT) FROM people", "SparkRuntimeException"),
    _sql("decimal overflow", "SELECT CAST(ticket AS DECIMAL(3, 1)) FROM people", "SparkRuntimeException"),
    _sql("raise_error", "SELECT raise_error(name) FROM people", "AnalysisException"),
    _sql(
        "raise_error of a condition",
        "SELECT raise_error(concat('[', upper(name), '] x')) FROM people",
        "AnalysisException",
    ),
    _sql("assert_true", "SELECT assert_true(ticket < 0, name) FROM people", "AnalysisException"),
    _sql("division by zero", "SELECT ticket / (ticket - ticket) FROM people", "AnalysisException", quotes=False),
    _sql("to_number", "SELECT to_number(name, '999') FROM people", "AnalysisException"),
    _sql(
        "from_csv failfast",
        "SELECT from_csv(name, 'a INT', map('mode', 'FAILFAST')) FROM people",
        "SparkRuntimeException",
    ),
    _sql("parse_json", "SELECT parse_json(name) FROM people", "MALFORMED_RECORD_IN_PARSING"),
    _sql(
        "element_at array",
        "SELECT element_at(array(1), CAST(ticket % 1000 + 7 AS INT)) FROM people",
        "AnalysisException",
        quotes=False,
    ),
    _sql("regular expression", "SELECT 'a' RLIKE concat('(', name) FROM people", "SparkRuntimeException"),
    _sql("time zone", "SELECT from_utc_timestamp(current_timestamp(), name) FROM people", "INVALID_TIMEZONE"),
    _sql("date_trunc", "SELECT date_trunc(name, current_timestamp()) FROM people", "AnalysisException"),
    _sql("decode", "SELECT decode(encode(name, 'utf-8'), name) FROM people", "AnalysisException"),
    _sql("conv", "SELECT date_add(`when`, CAST(name AS INT)) FROM people", "SparkRuntimeException"),
    _sql("window", "SELECT CAST(max(name) OVER () AS INT) FROM people", "SparkRuntimeException"),
    _sql("group key", "SELECT CAST(name AS INT) AS k, count(*) FROM people GROUP BY k", "SparkRuntimeException"),
    _sql("join key", "SELECT * FROM people a JOIN people b ON CAST(a.name AS INT) = b.ticket", "SparkRuntimeException"),
    _sql("filter", "SELECT * FROM people WHERE CAST(name AS INT) > 1", "SparkRuntimeException"),
)

# Cells whose error quotes a value in Python, pandas, Arrow, PySpark or a UDF.
FAILING: Final = (
    _python("ValueError", _FETCH + "raise ValueError(who.name)", "ValueError", 2),
    _python("int", _FETCH + "int(who.name)", "ValueError", 2),
    _python("float", _FETCH + "float(who.name)", "ValueError", 2),
    _python("KeyError", _FETCH + "{}[who.name]", "KeyError", 2),
    _python("dict of rows", _FETCH + "{'a': 1}[str(who.asDict())]", "KeyError", 2),
    _python("IndexError with words", _FETCH + "raise IndexError(who.ticket)", "IndexError", 2),
    _python("AttributeError", _FETCH + "getattr(who, who.name)", "ATTRIBUTE_NOT_SUPPORTED", 2),
    _python("attribute of a value", _FETCH + "getattr(None, 'x' + who.name)", "AttributeError", 2),
    _python("ModuleNotFoundError", _FETCH + "__import__(who.name)", "ModuleNotFoundError", 2),
    _python("FileNotFoundError", _FETCH + "open(who.name)", "FileNotFoundError", 2),
    _python("NameError", _FETCH + "eval(who.name)", "NameError", 2),
    _python("SyntaxError", _FETCH + "exec(who.name + ' = = 1')", "SyntaxError", 2),
    _python("SyntaxError line", _FETCH + "exec('\\n' * 40 + who.name + ' = = 1')", "SyntaxError", 2),
    _python("assertion", _FETCH + "assert who is None, repr(who)", "AssertionError", 2),
    _python("class named by a value", _FETCH + "raise type(who.name, (Exception,), {})('x')", "Error", 2),
    _python(
        "class named by a value within a module",
        _FETCH + "raise type(who.name, (ValueError,), {'__module__': who.name})",
        "ValueError",
        2,
    ),
    _python(
        "class with a forged module",
        _FETCH + "raise type(who.name, (Exception,), {'__module__': 'builtins'})",
        "Error",
        2,
    ),
    _python(
        "class of the engine forged",
        _FETCH
        + "raise type(who.name, (Exception,), {'__module__': 'pyspark.errors', '__str__': lambda s: '[' + who.name.upper() + ']'})",
        "Error",
        2,
    ),
    _python("notes", _FETCH + "e = ValueError('x')\ne.add_note(who.name)\nraise e", "ValueError", 4),
    _python(
        "chained",
        _FETCH + "try:\n    int(who.name)\nexcept ValueError as e:\n    raise RuntimeError(who.name) from e",
        "RuntimeError",
        5,
    ),
    _python("group", _FETCH + "raise ExceptionGroup(who.name, [ValueError(who.name)])", "ExceptionGroup", 2),
    _python("StopIteration", _FETCH + "raise StopIteration(who.name)", "StopIteration", 2),
    _python("KeyboardInterrupt", _FETCH + "raise KeyboardInterrupt(who.name)", "KeyboardInterrupt", 2),
    _python("sys.exit", _FETCH + "import sys; sys.exit(who.name)", "SystemExit", 2),
    _python(
        "sys.exit with a number", _FETCH + "import sys; sys.exit(who.ticket % 250 + 1)", "SystemExit", 2, quotes=False
    ),
    _python(
        "os._exit with a number", _FETCH + "import os; os._exit(who.ticket % 250 + 1)", "WorkerLost", None, quotes=False
    ),
    _python(
        "end by a signal",
        _FETCH + "import os; os.kill(os.getpid(), who.ticket % 15 + 1 if who.ticket % 15 + 1 != 13 else 9)",
        "WorkerLost",
        None,
        quotes=False,
    ),
    _python("date", _FETCH + "import datetime; datetime.date.fromisoformat(who.name)", "ValueError", 2),
    _python(
        "lazy str",
        _FETCH + "class Odd(Exception):\n    def __str__(self): raise ValueError(who.name)\nraise Odd",
        "WorkerLost",
        None,
        quotes=False,
    ),
    _python("pandas astype", "spark.table('people').toPandas().astype({'name': int})", "ValueError", 1),
    _python(
        "pandas to_datetime",
        "import pandas as pd; pd.to_datetime(spark.table('people').toPandas()['name'])",
        "ValueError",
        1,
    ),
    _python("pandas key", _FETCH + "spark.table('people').toPandas().loc[who.name]", "KeyError", 2),
    _python("pandas column", _FETCH + "spark.table('people').toPandas()[who.name]", "KeyError", 2),
    _python("pandas query", _FETCH + "spark.table('people').toPandas().query(who.name + ' == 1')", "NameError", 2),
    _python("Arrow array", _FETCH + "import pyarrow as pa; pa.array([who.name], pa.int64())", "ValueError", 2),
    _python(
        "Arrow cast",
        "import pyarrow as pa; pa.Table.from_pandas(spark.table('people').toPandas()[['name']]).cast(pa.schema([('name', pa.int64())]))",
        "ValueError",
        1,
    ),
    _python("Arrow result", _FETCH + "import pandas as pd\npd.DataFrame({'mixed': [1, who.name]})", "ValueError", 3),
    _python(
        "column named by a value", _FETCH + "spark.table('people').select(who.name).collect()", "AnalysisException", 2
    ),
    _python("column named by a value, late", _FETCH + "spark.table('people').select(who.name)", "AnalysisException", 2),
    _python("table named by a value", _FETCH + "spark.table(who.name).collect()", "TABLE_OR_VIEW_NOT_FOUND", 2),
    _python(
        "statement made of a value", _FETCH + "spark.sql(who.name + ' ((').collect()", "IllegalArgumentException", 2
    ),
    _python(
        "expression made of a value",
        _FETCH + "from pyspark.sql import functions as F; spark.range(1).select(F.expr(who.name + '(1)')).collect()",
        "UnsupportedOperationException",
        2,
    ),
    _python(
        "rows that fit no schema", _FETCH + "spark.createDataFrame([(who.name,)], 'a int').collect()", "ValueError", 2
    ),
    _python(
        "bad configuration",
        _FETCH
        + "spark.conf.set('spark.sql.session.timeZone', who.name); spark.sql('SELECT current_timestamp()').collect()",
        "KeyError",
        2,
    ),
    _python(
        "UDF ValueError",
        _UDF + "@F.udf('int')\ndef f(x):\n    raise ValueError(x)\nspark.table('people').select(f('name'))",
        "ValueError",
        4,
    ),
    _python(
        "UDF int",
        _UDF + "@F.udf('int')\ndef f(x):\n    return int(x)\nspark.table('people').select(f('name')).collect()",
        "ValueError",
        4,
    ),
    _python(
        "UDF KeyError",
        _UDF + "@F.udf('int')\ndef f(x):\n    return {}[x]\nspark.table('people').select(f('name'))",
        "KeyError",
        4,
    ),
    _python(
        "UDF class named by a value",
        _UDF + "@F.udf('int')\ndef f(x):\n    raise type(x, (Exception,), {})\nspark.table('people').select(f('name'))",
        "PythonException",
        4,
    ),
    _python(
        "UDF of the wrong type",
        _UDF + "f = F.udf(lambda x: x, 'int')\nspark.table('people').select(f('name'))",
        "PythonException",
        3,
    ),
    _python(
        "UDF that forges a line",
        _UDF
        + "@F.udf('int')\ndef f(x):\n    raise ValueError('File \"<job>\", line 4 ' + x)\nspark.table('people').select(f('name'))",
        "ValueError",
        4,
    ),
    _python(
        "pandas UDF",
        _UDF
        + "import pandas as pd\n@F.pandas_udf('int')\ndef f(x: pd.Series) -> pd.Series:\n    return x.astype(int)\nspark.table('people').select(f('name'))",
        "ValueError",
        5,
    ),
    _python(
        "mapInPandas",
        "def f(parts):\n    for part in parts:\n        yield part.astype({'name': int})\nspark.table('people').mapInPandas(f, 'name int, ticket long, `when` date')",
        "ValueError",
        3,
    ),
    _python(
        "applyInPandas",
        "def f(part):\n    raise LookupError(part['name'][0])\nspark.table('people').groupBy('ticket').applyInPandas(f, 'name string')",
        "LookupError",
        2,
    ),
    _python(
        "UDF in SQL",
        _UDF + "spark.udf.register('f', lambda x: int(x), 'int')\nspark.sql('SELECT f(name) FROM people').collect()",
        "ValueError",
        2,
    ),
)

# Cells that print a value: `standard` lets it out, as accepted.
PRINTING: Final = (
    _ends_well("print", _FETCH + "print(who.name)", prints=True),
    _ends_well("os.write to 1", _FETCH + "import os; os.write(1, who.name.encode())", prints=True),
    _ends_well(
        "UDF print",
        _UDF
        + "@F.udf('string')\ndef f(x):\n    print(x)\n    return x\nspark.table('people').select(f('name')).collect()",
        prints=True,
    ),
    _ends_well("subprocess to 1", _FETCH + "import subprocess; subprocess.run(['/bin/echo', who.name])", prints=True),
    _ends_well("show", "spark.table('people').show()", prints=True),
)

# Cells that succeed, while Python or a library says a value that the job did not print.
UNASKED: Final = (
    _ends_well("standard error", _FETCH + "import sys; print(who.name, file=sys.stderr)"),
    _ends_well("os.write to 2", _FETCH + "import os; os.write(2, who.name.encode())", quotes=False),
    _ends_well("warning", _FETCH + "import warnings; warnings.warn(who.name)"),
    _ends_well("log record", _FETCH + "import logging; logging.error(who.name)"),
    _ends_well("log record of a library", _FETCH + "import logging; logging.getLogger('library').error(who.name)"),
    _ends_well(
        "traceback", _FETCH + "import traceback\ntry:\n    int(who.name)\nexcept ValueError:\n    traceback.print_exc()"
    ),
    _ends_well(
        "thread", _FETCH + "import threading; t = threading.Thread(target=int, args=(who.name,)); t.start(); t.join()"
    ),
    _ends_well("destructor", _FETCH + "class Late:\n    def __del__(self): int(who.name)\nLate()"),
    _ends_well(
        "task",
        _FETCH
        + "import asyncio\nasync def f(): int(who.name)\nasync def g():\n    asyncio.create_task(f())\n    await asyncio.sleep(0)\nasyncio.run(g())",
    ),
    _ends_well("excepthook", _FETCH + "import sys; sys.excepthook(ValueError, ValueError(who.name), None)"),
    _ends_well(
        "process of multiprocessing",
        _FETCH
        + "import multiprocessing as m; p = m.get_context('fork').Process(target=int, args=(who.name,)); p.start(); p.join()",
    ),
    _ends_well(
        "UDF standard error",
        _UDF
        + "@F.udf('string')\ndef f(x):\n    import sys\n    print(x, file=sys.stderr)\n    return x\nspark.table('people').select(f('name')).collect()",
    ),
    _ends_well(
        "UDF warning",
        _UDF
        + "@F.udf('string')\ndef f(x):\n    import warnings\n    warnings.warn(x)\n    return x\nspark.table('people').select(f('name')).collect()",
    ),
)

JOBS: Final = (*SQL, *FAILING, *PRINTING, *UNASKED)
