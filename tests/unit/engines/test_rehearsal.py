"""The engine is started and rehearsed before the job comes; the author's code finds nothing of that, and all limits."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.engines.run import start_child
from tests.support.attack import LIMITS, Attack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.engines.conftest import Bench

SEEN = """
import json, os, resource
tasks = os.listdir("/proc/self/task")
files = ["/proc/self/fd/" + name for name in os.listdir("/proc/self/fd")]
def priority(task):
    try:
        return os.getpriority(os.PRIO_PROCESS, int(task))
    except ProcessLookupError:
        return 5  # it ended meanwhile
print(json.dumps({
    "tables": [table.name for table in spark.catalog.listTables()],
    "scratch": sorted(os.listdir("/tmp")),
    "priorities": sorted({priority(task) for task in tasks}),
    "threads": len(tasks),
    "data": resource.getrlimit(resource.RLIMIT_DATA)[0],
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "open": sorted({os.readlink(file) for file in files if os.path.lexists(file)}),
}))
spark.table("planes")
"""


def test_nothing_of_the_rehearsal_is_left_and_every_limit_holds(bench: Bench) -> None:
    outcome = bench.run(SEEN)
    assert outcome.status == "succeeded", outcome.log.read_text()
    found: dict[str, Any] = json.loads(outcome.log.read_text().splitlines()[0])
    assert found["tables"] == ["planes"]
    assert not [name for name in found["scratch"] if name.startswith("tmp")]
    # What it prints, its result, its plans and its report; the file and the pipe by which the job came are closed. The
    # pipe that is left says how the job's process ends.
    assert sum("(deleted)" in name for name in found["open"]) == 4
    assert sum(name.startswith("pipe:") for name in found["open"]) == 1
    # The engine's threads were there before the job: they too give way to process 1.
    assert found["threads"] > 1
    assert found["priorities"] == [5]
    assert found["data"] != resource.RLIM_INFINITY
    assert found["core"] == 0


LEAN = """
import gc, json, sys
from pyspark.sql import functions
heard = {"early": sorted({"IPython", "ipykernel"} & set(sys.modules))}
rows = spark.table("planes").withColumn("more", functions.col("seats") + 1)
rows.toPandas()
heard["late"] = sorted({"IPython", "ipykernel"} & set(sys.modules))
class Node: pass
node = Node()
node.itself = node
del node
heard["cycles"] = gc.isenabled() and gc.collect() > 0
import IPython
heard["shell"] = IPython.get_ipython() is None and "IPython" in sys.modules
print(json.dumps(heard))
rows
"""


def test_a_notebook_is_imported_by_nobody_but_an_author_who_asks_for_it(bench: Bench) -> None:
    """PySpark looks whether it is in one: at its own start, and at the first column that the author makes."""
    outcome = bench.run(LEAN)
    assert outcome.status == "succeeded", outcome.log.read_text()
    found: dict[str, Any] = json.loads(outcome.log.read_text().splitlines()[0])
    assert found == {"early": [], "late": [], "cycles": True, "shell": True}


def test_a_child_may_wait_for_longer_than_a_start_may_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for coming up counts from the moment that somebody waits, not from the start ahead of it."""
    monkeypatch.setattr("jupyter_secure_jobs.sandbox.child._START_SECONDS", -1)
    with start_child(tmp_path) as child:
        monkeypatch.setattr("jupyter_secure_jobs.sandbox.child._START_SECONDS", 60)
        child.wait_until_ready()


FORGETS = """
import sys, time
from pysail.spark import SparkConnectServer
from jupyter_secure_jobs.engines import sail
sail._SESSION_SECONDS = int(sys.argv[1])
engine = sail.Sail.start()
session = engine.session({})
session.sql("SELECT 1 AS a").createOrReplaceTempView("v")
time.sleep(6)
print(session.table("v").count())
"""


@pytest.mark.parametrize(("seconds", "told"), [(1, "is not running"), (3600, "1\n")])
def test_engine_forgets_an_idle_session_after_the_time_that_we_set(seconds: int, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGETS, str(seconds)], capture_output=True, text=True, timeout=100, check=False
    )
    assert told in done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.timeout(900)
def test_job_that_computes_in_python_for_long_keeps_its_session() -> None:
    """The engine's own time is five minutes."""
    attack = Attack(limits=replace(LIMITS, seconds=900))
    try:
        outcome = attack.run("import time\ntime.sleep(400)\nspark.table('t')")
        assert outcome.status == "succeeded", outcome.log.read_text()
    finally:
        attack.close()
