"""The process in which the author's code runs. Whatever it reports may be the author's own words."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.engines import cell, result, sail, statements
from jupyter_secure_jobs.engines.errors import classify
from jupyter_secure_jobs.engines.inputs import python_values, sql_values

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from jupyter_secure_jobs.engines.spec import JobSpec

MOST_MESSAGE: Final = 2**20


class _NoResultError(Exception):
    """The job made no table; its class in the closed list is `NoResult`."""


@dataclass(slots=True, kw_only=True)
class Runner:
    """One job with the open files for its printing, its result and its report; call it in a forked process."""

    job: JobSpec
    printed: int
    rows: int
    report: int
    _line: int | None = None
    _ordered: bool = False

    def __call__(self) -> None:
        """Run the job and write the report; never raises."""
        self._redirect()
        told: dict[str, object] = {"class": None, "line": None, "message": ""}
        try:
            session = sail.start()
            sail.register(session, self.job.tables)
            if self.job.language == "sql":
                self._sql(session)
            else:
                self._python(session)
        except BaseException as error:  # noqa: BLE001 -- SystemExit and KeyboardInterrupt are the author's errors as well
            name = "NoResult" if isinstance(error, _NoResultError) else classify(error)
            line = cell.error_line(error) or self._line
            message = cell.message(error)[:MOST_MESSAGE]
            told = {"class": name, "line": line, "message": message}
        sys.stdout.flush()
        told["ordered"] = self._ordered
        os.pwrite(self.report, json.dumps(told).encode(), 0)

    def _redirect(self) -> None:
        # The engine's own words on the standard error may quote data whatever the log policy; the author's come
        # through Python's streams or a program's standard output.
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 2)
        os.dup2(nowhere if self.job.log_policy == "errors" else self.printed, 1)
        for name in ("stdout", "stderr"):
            raw = io.FileIO(1, "w", closefd=False)
            stream = io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
            setattr(sys, name, stream)

    def _sql(self, session: SparkSession) -> None:
        values = sql_values(self.job)
        parts = statements.split(self.job.code)
        if not parts:
            message = "The job has no statement."
            raise _NoResultError(message)
        for part in parts:
            self._line = part.line
            rows = session.sql(part.text, args=values)
        if not rows.columns:
            message = "The last statement gives no rows; end with a SELECT."
            raise _NoResultError(message)
        self._ordered = statements.is_ordered(parts[-1])
        self._write(rows)

    def _python(self, session: SparkSession) -> None:
        inputs = MappingProxyType(python_values(self.job))
        value, variables = cell.run(self.job.code, {"spark": session, "inputs": inputs})
        self._line = cell.result_line(self.job.code)
        if not result.is_result(value):
            value = variables.get("result")
        if not result.is_result(value):
            message = "Neither the last expression nor the variable `result` is a DataFrame."
            raise _NoResultError(message)
        self._write(value)

    def _write(self, rows: result.Result) -> None:
        result.write(rows, f"/proc/self/fd/{self.rows}")
