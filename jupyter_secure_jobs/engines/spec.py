"""A job as the sandbox gets it, and what is known of it afterwards."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.inputs import InputType
from jupyter_secure_jobs.sandbox.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_secure_jobs.domain.output import Withheld

Language = Literal["sql", "python"]
LogPolicy = Literal["full", "standard", "errors"]
Status = Literal["succeeded", "failed", "cancelled"]
Form = Literal["parquet", "arrow"]
Scalar: TypeAlias = str | int | float | bool
InputValue: TypeAlias = "Scalar | tuple[str, ...]"

_LANGUAGES: Final = ("sql", "python")
_LOG_POLICIES: Final = ("full", "standard", "errors")
_FORMS: Final = ("parquet", "arrow")
_TEXT_TYPES: Final = (InputType.STRING, InputType.DATE, InputType.TIMESTAMP, InputType.CHOICE)


class SpecError(ValueError):
    """The job's description is not of the agreed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One run of one job.

    tables: the name of each table and its Parquet files' names in the child's `tables` directory.
    inputs: the name of each input variable, its type (`domain.inputs.InputType`) and its value; dates and timestamps
    as ISO 8601 text, several choices as a tuple of strings.
    form: how the rows come out: Parquet that leaves as it is, or an Arrow stream for the gate of the output rules.
    flow: whether to tell which columns flow into the result, by the plans of a Python job; for test runs alone.
    engine: which engine it is for; the child must have been started with it. settings: of that engine, by name.
    """

    language: Language
    code: str
    tables: Mapping[str, tuple[str, ...]]
    inputs: Mapping[str, tuple[str, InputValue]]
    log_policy: LogPolicy
    limits: Limits
    form: Form = "parquet"
    flow: bool = False
    engine: EngineName = EngineName.SAIL
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no engine could run.

        Raises:
            SpecError: with the part that is wrong.
        """
        if self.language not in _LANGUAGES:
            raise SpecError("The language must be sql or python.")
        if self.log_policy not in _LOG_POLICIES:
            raise SpecError("The log policy must be full, standard or errors.")
        if self.form not in _FORMS:
            raise SpecError("The result's form must be parquet or arrow.")
        for files in self.tables.values():
            if not files or any("/" in name or "\0" in name or name in {"", ".", ".."} for name in files):
                raise SpecError("A table's files must be plain names, at least one.")
        for kind, value in self.inputs.values():
            if not _fits(kind, value):
                raise SpecError("An input's value does not fit its type.")

    def to_bytes(self) -> bytes:
        """Return the description as JSON."""
        return json.dumps(
            {
                "language": self.language,
                "code": self.code,
                "tables": {name: list(files) for name, files in self.tables.items()},
                "inputs": {name: [kind, value] for name, (kind, value) in self.inputs.items()},
                "log_policy": self.log_policy,
                "limits": asdict(self.limits),
                "form": self.form,
                "flow": self.flow,
                "engine": self.engine,
                "settings": dict(self.settings),
            }
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> JobSpec:
        """Return the job that `to_bytes` described.

        Raises:
            SpecError: the bytes do not keep to the form.
        """
        try:
            parts = json.loads(data)
            inputs = {name: (kind, _frozen(value)) for name, (kind, value) in parts["inputs"].items()}
            return cls(
                language=parts["language"],
                code=str(parts["code"]),
                tables={name: tuple(files) for name, files in parts["tables"].items()},
                inputs=inputs,
                log_policy=parts["log_policy"],
                limits=Limits(**parts["limits"]),
                form=parts["form"],
                flow=parts["flow"] is True,
                engine=EngineName(parts["engine"]),
                settings={str(name): str(value) for name, value in parts["settings"].items()},
            )
        except SpecError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = "The job's description cannot be read."
            raise SpecError(message) from error


def _frozen(value: object) -> InputValue:
    return tuple(value) if isinstance(value, list) else cast("InputValue", value)


def _fits(kind: str, value: InputValue) -> bool:
    if kind in _TEXT_TYPES:
        return type(value) is str
    if kind == InputType.INTEGER:
        return type(value) is int and -(2**63) <= value < 2**63
    if kind == InputType.NUMBER:
        return type(value) in {int, float}
    if kind == InputType.BOOLEAN:
        return type(value) is bool
    return kind == InputType.MULTIPLE_CHOICE and type(value) is tuple and all(type(part) is str for part in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What the enclave may believe of a run; every field was checked against a closed form.

    error_class: of the closed list in `engines.errors`. error_line: 1 to the number of the code's lines.
    rows, result, logical_digest: there if it succeeded; `result` was made by the author's code, so the parent does not
    parse it. Of an Arrow stream, rows and digest are not known before the gate has made of it what leaves.
    ordered: whether the job says that it fixes the order of its rows.
    withheld: what output rules kept back.
    flow: what the sandbox says of the flow of columns, unread; none unless it was asked for.
    log: always there, UTF-8 without control characters.
    """

    status: Status
    error_class: str | None
    error_line: int | None
    rows: int | None
    result: Path | None
    log: Path
    logical_digest: str | None
    ordered: bool = False
    withheld: tuple[Withheld, ...] = ()
    flow: Path | None = None
