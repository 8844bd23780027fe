"""A Python DataSource that opens modular encrypted files in the worker. It gets the key as an option, with every plan.

The sealed files that the product makes cannot be opened here: Tink's decrypting stream ended Sail's worker (0.7.2) by a
segmentation fault in half of all queries.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from bench.cluster.data import open_modular

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEMA: Final = "key bigint, quantity double, price double, discount double, flag string, day int, note string"


class _Reader(DataSourceReader):
    def __init__(self, folder: str, key: str) -> None:
        self._folder, self._key = folder, key

    def partitions(self) -> list[InputPartition]:
        return [InputPartition(str(file)) for file in sorted(Path(self._folder).iterdir())]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        # Which columns the query reads is not told: all of them are made.
        yield from open_modular(Path(partition.value), base64.b64decode(self._key)).iter_batches()


class SealedSource(DataSource):
    """The source `sealed`, with the options `path` and `master_key`."""

    @classmethod
    def name(cls) -> str:
        """Return its name in `spark.read.format`."""
        return "sealed"

    def schema(self) -> str:
        """Return the table's columns."""
        return _SCHEMA

    def reader(self, schema: object) -> DataSourceReader:  # noqa: ARG002 -- the interface's
        """Return what reads."""
        return _Reader(self.options["path"], self.options["master_key"])
