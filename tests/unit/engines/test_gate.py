"""The gate with the real engine and both real sandboxes: what comes out of a job under output rules."""

from __future__ import annotations

import json
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_secure_jobs.domain.output import OutputPolicy, OutputRule, combine
from jupyter_secure_jobs.engines import release as releasing
from jupyter_secure_jobs.engines.release import gate_limits, release, start_gate
from jupyter_secure_jobs.engines.run import run_job, start_child
from jupyter_secure_jobs.engines.spec import JobOutcome, JobSpec
from jupyter_secure_jobs.protocol.result_digest import logical_digest
from jupyter_secure_jobs.sandbox.child import Exit
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.engines.spec import Language
    from jupyter_secure_jobs.sandbox.child import Child

LIMITS = Limits(
    seconds=60, memory_bytes=1024 * MEBIBYTE, processes=32, scratch_bytes=64 * MEBIBYTE, result_bytes=4 * MEBIBYTE
)
CANARY = "canary-of-a-small-group"
GROUPS = pa.table({"who": ["big"] * 12 + [CANARY] * 3 + ["middle"] * 10})
GROUPED = "SELECT who, count(*) AS n FROM people GROUP BY who ORDER BY n DESC"
OWNER = "Airline for people"
TEN = OutputPolicy(smallest_group=10)


class Road:
    """Runs jobs through a child and a gate, both started ahead of time."""

    def __init__(self) -> None:
        self.used: list[Child] = []
        self._next = self._start()

    def _root(self) -> Path:
        return Path(tempfile.mkdtemp(dir="/dev/shm"))

    def _start(self) -> tuple[Child, Child]:
        pair = (start_child(self._root(), ceiling=LIMITS), start_gate(self._root(), ceiling=gate_limits(LIMITS)))
        self.used += pair
        return pair

    def run(
        self,
        code: str,
        policy: OutputPolicy,
        *,
        counts: tuple[str, ...] = ("n",),
        language: Language = "sql",
        limits: Limits = LIMITS,
        printed: bool = False,
    ) -> JobOutcome:
        """Run a job over the table `people` under the policy of its owner."""
        (child, self.gate), self._next = self._next, self._start()
        pq.write_table(GROUPS, child.tables / "people.parquet")
        spec = JobSpec(
            language=language,
            code=code,
            tables={"people": ("people.parquet",)},
            inputs={},
            log_policy="full" if printed else "errors",
            limits=limits,
            form="arrow",
        )
        outcome = run_job(child, spec, threading.Event())
        rules = combine([(OWNER, policy)], counts=counts)
        return release(self.gate, outcome, rules, limits=limits, printed=printed, cancelled=threading.Event())

    def close(self) -> None:
        for child in self.used:
            child.close()


@pytest.fixture(scope="module")
def road() -> Iterator[Road]:
    made = Road()
    yield made
    made.close()


def test_small_groups_do_not_leave_and_the_author_is_told(road: Road) -> None:
    outcome = road.run(GROUPED, TEN)
    assert (outcome.status, outcome.rows) == ("succeeded", 2)
    assert outcome.result is not None
    table = pq.read_table(outcome.result)
    assert table.to_pylist() == [{"who": "big", "n": 12}, {"who": "middle", "n": 10}]
    assert outcome.logical_digest == logical_digest(table, ordered=True)
    assert CANARY.encode() not in outcome.result.read_bytes()
    (told,) = outcome.withheld
    assert (told.rule, told.asked_by) == (OutputRule.SMALLEST_GROUP, (OWNER,))
    assert told.what.startswith("1 row was withheld: it counts fewer than 10")
    assert "stay in the enclave" in outcome.log.read_text()


def test_every_rule_at_once(road: Road) -> None:
    policy = OutputPolicy(smallest_group=10, round_counts_to=10, most_rows=2, withheld_columns=("WHO", "ticket"))
    outcome = road.run(GROUPED, policy)
    assert outcome.result is not None
    assert pq.read_table(outcome.result).to_pydict() == {"n": [10, 10]}
    assert [each.rule for each in outcome.withheld] == ["smallest group", "rounding of counts", "withheld column"]


@pytest.mark.parametrize(
    ("code", "policy", "counts", "words"),
    [
        (GROUPED, OutputPolicy(most_rows=2), ("n",), "more than 2 rows"),
        (GROUPED, TEN, ("flights",), "lacks a column"),
        (GROUPED, TEN, (), "declares no count"),
        (GROUPED, TEN, ("who",), "not a column of numbers"),
        ("SELECT who FROM people", OutputPolicy(withheld_columns=("who",)), (), "must not leave"),
    ],
    ids=["most rows", "count missing", "no count", "count of text", "no column"],
)
def test_result_that_cannot_leave_fails_and_the_log_says_why(
    road: Road, code: str, policy: OutputPolicy, counts: tuple[str, ...], words: str
) -> None:
    outcome = road.run(code, policy, counts=counts)
    assert (outcome.status, outcome.error_class, outcome.result) == ("failed", "OutputPolicy", None)
    assert (outcome.rows, outcome.logical_digest, outcome.withheld) == (None, None, ())
    said = outcome.log.read_text()
    assert words in said
    assert OWNER in said
    assert "Failed: OutputPolicy." in said
    assert CANARY not in said


def test_error_of_the_job_itself_stays_what_it_was(road: Road) -> None:
    outcome = road.run("print('CANARY')\nx = 1\nint('CANARY')".replace("CANARY", CANARY), TEN, language="python")
    assert (outcome.status, outcome.error_class, outcome.error_line) == ("failed", "ValueError", 3)
    assert outcome.log.read_text().startswith("Failed: ValueError at line 3.\nOutput policy: printed text")
    assert CANARY not in outcome.log.read_text()


def test_test_run_keeps_its_printed_text(road: Road) -> None:
    code = "print('seen')\nspark.sql('SELECT 9 AS n UNION ALL SELECT 10')"
    outcome = road.run(code, TEN, language="python", printed=True)
    assert outcome.rows == 1
    assert outcome.log.read_text() == "seen\n"
    failed = road.run(
        code, OutputPolicy(smallest_group=10, most_rows=1), counts=("m",), language="python", printed=True
    )
    assert failed.log.read_text().startswith("seen\nOutput policy: ")


HOSTILE = {
    "no Arrow stream": "open(out, 'wb').write(b'ARROW1' * 1000)",
    "Parquet in its place": "pq.write_table(pa.table({'n': [1]}), out)",
    "lying lengths": "data = bytearray(stream(pa.table({'t': ['a' * 40] * 40, 'n': [3] * 40})))\n"
    "at = data.rindex((3).to_bytes(8, 'little'))\n"
    "data[200:at] = bytes(b ^ 0x7f for b in data[200:at])\nopen(out, 'wb').write(bytes(data))",
    "bomb": "schema = pa.schema([('n', pa.int64())])\n"
    "options = pa.ipc.IpcWriteOptions(compression='zstd')\n"
    "with pa.OSFile(out, 'wb') as f, pa.ipc.new_stream(f, schema, options=options) as w:\n"
    "    w.write_table(pa.table({'n': np.zeros(80_000_000, np.int64)}), max_chunksize=80_000_000)",
}
# The author's code writes into the result file on its own, and ends as if it had made a table.
WRITES = """
import os, io, json, numpy as np, pyarrow as pa, pyarrow.parquet as pq
def stream(table):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
from jupyter_secure_jobs.engines import result
def write(rows, out, **more):
    BODY
result.write = write
spark.range(1)
"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_result_never_leaves(road: Road, kind: str) -> None:
    body = HOSTILE[kind].replace("\n", "\n    ")
    limits = replace(LIMITS, memory_bytes=512 * MEBIBYTE)
    outcome = road.run(WRITES.replace("BODY", body), TEN, language="python", limits=limits)
    name = "MemoryLimit" if kind == "bomb" else "ResultInvalid"
    assert (outcome.status, outcome.error_class, outcome.result) == ("failed", name, None)


def test_code_that_writes_its_rows_itself_is_held_to_the_rules(road: Road) -> None:
    """No trick of the author's process helps: whatever it writes is read in another sandbox, and filtered there."""
    body = f"open(out, 'wb').write(stream(pa.table({{'who': ['{CANARY}', 'big'], 'n': [3, 12]}})))"
    outcome = road.run(WRITES.replace("BODY", body), TEN, language="python")
    assert outcome.result is not None
    assert pq.read_table(outcome.result)["who"].to_pylist() == ["big"]
    assert CANARY.encode() not in outcome.result.read_bytes()


def test_nothing_of_the_rows_is_left_when_the_gate_closes(road: Road) -> None:
    road.run(GROUPED, TEN)
    handed = road.gate.tables / releasing.HANDED_OVER
    assert handed.exists()
    road.gate.close()
    assert not handed.exists()
    assert not road.gate.out.exists()


GOOD: dict[str, Any] = {
    "error_class": None,
    "failure": None,
    "rows": 2,
    "digest": "sha256:" + "0" * 64,
    "withheld": 1,
    "dropped": "0",
}
FORGED: dict[str, dict[str, Any]] = {
    "a field more": {"said": CANARY},
    "rows": {"rows": -1},
    "rows as text": {"rows": "2"},
    "digest": {"digest": CANARY},
    "withheld": {"withheld": CANARY},
    "negative": {"withheld": -1},
    "dropped": {"dropped": CANARY},
    "columns that no rule names": {"dropped": "4"},
    "a column as a list": {"dropped": [0]},
    "failure": {"failure": CANARY},
    "failure as a list": {"failure": [CANARY]},
    "class": {"error_class": CANARY},
    "class as a list": {"error_class": [CANARY]},
}


@pytest.mark.parametrize("forged", FORGED)
def test_reply_of_a_gate_that_was_taken_over_carries_no_words(tmp_path: Path, forged: str) -> None:
    """Only closed forms pass; the file that came with it is not used."""
    rules = combine([(OWNER, OutputPolicy(smallest_group=2, withheld_columns=("a", "b")))], counts=("n",))
    log = tmp_path / "log"
    log.write_text("")
    before = JobOutcome(status="succeeded", error_class=None, error_line=None, rows=None, result=None, log=log,
                        logical_digest=None)  # fmt: skip
    files = {"result": tmp_path / "result"}
    good, _ = releasing._checked(Exit(kind="finished", message=GOOD, files=files), rules, before)
    assert good.status == "succeeded"
    outcome, failure = releasing._checked(
        Exit(kind="finished", message=GOOD | FORGED[forged], files=files), rules, before
    )
    assert (outcome.status, outcome.result, failure) == ("failed", None, None)
    assert CANARY not in json.dumps([outcome.error_class, [each.words() for each in outcome.withheld]])
