"""The Merkle tree of RFC 9162: known roots, every proof of small trees, and forged proofs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_secure_jobs.crypto import merkle
from tests.support.refusal import refused

# The test inputs of the certificate-transparency reference code (RFC 6962, whose tree RFC 9162 keeps), and their roots.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
KNOWN = [merkle.leaf_hash(entry) for entry in ENTRIES]
MANY = [merkle.leaf_hash(str(number).encode()) for number in range(70)]
FOREIGN = merkle.leaf_hash(b"foreign")
SIZES = st.integers(1, len(MANY))


def recursive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    both = recursive_root(leaves[:split]) + recursive_root(leaves[split:])
    return hashlib.sha256(b"\x01" + both).digest()


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_known_root(size: int) -> None:
    assert merkle.Tree.of(KNOWN[:size]).root().hex() == ROOTS[size]


@given(SIZES)
def test_root_is_that_of_the_definition(size: int) -> None:
    assert merkle.Tree.of(MANY[:size]).root() == recursive_root(MANY[:size])


def test_leaf_and_node_are_told_apart() -> None:
    """Without the prefixes an inner node could be passed off as an entry."""
    pair = merkle.Tree.of(KNOWN[:2]).root()
    assert merkle.leaf_hash(KNOWN[0] + KNOWN[1]) != pair
    assert merkle.leaf_hash(b"") == hashlib.sha256(b"\0").digest() != merkle.EMPTY_ROOT


@given(SIZES, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    leaves, index = MANY[:size], data.draw(st.integers(0, size - 1))
    root, proof = merkle.Tree.of(leaves).root(), merkle.Tree.of(leaves).inclusion(index)
    merkle.check_inclusion(leaves[index], index, size, proof, root)
    forged = [
        (FOREIGN, index, size, proof, root),
        (leaves[index], index, size, proof, FOREIGN),
        (leaves[index], index, size, [*proof, FOREIGN], root),
        (leaves[index], size, size, proof, root),
        (leaves[index], -1, size, proof, root),
        *[(leaves[index], other, size, proof, root) for other in range(size) if other != index],
        *[(leaves[index], index, size, proof[:at] + proof[at + 1 :], root) for at in range(len(proof))],
        *[(leaves[index], index, size, [*proof[:at], FOREIGN, *proof[at + 1 :]], root) for at in range(len(proof))],
    ]
    for claim in forged:
        with refused("log_inclusion"):
            merkle.check_inclusion(*claim)


@given(st.integers(0, len(MANY)), st.integers(0, len(MANY)))
def test_consistency(one: int, two: int) -> None:
    old, new = sorted((one, two))
    old_root, new_root = merkle.Tree.of(MANY[:old]).root(), merkle.Tree.of(MANY[:new]).root()
    proof = merkle.Tree.of(MANY[:new]).consistency(old)
    merkle.check_consistency(old, new, proof, old_root, new_root)
    forged = [
        (old, new, [*proof, FOREIGN], old_root, new_root),
        *[(old, new, [*proof[:at], FOREIGN, *proof[at + 1 :]], old_root, new_root) for at in range(len(proof))],
        *[(old, new, proof[:at] + proof[at + 1 :], old_root, new_root) for at in range(len(proof))],
    ]
    if old != 0:  # of an empty log anything is a continuation
        forged += [(old, new, proof, FOREIGN, new_root), (old, new, proof, old_root, FOREIGN)]
    if old < new:
        forged.append((new, old, proof, new_root, old_root))
    for claim in forged:
        with refused("log_fork"):
            merkle.check_consistency(*claim)


@given(st.integers(1, 40), st.integers(0, 40), st.lists(st.sampled_from([*MANY[:4], FOREIGN]), max_size=8))
def test_made_up_proofs_are_refused(old: int, new: int, proof: list[bytes]) -> None:
    """Roots of two different logs: there is no proof, however it is made."""
    old_root = merkle.Tree.of([FOREIGN, *MANY[1:old]]).root()
    new_root = merkle.Tree.of(MANY[:new]).root()
    with refused("log_fork"):
        merkle.check_consistency(old, new, proof, old_root, new_root)
