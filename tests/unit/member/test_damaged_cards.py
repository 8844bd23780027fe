"""Card files cut at every length and altered in every byte: no card, or visibly another one; never a crash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.errors import InvalidError, SecureJobsError
from jupyter_secure_jobs.member.identity import Card, card_of

if TYPE_CHECKING:
    from pathlib import Path

CARD = card_of(keyfile.new_ring({"kind": "member", "name": "ann@alpha.example", "organisation": "Ä"}))
TEXT = CARD.to_text().encode()


def read(path: Path, data: bytes) -> Card | None:
    path.write_bytes(data)
    try:
        return Card.read(path)
    except InvalidError as error:
        refused = error
    assert refused.code == "not_a_card"
    assert refused.next_step
    return None


def test_every_length(tmp_path: Path) -> None:
    whole = len(TEXT.rstrip())
    for length in range(len(TEXT)):
        found = read(tmp_path / "card.json", TEXT[:length])
        assert found == (CARD if length >= whole else None), length


def test_a_bit_of_every_byte(tmp_path: Path) -> None:
    for at in range(len(TEXT)):
        altered = bytearray(TEXT)
        altered[at] ^= 1 << at * 5 % 8
        found = read(tmp_path / "card.json", bytes(altered))
        # White space between two words may change; any other change shows in what the inviter compares and signs.
        if found == CARD:
            assert bytes(altered).split() == TEXT.split() or json.loads(altered) == json.loads(TEXT), at
        elif found is not None and found.keys.signing != CARD.keys.signing:
            with_another_print(found)


def with_another_print(found: Card) -> None:
    try:
        assert found.fingerprint != CARD.fingerprint
    except SecureJobsError:
        return  # its key is none, and it says so


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"\xff\xfe",
        b"1" * 5000,
        b"\0" * 100,
        TEXT.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + TEXT,
        TEXT + TEXT,
    ],
    ids=[
        "empty",
        "null",
        "list",
        "object",
        "nested",
        "nested objects",
        "bytes",
        "number",
        "zeroes",
        "UTF-16",
        "BOM",
        "two",
    ],
)
def test_file_that_is_no_card(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path / "card.json", data) is None


@pytest.mark.parametrize(
    "change", [{"keys": None}, {"keys": {}}, {"name": 1}, {"more": 1}, {"measurement": None}, {"kind": []}]
)
def test_field_of_another_form(tmp_path: Path, change: dict[str, Any]) -> None:
    assert read(tmp_path / "card.json", json.dumps({**json.loads(TEXT), **change}).encode()) is None


def test_whole_card(tmp_path: Path) -> None:
    assert read(tmp_path / "card.json", TEXT) == CARD
