"""What members said of a submission, as the server shows it: decisions, comments, and those of the last review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.comment import LineComment
from jupyter_secure_jobs.domain.review import VERDICTS, Decision, Verdict
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.services import logbook
from jupyter_secure_jobs.store import jobs
from jupyter_secure_jobs.wire.job import ApprovalWire, CommentsWire, LineCommentWire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import DecisionRow, JobRow, VersionRow


def lines_of(vote: DecisionRow) -> list[LineComment]:
    """Return the line comments of a stored decision."""
    return [LineComment(line=line, text=text) for line, text in vote.line_comments]


def opinion(email: str, organisation: str, vote: DecisionRow | None) -> ApprovalWire:
    """Return what a member has decided, or that the decision is owed."""
    if vote is None:
        return ApprovalWire(member=email, organisation=organisation, decision=Decision.PENDING, comment="", time=None)
    return ApprovalWire(
        member=email,
        organisation=organisation,
        decision=VERDICTS[Verdict(vote.verdict)],
        comment=vote.comment,
        time=vote.time,
        line_comments=[LineCommentWire.of(each) for each in lines_of(vote)],
        erased=not vote.salt,
    )


def comments_of(votes: Iterable[DecisionRow]) -> list[CommentsWire]:
    """Return the comments of decisions with their salts, for those who hold them against the signed decisions."""
    return [
        CommentsWire(
            decision=vote.statement,
            comment=vote.comment,
            line_comments=[LineCommentWire.of(each) for each in lines_of(vote)],
            salt=vote.salt,
        )
        for vote in votes
    ]


def last_review(
    unit: Unit, job: JobRow, opened: VersionRow | None, organisations: Mapping[str, str]
) -> tuple[list[ApprovalWire], str]:
    """Return who decided what in the open version's last closed review, oldest first, and the code that it was about.

    `organisations` are those of the members of now; a decision of who has left stands there without one.
    """
    if opened is None or opened.reviewed is None:
        return [], ""
    votes = sorted(jobs.decisions_on(unit.session, opened.reviewed).values(), key=lambda vote: vote.time)
    said = [opinion(vote.member, organisations.get(vote.member, ""), vote) for vote in votes]
    return said, envelopes.read(Version, logbook.read(unit, job.workspace, opened.reviewed)).code
