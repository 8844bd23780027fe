"""Spark Connect as a door: what a client that nobody invited gets from a server that a job uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pyspark

from bench.cluster import program
from bench.cluster.sail_program import free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SUBMIT: Final = Path(pyspark.__file__).parent / "bin" / "spark-submit"


def _server(engine: str, port: int) -> list[str]:
    if engine == "sail":
        return [sys.executable, "-m", "pysail", "spark", "server", "--port", str(port)]
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
    }
    given = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    return [str(_SUBMIT), "--class", server, "--master", "local[2]", *given, "spark-internal"]


def main(*, folder: str, table: str, engine: str, token: str = "") -> Mapping[str, Any]:
    """Let a job and a stranger connect to one server; return what the stranger got, 1 or 0 each.

    Args:
        folder: for what the server writes.
        table: a folder of Parquet files, which the job makes a temporary view of.
        engine: `sail` or `spark`.
        token: what Spark's own server shall ask of its clients; the stranger has none.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415 -- after the program has started

    port = free_port()
    environment = {**os.environ, "RUST_LOG": "error", "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    if token:
        environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = token
    with (Path(folder) / f"{engine}.log").open("wb") as log:
        process = subprocess.Popen(_server(engine, port), cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(port, process)
        if token:
            stranger = _stranger(port)
            return {"got_in": int(_got(lambda: stranger().range(1).count() == 1))}
        job = SparkSession.builder.remote(f"sc://127.0.0.1:{port}/;user_id=job").create()
        job.read.parquet(table).createOrReplaceTempView("secrets")
        job.sql("SELECT 1 AS secret").createGlobalTempView("shared")
        job.sql("SELECT 1 AS secret").write.saveAsTable("kept")
        rows = job.table("secrets").count()
        return _findings(port, table, rows, cast("Any", job).session_id)
    finally:
        process.kill()
        process.wait()


def _stranger(port: int, more: str = "") -> Callable[[], Any]:
    from pyspark.sql import SparkSession  # noqa: PLC0415 -- as above

    return lambda: SparkSession.builder.remote(f"sc://127.0.0.1:{port}/;{more or 'user_id=stranger'}").create()


def _findings(port: int, table: str, rows: int, session: str) -> dict[str, int]:
    from pyspark.sql import functions as f  # noqa: PLC0415 -- as above

    stranger = _stranger(port)()

    def code() -> Any:  # noqa: ANN401 -- a cell
        function = f.udf(_whose, "string")
        return stranger.range(1).select(function("id").alias("who")).collect()[0]["who"]

    job_again = _stranger(port, f"user_id=job;session_id={session}")
    other_user = _stranger(port, f"user_id=stranger;session_id={session}")
    tries: dict[str, Callable[[], bool]] = {
        "temporary_view": lambda: stranger.table("secrets").count() == rows,
        "global_view": lambda: stranger.table("global_temp.shared").collect()[0][0] == 1,
        "saved_table": lambda: stranger.table("kept").collect()[0][0] == 1,
        "file": lambda: stranger.read.parquet(table).count() == rows,
        "code": lambda: code() == str(os.getuid()),
        "session_by_its_id": lambda: job_again().table("secrets").count() == rows,
        "session_as_other_user": lambda: other_user().table("secrets").count() == rows,
    }
    return {name: int(_got(work)) for name, work in tries.items()}


def _whose(_: int) -> str:
    import os as system  # noqa: PLC0415 -- it is sent to the engine

    return str(system.getuid())


def _got(work: Callable[[], bool]) -> bool:
    try:
        return work()
    except Exception:  # noqa: BLE001 -- each engine refuses in its own way
        return False


if __name__ == "__main__":
    program.main(main)
