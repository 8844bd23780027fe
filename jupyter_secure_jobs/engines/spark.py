"""Spark on the Java virtual machine, beside this process in the sandbox: what Sail lacks, at the price of its start."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.sandbox import supervisor
from jupyter_secure_jobs.sandbox.bubblewrap import Needs
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType

    from jupyter_secure_jobs.engines.java import Java
    from jupyter_secure_jobs.sandbox.limits import Limits

_SCRATCH: Final = "/tmp"  # noqa: S108 -- the sandbox's own file system
# Processor time of the virtual machine's own start and rehearsal; the author's code has not come by then.
_START_SECONDS: Final = 120
_OUT_OF_MEMORY: Final = 3
_END_SECONDS: Final = 5
BATCH_ROWS: Final = 65_536


def needs(runtime: Java) -> Needs:
    """Return what the sandbox must hold for Spark on this runtime.

    Hadoop's classes ask who the user is, and Spark what the host is called: both get the sandbox's own small answer.
    """
    etc = Path(str(resources.files("jupyter_secure_jobs.engines").joinpath("etc")))
    shown = {**runtime.shown(), etc / "passwd": Path("/etc/passwd"), etc / "hosts": Path("/etc/hosts")}
    return Needs(
        shown=shown,
        environment={
            "JAVA_HOME": str(runtime.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_HOSTNAME": "localhost",
            "SPARK_LOCAL_DIRS": f"{_SCRATCH}/spark",
            "SPARK_CONF_DIR": f"{_SCRATCH}/home",
            "PYSPARK_PYTHON": sys.executable,
        },
    )


def jars() -> Path | None:
    """Return the folder of Spark's Java classes, if pyspark came with them (`pyspark-client` does not)."""
    spec = importlib.util.find_spec("pyspark")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place, "jars")
        if any(folder.glob("spark-core_*.jar")):
            return folder
    return None


def heap_bytes(memory: int) -> int:
    """Return how much of a run's memory the virtual machine may fill with objects.

    The other half is for what it needs beside (classes, compiled code, threads, buffers), for this process and for the
    Python processes of user-defined functions; the watcher counts all of it together.
    """
    return memory // 2


def _java_options(ceiling: Limits) -> list[str]:
    cores = min(ceiling.cores, os.cpu_count() or 1)
    return [
        f"-Xms{min(256, heap_bytes(ceiling.memory_bytes) // MEBIBYTE)}m",
        f"-XX:ActiveProcessorCount={cores}",
        f"-XX:MaxDirectMemorySize={max(128, ceiling.memory_bytes // 8 // MEBIBYTE)}m",
        "-XX:ReservedCodeCacheSize=160m",
        "-XX:+UseSerialGC" if cores <= 2 else "-XX:+UseParallelGC",  # noqa: PLR2004 -- what two processors gain from
        # After it ran out of memory nothing of it can be trusted to go on; its end has a code of its own.
        "-XX:+ExitOnOutOfMemoryError",
        # No files and no doors that anybody could look into it by.
        "-XX:-UsePerfData",
        "-XX:+DisableAttachMechanism",
        f"-XX:ErrorFile={os.devnull}",
        "-Djava.net.preferIPv4Stack=true",
        f"-Djava.io.tmpdir={_SCRATCH}",
        "-Duser.timezone=UTC",
        "-Duser.language=en",
        "-Dlog4j2.level=OFF",
    ]


def _configuration(ceiling: Limits) -> dict[str, str]:
    cores = min(ceiling.cores, os.cpu_count() or 1)
    return {
        "spark.master": f"local[{cores}]",
        "spark.app.name": "job",
        "spark.driver.memory": f"{heap_bytes(ceiling.memory_bytes) // MEBIBYTE}m",
        "spark.driver.extraJavaOptions": " ".join(_java_options(ceiling)),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # The result's own limit holds; it is in bytes of Parquet.
        "spark.driver.maxResultSize": "0",
        "spark.local.dir": f"{_SCRATCH}/spark",
        "spark.checkpoint.dir": f"{_SCRATCH}/spark/checkpoints",
        "spark.log.level": "OFF",
        "spark.python.daemon.module": "jupyter_secure_jobs.engines.spark_daemon",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": f"{_SCRATCH}/work/spark-warehouse",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # Tables here are of one machine: 200 tasks for each shuffle would mostly wait for each other.
        "spark.sql.shuffle.partitions": str(4 * cores),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A running Spark: its one session, and the process of its virtual machine."""

    shows_plans: ClassVar[bool] = False
    first: SparkSession
    machine: subprocess.Popen[bytes]

    @classmethod
    def start(cls, ceiling: Limits) -> Self:
        """Start the virtual machine, held to the ceiling from its first moment; see `engine.start`.

        A process inside cannot change the limits of another one later, so that the ceiling has to be the job's own.
        """
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 -- after the fork, and only where it is used
        from pyspark.java_gateway import launch_gateway  # noqa: PLC0415 -- as above
        from pyspark.sql import SparkSession  # noqa: PLC0415 -- as above

        supervisor.confine(replace(ceiling, seconds=ceiling.seconds + _START_SECONDS))
        configuration = _configuration(ceiling)
        words = [word for name, value in configuration.items() for word in ("--conf", f"{name}={value}")]
        os.environ["PYSPARK_SUBMIT_ARGS"] = shlex.join([*words, "pyspark-shell"])
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        gateway = cast("Any", launch_gateway)(popen_kwargs=silent)
        del os.environ["PYSPARK_SUBMIT_ARGS"]
        context = SparkContext(gateway=gateway, conf=SparkConf())
        # It would write each error a second time, with the whole stack of the virtual machine, to the standard error.
        logging.getLogger("SQLQueryContextLogger").disabled = True
        return cls(first=SparkSession(context), machine=gateway.proc)

    def session(self, settings: Mapping[str, str]) -> SparkSession:
        """Return the one session."""
        for name, value in settings.items():
            self.first.conf.set(name, value)
        return self.first

    def rehearse(self) -> None:
        """Rehearse in a session beside the job's."""
        from jupyter_secure_jobs.engines.rehearsal import rehearse  # noqa: PLC0415 -- needs the session's classes

        rehearse(self, self.first.newSession())

    def stream(self, rows: DataFrame) -> Iterator[pa.Table]:
        """Yield the rows in their order.

        Collecting holds a whole partition in the virtual machine's memory, and the tasks' order comes last. So Spark
        writes the rows into scratch, a file for each partition, and they are read from there batch by batch.
        """
        from pyspark.sql.pandas.types import to_arrow_schema  # noqa: PLC0415 -- as above

        schema = to_arrow_schema(rows.schema, error_on_duplicated_field_names_in_struct=True, timezone="UTC")
        if not all(_is_plain(field.dataType) for field in rows.schema.fields):
            # Of a type that Spark's Parquet writer does not take, or not in this form.
            yield rows.toArrow().cast(schema)
            return
        with tempfile.TemporaryDirectory(prefix="rows-") as folder:
            place = Path(folder, "rows")
            # The names may be doubled, or hold what a file of Parquet cannot; their places are enough.
            named = rows.toDF(*(str(index) for index in range(len(rows.columns))))
            named.write.parquet(str(place))
            for file in sorted(place.glob("part-*")):
                with pq.ParquetFile(file) as part:
                    for batch in part.iter_batches(BATCH_ROWS):
                        yield pa.Table.from_batches([batch]).rename_columns(schema.names).cast(schema)
                file.unlink()
        # It may have no partition at all, and then no part; the schema has to come all the same.
        yield schema.empty_table()

    def ended_by(self, error: BaseException) -> str | None:
        """Return why the virtual machine ended, if it did: for want of memory, or in another way."""
        from py4j.protocol import Py4JNetworkError  # noqa: PLC0415 -- as above

        code = self.machine.poll()
        if code is None and isinstance(error, (Py4JNetworkError, ConnectionError)):
            # Its connections are closed a moment before its end can be seen.
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.machine.wait(_END_SECONDS)
        if code is None:
            return None
        return "MemoryLimit" if code == _OUT_OF_MEMORY else "WorkerLost"

    def stop(self) -> None:
        """End the virtual machine."""
        self.first.stop()
        self.machine.kill()
        self.machine.wait()
        shutil.rmtree(f"{_SCRATCH}/spark", ignore_errors=True)


def _is_plain(kind: DataType) -> bool:
    """Whether a type goes through a file of Parquet unchanged."""
    from pyspark.sql import types  # noqa: PLC0415 -- as above

    if isinstance(kind, types.StructType):
        return bool(kind.fields) and all(_is_plain(field.dataType) for field in kind.fields)
    if isinstance(kind, types.ArrayType):
        return _is_plain(kind.elementType)
    if isinstance(kind, types.MapType):
        return _is_plain(kind.keyType) and _is_plain(kind.valueType)
    plain = (
        *(types.BooleanType, types.ByteType, types.ShortType, types.IntegerType, types.LongType, types.FloatType),
        *(types.DoubleType, types.DecimalType, types.StringType, types.BinaryType, types.DateType),
        *(types.TimestampType, types.TimestampNTZType),
    )
    return isinstance(kind, plain)
