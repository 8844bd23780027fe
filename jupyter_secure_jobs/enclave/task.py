"""A test run as the enclave gets it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 -- the codec reads the annotations at run time
from dataclasses import dataclass

from jupyter_secure_jobs.domain.compute import Compute  # noqa: TC001 -- as above
from jupyter_secure_jobs.domain.inputs import InputVariable, Value  # noqa: TC001 -- as above
from jupyter_secure_jobs.domain.job import JobLimits, Language  # noqa: TC001 -- as above
from jupyter_secure_jobs.domain.output import THE_JOB, OutputPolicy, OutputRules, combine
from jupyter_secure_jobs.protocol.version import TestedText, tables_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerPolicy:
    """What the owner of a dataset asks of results, beside how the owner is named."""

    asked_by: str
    policy: OutputPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticTask:
    """A text to run on synthetic tables. `tables` gives each table's digest, `datasets` the dataset behind it."""

    workspace: str
    genesis: str
    run: str
    text_hash: str
    language: Language
    code: str
    tables: Mapping[str, str]
    datasets: Mapping[str, str]
    inputs: Mapping[str, Value]
    declarations: tuple[InputVariable, ...]
    limits: JobLimits
    compute: Compute
    output_policy: OutputPolicy
    counts: tuple[str, ...]
    owners: tuple[OwnerPolicy, ...]

    @property
    def text(self) -> TestedText:
        """What is tested, as it is here: the server's word on its hash is checked against this."""
        return TestedText(
            language=self.language,
            code=self.code,
            tables=tables_of(self.datasets),
            inputs=self.declarations,
            compute=self.compute,
            output_policy=self.output_policy,
            counts=self.counts,
        )

    @property
    def rules(self) -> OutputRules:
        """The output rules that a job run would be held to as well."""
        asked = [(each.asked_by, each.policy) for each in self.owners]
        return combine([*asked, (THE_JOB, self.output_policy)], counts=self.counts)
