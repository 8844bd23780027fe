"""Seeded draws: the same numbers for the same labels on every machine and for every version of every library."""

from __future__ import annotations

import hashlib
from typing import Final

_CONTEXT: Final = b"jupyter-secure-jobs synthetic v1"
_BYTES: Final = 16
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_MARK: Final = "syn"


def draws(count: int, *labels: bytes | str | int) -> list[int]:
    """Return `count` numbers of 128 bits, uniform and independent for different labels.

    They are the output of SHAKE-256 (FIPS 202) over the labels, each prefixed with its kind and its length, so that no
    two lists of labels read as the same bytes. Random generators of libraries were not used: their streams may change
    between versions (NumPy's NEP 19), and a test's digest must not.
    """
    state = hashlib.shake_256(_CONTEXT)
    for label in labels:
        kind, raw = (b"b", label) if isinstance(label, bytes) else (b"t", str(label).encode("utf-8", "surrogatepass"))
        state.update(kind + len(raw).to_bytes(8, "big") + raw)
    stream = state.digest(count * _BYTES)
    return [int.from_bytes(stream[start : start + _BYTES], "big") for start in range(0, len(stream), _BYTES)]


def below(draw: int, bound: int) -> int:
    """Return a whole number in 0..bound-1 from a draw (Lemire's multiplication; bias below bound / 2^128)."""
    return (draw * bound) >> (8 * _BYTES)


def fraction(draw: int) -> float:
    """Return a number in [0, 1) with 53 random bits, which every IEEE 754 machine represents exactly."""
    return (draw >> (8 * _BYTES - 53)) / 9007199254740992.0


def order(count: int, *labels: bytes | str | int) -> list[int]:
    """Return the numbers 0..count-1 in a random order."""
    keys = draws(count, *labels)
    return sorted(range(count), key=keys.__getitem__)


def word(length: int, *labels: bytes | str | int) -> str:
    """Return a text of `length` characters that nobody takes for a real value: `syn` and letters, if it has room."""
    stem = _MARK[: max(length - len(_MARK), 0)]
    # A draw of 128 bits holds 25 letters of 5 bits.
    letters = "".join(
        _LETTERS[(draw >> (5 * position)) & 31] for draw in draws(-(-length // 25), *labels) for position in range(25)
    )
    return (stem + letters)[:length]
