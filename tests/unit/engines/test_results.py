"""Results in every form that an author's last line may have, in the real sandbox, on both engines where they differ."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.engines import found, result
from jupyter_secure_jobs.member.opening import write_csv
from jupyter_secure_jobs.protocol.result_digest import logical_digest
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE
from tests.support.attack import LIMITS, Attack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.engines.spec import JobOutcome
    from tests.unit.engines.conftest import Bench

FLIGHTS = {
    "planes": pa.table({"tail": ["N1", "N2", None], "year": [2001, 2002, 2003]}),
    "flights": pa.table({"tail": ["N1", "N1", "N2"], "year": [2013, 2013, 2013]}),
}
DOUBLED = "SELECT * FROM flights f JOIN planes p ON f.tail = p.tail ORDER BY p.year"
WITHOUT = found.find(EngineName.SPARK).problem


@pytest.fixture(scope="module", params=EngineName)
def engine(request: pytest.FixtureRequest) -> Iterator[Attack]:
    if request.param is EngineName.SPARK and WITHOUT:
        pytest.skip(WITHOUT)
    limits = (
        LIMITS if request.param is EngineName.SAIL else replace(LIMITS, memory_bytes=2048 * MEBIBYTE, processes=256)
    )
    made = Attack(request.param, limits)
    yield made
    made.close()


def rows(outcome: JobOutcome) -> pa.Table:
    """Return the rows, whose digest is checked as the recipients' member side does."""
    assert outcome.status == "succeeded", (outcome, outcome.log.read_text())
    assert outcome.result is not None
    table = pq.ParquetFile(outcome.result).read()
    assert outcome.rows == table.num_rows
    assert outcome.logical_digest in {logical_digest(table, ordered=ordered) for ordered in (True, False)}
    return table


ELSEWHERE = f"""
import json
from pyspark.sql import SparkSession
made = {{
    "built": SparkSession.builder.appName("x").config("spark.sql.shuffle.partitions", 4).getOrCreate(),
    "plain": SparkSession.builder.getOrCreate(),
    "asked": SparkSession.getActiveSession(),
    "active": SparkSession.active(),
}}
print(json.dumps({{name: other is spark for name, other in made.items()}}))
assert spark.conf.get("spark.sql.shuffle.partitions") == "4"
made["plain"].sql("{DOUBLED}")
"""


def test_code_from_elsewhere_finds_its_session_and_joins_all_columns(engine: Attack, tmp_path: Path) -> None:
    """Most begins with the builder of sessions; a join of two tables with all their columns has names twice."""
    outcome = engine.run(ELSEWHERE, data=FLIGHTS)
    table = rows(outcome)
    assert json.loads(outcome.log.read_text()) == dict.fromkeys(("built", "plain", "asked", "active"), True)
    assert table.column_names == ["tail", "year", "tail", "year"]
    assert [column.to_pylist() for column in table.columns] == [
        ["N1", "N1", "N2"],
        [2013, 2013, 2013],
        ["N1", "N1", "N2"],
        [2001, 2001, 2002],
    ]
    assert outcome.result is not None
    write_csv(outcome.result, tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert list(csv.reader(file))[:2] == [["tail", "year", "tail", "year"], ["N1", "2013", "N1", "2001"]]


PANDAS = "import pandas as pd\npdf = spark.table('planes').toPandas().assign(n=[1, 2, 3])\n"
LABELLED: dict[str, tuple[str, list[str], list[Any]]] = {
    "grouped": ("pdf.fillna('none').groupby('tail').mean()", ["tail", "seats", "n"], ["N1", "N2", "none"]),
    "described": ("pdf[['n']].describe().head(2)", ["index", "n"], ["count", "mean"]),
    "pivoted": ("pdf.pivot_table(index='n', columns='tail', values='seats')", ["n", "N1", "N2"], [1, 2]),
    "aggregated": (
        "pdf.groupby('n').agg({'seats': ['min', 'max']})",
        ["n", "('seats', 'min')", "('seats', 'max')"],
        [1, 2, 3],
    ),
    "two levels": (
        "pd.concat({'a': pdf[['n']].describe().head(1), 'b': pdf[['n']].describe().head(1)})",
        ["level_0", "level_1", "n"],
        ["a", "b"],
    ),
    "name that is taken": ("pdf.set_index(pdf.n.rename('n'))", ["n_1", "tail", "seats", "n"], [1, 2, 3]),
    "unnamed beside index": (
        "pdf.rename(columns={'n': 'index'}).set_index(pd.Index(list('xyz')))",
        ["index_1", "tail", "seats", "index"],
        ["x", "y", "z"],
    ),
    "groups of numbers": (
        "pdf.groupby(pd.cut(pdf.n, [0, 2, 4]), observed=True)[['n']].sum()",
        ["n_1", "n"],
        ["(0, 2]", "(2, 4]"],
    ),
    "spans of time": (
        "pdf.set_index(pd.period_range('2013-01', periods=3, freq='M', name='month'))[['n']]",
        ["month", "n"],
        ["2013-01", "2013-02", "2013-03"],
    ),
    "named numbers": ("pdf[['n']].rename_axis('row')", ["row", "n"], [0, 1, 2]),
    "numbers of rows": ("pdf", ["tail", "seats", "n"], ["N1", "N2", None]),
    "numbers of rows that were chosen": ("pdf[pdf.n > 1][['n']]", ["n"], [2, 3]),
    "doubled names": ("pd.concat([pdf[['n']], pdf[['n']]], axis=1)", ["n", "n"], [1, 2, 3]),
    "doubled names, labelled": (
        "pd.concat([pdf[['n']], pdf[['n']]], axis=1).set_index(pd.Index(list('xyz'), name='k'))",
        ["k", "n", "n"],
        ["x", "y", "z"],
    ),
}


@pytest.mark.parametrize("name", LABELLED)
def test_labels_of_a_pandas_result_are_columns(bench: Bench, name: str) -> None:
    code, names, first = LABELLED[name]
    table = rows(bench.run(PANDAS + code))
    assert (table.column_names, table.column(0).to_pylist()) == (names, first)


REFUSED = {
    "interval": ("pa.table({'x': pa.array([(1, 2, 3)], pa.month_day_nano_interval())})", "ResultType", "'x' is of"),
    "empty struct": ("pa.table({'x': pa.array([[{}]], pa.list_(pa.struct([])))})", "ResultType", "'x' is of type list"),
    "list view": ("pa.table({'x': pa.array([['a']], pa.list_view(pa.string()))})", "ResultType", "of type list_view"),
    "no columns": ("pd.DataFrame(index=range(3))", "NoResult", "The result has no columns."),
    "series": ("pd.Series([1, 2])", "NoResult", "A Series becomes one by .to_frame()."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_result_is_told(bench: Bench, name: str) -> None:
    code, error_class, words = REFUSED[name]
    outcome = bench.run(f"import pandas as pd, pyarrow as pa\n{code}")
    assert (outcome.status, outcome.error_class, outcome.error_line) == ("failed", error_class, 2)
    assert words in outcome.log.read_text()


FUTURE = """
import dataclasses
@dataclasses.dataclass
class Row:
    x: int
FIELD = dataclasses.fields(Row)[0].type
MADE
"""
LATE = (
    "exec('def f(x: int): pass') or spark.createDataFrame([(repr(FIELD), repr(f.__annotations__[\"x\"]))], ['a', 'b'])"
)


@pytest.mark.parametrize(
    ("first", "told"),
    [("", "<class 'int'>"), ("from __future__ import annotations", "'int'")],
    ids=["none", "the author's"],
)
def test_future_imports_are_the_authors_alone(bench: Bench, first: str, told: str) -> None:
    """Ours must not reach the job's text, and the author's reach its last expression."""
    table = rows(bench.run(first + FUTURE.replace("MADE", LATE)))
    assert table.to_pylist() == [{"a": told, "b": told}]


@pytest.mark.parametrize("policy", ["full", "standard"])
def test_half_a_character_in_what_is_told_ends_no_process(bench: Bench, policy: Any) -> None:
    outcome = bench.run("print('a\\ud800b')\nraise ValueError('c\\udfffd')", policy=policy)
    assert (outcome.error_class, outcome.error_line) == ("ValueError", 2)
    assert "a\\ud800b" in outcome.log.read_text()
    assert ("c\\udfffd" in outcome.log.read_text()) == (policy == "full")


def test_parts_of_other_types_take_those_of_the_first(tmp_path: Path) -> None:
    """Engines differ from batch to batch in what may be null, and hand over many small ones."""
    wide = pa.schema([pa.field("n", pa.int64(), nullable=False), pa.field("n", pa.string())])
    narrow = pa.schema([pa.field("n", pa.int32()), pa.field("n", pa.large_string(), nullable=False)])
    made = [pa.Table.from_arrays([pa.array([1], one[0].type), pa.array(["a"], one[1].type)], schema=one)
            for one in (wide, narrow, wide)]  # fmt: skip
    for form in ("parquet", "arrow"):
        result.write(iter(made), str(tmp_path / form), form=form)
    with pa.ipc.open_stream(str(tmp_path / "arrow")) as stream:
        assert [batch.num_rows for batch in stream] == [1, 1, 1]
    table = pq.ParquetFile(tmp_path / "parquet").read()
    assert [(field.name, field.type) for field in table.schema] == [("n", pa.int64()), ("n", pa.string())]
    assert table.column(0).to_pylist() == [1, 1, 1]
