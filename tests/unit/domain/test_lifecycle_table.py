"""Every cell of the lifecycle table against the table of statuses, roles and actions, written out here by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from jupyter_secure_jobs.domain.errors import NotAllowedError
from jupyter_secure_jobs.domain.job import Grant
from jupyter_secure_jobs.domain.lifecycle import (
    GUARDS,
    LABELS,
    TABLE,
    Action,
    Facts,
    LiveVersion,
    OpenVersion,
    Role,
    Status,
    offers,
    permit,
    status,
    statuses,
)
from jupyter_secure_jobs.domain.run import RunStatus

NOW: Final = datetime(2026, 11, 2, tzinfo=UTC)
DRAFT: Final = OpenVersion(under_review=False, has_code=True, reruns_requested=True)
REVIEW: Final = replace(DRAFT, under_review=True)
ACCEPTED: Final = LiveVersion(number=1, grant=Grant(reruns=True), used=0)
ENDED: Final = replace(ACCEPTED, used=1)
OUTCOME: Final = {"View Results", "Export Results", "View Logs", "Export Logs"}

# What is offered, by status and role. `delete` and `discard draft` stand where the source shows
# them disabled; "see the test" needs no action; "run again" is the action Run Job.
EXPECTED: Final[dict[str, dict[str, set[str]]]] = {
    "Draft": {
        "author": {
            "Edit", "Starter Scripts", "Add Input Variable", "Request Approval for Reruns", "Test on Synthetic Data",
            "Submit for Review", "Discard Draft", "Delete", "Archive",
        },
        "reviewer": {"Test on Synthetic Data"},
        "author's organisation": set(),
    },
    "Under Review": {
        "author": {"Cancel Review", "Test on Synthetic Data", "Delete", "Archive"},
        "reviewer": {"Accept", "Decline", "Test on Synthetic Data"},
        "author's organisation": set(),
    },
    "Accepted": {
        "author": {"Run Job", "New Draft", "Delete", "Archive"},
        "reviewer": {"Revoke Repeatability", "Withdraw Acceptance"},
        "author's organisation": set(),
    },
    "Queued": {
        "author": {"Cancel Job", "Delete", "Archive"},
        "reviewer": {"Revoke Repeatability", "Withdraw Acceptance"},
        "author's organisation": set(),
    },
    "Running": {
        "author": {"Cancel Job", "Delete", "Archive"},
        "reviewer": {"Revoke Repeatability", "Withdraw Acceptance"},
        "author's organisation": set(),
    },
    "Succeeded": {
        "author": {"Run Job", "New Draft", "Activate Earlier Version", "Delete", "Archive"},
        "reviewer": {"Revoke Repeatability", "Withdraw Acceptance"},
        "author's organisation": OUTCOME,
    },
    "Failed": {
        "author": {"Run Job", "New Draft", "Activate Earlier Version", "Delete", "Archive"},
        "reviewer": {"Revoke Repeatability", "Withdraw Acceptance"},
        "author's organisation": OUTCOME,
    },
    "Cancelled": {
        "author": {"Run Job", "New Draft", "Activate Earlier Version", "Delete", "Archive"},
        "reviewer": {"Revoke Repeatability", "Withdraw Acceptance"},
        "author's organisation": OUTCOME,
    },
    "Archived": {
        "author": {"Take out of Archive"},
        "reviewer": set(),
        "author's organisation": OUTCOME,
    },
}  # fmt: skip

# The facts of a job that is plainly in each status, and what is disabled then.
PLAIN: Final[dict[str, Facts]] = {
    "Draft": Facts(roles=frozenset(), now=NOW, member_count=3, open=DRAFT),
    "Under Review": Facts(roles=frozenset(), now=NOW, member_count=3, open=REVIEW),
    "Accepted": Facts(roles=frozenset(), now=NOW, member_count=3, live=ACCEPTED),
    **{
        str(run): Facts(
            roles=frozenset(),
            now=NOW,
            member_count=3,
            live=replace(ENDED, newest_run=run),
            ever_run=True,
            ever_succeeded=run is RunStatus.SUCCEEDED,
            activatable=1,
        )
        for run in RunStatus
    },
    "Archived": Facts(
        roles=frozenset(),
        now=NOW,
        member_count=3,
        live=replace(ENDED, newest_run=RunStatus.SUCCEEDED),
        ever_run=True,
        ever_succeeded=True,
        archived=True,
    ),
}
NO_RESULT: Final = {"View Results", "Export Results"}
DISABLED: Final[dict[tuple[str, str], set[str]]] = {
    ("Draft", "author"): {"Discard Draft"},
    **{(name, "author"): {"Delete"} for name in PLAIN if name not in {"Draft", "Archived"}},
    ("Failed", "author's organisation"): NO_RESULT,
    ("Cancelled", "author's organisation"): NO_RESULT,
}


def seen(name: str, *roles: Role) -> Facts:
    return replace(PLAIN[name], roles=frozenset(roles))


def test_the_table_has_exactly_these_statuses_roles_and_labels() -> None:
    assert [str(each) for each in Status] == list(EXPECTED) == list(PLAIN)
    assert set(TABLE) == set(Status)
    assert all(set(row) == set(Role) for row in TABLE.values())
    assert set(LABELS) == set(Action)
    assert len(set(LABELS.values())) == len(LABELS)
    assert set(GUARDS) < set(Action)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("role", Role)
def test_cell(name: str, role: Role) -> None:
    facts = seen(name, role)
    assert status(facts) == name
    found = {offer.label: offer for offer in offers(facts)}
    assert set(found) == EXPECTED[name][str(role)]
    assert {label for label, offer in found.items() if not offer.allowed} == DISABLED.get((name, str(role)), set())
    for offer in found.values():
        assert offer.allowed is (offer.reason is None)
        assert offer.label == LABELS[offer.action]


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_permit_agrees_with_every_cell(name: str, role: Role, action: Action) -> None:
    offered = LABELS[action] in EXPECTED[name][str(role)]
    disabled = LABELS[action] in DISABLED.get((name, str(role)), set())
    if offered and not disabled:
        permit(seen(name, role), action)
        return
    with pytest.raises(NotAllowedError) as caught:
        permit(seen(name, role), action)
    assert caught.value.code == ("action_refused" if offered else "action_not_offered")
    assert caught.value.next_step


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stranger_is_offered_nothing(name: str) -> None:
    assert offers(seen(name)) == ()
    with pytest.raises(NotAllowedError, match="nobody"):
        permit(seen(name), Action.RUN)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("roles", [(Role.AUTHOR, Role.ORGANISATION), (Role.REVIEWER, Role.ORGANISATION)])
def test_two_roles_see_the_union_once(name: str, roles: tuple[Role, ...]) -> None:
    labels = [offer.label for offer in offers(seen(name, *roles))]
    assert len(labels) == len(set(labels))
    assert set(labels) == set().union(*(EXPECTED[name][str(role)] for role in roles))


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("role", Role)
def test_an_archived_job_is_archived_whatever_else_it_is(name: str, role: Role) -> None:
    facts = replace(seen(name, role), archived=True)
    assert statuses(facts) == (Status.ARCHIVED,)
    assert {offer.label for offer in offers(facts)} == EXPECTED["Archived"][str(role)]


@pytest.mark.parametrize("beside", ["Accepted", "Queued", "Running", "Succeeded", "Failed", "Cancelled"])
@pytest.mark.parametrize(("version", "name"), [(DRAFT, "Draft"), (REVIEW, "Under Review")])
@pytest.mark.parametrize("role", Role)
def test_open_version_beside_the_live_one(beside: str, version: OpenVersion, name: str, role: Role) -> None:
    """The job's status is the open version's; the live version's actions are offered too."""
    facts = replace(seen(beside, role), open=version)
    assert status(facts) == name
    assert statuses(facts) == (Status(name), Status(beside))
    found = {offer.label: offer for offer in offers(facts)}
    assert set(found) == EXPECTED[name][str(role)] | EXPECTED[beside][str(role)]
    for label in ("New Draft", "Delete"):
        assert label not in found or found[label].reason
    if role is Role.AUTHOR:
        assert ("Run Job" in found) is (beside not in {"Queued", "Running"})
        assert ("Cancel Job" in found) is (beside in {"Queued", "Running"})
        assert all(found[each].allowed for each in ("Run Job", "Cancel Job", "Discard Draft") if each in found)


DELETE: Final = [
    (Facts(roles=frozenset(), now=NOW, member_count=3, open=DRAFT), None),
    (Facts(roles=frozenset(), now=NOW, member_count=3, open=replace(DRAFT, has_code=False)), None),
    (Facts(roles=frozenset(), now=NOW, member_count=3, open=DRAFT, ever_run=True), "has run"),
    (Facts(roles=frozenset(), now=NOW, member_count=3, open=REVIEW), "cancel the review first"),
    (Facts(roles=frozenset(), now=NOW, member_count=3, open=DRAFT, live=ACCEPTED), "kept for ever"),
    (Facts(roles=frozenset(), now=NOW, member_count=3, live=ACCEPTED), "kept for ever"),
    (Facts(roles=frozenset(), now=NOW, member_count=3, live=ENDED, ever_run=True), "has run"),
]


@pytest.mark.parametrize(("facts", "reason"), DELETE)
def test_only_a_draft_that_never_ran_can_be_deleted(facts: Facts, reason: str | None) -> None:
    facts = replace(facts, roles=frozenset({Role.AUTHOR}))
    if reason is None:
        permit(facts, Action.DELETE)
        return
    with pytest.raises(NotAllowedError, match=reason):
        permit(facts, Action.DELETE)
