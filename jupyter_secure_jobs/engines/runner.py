"""The process in which the author's code runs. Whatever it reports may be the author's own words."""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pandas as pd
from pyspark.sql import DataFrame

from jupyter_secure_jobs.engines import cell, engine, packages, result, statements
from jupyter_secure_jobs.engines.errors import classify
from jupyter_secure_jobs.engines.inputs import python_values, sql_values
from jupyter_secure_jobs.engines.record import Recorder
from jupyter_secure_jobs.engines.result import NoResultError, ResultTypeError
from jupyter_secure_jobs.engines.spec import JobSpec
from jupyter_secure_jobs.sandbox import supervisor

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from jupyter_secure_jobs.domain.compute import EngineName
    from jupyter_secure_jobs.engines.engine import Engine
    from jupyter_secure_jobs.sandbox.limits import Limits

MOST_MESSAGE: Final = 2**20
_OURS: Final[dict[type, str]] = {NoResultError: "NoResult", ResultTypeError: "ResultType"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """The engine and the open files of one run; call it in a forked process, as early as possible.

    engine, ceiling: which engine to start, and the most that the job may use.
    handed: a pipe that says a job is there: it ends once the job's description lies in `description`.
    prepared: a pipe that ends once the engine is there, or is known not to come.
    description, printed, rows, plans, report: files for the job, what it prints, its result, the plans that led to it,
    and how it ended.
    """

    engine: EngineName
    ceiling: Limits
    handed: int
    prepared: int
    description: int
    printed: int
    rows: int
    plans: int
    report: int

    def __call__(self) -> None:
        """Start the engine, wait for the job, hold this process to its limits, run it, write the report.

        Returns without a report if no job came.
        """
        started, problem = self._prepared()
        # Process 1 does not look for garbage until all is imported; what is there by now stays.
        gc.freeze()
        gc.enable()
        os.close(self.prepared)
        job = self._await_job()
        if job is None:
            return
        supervisor.confine(job.limits)
        work = _Work(job=job, engine=started, problem=problem, printed=self.printed, rows=self.rows, plans=self.plans)
        own = os.getpid()
        told = work.told()
        # What the author's code forked may come out here as well.
        if os.getpid() == own:
            os.pwrite(self.report, json.dumps(told).encode(), 0)

    def _prepared(self) -> tuple[Engine | None, Exception | None]:
        """Return a rehearsed engine, or why there is none: that is reported when there is a job to report on."""
        try:
            started = engine.start(self.engine, self.ceiling)
            started.rehearse()
            statements.rehearse()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the job's report has its class
            return None, error
        return started, None

    def _await_job(self) -> JobSpec | None:
        os.read(self.handed, 1)
        description = os.pread(self.description, os.fstat(self.description).st_size, 0)
        # The author's code gets neither of them.
        os.close(self.handed)
        os.close(self.description)
        return JobSpec.from_bytes(description) if description else None


def _stream(descriptor: int) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)


@dataclass(slots=True, kw_only=True)
class _Work:
    job: JobSpec
    engine: Engine | None
    problem: Exception | None
    printed: int
    rows: int
    plans: int
    _line: int | None = None
    _ordered: bool = False

    def told(self) -> dict[str, object]:
        """Run the job and return the report; never raises."""
        self._redirect()
        told: dict[str, object] = {"class": None, "line": None, "message": ""}
        try:
            if self.engine is None:
                raise self.problem or RuntimeError("The engine was not started.")  # noqa: TRY301 -- one place reports
            packages.attach()
            self._work(self.engine)
        except BaseException as error:  # noqa: BLE001 -- SystemExit and KeyboardInterrupt are the author's errors as well
            name = _OURS.get(type(error)) or self._class(error)
            line = cell.error_line(error) or self._line
            message = cell.message(error)[:MOST_MESSAGE]
            told = {"class": name, "line": line, "message": message}
        sys.stdout.flush()
        told["ordered"] = self._ordered
        return told

    def _class(self, error: BaseException) -> str:
        # Of an engine that has ended, the code only hears that nobody answers.
        ended = self.engine.ended_by(error) if self.engine is not None else None
        return ended or classify(error)

    def _work(self, started: Engine) -> None:
        session = started.session(self.job.settings)
        engine.register(session, self.job.tables)
        if self.job.language == "sql":
            self._write(self._sql(session), started)
        else:
            self._python(session, started)

    def _redirect(self) -> None:
        # Words on the standard error may quote data: the engine's whatever the log policy, and Python's own, such as
        # tracebacks of threads, warnings and log records. Those are messages, which `full` alone lets out.
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 2)
        os.dup2(nowhere if self.job.log_policy == "errors" else self.printed, 1)
        sys.stdout = _stream(1)
        sys.stderr = _stream(1 if self.job.log_policy == "full" else 2)

    def _sql(self, session: SparkSession) -> DataFrame:
        values = sql_values(self.job)
        parts = statements.split(self.job.code)
        if not parts:
            message = "The job has no statement."
            raise NoResultError(message)
        for part in parts:
            self._line = part.line
            rows = session.sql(part.text, args=values)
        if not rows.columns:
            message = "The last statement gives no rows; end with a SELECT."
            raise NoResultError(message)
        self._ordered = statements.is_ordered(parts[-1])
        return rows

    def _python(self, session: SparkSession, started: Engine) -> None:
        inputs = MappingProxyType(python_values(self.job))
        recorder = Recorder()
        flow = self.job.flow and started.shows_plans
        if flow:
            recorder.watch(session)
        last, variables = cell.run(self.job.code, {"spark": session, "inputs": inputs})
        self._line = cell.result_line(self.job.code)
        value = last if result.is_result(last) else variables.get("result")
        if not result.is_result(value):
            message = "Neither the last expression nor the variable `result` is a DataFrame."
            if isinstance(last, pd.Series):
                message += " A Series becomes one by .to_frame()."
            raise NoResultError(message)
        if isinstance(value, DataFrame):
            recorder.result_follows()
        self._write(value, started)
        if flow:
            recorder.write(self.plans)

    def _write(self, rows: result.Result, started: Engine) -> None:
        result.write(result.parts(rows, started), f"/proc/self/fd/{self.rows}", form=self.job.form)
