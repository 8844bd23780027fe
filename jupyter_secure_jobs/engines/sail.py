"""Sail: a Spark engine inside this process, reached over the loopback of an otherwise empty network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast

import pyarrow as pa
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

from jupyter_secure_jobs.engines.connect import DefaultPolicy
from jupyter_secure_jobs.engines.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame


# Sail forgets a session that nobody used for some minutes. One that waits for its job, or whose job computes in Python
# for hours, must not be forgotten; with the process all of it ends.
_SESSION_SECONDS: Final = 365 * 86_400
_DEFAULTS: Final = {
    # How the pandas API on Spark numbers rows: Sail lacks the function behind the usual way. The numbers are the same.
    "pandas_on_Spark.compute.default_index_type": '"sequence"',
    # Where a column was made is told to Spark alone, which names it in errors. Sail has no use for it, and to find out
    # whether that was in a notebook's cell, PySpark imports all of IPython and its kernel while the author waits.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
# An engine in this very process that does not answer has ended: PySpark would ask it again for some ten minutes.
_ASKED_AGAIN: Final = 3


@dataclass(slots=True)
class Sail:
    """A running engine; it stops when it is collected."""

    shows_plans: ClassVar[bool] = True
    server: SparkConnectServer
    _made: SparkSession | None = None

    @classmethod
    def start(cls) -> Self:
        """Start it; see `engine.start`."""
        os.environ["SAIL_SPARK__SESSION_TIMEOUT_SECS"] = str(_SESSION_SECONDS)
        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        _, port = server.listening_address
        # By it the builder of sessions finds this engine, in the author's code as well: the session that is there.
        os.environ["SPARK_REMOTE"] = f"sc://127.0.0.1:{port}"
        return cls(server)

    def session(self, settings: Mapping[str, str]) -> SparkSession:
        """Return the session that waits for the job, with the job's settings."""
        session = self._made
        if session is None or cast("Any", session).is_stopped:
            session = self._session()
        for name, value in settings.items():
            session.conf.set(name, value)
        return session

    def _session(self) -> SparkSession:
        """Return a new session, if the one before was stopped: to make it takes as long as a small query."""
        session = SparkSession.builder.getOrCreate()
        cast("Any", session).client.set_retry_policies([DefaultPolicy(max_retries=_ASKED_AGAIN)])
        for name, value in _DEFAULTS.items():
            session.conf.set(name, value)
        self._made = session
        return session

    def rehearse(self) -> None:
        """Rehearse in a session that is then stopped, and make the job's."""
        session = self._session()
        rehearse(self, session)
        session.stop()
        self._session()

    def stream(self, rows: DataFrame) -> Iterator[pa.Table]:
        """Yield the rows as the engine hands them over, batch by batch: `toArrow` would hold all at once."""
        client = cast("Any", rows.sparkSession).client
        plan = cast("Any", rows)._plan  # noqa: SLF001 -- pyspark 4.1 and 4.2 offer no public way to stream Arrow
        for part in client.to_table_as_iterator(plan.to_proto(client), plan.observations):
            if isinstance(part, pa.Table):
                yield part

    def ended_by(self, error: BaseException) -> str | None:  # noqa: ARG002 -- see `engine.Engine`
        """Return none: it lives in this very process."""
        return None

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()
