"""What a test run's plan says of a Python job: a claim of the sandbox, held against what was verified here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import NotFoundError, RefusedError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.member.tested import tested
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.version import TestedText, tables_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.tested import Tested
    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.plan_flow import PlanFlow
    from jupyter_secure_jobs.protocol.version import Version
    from jupyter_secure_jobs.wire.run import RunWire

# Each candidate costs a download and several signatures; the newest test is the one that matters.
MOST_VERIFIED: Final = 5

CLAIM: Final = (
    "It proves nothing: the code runs beside the engine, so that it can show one plan and use another, and it can do "
    "something else with the real data. Python functions may read more than their arguments."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The flow that a worker signed for exactly this text, and in words where it is from."""

    flow: PlanFlow
    why: str


def planned(acting: Acting, version: Version, manifests: Mapping[str, Manifest]) -> Planned | None:
    """Return what the newest verified test of exactly this Python text says of its columns; none if there is none.

    What counts is signed by an enrolled worker, over this text, on the synthetic tables of the manifests in force, and
    names only columns of these manifests. The run's number and who asked for it are the server's word.
    """
    if version.language is not Language.PYTHON:
        return None
    runs = acting.client.runs(version.workspace, version.job, kind=RunKind.TEST)
    # Which text a run tested is the server's word here; it only spares downloads.
    likely = [each for each in runs if each.tested_this_text is not False and each.has_result]
    for run in likely[:MOST_VERIFIED]:
        if (run.workspace, run.job) != (version.workspace, version.job):
            continue
        try:
            found = tested(acting, run, acting.client.outcome(version.workspace, run.id))
        except (NotFoundError, RefusedError):
            # What does not verify is no test; its own page says what is wrong with it.
            continue
        said = claimed(found, run, version, manifests)
        if said is not None:
            return said
    return None


def claimed(found: Tested, run: RunWire, version: Version, manifests: Mapping[str, Manifest]) -> Planned | None:
    """Return what a verified test says of this version's columns, if it is a test of it at all."""
    said, flow = found.result, found.result.flow
    datasets = {read.table: read.dataset for read in version.datasets}
    text = TestedText(
        language=version.language,
        code=version.code,
        tables=tables_of(datasets),
        inputs=version.inputs,
        compute=version.compute,
        output_policy=version.output_policy,
        counts=version.counts,
    )
    if (said.workspace, said.genesis) != (version.workspace, version.genesis):
        return None
    read = {each.dataset for each in said.synthetic}
    if flow is None or found.replaced or said.text != text.hash or read != set(datasets.values()):
        return None
    known = {(read.table, each.name) for read in version.datasets for each in manifests[read.manifest].columns}
    if any((each.table, each.column) not in known for each in flow.sources):
        return None
    return Planned(flow=flow, why=_why(found, run))


def _why(found: Tested, run: RunWire) -> str:
    said = found.result
    inputs = ", ".join(f"{name}={codec.to_json(value)}" for name, value in said.inputs.items()) or "none"
    where = f"test run {run.number} by {run.member}, on synthetic data, inputs: {inputs}"
    flow = said.flow
    if flow is None or flow.unknown is not None:
        because = f"{flow.unknown.words} " if flow is not None and flow.unknown is not None else ""
        return f"{because}(The worker {said.worker}, {where}.)"
    parts = [f"The columns are as the worker {said.worker} saw the plan of the result in {where}. {CLAIM}"]
    if flow.actions:
        times = "once" if flow.actions == 1 else f"{flow.actions} times"
        parts.append(
            f"Before the result Python read data {times} and may have decided by it: what it read is among the "
            "columns that decide."
        )
    if flow.python:
        parts.append("Values made in Python decide as well which rows count.")
    return " ".join(parts)
