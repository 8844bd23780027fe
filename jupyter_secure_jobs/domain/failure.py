"""THE TABLE of what to do next after a run that failed, by the class of its error: nothing here knows the data."""

from __future__ import annotations

from typing import Final

_PROFILE: Final = "Choose a compute profile with more"
_SPARK: Final = "If the engine is Sail, a compute profile with the engine spark may help."
_CODE: Final = "The code itself fails there. The log of a test has the whole message."

STEPS: Final = {
    # What a sandbox holds a job to.
    "MemoryLimit": f"It needed more memory than it was given. {_PROFILE} memory, or read fewer columns and rows.",
    "TimeLimit": f"It was not done in its time. {_PROFILE} time or cores, or read fewer rows.",
    "DiskFull": f"Its temporary files were more than it was given. {_PROFILE} temporary files, or write less.",
    "ProcessLimit": "It started more processes than a sandbox allows. Start fewer.",
    "ResultTooLarge": f"The result is larger than its limit. Aggregate it, or: {_PROFILE.lower()} room for the result.",
    "LogTooLarge": "It printed more than its log holds. Print less, or choose a compute profile with a larger log.",
    # What a result must be.
    "NoResult": "There is no result. End with a query or a DataFrame, or assign one to the variable `result`.",
    "ResultType": "A column of the result is of a type that cannot leave, such as an interval. Cast it to another one.",
    "ResultInvalid": "What was written as the result is no table. End with a DataFrame and write no files yourself.",
    "OutputPolicy": "An output policy let no result leave; the job page says which policies hold. Aggregate more.",
    # What ended around it.
    "WorkerLost": "Its worker ended or lost the run. Order it again; if that happens again, ask who runs the worker.",
    "EnclaveLost": "Its enclave ended or hung. Order it again; if that happens again, ask who runs the worker.",
    # What the engine could not do.
    "UnsupportedOperationException": f"The engine cannot do what is asked for there. {_SPARK}",
    "AnalysisException": "The engine does not find a name there, or cannot do this with these types. Compare with the "
                         f"columns under Datasets, and test the draft on synthetic data. {_SPARK}",
    "ParseException": f"The engine cannot read the text there. {_SPARK}",
    "PySparkNotImplementedError": f"The engine does not have this. {_SPARK}",
    "SparkRuntimeException": f"The engine failed there, by a value or by something it cannot do. {_SPARK}",
    "TABLE_OR_VIEW_NOT_FOUND": "A table of this name is not among the job's datasets. They stand under Datasets.",
    "UNRESOLVED_COLUMN": "A column of this name is not in its table. The columns stand under Datasets.",
    "DIVIDE_BY_ZERO": "Something was divided by zero. Use try_divide(…), which gives NULL.",
    "CAST_INVALID_INPUT": "A value cannot be read as the type that it was cast to. Use try_cast(…).",
    "ARITHMETIC_OVERFLOW": "A number grew too large for its type. Cast to a larger one, or use try_add(…).",
    # What a sandbox does not have.
    "ModuleNotFoundError": "The sandbox has no such module. Choose a compute profile that has its package.",
    "ImportError": "The sandbox has no such module, or another version. Choose a compute profile with its package.",
    "FileNotFoundError": "The sandbox has no files but the job's datasets: spark.table('NAME') reads one.",
    "ConnectionError": "The sandbox has no network. Publish what is needed as a dataset.",
}  # fmt: skip
OF_CODE: Final = frozenset(
    {"ArithmeticError", "AssertionError", "AttributeError", "IndexError", "KeyError", "LookupError", "NameError",
     "RuntimeError", "SyntaxError", "TypeError", "UnboundLocalError", "ValueError", "ZeroDivisionError",
     "PythonException"}
)  # fmt: skip
SAME: Final = {
    "ConnectionRefusedError": "ConnectionError",
    "ConnectionResetError": "ConnectionError",
    "IllegalArgumentException": "ParseException",
    "InvalidPlanInput": "UnsupportedOperationException",
    "PySparkAttributeError": "PySparkNotImplementedError",
    "SparkConnectException": "SparkRuntimeException",
    "SparkConnectGrpcException": "SparkRuntimeException",
    "SparkException": "SparkRuntimeException",
    "UnknownException": "SparkRuntimeException",
    "NotADirectoryError": "FileNotFoundError",
}


def next_step(error_class: str | None, *, told: bool = False) -> str | None:
    """Return what happened and what to do next, in a sentence or two; none where the class says nothing of that.

    `told`: whether the whole message is shown beside it, as for tests: then an error of the code needs no more words.
    """
    if error_class is None:
        return None
    step = STEPS.get(SAME.get(error_class, error_class))
    return step or (_CODE if error_class in OF_CODE and not told else None)
