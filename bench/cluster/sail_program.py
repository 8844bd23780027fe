"""A Sail cluster of processes on this machine: what ways of reading sealed data cost, and what a sandbox does."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import certifi
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from bench.cluster import data, program, sandboxed
from bench.cluster.pods import WORKER, Pods
from bench.cluster.sealed_source import SealedSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MEMORY: Final = "/dev/shm"  # noqa: S108 -- plaintext only in memory
_SERVER: Final = (sys.executable, "-m", "pysail", "spark", "server", "--port")
_START_SECONDS: Final = 300


def free_port() -> int:
    """Return a port of the loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens there.

    Raises:
        ProgramFailedError: nobody does in five minutes, or the process has ended.
    """
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise program.ProgramFailedError(f"Nobody listens at port {port}.")


@contextmanager
def cluster(folder: Path, *, workers: int, network: str | None = None, seconds: int = 60) -> Iterator[SparkSession]:
    """Give a session on a Sail cluster of a driver and so many workers, all processes of their own.

    Args:
        folder: of its own.
        workers: how many.
        network: nothing for plain processes; else each, the driver too, is in the product's sandbox, with a network
            that is `shared` or each its `own`.
        seconds: how long the driver waits for a worker.
    """
    folder.mkdir()
    port, driver = free_port(), free_port()
    root = folder / "root"
    (root / "tables").mkdir(parents=True)
    scripts: list[Path] = []
    server = [*_SERVER, str(port)]
    if network is not None:
        scripts = [
            sandboxed.script(
                folder / f"worker-{number}", WORKER, root=root, shared_network=network == "shared", told=("SAIL_",)
            )
            for number in range(workers)
        ]
    environment = {
        **os.environ,
        "RUST_LOG": "error",
        "SAIL_MODE": "kubernetes-cluster",
        "SAIL_CLUSTER__WORKER_INITIAL_COUNT": str(workers),
        "SAIL_CLUSTER__WORKER_MAX_COUNT": str(workers),
        "SAIL_CLUSTER__WORKER_LAUNCH_TIMEOUT_SECS": str(seconds),
        "SAIL_CLUSTER__TASK_LAUNCH_TIMEOUT_SECS": str(seconds),
        "SAIL_CLUSTER__DRIVER_LISTEN_HOST": "127.0.0.1",
        "SAIL_CLUSTER__DRIVER_EXTERNAL_HOST": "127.0.0.1",
        "SAIL_CLUSTER__DRIVER_LISTEN_PORT": str(driver),
    }
    with Pods(folder, scripts=scripts) as pods, (folder / "driver.log").open("wb") as log:
        environment["KUBECONFIG"] = str(pods.config)
        if network is not None:
            # The client of Kubernetes does not start without certificates, though it uses none here.
            environment |= {"KUBECONFIG": "/pods.json", "SSL_CERT_FILE": certifi.where()}
            shown = {"/pods.json": str(pods.config)}
            starter = sandboxed.script(
                folder / "driver",
                server,
                root=root,
                shared_network=True,
                shown=shown,
                told=("SAIL_", "KUBECONFIG", "SSL_CERT_FILE"),
            )
            server = [str(starter)]
        process = subprocess.Popen(server, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
            yield session
        finally:
            process.kill()
            process.wait()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    tick = time.perf_counter()
    done = work()
    return (time.perf_counter() - tick) * 1000, done


def _ways(session: SparkSession, prepared: data.Prepared) -> dict[str, Callable[[str], Any]]:
    master = base64.b64encode(prepared.master.read_bytes()).decode()

    def ask(table: Any, query: str) -> Any:  # noqa: ANN401 -- a data frame; its rows
        table.createOrReplaceTempView("t")
        return session.sql(data.QUERIES[query].format(table="t")).collect()

    def decrypted(query: str) -> Any:  # noqa: ANN401 -- rows
        with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="bench-") as folder:
            opened = Path(folder) / "opened"
            data.decrypt(prepared, opened)
            return ask(session.read.parquet(str(opened)), query)

    return {
        "plain": lambda query: ask(session.read.parquet(str(prepared.plain)), query),
        "decrypted": decrypted,
        "source": lambda query: ask(
            session.read.format("sealed").option("path", str(prepared.modular)).option("master_key", master).load(),
            query,
        ),
    }


def reading(*, folder: str, prepared: str, rounds: int) -> Mapping[str, Any]:
    """Return the milliseconds of each way of reading and query, in rounds of all of them."""
    made = data.Prepared(folder=Path(prepared))
    right = data.answers(made)
    taken: dict[str, list[float]] = {}
    with cluster(Path(folder), workers=2) as session:
        session.dataSource.register(SealedSource)
        ways = _ways(session, made)
        for number in range(rounds + 1):
            for query in data.QUERIES:
                for way, work in ways.items():
                    milliseconds, rows = _timed(lambda work=work, query=query: work(query))  # type: ignore[misc]
                    data.check(rows, right[query], who=f"Sail, {way}")
                    if number:
                        taken.setdefault(f"{way}_{query}", []).append(milliseconds)
    return taken


def _reaches(port: int) -> Callable[[int], bool]:
    def probe(_: int) -> bool:
        import socket as sockets  # noqa: PLC0415 -- it is sent to the worker

        with sockets.socket() as asked:
            return asked.connect_ex(("127.0.0.1", port)) == 0

    return probe


def start(*, folder: str, prepared: str, workers: int, network: str | None, port: int) -> Mapping[str, Any]:
    """Start a cluster to its first answer; return how long that took, and whether a UDF reaches `port`."""
    made = data.Prepared(folder=Path(prepared))
    right = data.answers(made)
    place = Path(folder)
    tick = time.perf_counter()
    with cluster(place, workers=workers, network=network) as session:
        tables = place / "root" / "tables"
        for file in made.plain.iterdir():
            shutil.copyfile(file, tables / file.name)
        session.read.parquet("/tables" if network else str(tables)).createOrReplaceTempView("t")
        rows = session.sql(data.QUERIES["wide"].format(table="t")).collect()
        taken = (time.perf_counter() - tick) * 1000
        data.check(rows, right["wide"], who="Sail")
        found = session.range(1).select(f.udf(_reaches(port), "boolean")("id").alias("reached")).collect()
        return {"taken": taken, "reached": int(found[0]["reached"])}


def apart(*, folder: str, seconds: int) -> Mapping[str, Any]:
    """Try a cluster whose workers have a network each; say whether it answers in time.

    Sail itself gives up after about a minute, with `task scheduling timeout`.
    """
    answered = threading.Event()
    with cluster(Path(folder), workers=1, network="own", seconds=seconds) as session:

        def ask() -> None:
            with contextlib.suppress(Exception):
                session.range(10).repartition(2).collect()
                answered.set()

        threading.Thread(target=ask, daemon=True).start()
        answered.wait(seconds)
    return {"answered": int(answered.is_set())}


def main(*, what: str, **settings: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- handed on
    """Do one of the three."""
    parts: Mapping[str, Callable[..., Mapping[str, Any]]] = {"reading": reading, "start": start, "apart": apart}
    return parts[what](**settings)


if __name__ == "__main__":
    program.main(main)
