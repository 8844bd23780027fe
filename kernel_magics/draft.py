"""A draft as a cell or a call wants it, and how it is saved: created, changed, or left as it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError, NotAllowedError, NotFoundError, StaleError
from jupyter_secure_jobs.domain.job import Language, LogPolicy
from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.output import THE_JOB, OutputFailure, combine, failure_words, of_dataset
from jupyter_secure_jobs.domain.text import clean_code, clean_name, folded
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import DatasetReadWire, DraftChange, GrantWire, InputVariableWire, JobNew
from jupyter_secure_jobs.wire.member_side import CheckNew, CheckProblem
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from kernel_magics.job import Job
from kernel_magics.profiles import chosen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_secure_jobs.wire.dataset import DatasetWire
    from jupyter_secure_jobs.wire.job import JobDetailWire
    from jupyter_secure_jobs.wire.member_side import CheckWire
    from kernel_magics.api import SecureJobs

_SQL: Final = re.compile(
    r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*(select|with|values|create|from|table|explain)\b", re.IGNORECASE | re.DOTALL
)
_COMMENT: Final = re.compile(r"\s*(--|/\*)")


def guess_language(code: str, *, otherwise: Language = Language.PYTHON) -> Language:
    """Return SQL if the code starts with an SQL comment or with a word that only an SQL query starts with.

    Else `otherwise`: what the job is written in so far, so that a slip in the first word does not change it.
    """
    python_with_or_from = re.match(r"\s*(with\s.*:\s*$|from\s+[\w.]+\s+import\b)", code, re.MULTILINE)
    if python_with_or_from:
        return Language.PYTHON
    return Language.SQL if _SQL.match(code) or _COMMENT.match(code) else otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a draft is to be. None leaves description, time limit or profile as it is; the rest is stated in full.

    `datasets`: None proposes them from the tables that the code reads; else dataset names by table name.
    """

    name: str
    code: str
    language: Language | None = None
    inputs: tuple[InputVariableWire, ...] = ()
    datasets: Mapping[str, str] | None = None
    grant: GrantWire = field(default_factory=GrantWire)
    log_policy: LogPolicy = LogPolicy.STANDARD
    output_policy: OutputPolicyWire = field(default_factory=OutputPolicyWire)
    counts: tuple[str, ...] = ()
    description: str | None = None
    seconds: int | None = None
    profile: str | None = None

    def mark(self) -> str:
        """Return a digest that tells this from another wish for the same job."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of it: the job, what was done in a sentence, and what the check found."""

    job: Job
    did: str
    language: Language
    guessed: bool
    problems: tuple[CheckProblem, ...]

    @property
    def fatal(self) -> bool:
        """Whether the draft cannot be tested or submitted as it is."""
        return any(problem.fatal for problem in self.problems)


def save(session: SecureJobs, wanted: Wanted, *, new_draft: bool = False, overwrite: bool = False) -> Saved:
    """Create the job, or change its draft, or leave it: an unchanged text does nothing.

    Args:
        session: whose workspace it is.
        wanted: what the draft is to be.
        new_draft: open a new draft where the newest version is frozen.
        overwrite: put this text back although the draft was changed elsewhere meanwhile.

    Raises:
        NotAllowedError: under review, or frozen and `new_draft` is false; the next step says the way out.
        StaleError: somebody else changed the draft while it was being saved.
    """
    code = clean_code(wanted.code)
    existing = session.client.job_called(session.workspace, clean_name(wanted.name, what="job's name"))
    so_far = Language.PYTHON if existing is None else existing.version.language
    language = wanted.language or guess_language(code, otherwise=so_far)
    computed = chosen(session, wanted.profile, existing, seconds=wanted.seconds, again=overwrite)
    compute = computed.get("compute") or (ComputeWire() if existing is None else existing.version.compute)
    reads, check = _datasets(session, wanted.datasets, code=code, language=language, compute=compute)
    change = _change(wanted, code=code, language=language, reads=reads, computed=computed)
    job, did = _saved(session, wanted, change, existing, new_draft=new_draft, overwrite=overwrite)
    session.remember(job.id, wanted.mark())
    return Saved(
        job=job,
        did=did,
        language=language,
        guessed=wanted.language is None,
        problems=(*check.problems, *_uncounted(session, wanted, reads)),
    )


def _saved(
    session: SecureJobs,
    wanted: Wanted,
    change: DraftChange,
    existing: JobDetailWire | None,
    *,
    new_draft: bool,
    overwrite: bool,
) -> tuple[Job, str]:
    if existing is None:
        fields = {name: getattr(change, name) for name in change.model_fields_set}
        new = JobNew(**{**fields, "name": clean_name(wanted.name, what="job's name")})
        return Job(session, session.client.create_job(session.workspace, new)), "Created the job with its first draft."
    job = Job(session, existing)
    differing = _differing(change, existing)
    if not differing:
        return job, "Nothing changed, so nothing was saved."
    listed = ", ".join(differing)
    if not job.allowed(Action.EDIT) and differing != ["description"]:
        _open_draft(job, new_draft=new_draft)
        job.edit(change)
        return job, f"Opened a new draft; changed: {listed}."
    if session.remembered(job.id) == wanted.mark() and not overwrite:
        raise StaleError(
            "draft_changed_elsewhere",
            f"The draft was changed elsewhere ({listed}); this cell was not, so nothing was saved.",
            "Run the cell with --overwrite to put its text back, or take the change into the cell.",
        )
    job.edit(change)
    return job, f"Updated the draft: {listed}."


def _open_draft(job: Job, *, new_draft: bool) -> None:
    if job.allowed(Action.CANCEL_REVIEW):
        raise NotAllowedError(
            "under_review",
            f'"{job.name}" is under review; what is reviewed does not change.',
            f'`%securejob cancel-review "{job.name}"` makes it a draft again.',
        )
    if not job.allowed(Action.NEW_DRAFT):
        offer = job.offer(Action.EDIT) or job.offer(Action.NEW_DRAFT)
        reason = offer.reason if offer is not None and offer.reason else f"It is {job.status}, by {job.wire.author}."
        raise NotAllowedError("draft_refused", f'"{job.name}" cannot be changed: {reason}', "Choose another name.")
    if not new_draft:
        raise NotAllowedError(
            "version_frozen",
            f'The newest version of "{job.name}" is frozen, and this cell differs from it.',
            f'`%securejob new-draft "{job.name}"` opens a draft; or run the cell with --new-draft.',
        )
    job.new_draft()


def _change(
    wanted: Wanted,
    *,
    code: str,
    language: Language,
    reads: list[DatasetReadWire],
    computed: Mapping[str, object],
) -> DraftChange:
    change = DraftChange(
        language=language,
        code=code,
        datasets=reads,
        inputs=list(wanted.inputs),
        grant=wanted.grant,
        log_policy=wanted.log_policy,
        output_policy=wanted.output_policy,
        counts=list(wanted.counts),
    )
    more = dict(computed)
    if wanted.description is not None:
        more["description"] = wanted.description
    return DraftChange.model_validate({**change.model_dump(exclude_unset=True), **more}) if more else change


def _uncounted(session: SecureJobs, wanted: Wanted, reads: list[DatasetReadWire]) -> list[CheckProblem]:
    """Return the problem of a job that declares no count although a rule about counts will hold for its results."""
    read = {each.dataset for each in reads}
    asked = [
        (of_dataset(dataset.owner, dataset.name), dataset.output_policy.policy())
        for dataset in session.datasets()
        if dataset.id in read
    ]
    rules = combine([*asked, (THE_JOB, wanted.output_policy.policy())], counts=wanted.counts)
    if rules.counts or not rules.about_counts:
        return []
    return [CheckProblem(message=f"{failure_words(rules, OutputFailure.NO_COUNT)} In a cell: --counts NAME.")]


def _differing(change: DraftChange, existing: JobDetailWire) -> list[str]:
    version = existing.version
    found = []
    for name in DraftChange.model_fields:
        if name not in change.model_fields_set:
            continue
        # The description is the job's own and can change at any time; a version keeps the one that was reviewed.
        wanted, there = getattr(change, name), getattr(existing if name == "description" else version, name)
        if name == "datasets":
            wanted, there = (
                [(r.table, r.dataset) for r in sorted(rs, key=lambda r: r.table)] for rs in (wanted, there)
            )
        if name == "inputs":
            # The constraint in words is the server's to write, and not part of the declaration.
            wanted, there = ([v.model_copy(update={"constraint": ""}) for v in vs] for vs in (wanted, there))
        if wanted != there:
            found.append(name.replace("_", " "))
    return found


def _datasets(
    session: SecureJobs, asked: Mapping[str, str] | None, *, code: str, language: Language, compute: ComputeWire
) -> tuple[list[DatasetReadWire], CheckWire]:
    """Return the datasets to read, and the check's answer, which names every table that is none of them."""
    there = session.datasets()
    known = {folded(dataset.name): dataset for dataset in there if dataset.withdrawn is None}
    given = None if asked is None else [_read(table, name, known) for table, name in asked.items()]
    tables = [dataset.name for dataset in known.values()] if given is None else [read.table for read in given]
    text = CheckNew(language=str(language), code=code, tables=tables, compute=compute)
    check = session.client.check(session.workspace, text)
    if given is not None:
        return given, check
    found = dict.fromkeys(folded(table) for table in check.tables if folded(table) in known)
    return [DatasetReadWire(table=known[name].name, dataset=known[name].id) for name in found], check


def _read(table: str, name: str, known: Mapping[str, DatasetWire]) -> DatasetReadWire:
    dataset = known.get(folded(name))
    if dataset is None:
        listed = ", ".join(each.name for each in known.values()) or "none"
        raise NotFoundError("no_such_dataset", f"There is no dataset {name!r}.", f"There are: {listed}.")
    return DatasetReadWire(table=table, dataset=dataset.id)


def datasets_of(texts: Sequence[str]) -> dict[str, str] | None:
    """Return dataset names by table name, from `NAME` or `table=NAME`; None if there are none.

    Raises:
        InvalidError: two have one table's name.
    """
    if not texts:
        return None
    read: dict[str, str] = {}
    for text in texts:
        table, equals, name = text.partition("=")
        if table in read:
            raise InvalidError("dataset_twice", f"Two datasets are to be table {table!r}.", "Write table=NAME.")
        read[table.strip()] = (name if equals else table).strip()
    return read
