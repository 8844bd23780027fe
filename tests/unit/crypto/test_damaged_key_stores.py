"""Key stores cut at every length and altered at every bit: a clear refusal each time, never half a key ring."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import pytest

from jupyter_secure_jobs.crypto import keyfile, lock
from jupyter_secure_jobs.crypto.lock import WrongPassphraseError
from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE: Final = "correct horse"
RING: Final = keyfile.new_ring({"kind": "member", "name": "ann@alpha.example"})
TAG: Final = 16


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Give a store; its key derivation is a quick one, since thousands are opened. The slow one has its own tests."""
    monkeypatch.setattr(lock, "_derive", lambda passphrase, salt: hashlib.sha256(passphrase.encode() + salt).digest())
    keyfile.save(tmp_path / "whole", RING, PASSPHRASE)
    return (tmp_path / "whole").read_bytes()


def refusal(path: Path, data: bytes) -> SecureJobsError:
    path.write_bytes(data)
    with pytest.raises(SecureJobsError) as caught:
        keyfile.load(path, PASSPHRASE)
    return caught.value


def test_every_length(tmp_path: Path, stored: bytes) -> None:
    head = len(lock._MAGIC) + 28 + TAG
    for length in range(len(stored)):
        error = refusal(tmp_path / "cut", stored[:length])
        expected = RefusedError if length < head else WrongPassphraseError
        assert type(error) is expected, length
        assert error.next_step
    assert keyfile.load(tmp_path / "whole", PASSPHRASE).signing.public == RING.signing.public


def test_every_bit(tmp_path: Path, stored: bytes) -> None:
    head = len(lock._MAGIC)
    for at in range(8 * len(stored)):
        altered = bytearray(stored)
        altered[at // 8] ^= 1 << at % 8
        error = refusal(tmp_path / "altered", bytes(altered))
        assert error.code == ("not_a_key_store" if at // 8 < head else "wrong_passphrase"), at


def test_zeroes_from_every_place_on(tmp_path: Path, stored: bytes) -> None:
    """What a file system may leave after a power cut: the length is right, the end is empty."""
    for length in range(len(stored) - 1):
        if any(stored[length:]):
            refusal(tmp_path / "zeroes", stored[:length] + bytes(len(stored) - length))


@pytest.mark.parametrize("more", [b"\0", b"\n", b"x" * 100])
def test_more_than_a_store(tmp_path: Path, stored: bytes, more: bytes) -> None:
    assert refusal(tmp_path / "longer", stored + more).code == "wrong_passphrase"


def test_two_halves_of_two_stores(tmp_path: Path, stored: bytes) -> None:
    keyfile.save(tmp_path / "other", keyfile.new_ring({"kind": "member", "name": "ann@alpha.example"}), PASSPHRASE)
    other = (tmp_path / "other").read_bytes()
    for at in range(len(lock._MAGIC) + 1, len(stored), 7):
        assert refusal(tmp_path / "halves", stored[:at] + other[at:]).code == "wrong_passphrase"


@pytest.mark.parametrize(
    "secret",
    [b"[" * 100_000, b'{"signing": "AA==", "sealing": "AA==", "label": {}}', b"1" * 5000, b'{"label": []}', b"NaN"],
    ids=["nested", "short keys", "a number", "no keys", "NaN"],
)
def test_content_of_another_form(tmp_path: Path, stored: bytes, secret: bytes) -> None:
    assert stored
    assert refusal(tmp_path / "form", lock.lock(secret, PASSPHRASE)).code in {"not_a_key_store", "key_length"}


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SecureJobsError) as caught:
        keyfile.load(tmp_path / "folder", PASSPHRASE)
    assert caught.value.code == "no_key_store"
