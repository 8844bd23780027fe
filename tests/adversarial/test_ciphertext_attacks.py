"""Attacks on encrypted files: flipped, cut, reordered, swapped between files, datasets and versions, rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import files
from jupyter_secure_jobs.protocol import places
from tests.support.full_disk import full_disk
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = files.new_key()
SEGMENT = 1024 * 1024  # of ciphertext, header of the first one included (Tink, AES256_GCM_HKDF_1MB)
PLACE = places.dataset_file(workspace="ws-1", dataset="flights", version=2, path="part-00000.parquet")
PLAIN = bytes(range(256)) * (3 * 4096 + 100)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "plain").write_bytes(PLAIN)
    files.encrypt(folder / "plain", folder / "sealed", key=KEY, place=PLACE)
    return (folder / "sealed").read_bytes()


def opened(folder: Path, data: bytes, *, key: bytes = KEY, place: bytes = PLACE) -> bytes:
    """Decrypt `data` so; afterwards nothing is left of a file that was refused."""
    (folder / "got").write_bytes(data)
    target = folder / "plain"
    try:
        files.decrypt(folder / "got", target, key=key, place=place)
    except BaseException:
        assert not target.exists()
        raise
    assert target.stat().st_mode & 0o777 == 0o600
    return target.read_bytes()


def test_honest_file(tmp_path: Path, sealed: bytes) -> None:
    assert opened(tmp_path, sealed) == PLAIN
    assert len(sealed) > 3 * SEGMENT


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    files.encrypt(tmp_path / "empty", tmp_path / "sealed", key=KEY, place=PLACE)
    assert opened(tmp_path, (tmp_path / "sealed").read_bytes()) == b""


@pytest.mark.parametrize(("size", "grown"), [(0, 0), (100, 0), (100, 30), (len(PLAIN), 0), (len(PLAIN), SEGMENT + 7)])
def test_disk_that_fills_while_a_file_is_sealed(tmp_path: Path, size: int, grown: int) -> None:
    (tmp_path / "plain").write_bytes(PLAIN[:size])
    with full_disk(grown=grown), pytest.raises(OSError, match=r"cannot be written|File too large"):
        files.encrypt(tmp_path / "plain", tmp_path / "sealed", key=KEY, place=PLACE)


@pytest.mark.parametrize("at", [0, 1, 20, 39, 40, SEGMENT - 1, SEGMENT, 2 * SEGMENT + 5, -17, -1])
def test_ciphertext_flipped(tmp_path: Path, sealed: bytes, at: int) -> None:
    altered = bytearray(sealed)
    altered[at] ^= 1
    with refused("file_altered"):
        opened(tmp_path, bytes(altered))


@pytest.mark.parametrize("length", [0, 1, 39, 40, 41, 56, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, -1, -16])
def test_ciphertext_truncated(tmp_path: Path, sealed: bytes, length: int) -> None:
    with refused("file_altered"):
        opened(tmp_path, sealed[:length])


@pytest.mark.parametrize("more", [b"\0", b"\0" * 16, b"\0" * SEGMENT])
def test_ciphertext_extended(tmp_path: Path, sealed: bytes, more: bytes) -> None:
    with refused("file_altered"):
        opened(tmp_path, sealed + more)


SEGMENTS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "two swapped": lambda parts: [parts[0], parts[2], parts[1], *parts[3:]],
    "first and second swapped": lambda parts: [parts[1], parts[0], *parts[2:]],
    "one twice": lambda parts: [parts[0], parts[1], parts[1], *parts[2:]],
    "one left out": lambda parts: [parts[0], *parts[2:]],
    "last left out": lambda parts: parts[:-1],
    "last one first": lambda parts: [parts[0], parts[-1]],
}


@pytest.mark.parametrize("change", SEGMENTS)
def test_segments_reordered(tmp_path: Path, sealed: bytes, change: str) -> None:
    parts = [sealed[at : at + SEGMENT] for at in range(0, len(sealed), SEGMENT)]
    assert len(parts) == 4
    with refused("file_altered"):
        opened(tmp_path, b"".join(SEGMENTS[change](parts)))


def test_segment_of_another_file_under_the_same_key(tmp_path: Path, sealed: bytes) -> None:
    (tmp_path / "other").write_bytes(PLAIN[::-1])
    files.encrypt(tmp_path / "other", tmp_path / "other.sealed", key=KEY, place=PLACE)
    other = (tmp_path / "other.sealed").read_bytes()
    with refused("file_altered"):
        opened(tmp_path, sealed[:SEGMENT] + other[SEGMENT : 2 * SEGMENT] + sealed[2 * SEGMENT :])


ELSEWHERE = {
    "another file": places.dataset_file(workspace="ws-1", dataset="flights", version=2, path="part-00001.parquet"),
    "another dataset": places.dataset_file(workspace="ws-1", dataset="planes", version=2, path="part-00000.parquet"),
    "an earlier version": places.dataset_file(
        workspace="ws-1", dataset="flights", version=1, path="part-00000.parquet"
    ),
    "another workspace": places.dataset_file(workspace="ws-2", dataset="flights", version=2, path="part-00000.parquet"),
    "a result": places.outcome_file(order="flights", kind="result"),
    "nowhere": b"",
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_ciphertext_swapped_to(tmp_path: Path, sealed: bytes, where: str) -> None:
    with refused("file_altered"):
        opened(tmp_path, sealed, place=ELSEWHERE[where])


def test_log_passed_off_as_the_result(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"printed")
    place = places.outcome_file(order="sha256:1", kind="log")
    files.encrypt(tmp_path / "log", tmp_path / "sealed", key=KEY, place=place)
    with refused("file_altered"):
        opened(
            tmp_path,
            (tmp_path / "sealed").read_bytes(),
            place=places.outcome_file(order="sha256:1", kind="result"),
        )


def test_another_key(tmp_path: Path, sealed: bytes) -> None:
    with refused("file_altered"):
        opened(tmp_path, sealed, key=files.new_key())


@pytest.mark.parametrize("key", [b"", b"\0" * 32, KEY[:-5], b"not a key"])
def test_something_that_is_no_key(tmp_path: Path, sealed: bytes, key: bytes) -> None:
    with refused("bad_file_key"):
        opened(tmp_path, sealed, key=key)


def test_an_existing_file_is_not_overwritten(tmp_path: Path, sealed: bytes) -> None:
    (tmp_path / "got").write_bytes(sealed)
    (tmp_path / "plain").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        files.decrypt(tmp_path / "got", tmp_path / "plain", key=KEY, place=PLACE)
    with pytest.raises(FileExistsError):
        files.encrypt(tmp_path / "got", tmp_path / "plain", key=KEY, place=PLACE)
    assert (tmp_path / "plain").read_bytes() == b"precious"
