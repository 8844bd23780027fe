"""Every reason that the lifecycle table can give, and the indicator at the top right of a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from jupyter_secure_jobs.domain.errors import NotAllowedError
from jupyter_secure_jobs.domain.job import Grant, Scope
from jupyter_secure_jobs.domain.lifecycle import (
    Action,
    Facts,
    LiveVersion,
    OpenVersion,
    Role,
    offers,
    permit,
    rerun_indicator,
)
from jupyter_secure_jobs.domain.review import Decision
from jupyter_secure_jobs.domain.run import RunStatus

NOW: Final = datetime(2026, 11, 2, tzinfo=UTC)
TOMORROW: Final = NOW + timedelta(days=1)
YESTERDAY: Final = NOW - timedelta(days=1)
EVERYBODY: Final = frozenset(Role)
DRAFT: Final = OpenVersion(under_review=False, has_code=True, reruns_requested=True)
REVIEW: Final = replace(DRAFT, under_review=True)
RERUNS: Final = LiveVersion(number=1, grant=Grant(reruns=True), used=0)
ONCE: Final = replace(RERUNS, grant=Grant())
BASE: Final = Facts(roles=EVERYBODY, now=NOW, member_count=3)
IN_DRAFT: Final = replace(BASE, open=DRAFT)
IN_REVIEW: Final = replace(BASE, open=REVIEW)
LIVE: Final = replace(BASE, live=RERUNS)
RAN: Final = replace(BASE, live=replace(RERUNS, used=1, newest_run=RunStatus.FAILED), ever_run=True)


def lived(facts: Facts, **changes: object) -> Facts:
    assert facts.live is not None
    return replace(facts, live=replace(facts.live, **changes))


INACTIVE = "The workspace is not active: not every member has accepted the roster."
WITHDRAWN = "An acceptance was withdrawn; no further run."
REASONS: Final[list[tuple[Action, Facts, str | None]]] = [
    (Action.REQUEST_RERUNS, IN_DRAFT, None),
    (Action.REQUEST_RERUNS, replace(IN_DRAFT, member_count=1), "You are the only member: runs need no approval."),
    (Action.TEST, IN_DRAFT, None),
    (Action.TEST, IN_REVIEW, None),
    (Action.TEST, replace(IN_DRAFT, workspace_active=False), INACTIVE),
    (Action.TEST, replace(IN_DRAFT, open=replace(DRAFT, has_code=False)), "The draft has no code yet."),
    (Action.SUBMIT, IN_DRAFT, None),
    (Action.SUBMIT, replace(IN_DRAFT, workspace_active=False), INACTIVE),
    (Action.SUBMIT, replace(IN_DRAFT, open=replace(DRAFT, has_code=False)), "The draft has no code yet."),
    (Action.DISCARD_DRAFT, replace(IN_DRAFT, live=RERUNS), None),
    (
        Action.DISCARD_DRAFT,
        IN_DRAFT,
        "There is no accepted version to fall back to; delete the job instead.",
    ),
    (Action.ACCEPT, IN_REVIEW, None),
    (Action.DECLINE, IN_REVIEW, None),
    (Action.ACCEPT, replace(IN_REVIEW, workspace_active=False), INACTIVE),
    (Action.DECLINE, replace(IN_REVIEW, workspace_active=False), INACTIVE),
    (
        Action.ACCEPT,
        replace(IN_REVIEW, my_decision=Decision.ACCEPTED),
        "You have accepted this submission; a decision is final.",
    ),
    (
        Action.DECLINE,
        replace(IN_REVIEW, my_decision=Decision.DECLINED),
        "You have declined this submission; a decision is final.",
    ),
    (
        Action.ACCEPT,
        replace(IN_REVIEW, my_decision=Decision.DECLINED),
        "You have declined this submission; a decision is final.",
    ),
    (Action.RUN, LIVE, None),
    (Action.RUN, RAN, None),
    (Action.RUN, replace(LIVE, workspace_active=False), INACTIVE),
    (Action.RUN, lived(LIVE, stale="members changed: submit again"), "members changed: submit again"),
    (Action.RUN, lived(LIVE, revoked=Scope.ALL), WITHDRAWN),
    (Action.RUN, lived(replace(LIVE, member_count=1), revoked=Scope.ALL), WITHDRAWN),
    (Action.RUN, lived(LIVE, revoked=Scope.RERUNS), None),
    (Action.RUN, lived(RAN, revoked=Scope.RERUNS), "Repeatability was revoked; no run after the first."),
    (Action.RUN, replace(LIVE, live=ONCE), None),
    (
        Action.RUN,
        replace(RAN, live=replace(ONCE, used=1, newest_run=RunStatus.SUCCEEDED)),
        "Accepted for one run, which is used up; reruns were not requested.",
    ),
    (Action.RUN, replace(RAN, member_count=1, live=replace(ONCE, used=9, newest_run=RunStatus.SUCCEEDED)), None),
    (Action.RUN, lived(RAN, grant=Grant(reruns=True, most_runs=2)), None),
    (Action.RUN, lived(RAN, grant=Grant(reruns=True, most_runs=1)), "All 1 approved runs are used up."),
    (Action.RUN, lived(LIVE, grant=Grant(reruns=True, until=NOW)), None),
    (
        Action.RUN,
        lived(LIVE, grant=Grant(reruns=True, until=YESTERDAY)),
        "The approval for reruns expired on 11/01/2026.",
    ),
    (Action.NEW_DRAFT, LIVE, None),
    (Action.NEW_DRAFT, replace(LIVE, open=DRAFT), "A draft or review is already open."),
    (Action.NEW_DRAFT, replace(LIVE, open=REVIEW), "A draft or review is already open."),
    (Action.ACTIVATE, replace(RAN, activatable=1), None),
    (Action.ACTIVATE, RAN, "There is no other accepted version whose acceptance still holds."),
    (Action.REVOKE, LIVE, None),
    (
        Action.REVOKE,
        replace(LIVE, live=ONCE),
        "Reruns were not requested; there is no repeatability to revoke.",
    ),
    (Action.REVOKE, replace(LIVE, my_revocation=Scope.RERUNS), "You have revoked it already."),
    (Action.REVOKE, replace(LIVE, my_revocation=Scope.ALL), "You have revoked it already."),
    (Action.WITHDRAW, LIVE, None),
    (Action.WITHDRAW, replace(LIVE, live=ONCE), None),
    (Action.WITHDRAW, replace(LIVE, my_revocation=Scope.RERUNS), None),
    (Action.WITHDRAW, replace(LIVE, my_revocation=Scope.ALL), "You have withdrawn your acceptance already."),
    (Action.VIEW_RESULTS, replace(RAN, ever_succeeded=True), None),
    (Action.EXPORT_RESULTS, replace(RAN, ever_succeeded=True), None),
    (Action.VIEW_RESULTS, RAN, "No run has succeeded, so there is no result."),
    (Action.EXPORT_RESULTS, RAN, "No run has succeeded, so there is no result."),
    (Action.VIEW_LOGS, RAN, None),
    (Action.EXPORT_LOGS, RAN, None),
    (Action.VIEW_LOGS, replace(LIVE, archived=True), "The job has not run yet."),
    (Action.EXPORT_LOGS, replace(LIVE, archived=True), "The job has not run yet."),
]


@pytest.mark.parametrize(("action", "facts", "reason"), REASONS)
def test_reason(action: Action, facts: Facts, reason: str | None) -> None:
    (offer,) = [each for each in offers(facts) if each.action is action]
    assert offer.reason == reason
    assert offer.allowed is (reason is None)
    if reason is None:
        permit(facts, action)
    else:
        with pytest.raises(NotAllowedError) as caught:
            permit(facts, action)
        assert (caught.value.code, caught.value.detail) == ("action_refused", reason)


@pytest.mark.parametrize("active", [RunStatus.QUEUED, RunStatus.RUNNING])
@pytest.mark.parametrize("version", [None, DRAFT, REVIEW])
def test_one_run_at_a_time(active: RunStatus, version: OpenVersion | None) -> None:
    with pytest.raises(NotAllowedError) as caught:
        permit(replace(lived(RAN, newest_run=active), open=version), Action.RUN)
    assert caught.value.code == "action_not_offered"


ARCHIVED: Final = replace(LIVE, archived=True)
INDICATOR: Final[list[tuple[Facts, str | None]]] = [
    (IN_DRAFT, "Request approval for reruns"),
    (replace(IN_DRAFT, open=replace(DRAFT, reruns_requested=False)), "Request approval for reruns"),
    (replace(IN_DRAFT, live=RERUNS), "Request approval for reruns"),
    (IN_REVIEW, "Awaiting approval"),
    (replace(IN_REVIEW, live=ONCE), "Awaiting approval"),
    (replace(IN_REVIEW, open=replace(REVIEW, reruns_requested=False)), None),
    (LIVE, "Approved for rerun"),
    (RAN, "Approved for rerun"),
    (replace(LIVE, live=ONCE), None),
    (replace(LIVE, live=replace(ONCE, used=1)), None),
    (lived(LIVE, grant=Grant(reruns=True, most_runs=5)), "Approved for rerun · 5 of 5 left"),
    (lived(LIVE, used=3, grant=Grant(reruns=True, most_runs=5)), "Approved for rerun · 2 of 5 left"),
    (lived(LIVE, grant=Grant(reruns=True, until=TOMORROW)), "Approved for rerun, until 11/03/2026"),
    (
        lived(LIVE, used=1, grant=Grant(reruns=True, most_runs=2, until=TOMORROW)),
        "Approved for rerun · 1 of 2 left, until 11/03/2026",
    ),
    (lived(LIVE, used=5, grant=Grant(reruns=True, most_runs=5)), "Used up"),
    (lived(LIVE, grant=Grant(reruns=True, until=YESTERDAY)), "Expired"),
    (lived(LIVE, used=5, grant=Grant(reruns=True, most_runs=5, until=YESTERDAY)), "Expired"),
    (lived(LIVE, revoked=Scope.RERUNS), "Repeatability revoked"),
    (lived(LIVE, revoked=Scope.RERUNS, revoked_by="bea@b.example"), "Repeatability revoked by bea@b.example"),
    (lived(LIVE, revoked=Scope.ALL, revoked_by="bea@b.example"), "Repeatability revoked by bea@b.example"),
    (lived(LIVE, revoked=Scope.RERUNS, grant=Grant(reruns=True, until=YESTERDAY)), "Repeatability revoked"),
    (ARCHIVED, "Approved for rerun"),
    (replace(ARCHIVED, open=DRAFT), "Approved for rerun"),
    (replace(ARCHIVED, open=DRAFT, live=None), None),
    (BASE, None),
]


@pytest.mark.parametrize(("facts", "text"), INDICATOR)
def test_rerun_indicator(facts: Facts, text: str | None) -> None:
    assert rerun_indicator(facts) == text
    assert rerun_indicator(replace(facts, member_count=1)) is None


@pytest.mark.parametrize("run", RunStatus)
def test_rerun_indicator_does_not_depend_on_the_newest_run(run: RunStatus) -> None:
    assert rerun_indicator(lived(RAN, newest_run=run)) == "Approved for rerun"
