"""Room for plaintext is reserved before keys are asked for, and counts for every enclave of the machine."""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import memory
from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 2**20


@pytest.fixture
def two() -> Iterator[tuple[Memory, Memory]]:
    pair = Memory(), Memory()
    yield pair
    for each in pair:
        each.remove()


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Memory, Memory]]:
    """Give two in a place of their own, in which nothing that other processes do counts."""
    monkeypatch.setattr(memory, "_base", lambda *, anywhere: tmp_path)
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


def test_two_that_look_at_the_same_moment_do_not_both_take_the_room(
    apart: tuple[Memory, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looks only once the first has written down what it takes."""
    size = apart[0].free_bytes() * 2 // 3
    looking, write = threading.Event(), threading.Event()
    free = Memory.free_bytes

    def slowly(self: Memory) -> int:
        found = free(self)
        looking.set()
        write.wait(1)
        return found

    monkeypatch.setattr(Memory, "free_bytes", slowly)
    said = []

    def reserve(who: Memory) -> None:
        try:
            who.reserve(size)
        except UnavailableError as error:
            said.append(error.code)
        write.set()

    both = [threading.Thread(target=reserve, args=(each,)) for each in apart]
    both[0].start()
    looking.wait(10)
    both[1].start()
    for each in both:
        each.join()
    assert said == ["data_too_large"]


def test_another_account_neither_takes_room_nor_holds_the_turn(
    apart: tuple[Memory, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else has an account on the host can make folders and files of any name in /dev/shm."""
    base, other = apart[0].folder.parent, os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: other + 1)
    theirs = base / "secure-jobs-of-another-account"
    theirs.mkdir()
    (theirs / "reserved").write_text(str(2**60))
    turn = base / f".secure-jobs-turn-{other + 1}"
    with turn.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=apart[0].reserve, args=(MIB,), daemon=True)
        waiting.start()
        waiting.join(5)
        assert not waiting.is_alive(), "it waits for a lock that another account holds"
    assert (apart[0].folder / "reserved").read_text() == str(MIB)


def test_a_link_in_place_of_the_turn_is_not_followed(apart: tuple[Memory, Memory], tmp_path: Path) -> None:
    turn = apart[0].folder.parent / f".secure-jobs-turn-{os.getuid()}"
    turn.unlink(missing_ok=True)
    turn.symlink_to(tmp_path / "made")
    try:
        apart[0].reserve(MIB)
    finally:
        turn.unlink()
    assert not (tmp_path / "made").exists()
    assert memory._reserved(apart[0].folder) == MIB
