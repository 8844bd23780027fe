"""The same public PySpark snippets on both engines, in the sandbox: the same answers, or a refusal beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.engine_features import LACKS, Mark
from jupyter_secure_jobs.engines import found
from tests.support import lacking_texts
from tests.support.engines_page import REFUSED, page, supposed, verdict
from tests.support.snippets import Answer, Snippet, answers, corpus

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE: Final = Path(__file__).parents[2] / "docs" / "engines.md"
WITHOUT: Final = found.find(EngineName.SPARK).problem
needs_spark = pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT)
# A little of everything that only Spark can do, and of what both must do alike.
# The first three are hints; the last one makes a thread of Sail's panic, which may end what runs beside it.
NOT_SHOWN: Final = {
    "a column made from another of the same SELECT", "an array's index that is computed",
    "NOT IN (SELECT …) with a condition on a column from outside", "maps made and exploded",
}  # fmt: skip
FEW: Final = (
    "pivot", "created from pandas", "rank, row number, ntile", "udf", "pandas_udf, grouped aggregate", "RDD",
    "ML: regression", "ORC written and read", "recursive query (SQL)", "script (SQL)", "function made in SQL (SQL)",
    "typed values", "no rows", "Parquet written and read", "decimals (SQL)",
)  # fmt: skip


@pytest.fixture(scope="module")
def of_sail() -> Mapping[str, Answer]:
    """Give what Sail answers to the whole corpus."""
    return answers(EngineName.SAIL, corpus())


def wrong(engine: EngineName, told: Mapping[str, Answer]) -> dict[str, str]:
    """Return the snippets that are neither right nor rightly refused, with what is wrong."""
    verdicts = {each.name: verdict(each, engine, told[each.name]) for each in corpus() if each.name in told}
    return {name: word for name, word in verdicts.items() if word not in {"works", "differs", REFUSED}}


def test_sail_answers_as_expected_or_the_check_refuses(of_sail: Mapping[str, Answer]) -> None:
    assert len(of_sail) == len(corpus()) > 100
    assert wrong(EngineName.SAIL, of_sail) == {}


@needs_spark
def test_spark_answers_as_expected_and_both_with_one_digest(of_sail: Mapping[str, Answer]) -> None:
    told = answers(EngineName.SPARK, [each for each in corpus() if each.name in FEW])
    assert set(told) == set(FEW)
    assert wrong(EngineName.SPARK, told) == {}
    for name in ("typed values", "no rows", "pivot", "rank, row number, ntile", "Parquet written and read"):
        assert told[name].digest == of_sail[name].digest, name


@pytest.mark.long
@needs_spark
@pytest.mark.timeout(1500)
def test_page_is_what_comes_out(of_sail: Mapping[str, Answer]) -> None:
    told = {EngineName.SAIL: of_sail, EngineName.SPARK: answers(EngineName.SPARK, corpus())}
    assert wrong(EngineName.SPARK, told[EngineName.SPARK]) == {}
    assert page(told) == PAGE.read_text()


def test_page_is_that_of_this_corpus() -> None:
    told = {engine: {each.name: supposed(each, engine) for each in corpus()} for engine in EngineName}
    assert page(told) == PAGE.read_text()


def test_every_row_of_the_table_is_shown_by_a_snippet() -> None:
    """A row about which no snippet speaks would never be noticed when an engine learns it; a hint refuses none."""
    told = [why for each in corpus() for engine in EngineName if (why := each.refused(engine)) is not None]
    for row in LACKS:
        if row.mark is not Mark.FUNCTION and row.name not in {"streams", "SparkContext"} | NOT_SHOWN:
            assert any(row.name in why for why in told), row.name


def test_functions_that_sail_is_said_to_lack_are_lacking() -> None:
    names = [name for row in LACKS if row.mark is Mark.FUNCTION for name in row.marks]
    calls = [f"SELECT {name}({', '.join(['1'] * count)})" for name in names for count in range(4)]
    told = answers(EngineName.SAIL, [Snippet.plain(call) for call in calls])
    assert {name for name in names if any(told[call].rows for call in calls if f" {name}(" in call)} == set()


def test_what_sail_is_said_to_lack_by_arguments_and_of_pandas_is_lacking() -> None:
    lacking = [*lacking_texts.calls(), *lacking_texts.pandas()]
    marks = {mark for row in LACKS if row.mark in {Mark.CALL, Mark.PANDAS} for mark in row.marks}
    assert {each.name for each in lacking} == marks
    assert [each.name for each in lacking if each.refused(EngineName.SAIL) is None] == []
    told = answers(EngineName.SAIL, lacking)
    assert [name for name, answer in told.items() if answer.error is None] == []


def test_other_parts_of_pandas_work_and_are_let_through() -> None:
    works = list(lacking_texts.pandas_works())
    assert [each.name for each in works if each.refused(EngineName.SAIL) is not None] == []
    told = answers(EngineName.SAIL, works)
    assert {name: answer.error for name, answer in told.items() if answer.error is not None} == {}


@pytest.mark.long
@needs_spark
@pytest.mark.timeout(1500)
def test_what_sail_lacks_by_arguments_and_of_pandas_works_on_spark() -> None:
    lacking = [*lacking_texts.calls(), *lacking_texts.pandas()]
    assert [each.name for each in lacking if each.refused(EngineName.SPARK) is not None] == []
    told = answers(EngineName.SPARK, lacking)
    assert {name: answer.error for name, answer in told.items() if answer.error is not None} == {}
