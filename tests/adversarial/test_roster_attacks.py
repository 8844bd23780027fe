"""Attacks on who takes part: forged rosters, another genesis, members and workers added, recovery keys misused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.trust.dossier import verify_run
from jupyter_secure_jobs.trust.roster import verify_rosters, verify_workers
from tests.support.keys import Keys
from tests.support.refusal import refused
from tests.support.world import AUTHOR, LAST_REVIEWER, NOW, PEOPLE, REVIEWER, World

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.workspace import Member
    from jupyter_secure_jobs.protocol.roster import Roster

ALL = tuple(PEOPLE)
NEW = "dan@beta.example"


def members(world: World, **replaced: Keys) -> list[Member]:
    """Return the members; a keyword such as `bea` gives that member other keys."""
    found = []
    for email in PEOPLE:
        keys = next((keys for start, keys in replaced.items() if email.startswith(start)), None)
        found.append(world.member(email, keys=keys))
    return found


def joined(world: World, *, as_of: str = "Beta") -> Roster:
    """Return a next roster in which one more person takes part."""
    world.keys[NEW] = Keys.of(NEW)
    return world.next_roster([*members(world), world.member(NEW, as_of)])


def follow(world: World, roster: Roster, *signers: str) -> None:
    """Verify the chain that this roster continues."""
    world.rosters.append(world.sign(roster, *signers))
    verify_rosters(world.rosters, genesis=world.genesis)


def test_honest_chain_with_one_who_joins_and_one_who_leaves(world: World) -> None:
    follow(world, joined(world), *ALL, NEW)
    staying = [*members(world)[:3], world.member(NEW, "Beta")]
    world.rosters.append(world.sign(world.next_roster(staying), *ALL, NEW))
    trusted = world.trusted()
    assert (trusted.newest.epoch, len(trusted.chain)) == (3, 3)
    assert trusted.hash == world.rosters[-1].hash
    assert LAST_REVIEWER not in {member.email for member in trusted.newest.members}


def test_no_roster(world: World) -> None:
    with refused("roster_missing"):
        verify_rosters([], genesis=world.genesis)


def test_other_genesis(world: World) -> None:
    """The server shows a workspace of its own making, signed by all members that it names."""
    other = world.sign(world.roster(name="Flights of the server"), *ALL)
    with refused("other_genesis"):
        verify_rosters([other], genesis=world.genesis)


def test_genesis_without_a_members_signature(world: World) -> None:
    for absent in ALL:
        with refused("signature_missing", saying=absent):
            verify_rosters([world.sign(world.roster(), *(who for who in ALL if who != absent))], genesis=world.genesis)


@pytest.mark.parametrize("change", [{"epoch": 2}, {"genesis": "sha256:0"}, {"previous": "sha256:0"}])
def test_chain_that_starts_in_the_middle(world: World, change: dict[str, object]) -> None:
    middle = world.sign(world.roster(**change), *ALL)
    with refused("roster_genesis"):
        verify_rosters([middle], genesis=middle.hash)


def test_member_added_by_the_server(world: World) -> None:
    with refused("signature_missing", saying=AUTHOR):
        follow(world, joined(world), NEW)


@pytest.mark.parametrize("absent", ALL)
def test_member_added_without_everybodys_signature(world: World, absent: str) -> None:
    with refused("signature_missing", saying=absent):
        follow(world, joined(world), *(who for who in ALL if who != absent), NEW)


def test_joining_member_does_not_sign(world: World) -> None:
    with refused("signature_missing", saying=NEW):
        follow(world, joined(world), *ALL)


def test_member_removed_without_their_signature(world: World) -> None:
    with refused("signature_missing", saying=LAST_REVIEWER):
        follow(world, world.next_roster(members(world)[:3]), *ALL[:3])


def test_forged_roster_under_old_signatures(world: World) -> None:
    honest = world.sign(world.next_roster(name="Renamed"), *ALL)
    forged = world.sign(joined(world))
    world.rosters.append(replace(forged, signatures=honest.signatures))
    with refused("bad_signature"):
        world.trusted()


@pytest.mark.parametrize(
    "change", [{"epoch": 3}, {"epoch": 1}, {"previous": "sha256:0"}, {"genesis": "sha256:0"}, {"workspace": "ws-2"}]
)
def test_roster_that_does_not_follow(world: World, change: dict[str, object]) -> None:
    with refused("roster_chain"):
        follow(world, world.next_roster(**change), *ALL)


def test_roster_left_out_of_the_chain(world: World) -> None:
    follow(world, world.next_roster(name="Second"), *ALL)
    follow(world, world.next_roster(name="Third"), *ALL)
    with refused("roster_chain"):
        verify_rosters([world.rosters[0], world.rosters[2]], genesis=world.genesis)


def test_run_on_a_stale_epoch(world: World) -> None:
    """Members changed after the review: the accepted version runs no more."""
    world.rosters.append(world.sign(world.next_roster(name="Second"), *ALL))
    with refused("stale_epoch"):
        world.authorised()


def test_run_under_another_genesis(world: World) -> None:
    with refused("other_genesis"):
        verify_run(world.dossier(), genesis="sha256:" + "0" * 64, now=NOW)


# -- recovery keys ------------------------------------------------------------------------------------------------


def test_recovery_key_replaces_its_own_members_lost_keys(world: World) -> None:
    world.keys["bea again"] = Keys.of("bea again")
    roster = world.next_roster(members(world, bea=world.keys["bea again"]))
    follow(world, roster, *(who for who in ALL if who != REVIEWER), "recovery of Beta", "bea again")
    assert world.trusted().member(REVIEWER).keys == world.keys["bea again"].public


def test_recovery_key_of_another_organisation(world: World) -> None:
    world.keys["bea again"] = Keys.of("bea again")
    roster = world.next_roster(members(world, bea=world.keys["bea again"]))
    others = (who for who in ALL if who != REVIEWER)
    with refused("signature_missing", saying=REVIEWER):
        follow(world, roster, *others, "recovery of Gamma", "recovery of Alpha", "bea again")


def test_recovery_key_signs_for_a_member_whose_keys_do_not_change(world: World) -> None:
    with refused("signature_missing", saying=REVIEWER):
        follow(world, joined(world), *(who for who in ALL if who != REVIEWER), "recovery of Beta", NEW)


def test_recovery_key_removes_a_member(world: World) -> None:
    staying = [member for member in members(world) if member.email != REVIEWER]
    others = (who for who in ALL if who != REVIEWER)
    with refused("signature_missing", saying=REVIEWER):
        follow(world, world.next_roster(staying), *others, "recovery of Beta")


def test_recovery_key_moves_a_member_to_another_organisation(world: World) -> None:
    world.keys["bea again"] = Keys.of("bea again")
    moved = [
        world.member(REVIEWER, "Gamma", world.keys["bea again"]) if member.email == REVIEWER else member
        for member in members(world)
    ]
    others = (who for who in ALL if who != REVIEWER)
    with refused("signature_missing", saying=REVIEWER):
        follow(world, world.next_roster(moved), *others, "recovery of Beta", "bea again")


def test_recovered_member_does_not_prove_the_new_keys(world: World) -> None:
    roster = world.next_roster(members(world, bea=Keys.of("bea again")))
    with refused("signature_missing", saying=REVIEWER):
        follow(world, roster, *(who for who in ALL if who != REVIEWER), "recovery of Beta")


def test_recovery_keys_alone_change_nothing(world: World) -> None:
    world.keys["bea again"] = Keys.of("bea again")
    roster = world.next_roster(members(world, bea=world.keys["bea again"]))
    with refused("signature_missing", saying=AUTHOR):
        follow(world, roster, "recovery of Alpha", "recovery of Beta", "recovery of Gamma", "bea again")


def test_organisation_without_a_recovery_key_cannot_replace_lost_keys(world: World) -> None:
    bare = tuple(replace(each, recovery=None) for each in world.roster().organisations)
    world.rosters = [world.sign(world.roster(organisations=bare), *ALL)]
    world.genesis = world.rosters[0].hash
    world.keys["bea again"] = Keys.of("bea again")
    roster = world.next_roster(members(world, bea=world.keys["bea again"]), organisations=bare)
    with refused("signature_missing", saying=REVIEWER):
        follow(world, roster, *(who for who in ALL if who != REVIEWER), "recovery of Beta", "bea again")


def test_member_changes_keys_with_the_old_and_the_new_one(world: World) -> None:
    world.keys["bea again"] = Keys.of("bea again")
    follow(world, world.next_roster(members(world, bea=world.keys["bea again"])), *ALL, "bea again")
    assert world.trusted().newest.epoch == 2


def test_one_key_for_two_members(world: World) -> None:
    """Whoever holds two names would accept twice."""
    twice = world.sign(world.roster())
    own, other = (world.keys[who].signing.public.encode() for who in (REVIEWER, LAST_REVIEWER))
    forged = envelopes.countersign(
        replace(twice, payload=twice.payload.replace(other, own)), *(world.keys[who].signing for who in ALL)
    )
    with refused("roster_keys"):
        verify_rosters([forged], genesis=forged.hash)


# -- workers ------------------------------------------------------------------------------------------------------


def test_worker_added_by_the_server(world: World) -> None:
    listed = world.worker_list(epoch=2, previous=world.workers[0].hash, workers=(world.worker("mallory"),))
    world.workers.append(world.sign(listed, "mallory"))
    with refused("signature_missing", saying=AUTHOR):
        world.authorised()


@pytest.mark.parametrize("absent", ALL)
def test_worker_list_without_everybodys_signature(world: World, absent: str) -> None:
    world.workers = [world.sign(world.worker_list(), *(who for who in ALL if who != absent))]
    with refused("signature_missing", saying=absent):
        world.authorised()


def test_worker_list_left_out(world: World) -> None:
    world.workers = []
    with refused("workers_missing"):
        world.authorised()


@pytest.mark.parametrize(
    "change", [{"epoch": 2}, {"previous": "sha256:0"}, {"genesis": "sha256:0"}, {"workspace": "ws-2"}]
)
def test_worker_list_of_another_place(world: World, change: dict[str, object]) -> None:
    world.workers = [world.sign(world.worker_list(**change), *ALL)]
    with refused("workers_chain"):
        world.authorised()


def test_worker_list_left_out_of_the_chain(world: World) -> None:
    second = world.sign(world.worker_list(epoch=2, previous=world.workers[0].hash), *ALL)
    with refused("workers_chain"):
        verify_workers([second], world.trusted())
    assert list(verify_workers([world.workers[0], second], world.trusted())) == [world.keys["platform"].signing.public]


def test_worker_list_of_former_members(world: World) -> None:
    """One who joined has not signed the workers: none may run until everybody in force has."""
    follow(world, joined(world), *ALL, NEW)
    with refused("signature_missing", saying=NEW):
        verify_workers(world.workers, world.trusted())
