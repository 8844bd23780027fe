"""Submitting, reviewing, deciding, revoking and ordering: every statement is checked here before it is signed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.comment import LineComment, clean_comment, clean_line_comments
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, RefusedError
from jupyter_secure_jobs.domain.output import OutputFailure, failure_words
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.member import checks, statements
from jupyter_secure_jobs.member.context import envelope_of, envelopes_of, log_proof_of
from jupyter_secure_jobs.member.decided import decided
from jupyter_secure_jobs.member.planned import planned
from jupyter_secure_jobs.member.previous import accepted_before
from jupyter_secure_jobs.member.review import describe
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.output import rules_of
from jupyter_secure_jobs.trust.dossier import verified_manifests
from jupyter_secure_jobs.trust.log import verify_log
from jupyter_secure_jobs.trust.version import verify_version
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.job import DecisionNew, LineCommentWire, RevocationNew, SubmitNew
from jupyter_secure_jobs.wire.run import RunNew

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_secure_jobs.domain.job import Scope
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.envelope import Envelope, Statement
    from jupyter_secure_jobs.protocol.version import Version
    from jupyter_secure_jobs.trust.roster import TrustedRosters
    from jupyter_secure_jobs.wire.job import JobDetailWire, ReviewWire, VersionWire
    from jupyter_secure_jobs.wire.member_side import ReviewStatement
    from jupyter_secure_jobs.wire.run import InputValue, RunWire


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A submitted version as this side verified it; in `said` the decisions are still unverified."""

    rosters: TrustedRosters
    version: Version
    hash: str
    manifests: Mapping[str, Manifest]
    said: ReviewWire


def _signed(acting: Acting, statement: Statement) -> EnvelopeWire:
    return EnvelopeWire.model_validate(envelopes.sign(statement, acting.ring.signing).to_json())


# What of a version its author writes; all else is the server's word on it.
_WRITTEN: Final = frozenset(
    {"name", "description", "language", "code", "datasets", "inputs", "grant", "log_policy", "limits", "profile",
     "compute", "output_policy", "counts"}
)  # fmt: skip


def submit(acting: Acting, workspace: str, job: str, *, shown: VersionWire | None = None) -> JobDetailWire:
    """Check the draft, sign it as it is now, and open the review.

    `shown` is the draft as the author has it in front: a server must not get another one signed.

    Raises:
        ConflictError: the draft is another than `shown`.
        InvalidError: the code does not parse (with line and column), reads an unknown table, is empty, or asks for what
            its engine cannot do.
        RefusedError: the roster or a manifest does not verify.
    """
    detail = acting.client.job(workspace, job)
    draft = detail.version
    if shown is not None and shown.model_dump(include=set(_WRITTEN)) != draft.model_dump(include=set(_WRITTEN)):
        raise ConflictError(
            "draft_changed", "The draft is not the one that you have in front of you.", "Look at it again, then submit."
        )
    found = checks.check(
        draft.language,
        draft.code,
        tables=[read.table for read in draft.datasets],
        compute=draft.compute.compute(),
        memory_bytes=draft.limits.memory_bytes,
    )
    for problem in found.problems:
        if problem.fatal:
            where = f" (line {problem.line}, column {problem.column})" if problem.line else ""
            raise InvalidError(problem.code, f"{problem.message}{where}", "Mend the draft, then submit again.")
    rosters = acting.rosters(workspace)
    acting.checkpoint(workspace, rosters)  # nothing is signed on a log that was forked
    manifests: dict[str, str] = {}
    known: dict[str, Manifest] = {}
    for read in draft.datasets:
        envelope = envelope_of(acting.client.manifest(workspace, read.dataset).manifest)
        (verified,) = verified_manifests([envelope], rosters).values()
        if verified.dataset != read.dataset:
            raise RefusedError("manifest_missing", f"The server sent another dataset's manifest for {read.table!r}.")
        owner = rosters.newest.organisation(verified.owner)
        if owner is None or owner.key_service is None:
            raise InvalidError("no_key_service", f"{verified.owner}, the owner of the dataset behind table "
                               f"{read.table!r}, has no key service here.", "Change the job's datasets.")  # fmt: skip
        manifests[read.dataset] = envelope.hash
        known[envelope.hash] = verified
    version = statements.version_of(detail, rosters, manifests, author=acting.email, now=utc_now())
    rules = rules_of(version, known)
    if rules.about_counts and not rules.counts:
        raise InvalidError("no_counts", failure_words(rules, OutputFailure.NO_COUNT), "In a cell: --counts NAME.")
    return acting.client.submit_signed(workspace, job, SubmitNew(version=_signed(acting, version)))


def verified(acting: Acting, workspace: str, job: str, *, number: int) -> Verified:
    """Return a submitted version, fetched and verified by this side.

    Raises:
        RefusedError: something does not verify, or the server sent another job's version.
    """
    wire = acting.client.review_statements(workspace, job, number, seen=acting.pins.log_size(workspace))
    return _verified(acting, job, number, wire, acting.rosters(workspace))


def _verified(acting: Acting, job: str, number: int, wire: ReviewWire, rosters: TrustedRosters) -> Verified:
    manifests = verified_manifests(envelopes_of(wire.manifests), rosters)
    envelope = envelope_of(wire.version)
    version = verify_version(envelope, rosters, manifests)
    if (version.job, version.number) != (job, number):
        raise RefusedError("other_job", "The server sent the version of another job.", "Warn the others.")
    # Others saw the log too: what their decisions carry shows whether the server told each the same.
    carried = [envelopes.read(Decision, envelope_of(each)).checkpoint for each in wire.decisions]
    acting.follow_log(rosters.workspace, rosters, verify_log(log_proof_of(wire.log), rosters, carried))
    return Verified(rosters=rosters, version=version, hash=envelope.hash, manifests=manifests, said=wire)


def review(acting: Acting, workspace: str, job: str, *, live: bool = False) -> ReviewStatement:
    """Return the version in front in plain words: the one under review, else the live one; and what others said of it.

    With `live` it is the live one in any case: what a run, a revocation or a withdrawal is signed for.

    Raises:
        ConflictError: there is nothing to review.
        RefusedError: something does not verify, or the server shows comments that were not signed.
    """
    seen = _live(acting, workspace, job) if live else _in_front(acting, workspace, job)
    described = describe(
        seen.version,
        seen.hash,
        manifests=seen.manifests,
        previous=accepted_before(acting, seen.said, seen.version),
        organisation=acting.card.organisation,
        author_organisation=seen.rosters.member(seen.version.author).organisation,
        members=len(seen.rosters.newest.members),
        plan=planned(acting, seen.version, seen.manifests),
    )
    return described.model_copy(update={"decisions": decided(seen.said, seen.rosters, seen.version, seen.hash)})


def _in_front(acting: Acting, workspace: str, job: str) -> Verified:
    detail = acting.client.job(workspace, job)
    number = detail.version.number if detail.version.hash is not None else detail.live_version
    if number is None:
        raise ConflictError("no_review", "This job was not submitted yet.", "Wait for its author to submit it.")
    return verified(acting, workspace, job, number=number)


def decide(
    acting: Acting,
    workspace: str,
    job: str,
    *,
    version_hash: str,
    verdict: Verdict,
    comment: str,
    line_comments: Sequence[LineComment] = (),
) -> JobDetailWire:
    """Sign a decision on the version with this hash, if it is still the one under review.

    Raises:
        ConflictError: the author resubmitted: another version is under review.
        InvalidError: a decline without a comment, or a line comment beside no line of the code.
        RefusedError: the version does not verify.
    """
    text = clean_comment(comment)
    if verdict is Verdict.DECLINE and not text.strip():
        raise InvalidError("comment_needed", "A decline needs a comment.", "Say what should change.")
    detail = acting.client.job(workspace, job)
    seen = verified(acting, workspace, job, number=detail.version.number)
    if seen.hash != version_hash:
        raise ConflictError(
            "version_changed", "Another version is under review than the one you looked at.", "Look at the new one."
        )
    lines = clean_line_comments(line_comments, code=seen.version.code)
    salt = secrets.token_urlsafe(16)
    decision = statements.decision_of(
        seen.hash,
        seen.rosters,
        verdict=verdict,
        comment=places.comment(salt=salt, text=text, lines=lines),
        member=acting.email,
        now=utc_now(),
        checkpoint=acting.checkpoint(workspace, seen.rosters),
    )
    new = DecisionNew(
        decision=_signed(acting, decision),
        comment=text,
        line_comments=[LineCommentWire.of(each) for each in lines],
        salt=salt,
    )
    return acting.client.decide_signed(workspace, job, new)


def _live(acting: Acting, workspace: str, job: str, *, version_hash: str | None = None) -> Verified:
    said = acting.client.live_statements(workspace, job, seen=acting.pins.log_size(workspace))
    if said.number is None or said.review is None:
        raise ConflictError("no_version", "No version has been accepted yet.", "Wait for every member's decision.")
    rosters = acting.follow(workspace, envelopes_of(said.chains.rosters), envelopes_of(said.chains.workers))
    seen = _verified(acting, job, said.number, said.review, rosters)
    if version_hash is not None and seen.hash != version_hash:
        raise ConflictError(
            "version_changed", "Another version is live than the one you looked at.", "Look at the live one."
        )
    return seen


def revocation(acting: Acting, workspace: str, job: str, scope: Scope, *, version_hash: str | None = None) -> Envelope:
    """Sign a revocation of the live version, and tell nobody yet.

    Raises:
        ConflictError: no version is live, or another one than `version_hash`.
    """
    seen = _live(acting, workspace, job, version_hash=version_hash)
    made = statements.revocation_of(
        seen.hash,
        seen.rosters,
        scope=scope,
        member=acting.email,
        now=utc_now(),
        checkpoint=acting.checkpoint(workspace, seen.rosters),
    )
    return envelopes.sign(made, acting.ring.signing)


def revoke(acting: Acting, workspace: str, job: str, scope: Scope, *, version_hash: str | None = None) -> JobDetailWire:
    """Sign a revocation of the live version and hand it in.

    Raises:
        ConflictError: no version is live, or another one than `version_hash`.
    """
    return hand_in(acting, workspace, job, revocation(acting, workspace, job, scope, version_hash=version_hash))


def hand_in(acting: Acting, workspace: str, job: str, signed: Envelope) -> JobDetailWire:
    """Hand a signed revocation to the workspace server, which leaves it for every key service of the job."""
    wire = EnvelopeWire.model_validate(signed.to_json())
    return acting.client.revoke_signed(workspace, job, RevocationNew(revocation=wire))


def run(
    acting: Acting, workspace: str, job: str, inputs: Mapping[str, InputValue], *, version_hash: str | None = None
) -> RunWire:
    """Sign an order for one run of the live version.

    Raises:
        InvalidError: an input value is missing or outside its constraint.
        ConflictError: no version is live, or another one than `version_hash`.
    """
    seen = _live(acting, workspace, job, version_hash=version_hash)
    order = statements.order_of(
        seen.version,
        seen.hash,
        inputs,
        member=acting.email,
        now=utc_now(),
        checkpoint=acting.pins.newest_note(workspace),  # from the log that the live version came with, a moment ago
    )
    signed = envelopes.sign(order, acting.ring.signing)
    ordered = acting.client.order_signed(workspace, job, RunNew(order=EnvelopeWire.model_validate(signed.to_json())))
    # Which run the server will show under this id later is checked against what was ordered.
    acting.kept.keep_order(workspace, ordered.id, signed.hash)
    return ordered
