"""A plain process that runs the author's text on plain files: `python -m bench.tpch_plain ENGINE FOLDER OUT CODE`.

It prints `ready` once its engine runs, begins when a line comes, and prints `done` when the result is written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """One process's milliseconds: until its engine ran, and from then until the result was written."""

    start: float
    run: float


def run(engine: str, folder: Path, out: Path, code: Path) -> Plain:
    """Start a fresh process, let it run, and measure both parts.

    Raises:
        RuntimeError: it failed; with its last words, which are of a benchmark's public data.
    """
    tick = time.perf_counter()
    command = [sys.executable, "-m", "bench.tpch_plain", engine, str(folder), str(out), str(code)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("The plain process has no pipes.")
        ready = process.stdout.readline()
        started = time.perf_counter()
        if ready.strip() == "ready":
            process.stdin.write("go\n")
            process.stdin.flush()
        done = process.stdout.readline()
        ended = time.perf_counter()
        if done.strip() != "done":
            raise RuntimeError(f"{engine} failed: {process.stderr.read()[-600:]}")
    return Plain(start=(started - tick) * 1000, run=(ended - started) * 1000)


def _session(engine: str) -> Any:  # noqa: ANN401 -- a Spark session
    if engine == "sail":
        from pysail.spark import SparkConnectServer  # noqa: PLC0415 -- the engine that was asked for
        from pyspark.sql import SparkSession  # noqa: PLC0415 -- as above

        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        _, port = server.listening_address
        session: Any = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        session.server = server  # it stops when it is collected
    else:
        from pyspark.sql import SparkSession  # noqa: PLC0415 -- as above

        session = (
            SparkSession.builder.master(f"local[{os.cpu_count()}]").config("spark.driver.memory", "4g").getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
    session.sql("SELECT 1 AS one").toPandas()
    return session


def main(words: Sequence[str]) -> None:
    """Do what the module says."""
    engine, folder, out, code = words
    os.environ["RUST_LOG"] = "off"
    session = _session(engine)
    print("ready", flush=True)
    sys.stdin.readline()
    for path in sorted(Path(folder).glob("*.parquet")):
        session.read.parquet(str(path)).createOrReplaceTempView(path.stem)
    names: dict[str, Any] = {"spark": session}
    exec(compile(Path(code).read_text(encoding="utf-8"), "job", "exec"), names)  # noqa: S102 -- the benchmark's own text
    pq.write_table(names["result"], out, compression="zstd", compression_level=1)
    print("done", flush=True)
    # The engines' shutdown is in no measurement.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
