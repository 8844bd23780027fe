"""Which engines this machine has: asked before a key is, and told to the operator of a worker."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Final

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.engines import java, spark
from jupyter_secure_jobs.sandbox.bubblewrap import NOTHING_MORE, Needs

NEXT_STEP: Final = (
    "Install a Java 17 or 21 runtime (Debian 12 and Ubuntu: the package openjdk-17-jre-headless), then start the "
    "worker again; or use a worker that has Spark, or a compute profile with the engine sail."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An engine on this machine: with its version, or with what is missing and what to do about it."""

    engine: EngineName
    version: str = ""
    problem: str = ""
    next_step: str = ""


def find(engine: EngineName) -> Found:
    """Return whether this machine has an engine."""
    if engine is EngineName.SAIL:
        return _package(engine, "pysail", "Sail")
    if spark.jars() is None:
        return Found(
            engine=engine,
            problem="Spark's Java classes are not installed.",
            next_step="Install the package pyspark (not pyspark-client), then start the worker again.",
        )
    runtime = java.find()
    if runtime is None:
        return Found(engine=engine, problem="There is no Java runtime that Spark runs on.", next_step=NEXT_STEP)
    named = _package(engine, "pyspark", "Spark")
    return Found(engine=engine, version=f"{named.version}, Java {runtime.version}") if named.version else named


def _package(engine: EngineName, name: str, title: str) -> Found:
    try:
        return Found(engine=engine, version=f"{title} {importlib.metadata.version(name)}")
    except importlib.metadata.PackageNotFoundError:
        return Found(
            engine=engine,
            problem=f"The package {name} is not installed.",
            next_step="Install jupyter-secure-jobs with its dependencies, then start the worker again.",
        )


def need(engine: EngineName) -> None:
    """Make sure that this machine has an engine.

    Raises:
        UnavailableError: it has not; with what is missing and what to do.
    """
    told = find(engine)
    if told.problem:
        detail = f"The job is for the engine {engine}, which this worker does not have: {told.problem}"
        raise UnavailableError("no_engine", detail, told.next_step)


def needs(engine: EngineName) -> Needs:
    """Return what the sandbox must hold for an engine.

    Raises:
        UnavailableError: this machine has no such engine.
    """
    need(engine)
    runtime = java.find() if engine is EngineName.SPARK else None
    return spark.needs(runtime) if runtime is not None else NOTHING_MORE
