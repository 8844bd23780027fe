"""Short jobs of the public API of PySpark with the rows that they must give, and a way to run many in one sandbox.

The texts lie in `snippet_texts`, a file for each part of the API: a heading, the code, and after `=>` the rows as JSON.
A second line, `=> sail: …`, has the rows of an engine that is known to answer differently (`DIFFERENCES`).
"""

from __future__ import annotations

import json
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.domain.compute import Compute, EngineName
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.engines.run import run_job, start_child
from jupyter_secure_jobs.engines.spec import JobSpec
from jupyter_secure_jobs.member.checks import check
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER: Final = Path(__file__).parent / "snippet_texts"
LIMITS: Final = Limits(seconds=1200, memory_bytes=4096 * MEBIBYTE, scratch_bytes=512 * MEBIBYTE, cores=2)
PREFACE: Final = (
    "from pyspark.sql import functions as F\npeople = spark.table('people')\nsales = spark.table('sales')\n"
)
TABLES: Final = {
    "people": pa.table(
        {
            "id": [1, 2, 3, 4, 5],
            "name": ["Ana", "Ben", "Cy", "Dee", "Eve"],
            "team": ["red", "blue", "red", None, "blue"],
            "born": [date(1990, 1, 31), date(1985, 6, 15), date(2000, 2, 29), date(1979, 12, 1), date(1995, 3, 3)],
            "salary": pa.array(
                [Decimal(each) for each in ("1200.50", "2500.00", "3100.75", "999.99", "4000.00")],
                pa.decimal128(10, 2),
            ),
            "seen": pa.array(
                [
                    datetime(2026, 1, 1, 8, 30, tzinfo=UTC),
                    datetime(2026, 1, 2, 9, tzinfo=UTC),
                    None,
                    datetime(2026, 1, 4, 23, 59, 59, tzinfo=UTC),
                    datetime(2026, 1, 5, tzinfo=UTC),
                ],
                pa.timestamp("us", "UTC"),
            ),
        }
    ),
    "sales": pa.table(
        {
            "person": [1, 1, 2, 2, 3, 3, 9],
            "month": pa.array([1, 2, 1, 2, 1, 3, 1], pa.int32()),
            "amount": [10.0, 20.0, 5.5, None, 40.0, 2.25, 7.0],
        }
    ),
}
# It runs as a job, over the same roads as every job: the snippets' own text, the engine's own way to hand over rows.
RUNS_MANY: Final = """
import datetime, decimal, json
import pandas as pd
from jupyter_secure_jobs.engines import cell, engine, result, statements
from jupyter_secure_jobs.protocol.result_digest import logical_digest
import pyarrow as pa

def plain(value):
    if isinstance(value, datetime.datetime):
        return (value.astimezone(datetime.timezone.utc) if value.tzinfo else value).isoformat()
    if isinstance(value, (datetime.date, decimal.Decimal)):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, (list, tuple)) else value

def ran(language, text):
    if language == "sql":
        for part in statements.split(text):
            value = spark.sql(part.text)
        return value
    value, names = cell.run(text, {"spark": spark, "inputs": {}})
    return value if result.is_result(value) else names["result"]

if type(spark).__module__.startswith("pyspark.sql.connect"):
    from jupyter_secure_jobs.engines.sail import Sail as Engine
else:
    from jupyter_secure_jobs.engines.spark import Spark as Engine

class Handing:
    def stream(self, rows):
        return Engine.stream(self, rows)

told = []
for name, language, text in json.loads(SNIPPETS):
    try:
        parts = list(result.parts(ran(language, text), Handing()))
        table = pa.concat_tables(parts)
        rows = [[plain(part) for part in row.values()] for row in table.to_pylist()]
        told.append((name, json.dumps(rows), logical_digest(table, ordered=False), None))
    except BaseException as error:
        told.append((name, None, None, type(error).__name__ + ": " + str(error)[:1000]))
pd.DataFrame(told, columns=["name", "rows", "digest", "error"])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A short job: its part of the API, its name, its text, and its rows; `others`: rows of engines that differ."""

    area: str
    name: str
    language: Language
    code: str
    rows: list[Any]
    others: Mapping[EngineName, list[Any]]

    @classmethod
    def plain(cls, query: str) -> Self:
        """Return a query as a snippet that is called as it reads."""
        return cls(area="", name=query, language=Language.SQL, code=query, rows=[], others={})

    def expected(self, engine: EngineName) -> list[Any]:
        """Return the rows that an engine is known to give, in one order for all."""
        return in_order(self.others.get(engine, self.rows))

    def refused(self, engine: EngineName) -> str | None:
        """Return why the check before submission refuses it for an engine, if it does."""
        found = check(self.language, self.code, tables=TABLES, compute=Compute(engine=engine)).problems
        return next((problem.message for problem in found if problem.fatal), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an engine gave: rows and their logical digest, or the words of its error."""

    rows: list[Any] | None
    digest: str | None
    error: str | None


def in_order(rows: list[Any]) -> list[Any]:
    """Return rows in one order for all."""
    return sorted(rows, key=json.dumps)


@cache
def corpus() -> tuple[Snippet, ...]:
    """Return all snippets, in the order of the files."""
    return tuple(snippet for path in sorted(FOLDER.glob("*.txt")) for snippet in _read(path.read_text()))


def _read(text: str) -> Iterator[Snippet]:
    title, *parts = text.split("\n## ")
    for part in parts:
        heading, body = part.split("\n", 1)
        code, answers = body.split("\n=> ", 1)
        first, *others = answers.strip().split("\n=> ")
        language = Language.SQL if heading.endswith(" (SQL)") else Language.PYTHON
        yield Snippet(
            area=title.strip().removeprefix("# "),
            name=heading,
            language=language,
            code=code if language is Language.SQL else PREFACE + code,
            rows=json.loads(first),
            others={EngineName(line.split(": ", 1)[0]): json.loads(line.split(": ", 1)[1]) for line in others},
        )


def answers(engine: EngineName, snippets: Sequence[Snippet]) -> dict[str, Answer]:
    """Run the snippets, one after the other, as one job in one sandbox; return what each gave."""
    texts = json.dumps([(each.name, str(each.language), each.code) for each in snippets])
    root = Path(tempfile.mkdtemp(dir="/dev/shm"))
    with start_child(root, engine=engine, ceiling=LIMITS) as child:
        for name, rows in TABLES.items():
            pq.write_table(rows, child.tables / f"{name}.parquet")
        spec = JobSpec(
            language="python",
            code=RUNS_MANY.replace("SNIPPETS", repr(texts)),
            tables={name: (f"{name}.parquet",) for name in TABLES},
            inputs={},
            log_policy="full",
            limits=LIMITS,
            engine=engine,
        )
        outcome = run_job(child, spec, threading.Event())
        assert outcome.result is not None, (outcome.error_class, outcome.log.read_text()[-2000:])
        told = pq.read_table(outcome.result).to_pylist()
    return {
        each["name"]: Answer(
            rows=None if each["rows"] is None else in_order(json.loads(each["rows"])),
            digest=each["digest"],
            error=each["error"],
        )
        for each in told
    }
