"""Jobs: what is drafted, reviewed and run, with the actions that the caller has now."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from jupyter_secure_jobs.domain.comment import LineComment
from jupyter_secure_jobs.domain.compute import STANDARD
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.inputs import InputType, InputVariable
from jupyter_secure_jobs.domain.job import GIB, Language, LogPolicy, Scope
from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire
from jupyter_secure_jobs.wire.compute import ComputeWire, ProfileNotice
from jupyter_secure_jobs.wire.log import LogProofWire
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from jupyter_secure_jobs.wire.run import InputValue, RunWire


class ActionWire(Wire):
    """Something one may do, or may not for the `reason` given.

    `href` is relative to the API's base; `needs` names what the client must ask first: `inputs`, `comment`,
    `passphrase`, `confirm`, `version`, `page`; `shown` asks nothing: the version in front goes along as it was shown.
    `body` goes along as it stands. `effect` says what the action does, to be read before one agrees. `primary` marks
    the one or two that most people want next.
    """

    name: str
    label: str
    allowed: bool
    reason: str | None
    method: str
    href: str
    needs: list[str]
    body: dict[str, str | int] = {}
    effect: str = ""
    primary: bool = False


class InputVariableWire(Wire):
    """A declared input variable; `constraint` is its type and bounds in words."""

    name: str
    type: str
    default: InputValue | None = None
    description: str = ""
    low: str | None = None
    high: str | None = None
    pattern: str | None = None
    choices: list[str] = []
    constraint: str = ""

    def declared(self) -> InputVariable:
        """Return the declaration as a checked domain value.

        Raises:
            InvalidError: the type is unknown, or the declaration means nothing.
        """
        if self.type not in set(InputType):
            types = ", ".join(InputType)
            raise InvalidError("input_type", f"{self.type!r} is no type of input.", f"Use one of {types}.")
        return InputVariable(
            name=self.name,
            type=InputType(self.type),
            default=tuple(self.default) if isinstance(self.default, list) else self.default,
            description=self.description,
            low=self.low,
            high=self.high,
            pattern=self.pattern,
            choices=tuple(self.choices),
        )


class DatasetReadWire(Wire):
    """A table that the job reads: its name in the code, and the dataset behind it."""

    table: str
    dataset: str


class GrantWire(Wire):
    """The reruns that are asked for."""

    reruns: bool = False
    most_runs: int | None = None
    until: datetime | None = None


class LimitsWire(Wire):
    """Limits of one run."""

    seconds: int = 3600
    memory_bytes: int = 4 * GIB
    result_bytes: int = GIB
    log_bytes: int = 1024**2
    scratch_bytes: int = 2 * GIB
    cores: int = 2


class VersionWire(Wire):
    """A version: its text and terms, and where it stands. `state` is draft, under review, accepted or closed.

    `output_policy` is the author's own; `counts` names the columns of the result that count rows or persons.
    `activate` is the action that makes an earlier accepted version the live one, for who may. Of a draft alone the
    server tells `profile_notice` about the profile it was filled from, and in `unfit` why no worker could run it now.
    """

    number: int
    state: str
    hash: str | None
    name: str
    description: str
    language: Language
    code: str
    datasets: list[DatasetReadWire]
    inputs: list[InputVariableWire]
    grant: GrantWire
    log_policy: LogPolicy
    limits: LimitsWire
    profile: str = STANDARD
    compute: ComputeWire = ComputeWire()
    output_policy: OutputPolicyWire = OutputPolicyWire()
    counts: list[str] = []
    profile_notice: ProfileNotice | None = None
    unfit: list[str] = []
    tested: bool | None
    tested_run: str | None
    live: bool
    submitted: datetime | None
    activate: ActionWire | None = None


class LineCommentWire(Wire):
    """A comment that stands beside one line of the code under review; lines count from 1."""

    line: int = Field(ge=1)
    text: str

    @classmethod
    def of(cls, comment: LineComment) -> LineCommentWire:
        """Return a comment as a wire shape."""
        return cls(line=comment.line, text=comment.text)

    def comment(self) -> LineComment:
        """Return the comment as a domain value, unchecked."""
        return LineComment(line=self.line, text=self.text)


class ApprovalWire(Wire):
    """One member's decision on the version under review, or on the live one.

    `erased`: the comments were erased from the server afterwards; the signed decision keeps their digest alone.
    """

    member: str
    organisation: str
    decision: str
    comment: str
    time: datetime | None
    line_comments: list[LineCommentWire] = []
    erased: bool = False


class HistoryWire(Wire):
    """Who did what, when; `label` is the action as people read it."""

    time: datetime
    member: str
    action: str
    label: str = ""
    detail: str
    version: int | None


class JobWire(Wire):
    """A job as one member sees it in a list. `stage` is Draft, Review, Execution or Outcome."""

    id: str
    workspace: str
    name: str
    description: str
    author: str
    organisation: str
    status: str
    status_text: str
    stage: str = ""
    rerun_indicator: str | None
    archived: bool
    mine: bool
    needs_me: bool
    created: datetime
    updated: datetime
    revision: int
    live_version: int | None
    open_version: int | None
    newest_run: RunWire | None
    actions: list[ActionWire]


class StopWire(Wire):
    """A revocation of the live version: whose key services have said that they heard it, and whose have not."""

    member: str
    scope: Scope
    effect: str
    time: datetime
    heard_by: list[str]
    waiting_for: list[str]


class JobDetailWire(JobWire):
    """A job with its version in front, its approval, what stops its live version, and what was done so far.

    `query_status` says in words whether the query is a draft or ready, `test_status` what the newest test came to.
    `last_review` are the decisions of the open version's last closed review, on the code `last_review_code`: they count
    for nothing, and whoever revises reads them. All of it is the server's word; the member side serves it verified.
    """

    query_status: str = ""
    test_status: str = ""
    version: VersionWire
    live: VersionWire | None
    approval: list[ApprovalWire]
    stops: list[StopWire] = []
    last_review: list[ApprovalWire] = []
    last_review_code: str = ""
    history: list[HistoryWire]


class DraftChange(Wire):
    """Fields of a draft to change; those left out stay.

    A `profile` without `compute` or `limits` copies what it says of them into the draft.
    """

    name: str | None = None
    description: str | None = None
    language: Language | None = None
    code: str | None = None
    datasets: list[DatasetReadWire] | None = None
    inputs: list[InputVariableWire] | None = None
    grant: GrantWire | None = None
    log_policy: LogPolicy | None = None
    limits: LimitsWire | None = None
    profile: str | None = None
    compute: ComputeWire | None = None
    output_policy: OutputPolicyWire | None = None
    counts: list[str] | None = None


class JobNew(DraftChange):
    """A new job; only its name must be given."""

    name: str = Field()
    language: Language = Language.SQL


class SubmitNew(Wire):
    """The version that the author signed."""

    version: EnvelopeWire


class DecisionNew(Wire):
    """A signed decision, with the comment and line comments whose salted digest it names."""

    decision: EnvelopeWire
    comment: str = ""
    line_comments: list[LineCommentWire] = []
    salt: str = ""


class RevocationNew(Wire):
    """A signed revocation."""

    revocation: EnvelopeWire


class ActivateNew(Wire):
    """The number of an accepted version to make live."""

    version: int


class CommentsWire(Wire):
    """The comments of the decision with this hash, and the salt under which the decision names their digest."""

    decision: str
    comment: str
    line_comments: list[LineCommentWire]
    salt: str


class ReviewWire(Wire):
    """The statements about one version, for those who verify them, and the comments that the decisions name.

    `previous` is the last accepted version before it, with the manifests that it names and the decisions on it.
    """

    version: EnvelopeWire
    decisions: list[EnvelopeWire]
    revocations: list[EnvelopeWire]
    acknowledgements: list[EnvelopeWire]
    manifests: list[EnvelopeWire]
    previous: EnvelopeWire | None
    previous_manifests: list[EnvelopeWire] = []
    previous_decisions: list[EnvelopeWire] = []
    log: LogProofWire
    comments: list[CommentsWire] = []


class JobCounts(Wire):
    """How many jobs each group has for the caller; the archived ones stand in `archived` alone.

    A count above `most` says that there are more than so many: how many is not counted.
    """

    most: int
    needs_me: int
    mine: int
    others: int
    archived: int
