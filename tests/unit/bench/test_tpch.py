"""The TPC-H benchmark: its text gives DuckDB's answers, a wrong one does not count, its figures have their names."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from bench import tpch, tpch_data, tpch_plain
from bench.report import Report
from bench.sample import WrongAnswerError
from bench.tpch_kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

QUERIES = (1, 6, 13, 15, 22)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("duckdb")
    return tpch_data.make(tmp_path_factory.mktemp("tpch"), 0.01)


def test_a_plain_process_answers_as_duckdb_does(files: dict[str, Path], tmp_path: Path) -> None:
    code, out = tmp_path / "job.py", tmp_path / "out.parquet"
    code.write_text(tpch_data.code(QUERIES))
    taken = tpch_plain.run("sail", files["part"].parent, out, code)
    assert taken.start > 0
    assert taken.run > 0
    tpch_data.check(tpch_data.answers(pq.read_table(out)), tpch_data.by_duckdb(files, QUERIES), who="Sail")


def test_a_plain_process_that_fails_says_why(files: dict[str, Path], tmp_path: Path) -> None:
    code = tmp_path / "job.py"
    code.write_text("1 / 0")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        tpch_plain.run("sail", files["part"].parent, tmp_path / "out.parquet", code)


@pytest.mark.parametrize("wrong", [[["A", 1.1]], [["B", 1.0]], [], [["A", 1.0], ["A", 1.0]], [["A", "1.0", 2]]])
def test_another_answer_is_not_counted(wrong: list[list[object]]) -> None:
    with pytest.raises(WrongAnswerError, match="query 3"):
        tpch_data.check({3: wrong}, {3: [["A", 1.0]]}, who="It")


def test_answers_may_differ_in_order_form_and_last_places() -> None:
    tpch_data.check({1: [["b", "2.50"], ["a", 1.0000001]]}, {1: [["a", 1], ["b", 2.5]]}, who="It")


def test_every_query_has_one_statement_that_asks_and_names_its_tables() -> None:
    for number in tpch_data.NUMBERS:
        assert sum(tpch_data.asks(text) for text in tpch_data.statements(number)) == 1
        assert tpch_data.tables_of(number)
    assert tpch_data.tables_of(15) == ("lineitem", "supplier")


def test_figures_and_what_is_shown_of_them(tmp_path: Path) -> None:
    figures = tpch._figures({kind: [20.0, 10.0] for kind in KINDS}, [(1.5, 0.5), (1.0, 0.4), (2.0, 0.6)])
    assert figures["secure_one_job_over_plain_ratio"] == 1.5
    assert figures["secure_one_job_over_plain_greatest_ratio"] == 2.0
    assert figures["secure_22_jobs_over_plain_ratio"] == figures["spark_over_secure_ratio"] == 1.0
    without_java = tpch._figures({kind: [1.0] for kind in KINDS if kind != "spark"}, [(1.0, 1.0)])
    assert "spark_over_secure_ratio" not in without_java
    figures["scale_factor"] = 0.01
    out = io.StringIO()
    report = Report(name="tpch", machine={"cores": 2}, figures=figures)
    tpch.present(report, tmp_path, Console(file=out, width=200))
    for words in (*KINDS.values(), "scale factor 0.01", "spark_over_secure_ratio"):
        assert words in out.getvalue()
    assert (tmp_path / "tpch.png").read_bytes().startswith(b"\x89PNG")
