"""The Merkle tree of RFC 9162, section 2: append-only, with inclusion and consistency proofs.

Built over leaf hashes; the caller keeps the leaves. Sizes are numbers of leaves.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    level = list(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree over `leaves` (RFC 9162, 2.1.3.1)."""
    if len(leaves) <= 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*inclusion_proof(leaves[:middle], index), root(leaves[middle:])]
    return [*inclusion_proof(leaves[middle:], index - middle), root(leaves[:middle])]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the proof that the tree of `old_size` leaves is a start of this one (RFC 9162, 2.1.4.1)."""
    if old_size in (0, len(leaves)):
        return []
    return _subproof(leaves, old_size, whole=True)


def _subproof(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if whole else [root(leaves)]
    middle = _split(len(leaves))
    if old_size <= middle:
        return [*_subproof(leaves[:middle], old_size, whole=whole), root(leaves[middle:])]
    return [*_subproof(leaves[middle:], old_size - middle, whole=False), root(leaves[:middle])]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Return if the proof shows `leaf` at `index` of the tree with root `expected` (RFC 9162, 2.1.3.2).

    Raises:
        RefusedError: it does not.
    """
    if not 0 <= index < size:
        raise RefusedError("log_inclusion", "The log's proof names a place outside the log.")
    place, last, made = index, size - 1, leaf
    for part in proof:
        if last == 0:
            raise RefusedError("log_inclusion", "The log's proof is too long.")
        if place & 1 or place == last:
            made = _node(part, made)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            made = _node(made, part)
        place, last = place >> 1, last >> 1
    if last != 0 or made != expected:
        raise RefusedError("log_inclusion", "The log does not contain the statement where it says.")


def check_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:  # noqa: C901, PLR0912 -- the RFC's algorithm, step by step
    """Return if the proof shows that the new tree only appends to the old one (RFC 9162, 2.1.4.2).

    Raises:
        RefusedError: it does not: the log was rolled back or forked.
    """
    fork = RefusedError("log_fork", "The log is not a continuation of what was seen before.", "Tell the other members.")
    if old_size > new_size:
        raise fork
    if old_size == new_size:
        if proof or old_root != new_root:
            raise fork
        return
    if old_size == 0:
        if proof:
            raise fork
        return
    parts = list(proof)
    if old_size & (old_size - 1) == 0:
        parts.insert(0, old_root)
    if not parts:
        raise fork
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_made = new_made = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise fork
        if place & 1 or place == last:
            old_made, new_made = _node(part, old_made), _node(part, new_made)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_made = _node(new_made, part)
        place, last = place >> 1, last >> 1
    if last != 0 or old_made != old_root or new_made != new_root:
        raise fork
