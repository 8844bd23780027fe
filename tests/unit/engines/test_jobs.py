"""Jobs in the real sandbox with the real engine."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.engines.run import run_job
from jupyter_secure_jobs.engines.spec import JobSpec
from jupyter_secure_jobs.protocol.result_digest import logical_digest
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    from jupyter_secure_jobs.engines.spec import JobOutcome
    from tests.unit.engines.conftest import Bench

LIMITS = Limits(
    seconds=60, memory_bytes=1024 * MEBIBYTE, processes=32, scratch_bytes=64 * MEBIBYTE, result_bytes=16 * MEBIBYTE
)
INPUTS = {
    "s": ("string", "it's; DROP :i"),
    "i": ("integer", 3),
    "n": ("number", 2),
    "b": ("boolean", True),
    "d": ("date", "2013-01-31"),
    "t": ("timestamp", "2013-01-31T23:59:59.500Z"),
    "c": ("choice", "AA"),
    "m": ("multiple choice", ("N1", "N2")),
}


def rows(outcome: JobOutcome) -> pa.Table:
    assert outcome.status == "succeeded", (outcome, outcome.log.read_text())
    assert outcome.result is not None
    table = pq.read_table(outcome.result)
    assert outcome.rows == table.num_rows
    return table


def test_sql_runs_every_statement_and_returns_the_last_ones_rows(bench: Bench) -> None:
    outcome = bench.run(
        "CREATE TEMP VIEW big AS SELECT * FROM planes WHERE seats > 50; -- a ; in a comment\nSELECT tail, seats FROM big ORDER BY seats;",
        language="sql",
    )
    table = rows(outcome)
    assert table.to_pylist() == [{"tail": None, "seats": 55}, {"tail": "N2", "seats": 180}]
    assert outcome.logical_digest == logical_digest(table, ordered=True)
    assert outcome.log.read_text() == "(Empty: the job printed nothing.)\n"


def test_sql_inputs_are_bound_with_their_types(bench: Bench) -> None:
    code = """SELECT :s AS s, :i AS i, typeof(:i) AS ti, :n AS n, typeof(:n) AS tn, :b AS b, :d AS d, typeof(:d) AS td,
        :t AS t, typeof(:t) AS tt, :c AS c, count(*) AS found FROM planes WHERE array_contains(:m, tail)"""
    (row,) = rows(bench.run(code, language="sql", inputs=INPUTS)).to_pylist()
    assert row["s"] == "it's; DROP :i"
    assert (row["i"], row["ti"], row["n"], row["tn"]) == (3, "bigint", 2.0, "double")
    assert (row["td"], row["tt"], row["d"].isoformat()) == ("date", "timestamp", "2013-01-31")
    assert row["t"].isoformat() == "2013-01-31T23:59:59.500000+00:00"
    assert (row["b"], row["c"], row["found"]) == (True, "AA", 2)


def test_python_inputs_are_typed(bench: Bench) -> None:
    code = "import pandas as pd\nprint(dict(inputs))\npd.DataFrame({'type': [type(inputs[k]).__name__ for k in sorted(inputs)]})"
    table = rows(bench.run(code, inputs=INPUTS))
    assert table["type"].to_pylist() == ["bool", "str", "date", "int", "list", "float", "str", "datetime"]


def test_python_last_expression_is_the_result_and_printing_the_log(bench: Bench) -> None:
    outcome = bench.run(
        "import sys\nprint('to out')\nprint('to err', file=sys.stderr)\n"
        "assert spark.table('planes').count() == spark.read.table('planes').count() == 3\n"
        "result = None\nspark.sql('SELECT max(seats) AS most FROM planes')"
    )
    assert rows(outcome).to_pylist() == [{"most": 180}]
    assert outcome.log.read_text() == "to out\nto err\n"


@pytest.mark.parametrize(
    "code",
    [
        "result = spark.table('planes')\nNone",
        "spark.table('planes').toPandas()",
        "import pyarrow as pa\npa.table({'x': [1]})",
        "from pyspark.sql.functions import udf\nspark.table('planes').select(udf(lambda s: s * 2, 'long')('seats'))",
        "spark.table('planes').where('seats < 0')",
    ],
    ids=["variable", "pandas", "arrow", "udf", "no rows"],
)
def test_python_results_of_every_kind(bench: Bench, code: str) -> None:
    outcome = bench.run(code)
    assert outcome.logical_digest == logical_digest(rows(outcome), ordered=False)


@pytest.mark.parametrize(
    ("language", "code", "error_class", "line"),
    [
        ("python", "x = 1\n\nint('canary-7')", "ValueError", 3),
        ("python", "x = 1\ndef broken(:\n", "SyntaxError", 2),
        ("python", "class Mine(KeyError): pass\nraise Mine('canary-7')", "KeyError", 2),
        ("python", "class AnalysisException(Exception): pass\nraise AnalysisException('canary-7')", "Error", 2),
        (
            "python",
            "def f(x):\n    return 1 // (x - x)\nfrom pyspark.sql.functions import udf\nspark.range(2).select(udf(f)('id'))",
            "ZeroDivisionError",
            2,
        ),
        ("python", "print('canary-7')", "NoResult", 1),
        ("python", "import os\nos._exit(0)", "WorkerLost", None),
        ("python", "import sys\nsys.exit('canary-7')", "SystemExit", 2),
        # It ends the engine, which is in the job's own process: told at once, not when the job's time is over.
        (
            "python",
            "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(1)\nspark.range(3).count()",
            "SparkConnectGrpcException",
            4,
        ),
        ("sql", "SELECT 1;\nSELECT\n  nope\nFROM planes", "AnalysisException", 2),
        ("sql", "SELECT * FROM missing", "TABLE_OR_VIEW_NOT_FOUND", 1),
        ("sql", "SELECT CAST('canary-7' AS INT)", "NumberFormatException", 1),
        ("sql", "SELECT 1;\n\nSELECT 'open", "SyntaxError", 3),
        ("sql", " ; -- nothing", "NoResult", None),
    ],
)
def test_errors_have_a_class_and_a_line_and_no_message(
    bench: Bench, language: str, code: str, error_class: str, line: int | None
) -> None:
    outcome = bench.run(code, language=language, policy="errors")  # type: ignore[arg-type]  # the table holds both words
    assert (outcome.status, outcome.error_class, outcome.error_line) == ("failed", error_class, line)
    assert (outcome.rows, outcome.result, outcome.logical_digest) == (None, None, None)
    assert "canary" not in outcome.log.read_text()


def test_log_policy_standard_prints_but_leaves_the_message_out(bench: Bench) -> None:
    outcome = bench.run("print('printed')\nint('canary-7')", policy="standard")
    assert outcome.log.read_text() == "printed\nFailed: ValueError at line 2.\n"


def test_log_policy_full_has_the_message(bench: Bench) -> None:
    text = bench.run("print('printed')\nint('canary-7')").log.read_text()
    assert text.startswith("printed\nTraceback")
    assert "invalid literal for int() with base 10: 'canary-7'" in text


@pytest.mark.parametrize(
    ("code", "change", "error_class"),
    [
        ("while True: pass", {"seconds": 1}, "TimeLimit"),
        ("print('x' * 5000)\nresult = spark.range(1)", {"log_bytes": 1000}, "LogTooLarge"),
        ("print('\\x1b' * 900)\nresult = spark.range(1)", {"log_bytes": 1000}, "LogTooLarge"),
        (
            "import os, pandas as pd\npd.DataFrame({'x': [os.urandom(2_000_000)]})",
            {"result_bytes": MEBIBYTE},
            "ResultTooLarge",
        ),
    ],
    ids=["time", "log", "log with control characters", "result"],
)
def test_limits_end_the_run_with_their_own_class(
    bench: Bench, code: str, change: dict[str, int], error_class: str
) -> None:
    outcome = bench.run(code, limits=replace(LIMITS, **change))
    assert (outcome.status, outcome.error_class, outcome.result) == ("failed", error_class, None)
    if error_class == "LogTooLarge":
        assert "[The log ends here: the job printed more than its limit of 1000 bytes.]" in outcome.log.read_text()


def test_cancelling_kills_the_run(bench: Bench) -> None:
    cancelled = threading.Event()
    cancelled.set()
    outcome = bench.run("while True: pass", cancelled=cancelled)
    assert (outcome.status, outcome.error_class) == ("cancelled", "Cancelled")


def test_a_child_serves_one_run(bench: Bench) -> None:
    bench.run("spark.range(1)")
    spec = JobSpec(language="sql", code="SELECT 1", tables={}, inputs={}, log_policy="full", limits=LIMITS)
    with pytest.raises(RuntimeError, match="one run"):
        run_job(bench.child, spec, threading.Event())


def test_a_job_above_the_ceiling_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="ceiling"):
        bench.run("spark.range(1)", limits=replace(LIMITS, seconds=61))


def test_closing_removes_tables_and_results(bench: Bench) -> None:
    bench.run("spark.range(1)")
    assert list(bench.child.out.iterdir())
    bench.child.close()
    assert not bench.child.out.exists()
    assert not bench.child.tables.exists()
