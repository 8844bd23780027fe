"""Attacks on the log: forked, rolled back, with entries changed or made up, or signed by another key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_secure_jobs.crypto import checkpoint, encoding, merkle
from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
from jupyter_secure_jobs.crypto.signing import SigningKey
from tests.support.refusal import refused

ORIGIN = "secure-jobs.example/ws-1"
KEY = SigningKey.from_seed(bytes(range(32)))
LEAVES = [merkle.leaf_hash(f"statement {number}".encode()) for number in range(13)]
SEEN = 6


def state(leaves: list[bytes]) -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=len(leaves), root=merkle.root(leaves))


def follow(old: list[bytes], new: list[bytes]) -> None:
    """Go on from a checkpoint of `old` to one of `new`, with the best proof that the server could make."""
    before = checkpoint.verify(checkpoint.sign(state(old), KEY), origin=ORIGIN, public=KEY.public)
    after = checkpoint.verify(checkpoint.sign(state(new), KEY), origin=ORIGIN, public=KEY.public)
    proof = merkle.consistency_proof(new, min(before.size, after.size))
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
    proof = merkle.inclusion_proof(LEAVES, 3)
    merkle.check_inclusion(LEAVES[3], 3, len(LEAVES), proof, merkle.root(LEAVES))
    with refused("log_inclusion"):
        merkle.check_inclusion(merkle.leaf_hash(b"another"), 3, len(LEAVES), proof, merkle.root(LEAVES))


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
        root = encoding.text(merkle.root(LEAVES[:-1]))
    else:
        name, sig = signature.rsplit(" ", 1)
        raw = bytearray(encoding.raw(sig))
        raw[-1] ^= 1
        signature = f"{name} {encoding.text(bytes(raw))}"
    with refused("bad_signature"):
        checkpoint.verify(f"{origin}\n{size}\n{root}\n{blank}\n{signature}\n", origin=ORIGIN, public=KEY.public)
