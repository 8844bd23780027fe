"""The raw tables of all organisations, and what a direct computation on them gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq

from demo import split
from demo.nycflights import DATASETS
from jupyter_secure_jobs.protocol.result_digest import logical_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from demo.apart.ground import Ground
    from demo.jobs import DemoJob
    from demo.place import Place


class RawTables:
    """The raw files of all organisations in one DuckDB in memory: what only the demo may look at together."""

    def __init__(self, place: Place | Ground) -> None:
        """Read every file.

        Raises:
            duckdb.Error: a file is missing or is no table.
        """
        self._database = duckdb.connect()
        self._database.execute("SET TimeZone = 'UTC'")
        for dataset in DATASETS:
            # DuckDB reads lists of files, but its types do not say so.
            files: Any = [str(path) for path in split.paths(dataset, place.raw(dataset.organisation))]
            if files[0].endswith(".parquet"):
                table = self._database.read_parquet(files)
            else:
                zoned = {"time_hour": "TIMESTAMPTZ"} if dataset.name == "flights" else None
                table = self._database.read_csv(files, na_values=["NA", ""], dtype=zoned, sample_size=-1)
            table.create(dataset.name)

    @property
    def rows(self) -> int:
        """The number of rows of all tables together."""
        return sum(len(self._database.table(dataset.name)) for dataset in DATASETS)

    def digests(self, job: DemoJob, inputs: Mapping[str, object], opened: Path) -> tuple[str, str]:
        """Return the logical digest of an opened result (Parquet), and that of the same computation made here.

        The result computed here is cast to the schema of the opened one. Rows are compared as a set: the two engines
        put nulls at different ends.
        """
        result = pq.read_table(opened)
        direct = self._database.sql(job.direct, params=dict(inputs)).to_arrow_table()
        same_form = direct.select(result.column_names).cast(result.schema)
        return logical_digest(result, ordered=False), logical_digest(same_form, ordered=False)

    def close(self) -> None:
        """Forget the tables."""
        self._database.close()
