"""Checkpoints in the C2SP signed-note format, against the example that golang.org/x/mod/sumdb/note documents."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.crypto import checkpoint, encoding, merkle, signing
from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
from jupyter_secure_jobs.crypto.signing import SigningKey
from tests.support.refusal import refused

NOTE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE_SIG = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
ORIGIN = "secure-jobs.example/ws-1"
KEY = SigningKey.from_seed(bytes(range(32)))
STATE = Checkpoint(origin=ORIGIN, size=3, root=merkle.Tree.of([merkle.leaf_hash(b"x")] * 3).root())
GOOD = checkpoint.sign(STATE, KEY)


def test_round_trip() -> None:
    assert checkpoint.verify(GOOD, origin=ORIGIN, public=KEY.public) == STATE
    empty = Checkpoint(origin=ORIGIN, size=0, root=merkle.EMPTY_ROOT)
    assert checkpoint.verify(checkpoint.sign(empty, KEY), origin=ORIGIN, public=KEY.public) == empty


def test_key_id_and_signature_are_those_of_the_format() -> None:
    """A note signed by other software: same key id, same signature over the text with its last line end."""
    name, key_id, key = NOTE_KEY.split("+", 2)
    public = encoding.text(encoding.raw(key)[1:])
    signature = encoding.raw(NOTE_SIG)
    assert checkpoint._key_id(name, public).hex() == key_id == signature[:4].hex()
    signing.verify(public, NOTE_TEXT.encode(), signature[4:])


def test_form_of_a_note() -> None:
    text, _, signature = GOOD.partition("\n\n")
    assert text.splitlines() == [ORIGIN, "3", encoding.text(STATE.root)]
    assert signature.startswith(f"— {ORIGIN} ")
    assert signature.endswith("\n")
    raw = encoding.raw(signature.split()[-1])
    assert len(raw) == 4 + 64
    signing.verify(KEY.public, f"{text}\n".encode(), raw[4:])


MALFORMED = [
    "",
    GOOD[:-1],
    GOOD + "\n",
    GOOD.replace("\n\n", "\n"),
    GOOD.replace("\n3\n", "\n03\n"),
    GOOD.replace("\n3\n", "\n-3\n"),
    GOOD.replace("\n3\n", "\n٣\n"),
    GOOD.replace("\n3\n", "\n3 \n"),
    GOOD.replace("\n3\n", "\n3\nmore\n"),
    GOOD.replace("— ", "- "),
    GOOD.replace("\n", "\r\n"),
    GOOD + GOOD,
]


@pytest.mark.parametrize("note", MALFORMED)
def test_malformed_note(note: str) -> None:
    with refused("checkpoint", saying="malformed"):
        checkpoint.verify(note, origin=ORIGIN, public=KEY.public)


def test_signature_that_is_no_base64() -> None:
    head, _, _ = GOOD.rpartition(" ")
    with refused("not_base64"):
        checkpoint.verify(f"{head} %%%\n", origin=ORIGIN, public=KEY.public)


def test_root_of_another_length() -> None:
    short = Checkpoint(origin=ORIGIN, size=3, root=b"short")
    with refused("key_length"):
        checkpoint.verify(checkpoint.sign(short, KEY), origin=ORIGIN, public=KEY.public)
