"""The closed list of error classes: all that may be said of an error outside the sealed log."""

from __future__ import annotations

import builtins
import re
from functools import cache
from importlib.resources import files
from typing import Final

# Ours: what the sandbox and the rules of a job add.
OURS: Final = frozenset(
    {
        "Cancelled",
        "DiskFull",
        "Error",
        "LogTooLarge",
        "MemoryLimit",
        "NoResult",
        "OutputPolicy",
        "ProcessLimit",
        "ResultInvalid",
        "ResultTooLarge",
        "ResultType",
        "TimeLimit",
        "WorkerLost",
    }
)
PYTHON: Final = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
# The class names of pyspark.errors.exceptions, as both engines raise them through Spark Connect.
ENGINE: Final = frozenset(
    {
        "AnalysisException",
        "ArithmeticException",
        "ArrayIndexOutOfBoundsException",
        "DateTimeException",
        "IllegalArgumentException",
        "InvalidPlanInput",
        "NumberFormatException",
        "ParseException",
        "PickleException",
        "PySparkAssertionError",
        "PySparkAttributeError",
        "PySparkException",
        "PySparkImportError",
        "PySparkIndexError",
        "PySparkKeyError",
        "PySparkNotImplementedError",
        "PySparkPicklingError",
        "PySparkRuntimeError",
        "PySparkTypeError",
        "PySparkValueError",
        "PythonException",
        "QueryExecutionException",
        "SparkConnectException",
        "SparkConnectGrpcException",
        "SparkException",
        "SparkNoSuchElementException",
        "SparkRuntimeException",
        "SparkUpgradeException",
        "UnknownException",
        "UnsupportedOperationException",
    }
)
_CONDITION: Final = re.compile(r"\[([A-Z][A-Z0-9_]*)(?:\.[A-Z0-9_.]*)?\]")
_LAST_LINE: Final = re.compile(r"^([A-Za-z]+)(?::|$)", re.MULTILINE)
_JOB_LINE: Final = re.compile(r'File "<job>", line (\d{1,9})')


@cache
def conditions() -> frozenset[str]:
    """Return Spark's error conditions, from the list that ships with this package (taken from Spark 4.2.1)."""
    text = files("jupyter_secure_jobs.engines").joinpath("error_conditions.txt").read_text("ascii")
    return frozenset(text.split())


def is_known(name: str) -> bool:
    """Whether `name` is in the closed list."""
    return name in OURS or name in PYTHON or name in ENGINE or name in conditions()


def condition_in(message: str) -> str | None:
    """Return the first of Spark's error conditions that an engine's message names in brackets, if any."""
    return next((name for name in _CONDITION.findall(message) if name in conditions()), None)


def python_class_in(message: str) -> str | None:
    """Return the built-in class that a traceback inside an engine's message ends with, if any."""
    found = [name for name in _LAST_LINE.findall(message) if name in PYTHON]
    return found[-1] if found else None


def job_line_in(message: str) -> int | None:
    """Return the innermost line of the job's own text that a traceback inside an engine's message names, if any."""
    found = _JOB_LINE.findall(message)
    return int(found[-1]) if found else None


def classify(error: BaseException) -> str:
    """Return the class of the closed list that fits `error` best; `Error` where none does.

    An engine's error condition says more than its exception class, so it comes first. A class that the author made
    counts as the built-in class that it extends.
    """
    message = str(error)
    engines = type(error).__module__.startswith(("pyspark.", "py4j."))
    if isinstance(error, MemoryError) or (engines and "java.lang.OutOfMemoryError" in message):
        return "MemoryLimit"
    if "No space left on device" in message or "File too large" in message:
        return "DiskFull"
    if type(error).__module__.startswith("pyspark."):
        inner = python_class_in(message) if type(error).__name__ == "PythonException" else None
        known = inner or condition_in(message)
        if known:
            return known
    for base in type(error).__mro__:
        name = base.__name__
        ours = base.__module__ == "builtins" and name in PYTHON
        if (ours and name not in {"Exception", "BaseException"}) or (
            base.__module__.startswith("pyspark.") and name in ENGINE
        ):
            return name
    return "Error"
