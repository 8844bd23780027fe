"""A Spark cluster of processes on this machine: modular encryption with keys from a door, and who else gets them."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyspark

from bench.cluster import data, jar, program, sandboxed
from bench.cluster.door import Door

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import SparkSession

EXECUTORS: Final = 2
_TOKEN: Final = "parquet.encryption.key.access.token"  # noqa: S105 -- a setting's name
_SPARK: Final = Path(pyspark.__file__).parent
_JAVA: Final = Path(shutil.which("java") or "/usr/bin/java").resolve()
_SETTINGS: Final = (_JAVA.parents[1] / "conf" / "security" / "java.security").resolve().parents[1]


def _home(folder: Path) -> Path:
    """Make a home of Spark in which a local cluster's workers may write: they do so below it, and nowhere else."""
    folder.mkdir()
    for part in _SPARK.iterdir():
        if part.name != "work":
            (folder / part.name).symlink_to(part)
    return folder


@contextmanager
def cluster(folder: Path, settings: Mapping[str, str], *, sandbox: Path | None = None) -> Iterator[SparkSession]:
    """Give a session on a cluster of a master, two workers and two executors, which are processes of their own.

    Args:
        folder: for what Spark writes.
        settings: further ones.
        sandbox: if given, each executor runs in the product's sandbox with the caller's network, and sees what lies
            in `tables` there, by the same name.
    """
    os.environ |= {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_HOSTNAME": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(_home(folder / "home")),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    from pyspark.sql import SparkSession  # noqa: PLC0415 -- it reads the environment

    builder = SparkSession.builder.master(f"local-cluster[{EXECUTORS},1,1024]")
    given = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "4",
        "spark.log.level": "ERROR",
    }
    if sandbox is not None:
        home = folder / "java"
        (home / "bin").mkdir(parents=True)
        # Java asks for the address of its own host's name, and Hadoop for the name of its user; both are `job`.
        hosts, users = folder / "hosts", folder / "users"
        hosts.write_text("127.0.0.1 localhost job\n")
        users.write_text("job:x:65534:65534::/tmp/home:/bin/false\n")
        sandboxed.script(
            home / "bin" / "java",
            [str(_JAVA)],
            root=sandbox,
            shared_network=True,
            # The driver plans and names files and jars by places that both must see.
            shown={
                str(sandbox / "tables"): str(sandbox / "tables"),
                str(folder / "home" / "jars"): str(_SPARK / "jars"),
                # Debian keeps the settings of Java below /etc.
                str(_SETTINGS): str(_SETTINGS),
                "/etc/hosts": str(hosts),
                "/etc/passwd": str(users),
            },
            told=("SPARK_", "PYSPARK_PYTHON"),
        )
        given["spark.executorEnv.JAVA_HOME"] = str(home)
        given["spark.executorEnv.SPARK_LOCAL_DIRS"] = "/tmp/work"  # noqa: S108 -- the sandbox's own file system
    for name, value in {**given, **settings}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def _key_settings(door: Door, classes: Path) -> dict[str, str]:
    return {
        "spark.driver.extraClassPath": str(classes),
        "spark.executor.extraClassPath": str(classes),
        "spark.hadoop.parquet.crypto.factory.class": (
            "org.apache.parquet.crypto.keytools.PropertiesDrivenCryptoFactory"
        ),
        "spark.hadoop.parquet.encryption.kms.client.class": jar.CLASS,
        "spark.hadoop.parquet.encryption.kms.instance.url": door.address,
    }


def _ask(session: SparkSession, place: Path, query: str) -> tuple[float, Any]:
    tick = time.perf_counter()
    session.read.parquet(str(place)).createOrReplaceTempView("t")
    rows = session.sql(data.QUERIES[query].format(table="t")).collect()
    return (time.perf_counter() - tick) * 1000, rows


def reading(*, folder: str, prepared: str, rounds: int) -> Mapping[str, Any]:
    """Return the milliseconds of plain and encrypted files and each query, and what the door saw and others got."""
    made = data.Prepared(folder=Path(prepared))
    right = data.answers(made)
    classes = jar.compile_into(Path(folder) / "classes")
    taken: dict[str, Any] = {}
    with Door(made.master) as door, cluster(Path(folder), _key_settings(door, classes)) as session:
        token = door.admit()
        session.conf.set(_TOKEN, token)
        for number in range(rounds + 1):
            for query in data.QUERIES:
                for way, place in (("plain", made.plain), ("modular", made.modular)):
                    milliseconds, rows = _ask(session, place, query)
                    data.check(rows, right[query], who=f"Spark, {way}")
                    if number:
                        taken.setdefault(f"{way}_{query}", []).append(milliseconds)
        return {**taken, **_keys(session, door, made, token)}


def _keys(session: SparkSession, door: Door, made: data.Prepared, token: str) -> dict[str, float]:
    """Return how often the door was asked, and what happens with other tokens and to the key in memory."""
    found: dict[str, float] = {
        "requests": len(door.asked),
        "executors_asking": len({who for _, who in door.asked}),
    }
    session.conf.set(_TOKEN, door.admit())
    _ask(session, made.modular, "narrow")
    found["requests_of_next_job"] = len(door.asked) - found["requests"]
    before = len(door.asked)
    session.conf.set(_TOKEN, "job-of-nobody")
    found["reads_without_token"] = _works(lambda: _ask(session, made.modular, "narrow"))
    found["refusals"] = len(door.asked) - before
    session.conf.set(_TOKEN, token)
    door.withdraw(token)
    before = len(door.asked)
    found["reads_after_withdrawal"] = _works(lambda: _ask(session, made.modular, "narrow"))
    found["requests_after_withdrawal"] = len(door.asked) - before
    keys, tokens = _hunt(session, door)
    return {**found, "keys_found_by_udf": keys, "tokens_found_by_udf": tokens}


def _works(work: Callable[[], Any]) -> int:
    try:
        work()
    except Exception:  # noqa: BLE001 -- a refusal reaches Python as one of many classes
        return 0
    return 1


def _hunt(session: SparkSession, door: Door) -> tuple[int, int]:
    """Let a Python UDF look for the key in the memory of the executor that started it."""
    from pyspark.sql import functions as f  # noqa: PLC0415 -- with the session

    # The function travels through the executor's memory: what it looks for is masked in it.
    masked = [bytes(byte ^ 0xFF for byte in key) for key in door.released]
    rows = session.range(1).select(f.udf(_hunter(masked), "string")("id").alias("found")).collect()
    keys, tokens = re.findall(r"\d+", rows[0]["found"])
    return int(keys), int(tokens)


def _hunter(masked: list[bytes]) -> Callable[[int], str]:
    def look(_: int) -> str:
        import os as system  # noqa: PLC0415 -- it is sent to the executor
        from pathlib import Path as Place  # noqa: PLC0415 -- as above

        keys = [bytes(byte ^ 0xFF for byte in key) for key in masked]
        process = system.getpid()
        while Place(f"/proc/{process}/comm").read_text().strip() != "java":
            process = int(Place(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        seen, tokens = 0, 0
        with Place(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
            for line in Place(f"/proc/{process}/maps").read_text().splitlines():
                where, rights = line.split()[:2]
                start, end = (int(number, 16) for number in where.split("-"))
                while rights.startswith("rw") and start < end:
                    try:
                        memory.seek(start)
                        chunk = memory.read(min(end - start, 1 << 24))
                    except (OSError, ValueError, OverflowError):
                        break
                    if not chunk:
                        break
                    seen += sum(chunk.count(key) for key in keys)
                    tokens += chunk.count(b"job-of-nobody")
                    start += len(chunk)
        return f"{seen} {tokens}"

    return look


def start(*, folder: str, prepared: str, sandbox: bool) -> Mapping[str, Any]:
    """Start a cluster to its first answer, its executors plain or each in the product's sandbox."""
    made = data.Prepared(folder=Path(prepared))
    right = data.answers(made)
    root = Path(folder) / "root"
    tables = root / "tables"
    tables.mkdir(parents=True)
    for file in made.plain.iterdir():
        shutil.copyfile(file, tables / file.name)
    tick = time.perf_counter()
    with cluster(Path(folder), {}, sandbox=root if sandbox else None) as session:
        _, rows = _ask(session, tables, "wide")
        taken = (time.perf_counter() - tick) * 1000
        data.check(rows, right["wide"], who="Spark")
        return {"taken": [taken]}


def main(*, what: str, **settings: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- handed on
    """Do one of the two."""
    parts: Mapping[str, Callable[..., Mapping[str, Any]]] = {"reading": reading, "start": start}
    return parts[what](**settings)


if __name__ == "__main__":
    program.main(main)
