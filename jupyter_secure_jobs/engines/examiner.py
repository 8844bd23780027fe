"""The process that reads the result after every process of the author's has ended."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_secure_jobs.engines import report as report_files
from jupyter_secure_jobs.protocol.result_digest import UnsupportedTypeError
from jupyter_secure_jobs.protocol.result_stream import file_digest
from jupyter_secure_jobs.sandbox import supervisor

if TYPE_CHECKING:
    from jupyter_secure_jobs.sandbox.limits import Limits
    from jupyter_secure_jobs.sandbox.supervisor import Forked

_MOST_REPORT: Final = 4096
_ORDERED: Final = b"o"
_ANY_ORDER: Final = b"a"


@dataclass(slots=True, kw_only=True)
class _Body:
    """What the forked process does: `turn` is the pipe that brings its turn, with one of the two words above."""

    rows: int
    report: int
    turn: int
    limits: Limits

    def __call__(self) -> None:
        """Write the report when its turn comes; a file that is no Parquet is reported as such."""
        supervisor.confine(self.limits)
        word = os.read(self.turn, 1)
        if not word:
            return
        told: dict[str, object]
        try:
            with pa.OSFile(f"/proc/self/fd/{self.rows}") as file:
                result = pq.ParquetFile(file)
                told = {"rows": result.metadata.num_rows, "digest": file_digest(result, ordered=word == _ORDERED)}
        except (pa.ArrowException, OSError, ValueError, UnsupportedTypeError):
            told = {"class": "ResultInvalid"}
        except MemoryError:
            told = {"class": "MemoryLimit"}
        os.pwrite(self.report, json.dumps(told).encode(), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """A forked process that waits for its turn to read the result; only process 1 makes one and asks it.

    It takes a while to fork, and as long for the kernel to take back the memory of the processes that were killed:
    made in between, it costs no time of its own.
    """

    limits: Limits
    forked: Forked
    report: int
    turn: int

    @classmethod
    def fork(cls, rows: int, limits: Limits) -> Self:
        """Fork it for the result in the open file `rows`, once every process of the author's was killed."""
        report = report_files.unnamed()
        turn, giving = os.pipe()
        body = _Body(rows=rows, report=report, turn=turn, limits=limits)
        forked = supervisor.fork(body, kept=(rows, report, turn))
        os.close(turn)
        return cls(limits=limits, forked=forked, report=report, turn=giving)

    def examine(self, *, ordered: bool) -> tuple[str | None, int | None, str | None]:
        """Return the error class, if any, the number of rows and the logical digest of the result.

        Call it when every other process of the sandbox has ended; this one was killed afterwards. The fields may be
        the author's own words, for whoever writes a hostile file may take over the process that reads it.
        """
        try:
            os.write(self.turn, _ORDERED if ordered else _ANY_ORDER)
        except BrokenPipeError:
            return "ResultInvalid", None, None
        ended = supervisor.watch(self.forked, self.limits, watched=())
        if ended.reason != "exited":
            return report_files.OVER[ended.reason], None, None
        parts = report_files.read(self.report, _MOST_REPORT)
        if ended.code != 0:
            return "ResultInvalid", None, None
        if "class" in parts:
            return parts["class"], None, None
        return None, parts["rows"], parts["digest"]
