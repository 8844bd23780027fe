"""Jobs that look for files, devices and facts of the host: through Python's calls, and through Sail's readers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.attack import CANARY, END, TRY, said
from tests.support.process import ROOT

if TYPE_CHECKING:
    from tests.support.attack import Attack

ABSENT: Final = (
    "/etc/passwd",
    "/etc/shadow",
    "/etc/hostname",
    "/etc/machine-id",
    "/etc/ssh",
    "/root/.ssh",
    "/root/.bashrc",
    "/home",
    "/var",
    "/run",
    "/run/user",
    "/run/docker.sock",
    "/opt",
    "/srv",
    "/mnt",
    "/boot",
    "/sys",
    "/sys/kernel",
    "/sys/fs/cgroup",
    "/sys/firmware",
    "/dev/mem",
    "/dev/kmsg",
    "/dev/sda",
    "/dev/vda",
    "/dev/loop0",
    "/dev/loop-control",
    "/dev/kvm",
    "/dev/fuse",
    "/dev/net/tun",
    "/dev/mqueue",
    "/proc/PARENT",
    "/proc/PARENT/environ",
    "/proc/PARENT/root/etc/passwd",
    "SECRET",
    str(ROOT / "pyproject.toml"),
    str(ROOT / "tests"),
    str(ROOT / ".git"),
    str(Path.home() / ".local"),
)
# There, but closed: for a worker that runs as root too.
CLOSED: Final = (
    "/proc/1/mem",
    "/proc/1/maps",
    "/proc/1/environ",
    "/proc/1/fd/3",
    "/proc/1/cwd",
    "/proc/1/root",
    "/proc/kcore",
    "/proc/kmsg",
    "/proc/keys",
    "/proc/kallsyms",
    "/proc/timer_list",
    "/proc/kpageflags",
    "/proc/slabinfo",
    "/proc/vmallocinfo",
)
UNWRITABLE: Final = (
    "/tables/new",
    "/tables/t.parquet",
    "/new",
    "/usr/new",
    "/etc/new",
    "/dev/new",
    "/dev/shm/new",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname",
    "/proc/sysrq-trigger",
    "/proc/self/uid_map",
    "/proc/self/oom_score_adj",
    "/proc/1/oom_score_adj",
    "/proc/irq/default_smp_affinity",
    str(Path(os.__file__)),
    str(Path(pa.__file__)),
    str(Path(sys.executable)),
)
LOOK: Final = """
def look(path):
    return os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(16)
def change(path):
    # Opening is enough: writing would harm the host if the defence were absent.
    return os.close(os.open(path, os.O_WRONLY | (0 if os.path.exists(path) else os.O_CREAT)))
"""


@pytest.fixture(scope="module")
def heard(attack: Attack) -> dict[str, object]:
    """Give what one job heard of every place."""
    calls = [f"attempt(lambda: look({path!r}))" for path in (*ABSENT, *CLOSED)]
    calls += [f"attempt(lambda: change({path!r}))" for path in UNWRITABLE]
    names = [*ABSENT, *CLOSED, *(f"write {path}" for path in UNWRITABLE)]
    return dict(zip(names, said(attack.run(TRY + LOOK + "\n".join(calls) + END)), strict=True))


@pytest.mark.parametrize("path", ABSENT)
def test_place_of_the_host_is_not_there(heard: dict[str, object], path: str) -> None:
    assert heard[path] == "ENOENT"


def test_some_of_the_places_are_there_outside() -> None:
    there = [path for path in ABSENT if Path(path).exists()]
    assert len(there) >= 15, there
    assert {"/etc/passwd", "/sys/kernel", "/var"} <= set(there)


@pytest.mark.parametrize("path", CLOSED)
def test_place_that_tells_of_the_host_is_closed(heard: dict[str, object], path: str) -> None:
    assert heard[path] in {"EACCES", "EPERM", "ENOENT"}


@pytest.mark.parametrize("path", UNWRITABLE)
def test_place_cannot_be_written(heard: dict[str, object], path: str) -> None:
    assert heard[f"write {path}"] in {"EROFS", "EACCES", "EPERM", "ENOENT", "ETXTBSY"}


def test_only_what_the_job_declared_is_there(attack: Attack) -> None:
    code = """
for place in ('/tables', '/tmp/work', '/tmp/home', '/dev/shm', '/dev/pts'):
    heard.append(' '.join(sorted(os.listdir(place))))
heard.append(' '.join(sorted(name for name in os.listdir('/proc') if name.isdigit() and int(name) not in (1, os.getpid()))))
heard.append(' '.join(sorted(set(line.split()[0].rstrip(':') for line in open('/proc/net/dev') if ':' in line))))
heard.append(str(len(open('/proc/net/route').read().splitlines()) - 1))
"""
    assert said(attack.run(TRY + code + END)) == ["t.parquet", "", "", "", "ptmx", "", "lo", "0"]


# -- Sail's readers and writers -----------------------------------------------------------------------------------

# Each is run by Python, so that one child tries them all; `SECRET` is a file of the host that holds a canary.
READERS: Final = {
    "text": "spark.sql('SELECT * FROM text.`/etc/passwd`')",
    "csv": "spark.sql('SELECT * FROM csv.`/etc/passwd`')",
    "json": "spark.sql('SELECT * FROM json.`/etc/passwd`')",
    "parquet": "spark.sql('SELECT * FROM parquet.`/etc/passwd`')",
    "binary": "spark.sql('SELECT * FROM binaryFile.`/etc/passwd`')",
    "avro": "spark.read.format('avro').load('/etc/passwd')",
    "file URL": "spark.read.text('file:///etc/passwd')",
    "file URL with a host": "spark.read.text('file://localhost/etc/passwd')",
    "a secret of the parent's": "spark.read.text('SECRET')",
    "above the folder": "spark.read.text('../../../../../etc/passwd')",
    "a pattern": "spark.read.text('/etc/pass*')",
    "a folder": "spark.read.option('recursiveFileLookup', 'true').text('/root')",
    "a link": "(os.symlink('/etc/passwd', '/tmp/link'), spark.read.text('/tmp/link'))[1]",
    "the parent's memory": "spark.read.text('/proc/PARENT/maps')",
    "the supervisor's environment": "spark.read.text('/proc/1/environ')",
    "the supervisor's memory": "spark.read.format('binaryFile').load('/proc/1/mem')",
    "external table": "(spark.sql(\"CREATE TABLE outside (a string) USING csv LOCATION '/etc/passwd'\"), spark.table('outside'))[1]",
    "Delta": "spark.read.format('delta').load('/etc')",
    "Iceberg": "spark.read.format('iceberg').load('/etc')",
    "Hugging Face": "spark.read.text('hf://datasets/a/b')",
    "S3": "spark.sql('SELECT * FROM parquet.`s3://bucket/a.parquet`')",
    "HDFS": "spark.read.parquet('hdfs://192.0.2.1:9000/a')",
    "HTTP": "spark.read.csv('http://127.0.0.1:9/a.csv')",
    "JDBC": "spark.read.format('jdbc').option('url', 'jdbc:postgresql://192.0.2.1/x').option('dbtable', 'x').load()",
    "stream from a socket": "spark.readStream.format('socket').option('host', '192.0.2.1').option('port', 9).load()",
    "another dataset's files": "spark.read.parquet('/tables/001-00000.parquet')",
    "artifact": "spark.addArtifacts('/etc/passwd', file=True) or spark.range(1)",
}  # fmt: skip
WRITERS: Final = {
    "parquet to the system": "spark.table('t').write.parquet('/usr/new')",
    "csv to the tables": "spark.table('t').write.csv('/tables/new')",
    "over the tables": "spark.table('t').write.mode('overwrite').parquet('/tables/t.parquet')",
    "json to a file URL": "spark.table('t').write.json('file:///dev/shm/new')",
    "S3": "spark.table('t').write.csv('s3://bucket/new')",
    "HTTP": "spark.table('t').write.csv('http://127.0.0.1:9/new')",
    "a directory": "spark.sql(\"INSERT OVERWRITE DIRECTORY '/usr/new' USING parquet SELECT * FROM t\").collect()",
    "a table's place": "spark.sql(\"CREATE TABLE new USING parquet LOCATION '/usr/new' AS SELECT * FROM t\").collect()",
    "COPY": "spark.sql(\"COPY INTO t FROM '/etc/passwd'\").collect()",
    "ADD JAR": "spark.sql(\"ADD JAR '/etc/passwd'\").collect()",
    "ADD FILE": "spark.sql(\"ADD FILE '/etc/passwd'\").collect()",
    "SET": "spark.sql('SET spark.sql.warehouse.dir=/usr').collect()",
    "a function of a library": "spark.sql(\"CREATE FUNCTION evil AS 'java.lang.Runtime' USING JAR '/tmp/x.jar'\").collect()",
}
# gs:// and az:// ask a service for a key first, some seconds long.
SLOW: Final = {
    "Google": "spark.read.parquet('gs://bucket/a.parquet')",
    "Azure": "spark.read.parquet('abfss://c@a.dfs.core.windows.net/a')",
    "HTTPS": "spark.read.csv('https://192.0.2.1/a.csv')",
}
COUNT: Final = """
def rows(frame):
    try:
        heard.append(f'{len(frame().collect())} rows')
    except BaseException as error:
        heard.append('refused')
"""


def tried(attack: Attack, readers: dict[str, str]) -> dict[str, object]:
    """Run every reader in one job; return what each gave, by its name."""
    calls = "".join(f"rows(lambda: {text})\n" for text in readers.values())
    return dict(zip(readers, said(attack.run(TRY + COUNT + calls + END)), strict=True))


@pytest.fixture(scope="module")
def read(attack: Attack) -> dict[str, object]:
    return tried(attack, {"the job's own table": "spark.table('t')", **READERS})


@pytest.mark.parametrize("name", READERS)
def test_reader_finds_nothing(read: dict[str, object], name: str) -> None:
    assert read["the job's own table"] == "1 rows"
    assert read[name] in ({"refused", "0 rows"} if name != "artifact" else {"refused"})


@pytest.mark.long
def test_reader_that_asks_the_network_finds_nothing(attack: Attack) -> None:
    assert set(tried(attack, SLOW).values()) == {"refused"}


@pytest.fixture(scope="module")
def written(attack: Attack) -> dict[str, object]:
    # A write that succeeds gives None, on which `collect` fails: it would be taken for a refusal.
    return tried(attack, {name: f"({text}, spark.range(1))[1]" for name, text in WRITERS.items()})


@pytest.mark.parametrize("name", WRITERS)
def test_writer_reaches_nothing(written: dict[str, object], name: str) -> None:
    assert written[name] == "refused"


def test_write_to_scratch_is_possible(attack: Attack) -> None:
    assert tried(attack, {"scratch": "(spark.table('t').write.parquet('/tmp/new'), spark.range(1))[1]"}) == {
        "scratch": "1 rows"
    }


def test_managed_table_stays_in_the_sandbox(attack: Attack) -> None:
    code = "spark.table('t').write.saveAsTable('mine')\nheard.append(str(spark.table('mine').count()))\n"
    before = set(os.listdir("/")) | set(os.listdir(attack.home))  # noqa: PTH208 -- plain names
    assert said(attack.run(TRY + code + END)) == ["1"]
    assert set(os.listdir("/")) | set(os.listdir(attack.home)) == before  # noqa: PTH208 -- as above


def test_udf_in_the_engine_sees_no_more_than_the_job(attack: Attack) -> None:
    code = """
from pyspark.sql import functions as F
@F.udf('string')
def look(path):
    import ctypes, os
    try:
        if path == 'memfd':
            done = ctypes.CDLL(None).memfd_create(b'x', 0)
            return 'refused' if done < 0 else 'got'
        if path == 'connect':
            import socket
            socket.create_connection(('192.0.2.1', 80), 2)
        return 'got ' + open(path).read(20)
    except OSError:
        return 'refused'
frame = spark.createDataFrame([(p,) for p in ('/etc/passwd', 'SECRET', '/proc/1/environ', '/proc/PARENT/environ', 'memfd', 'connect')], 'p string')
heard += [row[0] for row in frame.select(look('p')).collect()]
@F.pandas_udf('string')
def batch(paths):
    def try_one(path):
        try:
            return 'got ' + open(path).read(20)
        except OSError:
            return 'refused'
    return paths.map(try_one)
heard += [row[0] for row in frame.limit(4).select(batch('p')).collect()]
"""
    assert said(attack.run(TRY + code + END)) == ["refused"] * 10


def test_undeclared_table_is_not_there(attack: Attack) -> None:
    data = {"mine": pa.table({"x": [1]})}
    outcome = attack.run("SELECT * FROM t", language="sql", data=data)
    assert (outcome.status, outcome.error_class) == ("failed", "TABLE_OR_VIEW_NOT_FOUND")


def test_secret_of_the_parent_is_readable_outside(attack: Attack) -> None:
    assert (attack.home / "secret").read_text() == CANARY
    pq.write_table(pa.table({"x": [1]}), attack.home / "t.parquet")
    outcome = attack.run(f"SELECT * FROM parquet.`{attack.home / 't.parquet'}`", language="sql")
    assert outcome.status == "failed"
    assert pq.read_table(attack.home / "t.parquet").num_rows == 1
