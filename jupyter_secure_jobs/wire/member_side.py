"""The member side's own routes: those that use one's keys."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.wire.base import Wire
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.job import (
    ApprovalWire,
    GrantWire,
    InputVariableWire,
    LimitsWire,
    LineCommentWire,
    VersionWire,
)
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from jupyter_secure_jobs.wire.run import InputValue

# Under this key the metadata of a result that was opened as Parquet say what output rules withheld, as a JSON list.
WITHHELD: Final = "secure_jobs.withheld"


class IdentityWire(Wire):
    """A member whose key store this side has.

    `warnings`: what the workspace server was caught at, such as two histories of the log; newest first.
    """

    email: str
    organisation: str
    fingerprint: str
    unlocked: bool
    warnings: list[str] = []


class StatusWire(Wire):
    """What this member side is. `demonstration`: one machine holds every part."""

    mode: str
    demonstration: bool
    acting_as: str | None
    identities: list[IdentityWire]
    assurance: str
    assurance_text: str
    workspace_url: str
    version: str


class Unlock(Wire):
    """The passphrase of the member's key store."""

    passphrase: str


class CheckProblem(Wire):
    """Something that the check before submission found; line and column count from 1.

    `code` is as in errors: `code_check`, or `engine_lacks` for what the chosen engine cannot do.
    """

    code: str = "code_check"
    message: str
    line: int | None = None
    column: int | None = None
    fatal: bool = True


class CheckWire(Wire):
    """The check of a draft: what it reads, and what is wrong."""

    problems: list[CheckProblem]
    tables: list[str]


class CheckNew(Wire):
    """Code to check before it is saved or submitted."""

    language: str
    code: str
    tables: list[str] | None = None
    compute: ComputeWire = ComputeWire()
    memory_bytes: int | None = None


class FactWire(Wire):
    """One line of the review: what, and its value in words; `previous` if the last accepted version had another."""

    name: str
    value: str
    previous: str | None = None
    changed: bool = False


class SourceWire(Wire):
    """A column of a table that the job reads; `yours`: of the reviewer's own organisation."""

    table: str
    column: str
    owner: str
    yours: bool


class FlowColumnWire(Wire):
    """Which columns flow into one column of the result. `how` is such as `as it is`, `computed`, `count`, `avg`."""

    output: str
    how: str
    sources: list[SourceWire]


class FlowWire(Wire):
    """Which columns flow into which columns of the result.

    `known` is false where it could not be found out; `why` says so in words. `conditions` are columns that decide which
    rows count (filters, joins, groups), whether they leave or not.

    `columns` may be there though `known` is false: then they are what the plan of a test run said of a Python job. A
    worker signed that its sandbox said so; the author's code runs in that sandbox and could say otherwise, and do
    otherwise in a job run. `why` says so, and belongs beside them wherever they are shown.
    """

    known: bool
    why: str
    columns: list[FlowColumnWire] = []
    conditions: list[SourceWire] = []


class MarkWire(Wire):
    """A place in the code that names data of the reviewer's organisation; lines and columns count from 1."""

    line: int
    column: int
    length: int
    what: str


class NoteWire(Wire):
    """A hint for who reviews, never a verdict; `line` where it is about one."""

    text: str
    line: int | None = None


class ReviewStatement(Wire):
    """A version as this member side verified and parsed it; the review page draws from this alone.

    `diff` and `previous_code` are null if no version was accepted before. `decisions` are those so far, with the
    comments that were signed.
    """

    workspace: str
    job: str
    number: int
    version_hash: str
    sentence: str
    facts: list[FactWire]
    code: str
    language: str
    diff: str | None
    previous_code: str | None = None
    previous_number: int | None = None
    flow: FlowWire = FlowWire(known=False, why="")
    marks: list[MarkWire] = []
    inputs: list[InputVariableWire]
    grant: GrantWire
    limits: LimitsWire
    author: str
    submitted: datetime
    checked: list[str]
    notes: list[NoteWire]
    decisions: list[ApprovalWire] = []


class LastReviewWire(Wire):
    """The last closed review of the open version: the decisions, verified, and the code that they are about.

    They count for nothing any more; whoever revises the version reads them beside the lines of then.
    """

    number: int
    version_hash: str
    code: str
    submitted: datetime
    decisions: list[ApprovalWire]


class SubmitAsked(Wire):
    """The draft as its author has it in front: nothing else is signed. None: whatever the draft is now."""

    shown: VersionWire | None = None


class DecisionAsked(Wire):
    """A member's decision; the passphrase is asked for each time."""

    version_hash: str
    decision: Verdict
    comment: str = ""
    line_comments: list[LineCommentWire] = []
    passphrase: str


class RevocationAsked(Wire):
    """Which scope to stop. With `version_hash`, the version as it was read: nothing is signed for another."""

    scope: Scope
    version_hash: str | None = None


class RunAsked(Wire):
    """Input values for a run of the live version. With `version_hash`, as it was read: no other is ordered."""

    inputs: dict[str, InputValue] = {}
    version_hash: str | None = None


class Preview(Wire):
    """At most the first 100 rows as text, with the true total. `synthetic`: from synthetic tables.

    `withheld`: what output rules kept back, a sentence each, with who asked for the rule.
    """

    columns: list[str]
    types: list[str]
    rows: list[list[str | None]]
    total: int
    synthetic: bool
    verified: list[str]
    withheld: list[str] = []


class ComparisonWire(Wire):
    """A reviewer's test run beside the author's: `same` is null if they cannot be compared; `text` says it in words."""

    same: bool | None
    text: str
    authors_run: str | None = None


class ReceiptLine(Wire):
    """One thing that the receipt tells: what, and what was found; `verified` is false where it proves nothing.

    `by` names those whose signatures were verified, `at` is the signer's own time; `statement` is the hash of what was
    signed and `entry` its place in the log.
    """

    what: str
    found: str
    verified: bool = True
    by: list[str] = []
    at: datetime | None = None
    statement: str | None = None
    entry: int | None = None


class ReceiptWire(Wire):
    """A job run's receipt as this side verified it. `bundle` is where the file is that anyone can verify offline."""

    run: str
    verdict: str
    hash: str
    lines: list[ReceiptLine]
    bundle: str


class LogText(Wire):
    """A run's log, or why it is empty."""

    text: str
    empty_because: str | None


class DatasetAsked(Wire):
    """Files of this machine to publish as one dataset; nothing is published unless `confirm` is true.

    `output_policy`: null keeps that of the version before, if there is one. `shown`: the digest of the proposal that a
    person looked at; anything else is not published then.
    """

    name: str
    files: list[str]
    description: str = ""
    public: list[str] = []
    key_groups: dict[str, str] = {}
    rename: dict[str, str] = {}
    bounds: dict[str, list[str]] = {}
    output_policy: OutputPolicyWire | None = None
    confirm: bool = False
    shown: str | None = None


class TwinLine(Wire):
    """What the synthetic twin will reveal of one column."""

    column: str
    type: str
    reveals: str


class DatasetProposal(Wire):
    """What would be published, or was; `dataset` is set once it is. `output`: what the owner asks of results.

    `digest`: of all the rest, to confirm exactly this.
    """

    name: str
    rows: int
    twin: list[TwinLine]
    output: list[str] = []
    dataset: str | None
    digest: str = ""
