"""The engines, behind one small interface: what runs in the sandbox, and what the sandbox must hold for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from jupyter_secure_jobs.domain.compute import EngineName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from jupyter_secure_jobs.sandbox.limits import Limits

TABLES: Final = "/tables"


class Engine(Protocol):
    """A running engine inside the sandbox; it serves one job."""

    # Whether its plans can be seen before it executes them.
    shows_plans: ClassVar[bool]

    def session(self, settings: Mapping[str, str]) -> SparkSession:
        """Return the job's session, with the job's settings."""

    def rehearse(self) -> None:
        """Do what a job does once, over a table of one row, and leave nothing of it behind."""

    def stream(self, rows: DataFrame) -> Iterator[pa.Table]:
        """Yield the rows in their order, part by part; at least one part, which may be empty."""

    def ended_by(self, error: BaseException) -> str | None:
        """Return the class of error that ended the engine itself, if it has ended: the job has only heard `error`."""

    def stop(self) -> None:
        """Stop it."""


def start(name: EngineName, ceiling: Limits) -> Engine:
    """Start an engine. Call it after every fork: engines have threads.

    Args:
        name: which.
        ceiling: the most that a job may use; what an engine needs to know before the job comes.
    """
    # An engine is imported where it is started: the other one's imports would only cost time and memory.
    if name is EngineName.SPARK:
        from jupyter_secure_jobs.engines.spark import Spark  # noqa: PLC0415 -- as said

        return Spark.start(ceiling)
    from jupyter_secure_jobs.engines.sail import Sail  # noqa: PLC0415 -- as said

    return Sail.start()


def register(session: SparkSession, tables: Mapping[str, tuple[str, ...]]) -> None:
    """Make each table known by its name, as a temporary view over its Parquet files."""
    for name, files in tables.items():
        session.read.parquet(*(f"{TABLES}/{file}" for file in files)).createOrReplaceTempView(name)
