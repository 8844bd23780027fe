"""Key files: locked under a passphrase, complete or refused, readable by their owner alone, never overwritten."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import keyfile, lock
from jupyter_secure_jobs.crypto.lock import WrongPassphraseError
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, SecureJobsError
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "correct horse"
RING = keyfile.new_ring({"email": "ann@alpha.example", "organisation": "Ä"})


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("keys") / "member.key"
    keyfile.save(path, RING, PASSPHRASE)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, stored: bytes) -> Path:
    keyfile.write_private(tmp_path / "member.key", stored)
    return tmp_path / "member.key"


def test_round_trip(path: Path) -> None:
    ring = keyfile.load(path, PASSPHRASE)
    assert (ring.signing.public, ring.sealing.public) == (RING.signing.public, RING.sealing.public)
    assert (ring.signing.seed(), ring.sealing.seed()) == (RING.signing.seed(), RING.sealing.seed())
    assert dict(ring.label) == dict(RING.label)


def test_nothing_secret_is_readable_in_the_file(stored: bytes) -> None:
    for secret in (RING.signing.seed(), RING.sealing.seed(), RING.sealing.seed()[:32], PASSPHRASE.encode()):
        assert secret not in stored
    assert b"ann@alpha.example" not in stored


def test_the_same_keys_are_never_locked_alike(tmp_path: Path, stored: bytes) -> None:
    keyfile.save(tmp_path / "again", RING, PASSPHRASE)
    again = (tmp_path / "again").read_bytes()
    head = len(lock._MAGIC)
    assert again[:head] == stored[:head]
    assert again[head : head + 28] != stored[head : head + 28]


def test_wrong_passphrase(path: Path) -> None:
    for wrong in ("correct hors", "Correct horse", "", "correct horse "):
        with refused("wrong_passphrase", kind=WrongPassphraseError):
            keyfile.load(path, wrong)
    assert keyfile.load(path, PASSPHRASE).signing.public == RING.signing.public


def test_passphrase_typed_on_another_keyboard(tmp_path: Path) -> None:
    keyfile.save(tmp_path / "key", RING, "caf\u00e9 au lait")
    assert keyfile.load(tmp_path / "key", "cafe\u0301 au lait").signing.public == RING.signing.public


@pytest.mark.parametrize("length", [0, 1, 23, 24, 40, 52, 67])
def test_truncated_before_the_secret(path: Path, stored: bytes, length: int) -> None:
    path.write_bytes(stored[:length])
    with refused("not_a_key_store"):
        keyfile.load(path, PASSPHRASE)


@pytest.mark.parametrize("length", [68, -16, -1])
def test_truncated_secret(path: Path, stored: bytes, length: int) -> None:
    path.write_bytes(stored[:length])
    with refused("wrong_passphrase", kind=WrongPassphraseError):
        keyfile.load(path, PASSPHRASE)


@pytest.mark.parametrize("at", [0, 23, 24, 39, 40, 51, 52, 100, -17, -1])
def test_altered(path: Path, stored: bytes, at: int) -> None:
    altered = bytearray(stored)
    altered[at] ^= 1
    path.write_bytes(altered)
    with pytest.raises(SecureJobsError) as caught:
        keyfile.load(path, PASSPHRASE)
    assert caught.value.code == ("not_a_key_store" if 0 <= at < 24 else "wrong_passphrase")


@pytest.mark.parametrize(
    "secret", [b"", b"[]", b"{}", b'"x"', b"null", b'{"signing": 1, "sealing": 2, "label": {}}', b"\xff"]
)
def test_file_that_was_locked_by_something_else(path: Path, secret: bytes) -> None:
    path.write_bytes(lock.lock(secret, PASSPHRASE))
    with refused("not_a_key_store"):
        keyfile.load(path, PASSPHRASE)


def test_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "member.key"
    keyfile.save(path, RING, PASSPHRASE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


def test_never_overwritten(path: Path, stored: bytes) -> None:
    with refused("key_store_exists", kind=ConflictError):
        keyfile.save(path, keyfile.new_ring({}), PASSPHRASE)
    assert path.read_bytes() == stored
    assert [found.name for found in path.parent.iterdir()] == ["member.key"]


def test_two_at_once_make_one_file(tmp_path: Path) -> None:
    """Whoever comes second is told so, even where both saw no file when they began."""
    path, outcomes = tmp_path / "member.key", []
    ready = threading.Barrier(2)

    def make() -> None:
        ring = keyfile.new_ring({})
        ready.wait()
        try:
            keyfile.save(path, ring, PASSPHRASE)
            outcomes.append(ring.signing.public)
        except ConflictError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes.remove("key_store_exists")
    assert outcomes == [keyfile.load(path, PASSPHRASE).signing.public]
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_came_a_moment_ago_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        keyfile.write_private(path, b"new", replace=False)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]
    keyfile.write_private(path, b"new")
    assert path.read_bytes() == b"new"


def test_short_passphrase(tmp_path: Path) -> None:
    with refused("passphrase_short", kind=InvalidError):
        keyfile.save(tmp_path / "key", RING, "1234567")
    assert not list(tmp_path.iterdir())


def test_no_file(tmp_path: Path) -> None:
    with refused("no_key_store", kind=NotFoundError):
        keyfile.load(tmp_path / "none", PASSPHRASE)


def test_printed_seed_gives_the_same_pair_again() -> None:
    one, two = (keyfile.ring_of_seed(b"s" * 32, {}) for _ in range(2))
    other = keyfile.ring_of_seed(b"t" * 32, {})
    assert (one.signing.public, one.sealing.public) == (two.signing.public, two.sealing.public)
    assert one.signing.public != other.signing.public
    assert one.sealing.public != other.sealing.public


def test_representation_shows_no_secret() -> None:
    shown = repr(RING)
    assert RING.signing.public in shown
    for seed in (RING.signing.seed(), RING.sealing.seed()):
        assert seed.hex() not in shown
        assert repr(seed)[2:-1] not in shown
