"""Sail: a Spark engine inside this process, reached over the loopback of an otherwise empty network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast

import pyarrow as pa
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

from jupyter_secure_jobs.engines.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame


# How the pandas API on Spark numbers rows: Sail lacks the function behind the usual way. The numbers are the same.
_DEFAULTS: Final = {"pandas_on_Spark.compute.default_index_type": '"sequence"'}


@dataclass(frozen=True, slots=True)
class Sail:
    """A running engine; it stops when it is collected."""

    shows_plans: ClassVar[bool] = True
    server: SparkConnectServer

    @classmethod
    def start(cls) -> Self:
        """Start it; see `engine.start`."""
        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        return cls(server)

    def session(self, settings: Mapping[str, str]) -> SparkSession:
        """Return a session; a new one after the earlier was stopped.

        Sail forgets a session that nobody used for some minutes: make it when it is needed.
        """
        _, port = self.server.listening_address
        session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        for name, value in {**_DEFAULTS, **settings}.items():
            session.conf.set(name, value)
        return session

    def rehearse(self) -> None:
        """Rehearse in a session that is then stopped."""
        session = self.session({})
        rehearse(self, session)
        session.stop()

    def stream(self, rows: DataFrame) -> Iterator[pa.Table]:
        """Yield the rows as the engine hands them over, batch by batch: `toArrow` would hold all at once."""
        client = cast("Any", rows.sparkSession).client
        plan = cast("Any", rows)._plan  # noqa: SLF001 -- pyspark 4.1 and 4.2 offer no public way to stream Arrow
        for part in client.to_table_as_iterator(plan.to_proto(client), plan.observations):
            if isinstance(part, pa.Table):
                yield part

    def ended_by(self) -> str | None:
        """Return none: it lives in this very process."""
        return None

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()
