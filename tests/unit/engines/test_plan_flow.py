"""The columns of Python jobs, followed through the plans that the real client gives the real engine."""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions
from pyspark.sql.connect.dataframe import DataFrame

from jupyter_secure_jobs.domain.plan_flow import PlanUnknown
from jupyter_secure_jobs.engines import cell, sail
from jupyter_secure_jobs.engines.plan_reader import follow
from jupyter_secure_jobs.engines.record import Recorder
from tests.support.plan_corpus import KNOWN, TABLES, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.protocol.plan_flow import PlanFlow

COLUMNS = {name: table.column_names for name, table in TABLES.items()}


@pytest.fixture(scope="module")
def engine() -> sail.Sail:
    return sail.Sail.start()


@pytest.fixture
def session(engine: sail.Sail, tmp_path: Path) -> Iterator[Any]:
    made: Any = engine.session({})
    for name, table in TABLES.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
        made.read.parquet(str(tmp_path / f"{name}.parquet")).createOrReplaceTempView(name)
    yield made
    made.stop()


def record(session: Any, code: str, place: Path) -> tuple[dict[str, Any], list[str]]:
    """Run a job as the runner does; return the record of its plans and the names of its result's columns."""
    recorder = Recorder()
    recorder.watch(session)
    names = {"spark": session, "F": functions, "f": session.table("flights"), "p": session.table("planes")}
    value, _ = cell.run(code.replace("PLACE", str(place)), names)
    if isinstance(value, DataFrame):
        recorder.result_follows()
        columns = value.toArrow().column_names
    else:
        columns = list(value.columns if hasattr(value, "to_numpy") else value.column_names)
    with tempfile.TemporaryFile() as file:
        recorder.write(file.fileno())
        return json.loads(os.pread(file.fileno(), 2**24, 0)), columns


def said(flow: PlanFlow) -> tuple[str, str]:
    assert flow.unknown is None

    def of(places: tuple[int, ...], *, python: bool) -> str:
        found = [f"{each.table}.{each.column}" for each in (flow.sources[place] for place in places)]
        return ", ".join([*(["~"] if python else []), *found])

    columns = [
        f"{each.name}: {each.making.words(each.functions)} < {of(each.sources, python=each.python)}"
        for each in flow.columns
    ]
    return " | ".join(columns), of(flow.conditions, python=flow.python)


@pytest.mark.parametrize("name", KNOWN)
def test_columns_are_followed_through_the_plan(session: Any, tmp_path: Path, name: str) -> None:
    code, columns, conditions = KNOWN[name]
    flow = follow(*_args(record(session, code, tmp_path)))
    assert said(flow) == (columns, conditions)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_followed_is_unknown_and_says_why(session: Any, tmp_path: Path, name: str) -> None:
    code, why = UNKNOWN[name]
    flow = follow(*_args(record(session, code, tmp_path)))
    assert flow.unknown is PlanUnknown(why)
    assert not flow.columns


def _args(recorded: tuple[dict[str, Any], list[str]]) -> tuple[dict[str, Any], dict[str, list[str]], list[str]]:
    return recorded[0], COLUMNS, recorded[1]
