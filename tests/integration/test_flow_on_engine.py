"""The flow of columns against the engine itself: what is told to flow nowhere has no influence on the result."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from jupyter_secure_jobs.flow.sql import follow_sql
from tests.support.flow_corpus import HIDING, KNOWN, TABLES

# Each column's values, and others that take their place where the column is told to have no influence.
DATA: dict[str, dict[str, list[Any]]] = {
    "flights": {
        "year": [2013, 2013, 2014, 2013],
        "month": [1, 1, 2, 3],
        "carrier": ["AA", "BB", "AA", "CC"],
        "tailnum": ["N1", "N2", "N1", "N3"],
        "arr_delay": [5, 40, 12, 8],
        "distance": [100, 200, 300, 400],
    },
    "planes": {
        "tailnum": ["N1", "N2", "N3"],
        "year": [1999, 2001, 2013],
        "model": ["X", "Y", "X"],
        "seats": [2, 200, 400],
    },
    "airlines": {"carrier": ["AA", "BB", "DD"], "name": ["Alpha", "Beta", "Delta"]},
}  # fmt: skip
OTHER: dict[str, dict[str, list[Any]]] = {
    table: {
        name: [f"{value}!" for value in reversed(values)] if isinstance(values[0], str) else [7 - 3 * v for v in values]
        for name, values in columns.items()
    }
    for table, columns in DATA.items()
}
# What the engine of this version does not know; that these are so few is what makes the rest a test.
LACKING = 12


def asked(queries: list[str]) -> list[Any]:
    """Return what the engine answers to each query: on the data, and on data whose untold columns are others."""
    tables: dict[str, Any] = {"plain": DATA}
    pairs = []
    for number, code in enumerate(queries):
        found = follow_sql(code, TABLES)
        assert found.rows is not None, found.why
        told = {(each.table, each.column) for part in found.rows.attributes for each in part.sources}
        told |= {(each.table, each.column) for each in found.rows.conditions}
        tables[str(number)] = {
            table: {name: (DATA if (table, name) in told else OTHER)[table][name] for name in columns}
            for table, columns in DATA.items()
        }
        pairs += [{"code": code, "tables": "plain"}, {"code": code, "tables": str(number)}]
    return answers({"tables": tables, "queries": pairs})


def answers(given: dict[str, Any]) -> list[Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.flow_engine"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(each for each in ended.stdout.splitlines() if each.startswith("ANSWERS "))
    found: list[Any] = json.loads(line.removeprefix("ANSWERS "))
    return found


def test_column_that_is_told_to_flow_nowhere_has_no_influence() -> None:
    queries = [code for code, *_ in (*KNOWN.values(), *HIDING.values())]
    found = asked(queries)
    lacking = []
    for code, plain, changed in zip(queries, found[::2], found[1::2], strict=True):
        if isinstance(plain, str):
            lacking.append((code, plain))
            continue
        assert plain == changed, code
    assert len(lacking) <= LACKING, lacking
