"""Attacks on the log: forked, rolled back, with entries changed or made up, or signed by another key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import checkpoint, encoding, merkle
from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.trust.dossier import verify_run
from jupyter_secure_jobs.trust.log import TrustedLog, verify_log
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, LOG_LEAVES, NOW, WORKSPACE, World

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.protocol.log import LogProof

ORIGIN = "secure-jobs.example/ws-1"
KEY = SigningKey.from_seed(bytes(range(32)))
LEAVES = [merkle.leaf_hash(f"statement {number}".encode()) for number in range(13)]
SEEN = 6


def state(leaves: list[bytes]) -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=len(leaves), root=merkle.Tree.of(leaves).root())


def follow(old: list[bytes], new: list[bytes]) -> None:
    """Go on from a checkpoint of `old` to one of `new`, with the best proof that the server could make."""
    before = checkpoint.verify(checkpoint.sign(state(old), KEY), origin=ORIGIN, public=KEY.public)
    after = checkpoint.verify(checkpoint.sign(state(new), KEY), origin=ORIGIN, public=KEY.public)
    proof = merkle.Tree.of(new).consistency(min(before.size, after.size))
    merkle.check_consistency(before.size, after.size, proof, before.root, after.root)


def test_honest_log_goes_on() -> None:
    for seen in range(len(LEAVES) + 1):
        follow(LEAVES[:seen], LEAVES)


def test_rolled_back_log() -> None:
    with refused("log_fork"):
        follow(LEAVES, LEAVES[:SEEN])


@pytest.mark.parametrize("changed", range(SEEN))
def test_forked_log(changed: int) -> None:
    """A revocation that was seen is gone from the history that is shown now."""
    forked = [*LEAVES[:changed], merkle.leaf_hash(b"another"), *LEAVES[changed + 1 :]]
    with refused("log_fork"):
        follow(LEAVES[:SEEN], forked)


def test_forked_log_of_the_same_size() -> None:
    with refused("log_fork"):
        follow(LEAVES, [*LEAVES[:-1], merkle.leaf_hash(b"another")])


def test_statement_left_out_of_the_log() -> None:
    with refused("log_fork"):
        follow(LEAVES[:SEEN], [*LEAVES[: SEEN - 1], *LEAVES[SEEN:]])


def test_statement_that_the_log_does_not_hold() -> None:
    proof = merkle.Tree.of(LEAVES).inclusion(3)
    merkle.check_inclusion(LEAVES[3], 3, len(LEAVES), proof, merkle.Tree.of(LEAVES).root())
    with refused("log_inclusion"):
        merkle.check_inclusion(merkle.leaf_hash(b"another"), 3, len(LEAVES), proof, merkle.Tree.of(LEAVES).root())


def test_checkpoint_signed_by_another_key() -> None:
    note = checkpoint.sign(state(LEAVES), SigningKey.generate())
    with refused("checkpoint", saying="another key"):
        checkpoint.verify(note, origin=ORIGIN, public=KEY.public)


def test_checkpoint_of_another_log() -> None:
    note = checkpoint.sign(replace(state(LEAVES), origin="secure-jobs.example/ws-2"), KEY)
    with refused("checkpoint", saying="of another log"):
        checkpoint.verify(note, origin=ORIGIN, public=KEY.public)


@pytest.mark.parametrize("change", ["size", "root", "signature"])
def test_altered_checkpoint(change: str) -> None:
    origin, size, root, blank, signature = checkpoint.sign(state(LEAVES), KEY).splitlines()
    if change == "size":
        size = "14"
    elif change == "root":
        root = encoding.text(merkle.Tree.of(LEAVES[:-1]).root())
    else:
        name, sig = signature.rsplit(" ", 1)
        raw = bytearray(encoding.raw(sig))
        raw[-1] ^= 1
        signature = f"{name} {encoding.text(bytes(raw))}"
    with refused("bad_signature"):
        checkpoint.verify(f"{origin}\n{size}\n{root}\n{blank}\n{signature}\n", origin=ORIGIN, public=KEY.public)


# -- what enclaves and key services see ------------------------------------------------------------------------------

FORKED = [*LOG_LEAVES[:5], merkle.leaf_hash(b"another"), *LOG_LEAVES[6:]]


def verify(world: World, log: LogProof) -> None:
    verify_run(world.dossier(log=log), genesis=world.genesis, now=NOW)


def test_honest_dossier(world: World) -> None:
    verify(world, world.log_proof())
    verify(world, world.log_proof(9))


def test_run_shown_with_another_log_than_the_reviewers_saw(world: World) -> None:
    with refused("log_fork"):
        verify(world, world.log_proof(leaves=FORKED))


def test_run_shown_with_a_log_rolled_back_behind_the_order(world: World) -> None:
    with refused("log_rollback"):
        verify(world, world.log_proof(8))


def test_checkpoint_of_a_decision_without_its_proof(world: World) -> None:
    with refused("log_fork"):
        verify(world, world.log_proof(seen=(8, 9)))


def test_proof_of_another_size_passed_off(world: World) -> None:
    honest = world.log_proof()
    swapped = tuple(replace(each, size={7: 9, 9: 7}.get(each.size, each.size)) for each in honest.consistency)
    with refused("log_fork"):
        verify(world, replace(honest, consistency=swapped))


def test_log_signed_by_a_key_that_the_genesis_does_not_name(world: World) -> None:
    honest = world.log_proof()
    state = checkpoint.parse(honest.checkpoint, origin=f"jupyter-secure-jobs/{WORKSPACE}")
    with refused("checkpoint", saying="another key"):
        verify(world, replace(honest, checkpoint=checkpoint.sign(state, world.keys["mallory"].signing)))


def test_member_who_was_shown_another_log_decided(world: World) -> None:
    """One reviewer was shown a log of their own; their decision carries it to everybody who checks."""
    mine = world.sign(world.decision(COLLEAGUE, checkpoint=world.note(7, FORKED)), COLLEAGUE)
    world.decisions[0] = mine
    with refused("log_fork"):
        verify(world, world.log_proof())


def test_order_made_on_another_log(world: World) -> None:
    world.run(world.sign(world.run_order(checkpoint=world.note(9, FORKED)), AUTHOR))
    with refused("log_fork"):
        verify(world, world.log_proof())


def test_roster_that_names_another_key_for_the_log(world: World) -> None:
    other = world.next_roster(log_key=world.keys["mallory"].signing.public)
    world.rosters.append(world.sign(other, *(member.email for member in other.members)))
    with refused("roster_chain", saying="key for the workspace's log"):
        world.trusted()


# -- what a key service remembers ------------------------------------------------------------------------------------


def test_key_service_refuses_a_log_that_is_not_the_one_it_saw(world: World, tmp_path: Path) -> None:
    ring = world.ring("key service of Beta")
    state = State(tmp_path / "state.sqlite")
    state.pin(WORKSPACE, world.genesis)
    service = KeyService(ring, state)

    def ask(log: LogProof) -> None:
        service.nonce(world.dossier(log=log), workspace=WORKSPACE, now=NOW)

    ask(world.log_proof(12))
    assert service.log_sizes() == {WORKSPACE: 12}
    with refused("log_rollback"):
        ask(world.log_proof(11))
    with refused("log_fork"):
        ask(world.log_proof(20))  # no proof from the 12 entries that were seen
    later = [*LOG_LEAVES[:11], merkle.leaf_hash(b"another"), *LOG_LEAVES[12:]]
    for size in (12, 20):
        with refused("log_fork"):
            ask(world.log_proof(size, later, seen=(7, 8, 9, 12)))
    state.close()
    state = State(tmp_path / "state.sqlite")
    service = KeyService(ring, state)
    assert service.log_sizes() == {WORKSPACE: 12}
    ask(world.log_proof(20, seen=(7, 8, 9, 12)))
    assert service.log_sizes() == {WORKSPACE: 20}
    state.close()


# -- what a member's side remembers ----------------------------------------------------------------------------------


def shown(world: World, log: LogProof) -> TrustedLog:
    return verify_log(log, world.trusted(), ())


def test_member_side_refuses_a_log_that_is_not_the_one_it_saw(world: World, tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins.json")
    pins.pin(WORKSPACE, world.genesis)
    assert pins.follow_log(WORKSPACE, shown(world, world.log_proof(12)))
    assert pins.log_size(WORKSPACE) == 12
    assert pins.warnings() == []
    assert not pins.follow_log(WORKSPACE, shown(world, world.log_proof(20))), "no proof from there: ask again"
    with refused("log_rollback"):
        pins.follow_log(WORKSPACE, shown(world, world.log_proof(11)))
    with refused("log_fork"):
        pins.follow_log(WORKSPACE, shown(world, world.log_proof(12, FORKED)))
    with refused("log_fork"):
        pins.follow_log(WORKSPACE, shown(world, world.log_proof(20, FORKED, seen=(12,))))
    assert pins.log_size(WORKSPACE) == 12, "what was seen stays the measure"
    assert len(pins.warnings()) == 3
    kept = Pins(tmp_path / "pins.json")
    assert kept.warnings() == pins.warnings(), "the evidence outlives the process"
    assert kept.follow_log(WORKSPACE, shown(world, world.log_proof(20, seen=(12,))))


def test_stale_roster_leaves_a_warning(world: World, tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins.json")
    pins.pin(WORKSPACE, world.genesis)
    genesis = world.genesis
    pins.saw(WORKSPACE, rosters=[genesis, "second", "third"], workers=["a", "b"])
    with refused("stale_epoch"):
        pins.saw(WORKSPACE, rosters=[genesis, "second"], workers=["a", "b"])
    with refused("stale_epoch"):
        pins.saw(WORKSPACE, rosters=[genesis, "second", "another", "fourth"], workers=["a", "b"])
    with refused("stale_workers"):
        pins.saw(WORKSPACE, rosters=[genesis, "second", "third"], workers=["a"])
    with refused("stale_workers"):
        pins.saw(WORKSPACE, rosters=[genesis, "second", "third"], workers=["a", "another", "c"])
    pins.saw(WORKSPACE, rosters=[genesis, "second", "third", "fourth"], workers=["a", "b", "c"])
    assert len(pins.warnings()) == 4
    assert any("older or another roster" in line for line in pins.warnings())
