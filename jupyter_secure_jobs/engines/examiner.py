"""The process that reads the result after every process of the author's has ended."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.engines import report as report_files
from jupyter_secure_jobs.protocol.result_digest import UnsupportedTypeError
from jupyter_secure_jobs.protocol.result_stream import file_digest
from jupyter_secure_jobs.sandbox import supervisor

if TYPE_CHECKING:
    from jupyter_secure_jobs.sandbox.limits import Limits

_MOST_REPORT: Final = 4096


@dataclass(slots=True, kw_only=True)
class Examiner:
    """The open result file and where to report its row count and logical digest; call it in a forked process."""

    rows: int
    report: int
    ordered: bool

    def __call__(self) -> None:
        """Write the report; a file that is no Parquet is reported as such."""
        told: dict[str, object]
        try:
            with pa.OSFile(f"/proc/self/fd/{self.rows}") as file:
                result = pq.ParquetFile(file)
                told = {"rows": result.metadata.num_rows, "digest": file_digest(result, ordered=self.ordered)}
        except (pa.ArrowException, OSError, ValueError, UnsupportedTypeError):
            told = {"class": "ResultInvalid"}
        except MemoryError:
            told = {"class": "MemoryLimit"}
        os.pwrite(self.report, json.dumps(told).encode(), 0)


def examine(rows: int, limits: Limits, *, ordered: bool) -> tuple[str | None, int | None, str | None]:
    """Return the error class, if any, the number of rows and the logical digest of the result in the open file `rows`.

    Call it in process 1; every other process of the sandbox has ended afterwards. The fields may be the author's own
    words, for whoever writes a hostile file may take over the process that reads it.
    """
    report = report_files.unnamed()
    examiner = Examiner(rows=rows, report=report, ordered=ordered)
    ended = supervisor.run_watched(examiner, limits, watched=(), kept=(rows, report))
    parts = report_files.read(report, _MOST_REPORT)
    if ended.reason != "exited":
        return report_files.OVER[ended.reason], None, None
    if ended.code != 0:
        return "ResultInvalid", None, None
    if "class" in parts:
        return parts["class"], None, None
    return None, parts["rows"], parts["digest"]
