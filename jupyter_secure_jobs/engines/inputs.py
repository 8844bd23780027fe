"""Input values as Python sees them and as SQL gets them: typed, never as text in the code."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from pyspark.sql import functions as F  # noqa: N812 -- its usual name

from jupyter_secure_jobs.domain.inputs import InputType

if TYPE_CHECKING:
    from pyspark.sql import Column

    from jupyter_secure_jobs.engines.spec import InputValue, JobSpec

PythonValue: TypeAlias = str | int | float | bool | date | datetime | list[str]


def python_value(kind: str, value: InputValue) -> PythonValue:
    """Return the value as the job's `inputs` mapping holds it; timestamps without an offset are UTC."""
    if kind == InputType.DATE:
        return date.fromisoformat(cast("str", value))
    if kind == InputType.TIMESTAMP:
        moment = datetime.fromisoformat(cast("str", value))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if kind == InputType.NUMBER:
        return float(cast("float", value))
    return list(value) if isinstance(value, tuple) else value


def sql_value(kind: str, value: InputValue) -> Column:
    """Return the value as a bound parameter: string, bigint, double, boolean, date, timestamp or array<string>."""
    typed = python_value(kind, value)
    if isinstance(typed, list):
        return F.array(*map(F.lit, typed)) if typed else F.array().cast("array<string>")
    # A plain Python integer would become int or bigint according to its size; the type must not depend on the value.
    return F.lit(np.int64(cast("int", typed)) if kind == InputType.INTEGER else typed)


def python_values(job: JobSpec) -> dict[str, PythonValue]:
    """Return all values for a Python job."""
    return {name: python_value(kind, value) for name, (kind, value) in job.inputs.items()}


def sql_values(job: JobSpec) -> dict[str, Column]:
    """Return all values for a SQL job; needs a live Spark session."""
    return {name: sql_value(kind, value) for name, (kind, value) in job.inputs.items()}
