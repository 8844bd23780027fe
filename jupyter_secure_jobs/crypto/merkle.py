"""The Merkle tree of RFC 9162, section 2: append-only, with inclusion and consistency proofs.

Built over leaf hashes; the caller keeps them and the complete subtrees. Sizes are numbers of leaves.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def join(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


@dataclass(frozen=True, slots=True)
class Tree:
    """A log of `size` leaves.

    `node(level, place)` gives the hash of the complete subtree over the leaves from `place * 2**level` on, `2**level`
    of them. Complete subtrees never change, so that they can be stored: each answer takes a logarithmic number.
    """

    size: int
    node: Callable[[int, int], bytes]

    @classmethod
    def of(cls, leaves: Sequence[bytes]) -> Tree:
        """Return the tree over leaf hashes that are all at hand."""

        @functools.cache
        def node(level: int, place: int) -> bytes:
            if level == 0:
                return leaves[place]
            return join(node(level - 1, 2 * place), node(level - 1, 2 * place + 1))

        return cls(len(leaves), node)

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves; over all of them if it is None (RFC 9162, 2.1.1)."""
        end = self.size if size is None else size
        return self._hash(0, end) if end else EMPTY_ROOT

    def _hash(self, start: int, end: int) -> bytes:
        size = end - start
        if size & (size - 1) == 0:
            level = size.bit_length() - 1
            return self.node(level, start >> level)
        middle = start + _split(size)
        return join(self._hash(start, middle), self._hash(middle, end))

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that leaf `index` is in the tree (RFC 9162, 2.1.3.1)."""
        return self._path(index, 0, self.size)

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start <= 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._hash(middle, end)]
        return [*self._path(index, middle, end), self._hash(start, middle)]

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that the tree over the first `old` leaves is a start of this one (RFC 9162, 2.1.4.1)."""
        if old in (0, self.size):
            return []
        return self._subproof(old, 0, self.size, whole=True)

    def _subproof(self, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if old == end:
            return [] if whole else [self._hash(start, end)]
        middle = start + _split(end - start)
        if old <= middle:
            return [*self._subproof(old, start, middle, whole=whole), self._hash(middle, end)]
        return [*self._subproof(old, middle, end, whole=False), self._hash(start, middle)]


def completed(leaf: bytes, place: int, node: Callable[[int, int], bytes]) -> list[tuple[int, int, bytes]]:
    """Return the subtrees that are complete once `leaf` stands at `place`: level (from 1), place and hash of each."""
    made: list[tuple[int, int, bytes]] = []
    level, hashed = 0, leaf
    while place & 1:
        hashed = join(node(level, place - 1), hashed)
        level, place = level + 1, place >> 1
        made.append((level, place, hashed))
    return made


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
            made = join(part, made)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            made = join(made, part)
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
            old_made, new_made = join(part, old_made), join(part, new_made)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_made = join(new_made, part)
        place, last = place >> 1, last >> 1
    if last != 0 or old_made != old_root or new_made != new_root:
        raise fork
