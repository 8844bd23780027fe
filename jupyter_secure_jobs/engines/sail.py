"""Sail: a Spark engine inside this process, reached over the loopback of an otherwise empty network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLES: Final = "/tables"


def start() -> SparkSession:
    """Return a session on a fresh engine. Call it after every fork: the engine has threads."""
    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    # The server lives as long as the session: it would stop when collected.
    object.__setattr__(session, "_secure_jobs_server", server)
    return session


def register(session: SparkSession, tables: Mapping[str, tuple[str, ...]]) -> None:
    """Make each table known by its name, as a temporary view over its Parquet files."""
    for name, files in tables.items():
        paths = [os.path.join(TABLES, file) for file in files]  # noqa: PTH118 -- Spark takes text
        session.read.parquet(*paths).createOrReplaceTempView(name)
