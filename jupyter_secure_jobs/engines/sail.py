"""Sail: a Spark engine inside this process, reached over the loopback of an otherwise empty network."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

from jupyter_secure_jobs.engines import result

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLES: Final = "/tables"


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine; it stops when it is collected."""

    server: SparkConnectServer

    @classmethod
    def start(cls) -> Self:
        """Start it. Call it after every fork: the engine has threads."""
        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        return cls(server)

    def session(self) -> SparkSession:
        """Return a session; a new one after the earlier was stopped.

        Sail forgets a session that nobody used for some minutes: make it when it is needed.
        """
        _, port = self.server.listening_address
        return SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()

    def rehearse(self) -> None:
        """Do what a job does once, with a table of one row, in a session that is then stopped.

        The first session, table and query take most of a second, all later ones a few hundredths: modules are
        imported, connections opened and Sail's own parts started when first used.
        """
        session = self.session()
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "in"), os.path.join(folder, "out")  # noqa: PTH118 -- Spark takes text
            pq.write_table(pa.table({"one": [1]}), source)
            session.read.parquet(source).createOrReplaceTempView("rehearsal")
            rows = session.sql("SELECT count(*) AS n FROM rehearsal WHERE one = :one", args={"one": 1})
            result.write(rows, target)
        session.stop()


def register(session: SparkSession, tables: Mapping[str, tuple[str, ...]]) -> None:
    """Make each table known by its name, as a temporary view over its Parquet files."""
    for name, files in tables.items():
        paths = [os.path.join(TABLES, file) for file in files]  # noqa: PTH118 -- Spark takes text
        session.read.parquet(*paths).createOrReplaceTempView(name)
