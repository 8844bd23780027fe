"""Attacks on decisions: acceptances that are missing, altered, reused, expired, of others, or taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.comment import LineComment
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
from jupyter_secure_jobs.trust.approval import verify_comments, verify_revocation
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, LAST_REVIEWER, NOW, PEOPLE, REVIEWER, World

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.decision import Decision


def decided(world: World, who: str, statement: Decision, *signers: str) -> None:
    """Put this in the place of `who`'s decision, signed by them unless others are named."""
    order = [email for email in PEOPLE if email != AUTHOR]
    world.decisions[order.index(who)] = world.sign(statement, *(signers or (who,)))


def test_the_honest_run_is_authorised(world: World) -> None:
    run = world.authorised()
    assert run.owners == ("Alpha", "Beta")
    assert run.inputs == {"month": 7}
    assert run.rerun_revoked is None
    assert (run.version_hash, run.order_hash) == (world.version.hash, world.order.hash)


def test_missing_decision_of_a_reviewer(world: World) -> None:
    del world.decisions[-1]
    with refused("not_accepted", saying=LAST_REVIEWER):
        world.authorised()


def test_missing_decision_of_a_colleague(world: World) -> None:
    del world.decisions[0]
    with refused("not_accepted", saying=COLLEAGUE):
        world.authorised()


def test_declined_counted_as_accepted(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, verdict=Verdict.DECLINE))
    with refused("declined", saying=REVIEWER):
        world.authorised()


def test_declined_turned_into_accept_under_the_old_signature(world: World) -> None:
    declined = world.sign(world.decision(REVIEWER, verdict=Verdict.DECLINE), REVIEWER)
    accepted = world.sign(world.decision(REVIEWER), REVIEWER)
    world.decisions[1] = replace(accepted, signatures=declined.signatures)
    with refused("bad_signature"):
        world.authorised()


def test_decision_signed_by_somebody_else(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER), LAST_REVIEWER)
    with refused("signature_missing", saying=REVIEWER):
        world.authorised()


def test_decision_signed_by_the_server_under_the_members_key_id(world: World) -> None:
    bare = world.sign(world.decision(REVIEWER))
    forged = world.keys["mallory"].signing.sign(bare.signed_bytes())
    world.decisions[1] = replace(bare, signatures=(Signature(keyid=world.keys[REVIEWER].signing.public, sig=forged),))
    with refused("bad_signature"):
        world.authorised()


def test_expired_decision(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, expires=NOW - timedelta(seconds=121)))
    with refused("not_accepted", saying=REVIEWER):
        world.authorised()


def test_decision_holds_within_the_clock_skew(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, expires=NOW - timedelta(seconds=119)))
    assert world.authorised().version.number == 1


def test_decision_from_the_future(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, time=NOW + timedelta(seconds=121)))
    with refused("from_the_future"):
        world.authorised()


def test_cross_version_decision(world: World) -> None:
    before = list(world.decisions)
    world.accept(world.sign(world.version_statement(number=2), AUTHOR))
    world.decisions = before
    with refused("other_version"):
        world.authorised()


def test_cross_submission_decision(world: World) -> None:
    """The same text submitted again is another submission: its nonce differs, so must every decision."""
    before = list(world.decisions)
    world.accept(world.sign(world.version_statement(nonce="submission-2"), AUTHOR))
    world.decisions = before
    with refused("other_version"):
        world.authorised()


def test_decision_reused_from_another_workspace(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, workspace="ws-2"))
    with refused("other_workspace"):
        world.authorised()


def test_decision_reused_under_another_genesis(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, genesis="sha256:" + "0" * 64))
    with refused("other_workspace"):
        world.authorised()


def test_decision_of_an_earlier_epoch(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, epoch=0))
    with refused("stale_epoch"):
        world.authorised()


def test_author_decides_as_well(world: World) -> None:
    world.decisions.append(world.sign(world.decision(AUTHOR), AUTHOR))
    with refused("own_decision"):
        world.authorised()


def test_author_in_the_place_of_a_reviewer(world: World) -> None:
    decided(world, REVIEWER, world.decision(AUTHOR), AUTHOR)
    with refused("own_decision"):
        world.authorised()


def test_decision_by_a_non_member(world: World) -> None:
    world.decisions.append(world.sign(world.decision("mallory"), "mallory"))
    with refused("not_a_member"):
        world.authorised()


def test_comments_that_were_not_signed(world: World) -> None:
    """Words changed, left out, added, or moved to another line, by a server that has the salt."""
    said = [LineComment(line=2, text="Count flights."), LineComment(line=4, text="By season.")]
    signed = world.decision(REVIEWER, comment=places.comment(salt="salt", text="See below.", lines=said))
    verify_comments(signed, salt="salt", text="See below.", lines=said)
    lies = [
        ("See below.", [replace(said[0], line=3), said[1]]),
        ("See below.", [replace(said[0], text="Fine."), said[1]]),
        ("See below.", [LineComment(line=2, text="By season."), LineComment(line=4, text="Count flights.")]),
        ("See below.", said[:1]),
        ("See below.", [*said, LineComment(line=5, text="Add all columns.")]),
        ("See below.", []),
        ("Fine.", said),
        ("", said),
    ]
    for text, lines in lies:
        with refused("comment_altered", saying=REVIEWER):
            verify_comments(signed, salt="salt", text=text, lines=lines)
    plain = world.decision(REVIEWER, comment=places.comment(salt="salt", text="See below."))
    verify_comments(plain, salt="salt", text="See below.", lines=[])
    with refused("comment_altered"):
        verify_comments(plain, salt="salt", text="See below.", lines=said)


def test_member_decides_twice(world: World) -> None:
    world.decisions.append(world.sign(world.decision(REVIEWER, comment="another"), REVIEWER))
    with refused("decided_twice", saying=REVIEWER):
        world.authorised()


def test_decline_hidden_behind_a_later_acceptance(world: World) -> None:
    decided(world, REVIEWER, world.decision(REVIEWER, verdict=Verdict.DECLINE))
    world.decisions.append(world.sign(world.decision(REVIEWER), REVIEWER))
    with refused("decided_twice", saying=REVIEWER):
        world.authorised()


def test_another_statement_passed_off_as_a_decision(world: World) -> None:
    revocation = world.sign(world.revocation(REVIEWER, Scope.ALL), REVIEWER)
    world.decisions[1] = revocation
    with refused("statement_type"):
        world.authorised()


def test_statement_relabelled_as_a_decision(world: World) -> None:
    """The type is part of what is signed, so that no statement can be read as one of another kind."""
    genuine = world.decisions[1]
    relabelled = Envelope(payload=genuine.payload, payloadType=world.order.payloadType, signatures=genuine.signatures)
    back = replace(relabelled, payloadType=genuine.payloadType)
    assert relabelled.signed_bytes() != back.signed_bytes() == genuine.signed_bytes()
    world.decisions[1] = relabelled
    with refused("statement_type"):
        world.authorised()


def test_withdrawn_acceptance(world: World) -> None:
    world.revocations.append(world.sign(world.revocation(REVIEWER, Scope.ALL), REVIEWER))
    with refused("withdrawn", saying=REVIEWER):
        world.authorised()


def test_withdrawn_acceptance_behind_a_revocation_of_reruns(world: World) -> None:
    world.revocations.append(world.sign(world.revocation(LAST_REVIEWER, Scope.RERUNS), LAST_REVIEWER))
    world.revocations.append(world.sign(world.revocation(REVIEWER, Scope.ALL), REVIEWER))
    with refused("withdrawn", saying=REVIEWER):
        world.authorised()


def test_revoked_repeatability_is_told_to_whoever_counts_runs(world: World) -> None:
    world.revocations.append(world.sign(world.revocation(REVIEWER, Scope.RERUNS), REVIEWER))
    assert world.authorised().rerun_revoked is Scope.RERUNS


def test_revocation_forged_by_the_server(world: World) -> None:
    world.revocations.append(world.sign(world.revocation(REVIEWER, Scope.RERUNS), "mallory"))
    with refused("signature_missing"):
        world.authorised()


def test_revocation_by_a_non_member(world: World) -> None:
    world.revocations.append(world.sign(world.revocation("mallory", Scope.RERUNS), "mallory"))
    with refused("not_a_member"):
        world.authorised()


def test_revocation_of_another_version(world: World) -> None:
    other = world.revocation(REVIEWER, Scope.RERUNS, version="sha256:" + "0" * 64)
    world.revocations.append(world.sign(other, REVIEWER))
    with refused("other_version"):
        world.authorised()


@pytest.mark.parametrize("field", ["workspace", "genesis"])
def test_revocation_of_another_workspace(world: World, field: str) -> None:
    other = world.revocation(REVIEWER, Scope.RERUNS, **{field: "ws-2"})
    world.revocations.append(world.sign(other, REVIEWER))
    with refused("other_workspace"):
        world.authorised()


def test_revocation_heard_before_its_version(world: World) -> None:
    """Who keeps revocations of versions that were never seen checks all but the version."""
    other = world.sign(world.revocation(REVIEWER, Scope.ALL, version="sha256:" + "0" * 64), REVIEWER)
    assert verify_revocation(other, world.trusted(), None).scope is Scope.ALL
    with refused("signature_missing", saying=REVIEWER):
        verify_revocation(replace(other, signatures=()), world.trusted(), None)
