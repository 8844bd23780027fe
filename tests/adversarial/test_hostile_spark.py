"""Hostile jobs with Spark: its virtual machine and its Python processes are in the same sandbox, under the same limits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.engines import found
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE
from tests.adversarial.test_hostile_system_calls import EVERY_CALL, NUMBERS
from tests.support.attack import CANARY, END, LIMITS, TRY, Attack, said

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHOUT: Final = found.find(EngineName.SPARK).problem
pytestmark = [pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT), pytest.mark.timeout(600)]
SPARK: Final = replace(LIMITS, seconds=240, memory_bytes=1536 * MEBIBYTE, scratch_bytes=256 * MEBIBYTE)


@pytest.fixture(scope="module")
def spark() -> Iterator[Attack]:
    """Give an attacker whose children have Spark; a plain job must run well after all of them."""
    made = Attack(EngineName.SPARK, SPARK)
    try:
        yield made
        assert made.run("SELECT x + 1 AS y FROM t", language="sql").rows == 1
    finally:
        made.close()


# What the virtual machine is asked to do is asked of it directly, by the door that pyspark itself uses.
REACHES: Final = """
from pyspark.sql import functions as F
java = spark._jvm.java
def path(text):
    return java.nio.file.Path.of(text, spark._sc._gateway.new_array(java.lang.String, 0))
def asked(what):
    try:
        heard.append('got ' + str(what()))
    except BaseException as error:
        text = str(error)
        known = ('Network is unreachable', 'Permission denied', 'Operation not permitted', 'Read-only file system',
                 'PATH_NOT_FOUND', 'NoSuchFileException', 'Read-only', 'AccessDenied')
        heard.append(next((word for word in known if word in text), text[:300]))
asked(lambda: java.net.Socket('192.0.2.1', 80))
asked(lambda: spark.read.text('SECRET').count())
asked(lambda: java.nio.file.Files.readString(path('SECRET')))
asked(lambda: java.nio.file.Files.readString(path('/proc/1/environ')))
asked(lambda: java.io.FileOutputStream('/tables/mine'))
@F.udf('string')
def reach(x):
    import socket
    try:
        socket.create_connection(('192.0.2.1', 80), 1)
    except OSError as error:
        return str(error)
asked(lambda: spark.range(1).select(reach('id')).collect()[0][0])
"""
# Every process of the run but process 1: its bound on data and on core files, its niceness, and what it listens on.
HELD: Final = """
import re, resource
bounds = set()
for entry in filter(str.isdigit, os.listdir('/proc')):
    if entry != '1':
        limits = open(f'/proc/{entry}/limits').read()
        bounds.add((re.search(r'Max data size +(\\S+)', limits)[1] != 'unlimited', re.search(r'Max core file size +(\\S+)', limits)[1], os.getpriority(os.PRIO_PROCESS, int(entry))))
heard.append(str(sorted(bounds)))
machine = next(entry for entry in os.listdir('/proc') if entry.isdigit() and b'SparkSubmit' in open(f'/proc/{entry}/cmdline', 'rb').read())
words = open(f'/proc/{machine}/cmdline', 'rb').read().split(b'\\0')
heard.append(','.join(sorted(word.decode() for word in words if word.startswith((b'-Xmx', b'-XX:+DisableAttach')))))
listening = {line.split()[1].split(':')[0] for name in ('tcp', 'tcp6') for line in open(f'/proc/net/{name}').read().splitlines()[1:] if line.split()[3] == '0A'}
heard.append(str(listening))
heard.append(str([table.name for table in spark.catalog.listTables()]))
"""


def test_virtual_machine_and_its_workers_are_shut_in(spark: Attack) -> None:
    told = said(spark.run(TRY + REACHES + HELD + EVERY_CALL + END))
    reached, held, calls = told[:6], told[6:10], told[10:]
    assert "Network is unreachable" in str(reached[0])
    assert reached[1] == "PATH_NOT_FOUND"
    assert "NoSuchFile" in str(reached[2])
    assert "AccessDenied" in str(reached[3]) or "Permission denied" in str(reached[3])
    assert "Read-only" in str(reached[4])
    assert "unreachable" in str(reached[5])
    assert held[0] == "[(True, '0', 5)]"
    assert held[1] == f"-XX:+DisableAttachMechanism,-Xmx{SPARK.memory_bytes // 2 // MEBIBYTE}m"
    assert held[2] == "{'0100007F'}"
    assert held[3] == "['t']"
    assert set(calls) == {"EPERM"}
    assert len(calls) == len(NUMBERS)


TAKES: Final = {
    "in the virtual machine": ("SELECT collect_list(repeat('x', 1000)) FROM range(10000000)", "sql", "MemoryLimit"),
    "in Python": ("held = [bytearray(2 ** 20) for _ in range(100000)]", "python", "MemoryLimit"),
    "in a worker": (
        "from pyspark.sql import functions as F\n@F.udf('int')\ndef f(x):\n    held = [bytearray(2 ** 20) for _ in range(100000)]\nspark.range(8).select(f('id'))",
        "python",
        "MemoryLimit",
    ),
    "a large result": ("SELECT id, uuid() AS u FROM range(3000000)", "sql", "ResultTooLarge"),
    "scratch": ("while True: spark.range(10 ** 7).write.mode('append').parquet('/tmp/grows')", "python", "DiskFull"),
}


@pytest.mark.parametrize(
    "name",
    ["in the virtual machine", "a large result"]
    + [pytest.param(name, marks=pytest.mark.long) for name in ("in Python", "in a worker", "scratch")],
)
def test_what_takes_too_much_is_ended_with_its_class(spark: Attack, name: str) -> None:
    code, language, expected = TAKES[name]
    outcome = spark.run(code, language=language)  # type: ignore[arg-type]
    assert (outcome.status, outcome.error_class, outcome.result) == ("failed", expected, None)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # What the virtual machine ends with when it has run out, so that the job hears it before anybody can see it.
        ("spark._jvm.java.lang.Runtime.getRuntime().halt(3)", "MemoryLimit"),
        ("spark._jvm.java.lang.Runtime.getRuntime().halt(1)", "WorkerLost"),
        # Refused without its end: buffers outside of its heap have a limit of their own.
        ("spark._jvm.java.nio.ByteBuffer.allocateDirect(2000000000)", "MemoryLimit"),
    ],
)
def test_end_of_the_virtual_machine_has_its_class(spark: Attack, code: str, expected: str) -> None:
    outcome = spark.run(code)
    assert (outcome.status, outcome.error_class) == ("failed", expected)


@pytest.mark.long
def test_time_is_ended(spark: Attack) -> None:
    code = "SELECT count(*) FROM range(10000000) a CROSS JOIN range(10000000) b WHERE a.id * b.id % 7 = 8"
    assert spark.run(code, language="sql", limits=replace(SPARK, seconds=1)).error_class == "TimeLimit"


QUOTES: Final = f"""
import sys
from pyspark.sql import functions as F
@F.udf('int')
def f(x):
    return int('{CANARY}')
try:
    spark.range(1).select(f('id')).collect()
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
spark.range(1).select(F.lit('{CANARY}').cast('int')).collect()
"""


def test_words_of_the_engine_stay_out_of_the_log(spark: Attack) -> None:
    outcome = spark.run(QUOTES, policy="standard")
    assert outcome.error_class in {"CAST_INVALID_INPUT", "NumberFormatException"}
    assert outcome.log.read_text() == f"Failed: {outcome.error_class} at line 11.\n"
