"""What each action is said to do, and the one or two that come first: every cell of the lifecycle table."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Final

import pytest

from jupyter_secure_jobs.domain.activation import activated, activation
from jupyter_secure_jobs.domain.effect import EFFECTS, effect
from jupyter_secure_jobs.domain.job import STOPPED, Grant, Scope
from jupyter_secure_jobs.domain.lifecycle import LABELS, TABLE, Action, Facts, Role, Status, offers
from jupyter_secure_jobs.domain.primary import MOST, PRIMARY, primary
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.services.action_view import actions
from jupyter_secure_jobs.store.jobs import Bundle
from jupyter_secure_jobs.store.tables import JobRow
from tests.unit.domain.test_lifecycle_table import ACCEPTED, DRAFT, ENDED, PLAIN, REVIEW, seen

ROLES: Final = (
    frozenset({Role.AUTHOR, Role.ORGANISATION}),
    frozenset({Role.REVIEWER}),
    frozenset({Role.REVIEWER, Role.ORGANISATION}),
)
# For each status: the author, a reviewer elsewhere, a reviewer of the author's organisation.
FIRST: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Draft": (("submit", "test"), ("test",), ("test",)),
    "Under Review": (("cancel_review",), ("accept", "decline"), ("accept", "decline")),
    "Accepted": (("run",), (), ()),
    "Queued": (("cancel",), (), ()),
    "Running": (("cancel",), (), ()),
    "Succeeded": (("view_results", "run"), (), ("view_results",)),
    "Failed": (("view_logs", "run"), (), ("view_logs",)),
    "Cancelled": (("run",), (), ()),
    "Archived": (("view_results", "unarchive"), (), ("view_results",)),
}
STATES: Final = [
    replace(
        facts, roles=frozenset(roles), open=opened or facts.open, live=facts.live and replace(facts.live, stale=why)
    )
    for facts in PLAIN.values()
    for opened in (None, DRAFT, REVIEW)
    for why in (None, "The members changed: submit again.")
    for count in (1, 2)
    for roles in combinations(Role, count)
]


@pytest.mark.parametrize("name", FIRST)
def test_what_comes_first_in_plain_cases(name: str) -> None:
    assert list(FIRST) == [str(status) for status in Status]
    for roles, expected in zip(ROLES, FIRST[name], strict=True):
        assert primary(seen(name, *roles)) == expected, roles


@pytest.mark.parametrize("facts", STATES)
def test_at_most_two_come_first_and_each_is_allowed(facts: Facts) -> None:
    found = primary(facts)
    assert len(found) == len(set(found)) <= MOST == 2
    assert set(found) <= {offer.action for offer in offers(facts) if offer.allowed}


def test_the_table_of_what_comes_first_names_what_is_offered_there() -> None:
    assert set(PRIMARY) == set(Status)
    for status, roles in PRIMARY.items():
        for role, choices in roles.items():
            assert {action for choice in choices for action in choice} <= set(TABLE[status][role])


def test_who_cannot_run_any_more_is_pointed_to_a_new_draft() -> None:
    used_up = replace(
        seen("Succeeded", Role.AUTHOR), live=replace(ENDED, grant=Grant(), newest_run=RunStatus.SUCCEEDED)
    )
    assert primary(used_up) == (Action.NEW_DRAFT,)


@pytest.mark.parametrize("facts", STATES)
def test_every_offer_says_what_it_does(facts: Facts) -> None:
    assert set(EFFECTS) == set(Action)
    for offer in offers(facts):
        said = effect(facts, offer.action)
        assert said.endswith(".")
        assert "  " not in said
        assert said != LABELS[offer.action]


def job() -> Bundle:
    """Return a job with nothing in it but its place: an action's address needs no more."""
    return Bundle(job=JobRow(id="j", workspace="w"))


@pytest.mark.parametrize("facts", STATES)
def test_what_must_be_agreed_to_is_explained_on_the_wire(facts: Facts) -> None:
    made = actions(job(), facts)
    assert [each.name for each in made if each.primary] == sorted(
        primary(facts), key=[each.name for each in made].index
    )
    for each in made:
        assert each.effect == effect(facts, Action(each.name))
        if "confirm" in each.needs or "passphrase" in each.needs:
            assert each.effect
    bodies = {each.name: each.body for each in made if each.body}
    assert all(
        bodies[name] == body
        for name, body in {
            "accept": {"decision": "accept"},
            "decline": {"decision": "decline"},
            "revoke": {"scope": "reruns"},
            "withdraw": {"scope": "all"},
        }.items()
        if name in {each.name for each in made}
    )
    assert set(bodies) <= {"accept", "decline", "revoke", "withdraw"}


SAID: Final = [
    (seen("Draft"), Action.SUBMIT, "Each of the 2 other members is asked"),
    (replace(seen("Draft"), member_count=2), Action.SUBMIT, "The other member is asked"),
    (replace(seen("Draft"), member_count=1), Action.SUBMIT, "accepted at once"),
    (replace(seen("Draft"), live=ACCEPTED), Action.SUBMIT, "Version 1 stays live"),
    (replace(seen("Draft"), live=ACCEPTED), Action.DISCARD_DRAFT, "Version 1 stays live"),
    (seen("Under Review"), Action.ACCEPT, "the reruns that are asked for, and for 90 days"),
    (replace(seen("Draft"), open=replace(REVIEW, reruns_requested=False)), Action.ACCEPT, "Good for one run,"),
    (seen("Accepted"), Action.RUN, "approved without a count"),
    (replace(seen("Accepted"), live=replace(ACCEPTED, grant=Grant())), Action.RUN, "the one run that was accepted"),
    (
        replace(seen("Accepted"), live=replace(ACCEPTED, grant=Grant(reruns=True, most_runs=5), used=2)),
        Action.RUN,
        "one of the 3 runs left",
    ),
    (seen("Queued"), Action.CANCEL, "leaves the queue"),
    (seen("Running"), Action.CANCEL, "stays used up"),
    (seen("Queued"), Action.ARCHIVE, "The queued run is cancelled."),
    (seen("Running"), Action.ARCHIVE, "The running run finishes."),
    (seen("Under Review"), Action.ARCHIVE, "The review is cancelled"),
    (seen("Accepted"), Action.REVOKE, STOPPED[Scope.RERUNS]),
    (seen("Accepted"), Action.WITHDRAW, STOPPED[Scope.ALL]),
]


@pytest.mark.parametrize(("facts", "action", "words"), SAID)
def test_effects_follow_the_facts(facts: Facts, action: Action, words: str) -> None:
    assert words in effect(facts, action)


def test_archiving_speaks_of_a_run_only_if_there_is_one() -> None:
    assert not any(word in effect(seen("Accepted"), Action.ARCHIVE) for word in ("run ", "review"))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("roles", ROLES)
def test_who_may_activate_a_version_follows_the_table(name: str, roles: frozenset[Role]) -> None:
    facts = seen(name, *roles)
    offered = Action.ACTIVATE in {offer.action for offer in offers(facts)}
    for live, stale, reason in (
        (True, None, "This version is live already."),
        (False, "The members changed: submit again.", "The members changed: submit again."),
        (False, None, None),
    ):
        offer = activation(facts, number=4, live=live, stale=stale)
        assert (offer is not None) is offered
        if offer is not None:
            assert (offer.label, offer.allowed, offer.reason) == ("Activate Version 4", reason is None, reason)
    assert "Version 4" in activated(4)
