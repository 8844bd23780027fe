"""A draft's terms: from the wire to checked domain values and back; and the hash of what a test depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.domain.compute import STANDARD, Compute
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.inputs import InputVariable, check_declarations
from jupyter_secure_jobs.domain.job import MOST_DATASETS, Grant, JobLimits, Language, LogPolicy
from jupyter_secure_jobs.domain.output import OutputPolicy, check_counts
from jupyter_secure_jobs.domain.text import clean_code, clean_identifier, clean_name
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.version import TestedText, Version, tables_of
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import (
    DatasetReadWire,
    DraftChange,
    GrantWire,
    InputVariableWire,
    LimitsWire,
)
from jupyter_secure_jobs.wire.output import OutputPolicyWire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jupyter_secure_jobs.domain.profile import Taken

Terms = dict[str, Any]  # the JSON column of a version; every reader goes through the functions below


def blank(language: Language) -> Terms:
    """Return the terms of an empty draft."""
    return {
        "language": str(language),
        "code": "",
        "datasets": [],
        "inputs": [],
        "grant": GrantWire().model_dump(mode="json"),
        "log_policy": str(LogPolicy.STANDARD),
        "limits": LimitsWire().model_dump(mode="json"),
        "profile": STANDARD,
        "compute": ComputeWire().model_dump(mode="json"),
        "output_policy": OutputPolicyWire().model_dump(mode="json"),
        "counts": [],
    }


def changed(terms: Terms, change: DraftChange, *, known: Iterable[str], taken: Taken | None = None) -> Terms:
    """Return the terms with a change, everything checked; `known` are the workspace's dataset ids.

    `taken` is the profile that the change was filled from, if it names one.

    Raises:
        InvalidError: with the first part that is wrong.
    """
    new = dict(terms)
    if change.language is not None:
        new["language"] = str(change.language)
    if change.code is not None:
        new["code"] = clean_code(change.code)
    if change.datasets is not None:
        new["datasets"] = _datasets(change.datasets, set(known))
    if change.inputs is not None:
        new["inputs"] = [input_wire(variable).model_dump(mode="json") for variable in input_values(change.inputs)]
    if change.grant is not None:
        grant_value(change.grant)
        new["grant"] = change.grant.model_dump(mode="json")
    if change.log_policy is not None:
        new["log_policy"] = str(change.log_policy)
    new.update(_compute(change, taken))
    if change.output_policy is not None:
        change.output_policy.policy()
        new["output_policy"] = change.output_policy.model_dump(mode="json")
    if change.counts is not None:
        new["counts"] = list(check_counts(tuple(change.counts)))
    return new


def _compute(change: DraftChange, taken: Taken | None) -> Terms:
    new: Terms = {}
    if change.limits is not None:
        JobLimits(**change.limits.model_dump())
        new["limits"] = change.limits.model_dump(mode="json")
    if change.profile is not None:
        new["profile"] = clean_name(change.profile, what="profile's name")
        new["taken"] = {"profile": taken.profile, "revision": taken.revision} if taken is not None else None
    if change.compute is not None:
        new["compute"] = ComputeWire.of(change.compute.compute()).model_dump(mode="json")
    return new


def _datasets(reads: Sequence[DatasetReadWire], known: set[str]) -> list[dict[str, str]]:
    tables: set[str] = set()
    for read in reads:
        clean_identifier(read.table, what="table name")
        if read.dataset not in known:
            raise InvalidError("no_dataset", f"Table {read.table!r} names no dataset here.", "See the datasets.")
        if read.table.lower() in tables:
            raise InvalidError("table_twice", f"Two tables are called {read.table!r}.", "Rename one.")
        tables.add(read.table.lower())
    if len(reads) > MOST_DATASETS:
        raise InvalidError("datasets_many", f"A job reads at most {MOST_DATASETS} datasets.", "Remove some.")
    return [read.model_dump() for read in reads]


def input_values(inputs: Iterable[InputVariableWire]) -> tuple[InputVariable, ...]:
    """Return declared input variables as domain values.

    Raises:
        InvalidError: a declaration means nothing.
    """
    return check_declarations([wire.declared() for wire in inputs])


def input_wire(variable: InputVariable) -> InputVariableWire:
    """Return a variable as a wire shape."""
    return InputVariableWire.model_validate({**codec.to_json(variable), "constraint": variable.constraint()})


def grant_value(wire: GrantWire) -> Grant:
    """Return the grant that is asked for.

    Raises:
        InvalidError: bounds that mean nothing.
    """
    return Grant(reruns=wire.reruns, most_runs=wire.most_runs, until=wire.until)


def inputs_of(terms: Terms) -> tuple[InputVariable, ...]:
    """Return the input variables of stored terms."""
    return input_values(InputVariableWire.model_validate(each) for each in terms["inputs"])


def grant_of(terms: Terms) -> Grant:
    """Return the grant of stored terms."""
    return grant_value(GrantWire.model_validate(terms["grant"]))


def output_policy_of(terms: Terms) -> OutputPolicy:
    """Return the author's output policy of stored terms; those of before there was one ask for nothing."""
    return OutputPolicyWire.model_validate(terms.get("output_policy", {})).policy()


def counts_of(terms: Terms) -> tuple[str, ...]:
    """Return the declared count columns of stored terms."""
    return tuple(terms.get("counts", ()))


def profile_of(terms: Terms) -> str:
    """Return the name of the compute profile of stored terms."""
    return str(terms.get("profile", STANDARD))


def compute_of(terms: Terms) -> Compute:
    """Return what stored terms compute with."""
    return ComputeWire.model_validate(terms.get("compute", {})).compute()


def to_test(terms: Terms) -> Terms:
    """Return the parts of stored terms that a test run needs."""
    parts = {key: terms[key] for key in ("language", "code", "datasets", "inputs", "limits")}
    policy = OutputPolicyWire.of(output_policy_of(terms))
    return {
        **parts,
        "compute": ComputeWire.of(compute_of(terms)).model_dump(mode="json"),
        "output_policy": policy.model_dump(mode="json"),
        "counts": list(counts_of(terms)),
    }


def tested_text(terms: Terms) -> str:
    """Return the hash of what a test depends on: language, code, tables, declarations, engine, what may leave."""
    return TestedText(
        language=Language(terms["language"]),
        code=terms["code"],
        tables=tables_of({read["table"]: read["dataset"] for read in terms["datasets"]}),
        inputs=inputs_of(terms),
        compute=compute_of(terms),
        output_policy=output_policy_of(terms),
        counts=counts_of(terms),
    ).hash


def check_same(terms: Terms, version: Version, *, name: str, description: str) -> None:
    """Return if a signed version says exactly what the draft says.

    Raises:
        InvalidError: the draft was changed meanwhile, or the version was made from something else.
    """
    drafted = (
        name, description, Language(terms["language"]), terms["code"], inputs_of(terms), grant_of(terms),
        LogPolicy(terms["log_policy"]), JobLimits(**terms["limits"]), output_policy_of(terms), counts_of(terms),
        profile_of(terms), compute_of(terms),
        {(read["table"], read["dataset"]) for read in terms["datasets"]},
    )  # fmt: skip
    signed = (
        version.name, version.description, version.language, version.code, version.inputs, version.grant,
        version.log_policy, version.limits, version.output_policy, version.counts,
        version.profile, version.compute,
        {(read.table, read.dataset) for read in version.datasets},
    )  # fmt: skip
    if drafted != signed:
        raise InvalidError(
            "draft_changed", "The signed version is not what the draft says now.", "Look at the draft, submit again."
        )
