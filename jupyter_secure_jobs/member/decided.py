"""What others decided and wrote: each decision verified, and its comments held against the digest that was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.comment import clean_comment, clean_line_comments
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.review import VERDICTS
from jupyter_secure_jobs.member.context import envelope_of, envelopes_of, log_proof_of
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.trust.approval import verify_comments, verify_decision
from jupyter_secure_jobs.trust.dossier import verified_manifests
from jupyter_secure_jobs.trust.log import verify_log
from jupyter_secure_jobs.trust.roster import verify_rosters
from jupyter_secure_jobs.trust.version import verify_version
from jupyter_secure_jobs.wire.job import ApprovalWire
from jupyter_secure_jobs.wire.member_side import LastReviewWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.comment import LineComment
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.trust.roster import TrustedRosters
    from jupyter_secure_jobs.wire.job import CommentsWire, ReviewWire


def decided(said: ReviewWire, rosters: TrustedRosters, version: Version, version_hash: str) -> list[ApprovalWire]:
    """Return the decisions on a verified version with their comments, oldest first.

    Whoever runs the server may erase comments together with their salt; such a decision is shown without words, and
    says so. What is shown is what was signed, each word beside its line.

    Raises:
        RefusedError: a decision does not verify, somebody decided twice, or comments are not those that were signed.
    """
    beside = {each.decision: each for each in said.comments}
    made: dict[str, ApprovalWire] = {}
    for wire in said.decisions:
        envelope = envelope_of(wire)
        decision = verify_decision(envelope, rosters, version, version_hash, utc_now())
        if decision.member in made:
            raise RefusedError("decided_twice", f"There are two decisions of {decision.member}.")
        made[decision.member] = _shown(decision, beside.get(envelope.hash), rosters, version)
    return sorted(made.values(), key=lambda each: (str(each.time), each.member))


def _shown(decision: Decision, words: CommentsWire | None, rosters: TrustedRosters, version: Version) -> ApprovalWire:
    erased = words is None or not (words.salt or words.comment or words.line_comments)
    if words is not None and not erased:
        lines = [each.comment() for each in words.line_comments]
        verify_comments(decision, salt=words.salt, text=words.comment, lines=lines)
        _check_form(decision.member, words.comment, lines, version.code)
    return ApprovalWire(
        member=decision.member,
        organisation=rosters.member(decision.member).organisation,
        decision=VERDICTS[decision.verdict],
        comment=words.comment if words is not None else "",
        time=decision.time,
        line_comments=words.line_comments if words is not None else [],
        erased=erased,
    )


def _check_form(member: str, text: str, lines: list[LineComment], code: str) -> None:
    # An honest server takes no other; a member in league with the server could sign words that read as others.
    try:
        proper = clean_comment(text) == text and list(clean_line_comments(lines, code=code)) == lines
    except InvalidError as error:
        raise RefusedError(error.code, f"A comment of {member} cannot be shown: {error.detail}") from error
    if not proper:
        raise RefusedError("comment_form", f"The comments of {member} are not in their normal form.")


def last_review(acting: Acting, workspace: str, job: str) -> LastReviewWire:
    """Return the last closed review of the open version, verified as of the members of then.

    Raises:
        NotFoundError: no review of the open version was closed.
        RefusedError: something does not verify, or the server sent another job's.
    """
    said = acting.client.last_review(workspace, job, seen=acting.pins.log_size(workspace))
    chain = acting.client.roster(workspace)
    rosters = envelopes_of(chain.rosters)
    newest = acting.follow(workspace, rosters, envelopes_of(chain.workers))
    envelope = envelope_of(said.version)
    named = envelopes.read(Version, envelope)
    # A change of the members closes every review; what was said before it was said under the roster of then.
    then = verify_rosters(rosters[: named.epoch], genesis=newest.genesis)
    version = verify_version(envelope, then, verified_manifests(envelopes_of(said.manifests), then))
    if version.job != job:
        raise RefusedError("other_job", "The server sent the version of another job.", "Warn the others.")
    carried = [envelopes.read(Decision, envelope_of(each)).checkpoint for each in said.decisions]
    acting.follow_log(workspace, newest, verify_log(log_proof_of(said.log), newest, carried))
    return LastReviewWire(
        number=version.number,
        version_hash=envelope.hash,
        code=version.code,
        submitted=version.time,
        decisions=decided(said, then, version, envelope.hash),
    )
