"""TPC-H: the tables from tpchgen-cli, the 22 queries from Sail's package, and when two answers are the same."""

from __future__ import annotations

import importlib.resources
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp

from bench.sample import WrongAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLES: Final = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
NUMBERS: Final = tuple(range(1, 23))
# Engines add floating-point numbers and divide decimals in different orders and to different numbers of places.
_TOLERANCE: Final = 1e-6
Answers = dict[int, list[list[Any]]]


def make(folder: Path, scale: float) -> dict[str, Path]:
    """Return each table's Parquet file, made if it is not there; tpchgen-cli must be installed.

    Raises:
        FileNotFoundError: tpchgen-cli is missing.
    """
    target = folder / f"tpch-{scale:g}"
    files = {table: target / f"{table}.parquet" for table in TABLES}
    if not all(path.is_file() for path in files.values()):
        target.mkdir(parents=True, exist_ok=True)
        beside = Path(sys.executable).parent / "tpchgen-cli"
        program = str(beside) if beside.is_file() else shutil.which("tpchgen-cli")
        if program is None:
            raise FileNotFoundError("tpchgen-cli is not installed: pip install tpchgen-cli")
        command = [program, "parquet", "-s", f"{scale:g}", "--compression", "ZSTD(1)", "--output-dir", str(target)]
        subprocess.run(command, check=True, capture_output=True)
    return files


def statements(number: int) -> list[str]:
    """Return one query's statements; all but one of them make and drop what that one reads."""
    source = importlib.resources.files("pysail") / "data" / "tpch" / "queries" / f"q{number}.sql"
    # The tables are temporary views, which JVM Spark lets no lasting view read.
    whole = source.read_text().replace("create view", "create temporary view")
    return [text.strip() for text in whole.split(";") if _words(text)]


def _words(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.strip().startswith("--")).strip()


def asks(statement: str) -> bool:
    """Tell whether a statement is the one that gives the rows."""
    return _words(statement).lower().startswith(("select", "with"))


def tables_of(number: int) -> tuple[str, ...]:
    """Return the tables that a query reads."""
    found = {
        table.name for text in statements(number) for table in sqlglot.parse_one(text, read="spark").find_all(exp.Table)
    }
    return tuple(table for table in TABLES if table in found)


def code(numbers: Sequence[int] = NUMBERS) -> str:
    """Return the author's Python job: these queries one after the other; one row of its result is one row of theirs."""
    texts = [(number, [(asks(text), text) for text in statements(number)]) for number in numbers]
    return f"""\
import json

import pyarrow as pa

QUERIES = {texts!r}
found = []
for number, statements in QUERIES:
    for asks, text in statements:
        answer = spark.sql(text)
        if asks:
            columns = [column.to_pylist() for column in answer.toArrow().columns]
            found += [(number, json.dumps(row, default=str)) for row in zip(*columns, strict=True)]
result = pa.table({{"query": [number for number, _ in found], "row": [row for _, row in found]}})
"""


def answers(table: Any) -> Answers:  # noqa: ANN401 -- an Arrow table
    """Return the rows of each query from the job's result."""
    made: Answers = {}
    for number, row in zip(table.column("query").to_pylist(), table.column("row").to_pylist(), strict=True):
        made.setdefault(number, []).append(json.loads(row))
    return made


def by_duckdb(files: Mapping[str, Path], numbers: Sequence[int] = NUMBERS) -> Answers:
    """Return DuckDB's answers."""
    import duckdb  # noqa: PLC0415 -- the one place that needs it

    with duckdb.connect() as database:
        for table, path in files.items():
            database.execute(f"CREATE VIEW {table} AS SELECT * FROM '{path}'")  # noqa: S608 -- our own names
        made: Answers = {}
        for number in numbers:
            for text in statements(number):
                found = database.execute(sqlglot.transpile(text, read="spark", write="duckdb")[0])
                if asks(text):
                    made[number] = [json.loads(json.dumps(row, default=str)) for row in found.fetchall()]
        return made


def check(got: Answers, expected: Answers, *, who: str) -> None:
    """Refuse to count a run with another answer than the expected one; numbers may differ in the last places.

    Raises:
        WrongAnswerError: with the number of the query.
    """
    for number, rows in expected.items():
        mine, theirs = sorted(map(_key, got.get(number, []))), sorted(map(_key, rows))
        if len(mine) != len(theirs) or not all(map(_same, mine, theirs)):
            raise WrongAnswerError(f"{who} answered query {number} otherwise than DuckDB. Look at both answers.")


def _key(row: Sequence[Any]) -> tuple[tuple[int, float, str], ...]:
    """Return a row as what can be sorted and compared: numbers rounded for the order, everything else as text."""
    made = []
    for value in row:
        number = _number(value)
        made.append((1, "", number) if number is not None else (0, _day(value), 0.0))
    # Text first: two engines' numbers may fall on two sides of a rounding.
    texts = tuple((kind, number, text) for kind, text, number in made if kind == 0)
    numbers = tuple((kind, float(f"{number:.6g}"), "") for kind, _, number in made if kind == 1)
    return texts + numbers


def _number(value: Any) -> float | None:  # noqa: ANN401 -- a JSON value
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _day(value: Any) -> str:  # noqa: ANN401 -- a JSON value
    return str(value).removesuffix(" 00:00:00").rstrip()


def _same(mine: Sequence[tuple[int, float, str]], theirs: Sequence[tuple[int, float, str]]) -> bool:
    return len(mine) == len(theirs) and all(
        a[0] == b[0] and a[2] == b[2] and math.isclose(a[1], b[1], rel_tol=10 * _TOLERANCE, abs_tol=1e-4)
        for a, b in zip(mine, theirs, strict=True)
    )
