"""Room for plaintext is reserved before keys are asked for, and counts for every enclave of the machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20


@pytest.fixture
def two() -> Iterator[tuple[Memory, Memory]]:
    pair = Memory(), Memory()
    yield pair
    for each in pair:
        each.remove()


def test_data_beyond_what_is_free_is_refused_with_the_next_step(two: tuple[Memory, Memory]) -> None:
    with pytest.raises(UnavailableError) as caught:
        two[0].reserve(two[0].free_bytes() + 1024 * MIB)
    assert caught.value.code == "data_too_large"
    assert "/dev/shm" in caught.value.next_step
    assert not (two[0].folder / "reserved").exists()


def test_two_enclaves_do_not_both_take_the_same_room(two: tuple[Memory, Memory]) -> None:
    """Each alone would fit; nothing is written yet, so that the file system alone would let both in."""
    size = two[0].free_bytes() * 2 // 3
    two[0].reserve(size)
    with pytest.raises(UnavailableError):
        two[1].reserve(size)
    two[0].release()
    two[1].reserve(size)


def test_what_is_written_is_not_counted_twice(two: tuple[Memory, Memory]) -> None:
    two[0].reserve(64 * MIB)
    before = two[1].free_bytes()
    (two[0].folder / "table").write_bytes(os.urandom(64 * MIB))
    assert abs(two[1].free_bytes() - before) < 32 * MIB


def test_a_second_run_of_an_enclave_forgets_what_the_first_reserved(two: tuple[Memory, Memory]) -> None:
    size = two[0].free_bytes() * 2 // 3
    two[0].reserve(size)
    two[0].reserve(size)
