"""What is reviewed: a version of a job, frozen and signed by its author."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations at run time
from typing import TYPE_CHECKING, ClassVar, Final

from jupyter_secure_jobs.domain.compute import Compute  # noqa: TC001 -- the codec reads the annotations at run time
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.inputs import InputVariable, check_declarations
from jupyter_secure_jobs.domain.job import MOST_DATASETS, Assurance, Grant, JobLimits, Language, LogPolicy
from jupyter_secure_jobs.domain.output import OutputPolicy, check_counts
from jupyter_secure_jobs.domain.text import (
    DESCRIPTION_LENGTH,
    HASH_LENGTH,
    ID_LENGTH,
    NONCE_LENGTH,
    check_lengths,
    clean_code,
    clean_identifier,
    clean_name,
    clean_text,
)
from jupyter_secure_jobs.protocol import canonical, codec

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY_ENROLLED: Final = "any enrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRead:
    """One table that the code may read: the name it has there, and the exact manifest behind it."""

    table: str
    dataset: str
    manifest: str

    def __post_init__(self) -> None:
        """Refuse what is longer than any id or hash."""
        check_lengths(self, dataset=ID_LENGTH, manifest=HASH_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A member of the author's organisation to whom results are sealed."""

    member: str
    sealing_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """All that every member accepts, and nothing beside it. `nonce` is new for each submission.

    `profile` is the name of the compute profile from which `compute` and `limits` were taken. `measurement` is a
    worker's digest, or `any enrolled`.

    `output_policy` is the author's own; what the owners ask stands in the manifests. `counts` names the columns of the
    result that count the rows or persons of a group.
    """

    TYPE: ClassVar[str] = "version.v1"
    workspace: str
    genesis: str
    epoch: int
    roster: str
    job: str
    number: int
    nonce: str
    name: str
    description: str
    author: str
    language: Language
    code: str
    datasets: tuple[DatasetRead, ...]
    inputs: tuple[InputVariable, ...]
    grant: Grant
    profile: str
    compute: Compute
    measurement: str
    lowest_assurance: Assurance
    limits: JobLimits
    log_policy: LogPolicy
    output_policy: OutputPolicy
    counts: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    time: datetime

    def __post_init__(self) -> None:
        """Refuse texts that deceive, doubled names, and empty lists that must not be empty."""
        check_declarations(self.inputs)
        check_lengths(self, job=ID_LENGTH, nonce=NONCE_LENGTH, measurement=HASH_LENGTH)
        check_counts(self.counts)
        if clean_name(self.name, what="job's name") != self.name:
            raise InvalidError("name", "The job's name is not in its normal form.", "Submit it again.")
        if clean_name(self.profile, what="profile's name") != self.profile:
            raise InvalidError("name", "The profile's name is not in its normal form.", "Submit it again.")
        clean_text(self.description, what="description", longest=DESCRIPTION_LENGTH)
        if clean_code(self.code) != self.code or not self.code.strip():
            raise InvalidError("code", "The code is empty or not in its normal form.", "Submit it again.")
        tables = [clean_identifier(read.table, what="table name").lower() for read in self.datasets]
        if len(set(tables)) != len(tables) or len(tables) > MOST_DATASETS:
            raise InvalidError("datasets", "Two tables have one name, or there are too many.", "Change the list.")
        if not self.recipients:
            raise InvalidError("recipients", "Nobody would be able to open the result.", "Submit it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedText:
    """The parts of a job that a test depends on; its hash says whether exactly this text was tested.

    `tables` are sorted, each as `name=dataset`.
    """

    TYPE: ClassVar[str] = "text.v1"
    language: Language
    code: str
    tables: tuple[str, ...]
    inputs: tuple[InputVariable, ...]
    compute: Compute
    output_policy: OutputPolicy
    counts: tuple[str, ...]

    @property
    def hash(self) -> str:
        """How a test result names the text."""
        return canonical.digest(canonical.encode(codec.to_json(self)))


def tables_of(datasets: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tables of a tested text; `datasets` gives the dataset behind each."""
    return tuple(sorted(f"{table}={dataset}" for table, dataset in datasets.items()))
