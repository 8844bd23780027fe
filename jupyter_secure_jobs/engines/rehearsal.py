"""What an engine does once before the job comes, so that the job does not wait for it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.engines import result

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from jupyter_secure_jobs.engines.engine import Engine


def rehearse(engine: Engine, session: SparkSession) -> None:
    """Read a table of one row, ask for it with a bound value, and write the answer.

    The first session, table and query take most of a second, or several, and all later ones a few hundredths: modules
    are imported, connections opened and the engine's own parts started when first used.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in"), Path(folder, "out")
        pq.write_table(pa.table({"one": [1]}), source)
        session.read.parquet(str(source)).createOrReplaceTempView("rehearsal")
        rows = session.sql("SELECT count(*) AS n FROM rehearsal WHERE one = :one", args={"one": 1})
        result.write(engine.stream(rows), str(target))
    session.catalog.dropTempView("rehearsal")
