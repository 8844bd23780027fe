"""Sealing is bound to the recipient and to its place; signatures follow RFC 8032."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_secure_jobs.crypto import encoding, sealing, signing
from jupyter_secure_jobs.crypto.sealing import SEED_BYTES, SealingKey, seal
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.errors import RefusedError
from tests.support.refusal import refused

KEY = SealingKey.from_seed(bytes(range(SEED_BYTES)))
OTHER = SealingKey.from_seed(bytes(SEED_BYTES))
SEALED = seal(KEY.public, b"secret", info=b"here")


@given(st.binary(max_size=300), st.binary(max_size=50))
def test_round_trip(plain: bytes, info: bytes) -> None:
    sealed = seal(KEY.public, plain, info=info)
    assert KEY.open(sealed, info=info) == plain
    assert plain == b"" or len(plain) < 8 or plain not in sealed


def test_sealed_twice_is_never_the_same() -> None:
    assert seal(KEY.public, b"secret", info=b"here") != SEALED


@pytest.mark.parametrize("info", [b"", b"here ", b"there"])
def test_does_not_open_in_another_place(info: bytes) -> None:
    with refused("cannot_open"):
        KEY.open(SEALED, info=info)


def test_does_not_open_for_another() -> None:
    with refused("cannot_open"):
        OTHER.open(SEALED, info=b"here")


@pytest.mark.parametrize("at", [0, 500, 1087, 1088, 1119, 1120, -17, -16, -1])
def test_altered(at: int) -> None:
    altered = bytearray(SEALED)
    altered[at] ^= 1
    with refused("cannot_open"):
        KEY.open(bytes(altered), info=b"here")


@pytest.mark.parametrize("length", [0, 1, 32, 1087, 1088, 1119, 1120, 1135, -1])
def test_truncated(length: int) -> None:
    with refused("cannot_open"):
        KEY.open(SEALED[:length], info=b"here")


@pytest.mark.parametrize(
    ("public", "code"),
    [
        ("", "key_length"),
        ("not base64", "not_base64"),
        (encoding.text(b"\0" * 32), "key_length"),
        (KEY.public + "\n", "not_base64"),
        (encoding.text(b"\xff" * 1216), "bad_sealing_key"),
    ],
)
def test_key_to_which_nothing_can_be_sealed(public: str, code: str) -> None:
    with refused(code):
        seal(public, b"secret", info=b"here")


def test_derived_values_depend_on_seed_and_label() -> None:
    made = {sealing.expand(seed, label=label, length=32) for seed in (b"a" * 32, b"b" * 32) for label in (b"x", b"y")}
    assert len(made) == 4


# -- signing: RFC 8032, 7.1, TEST 2 -------------------------------------------------------------------------------

SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_signature_of_rfc_8032() -> None:
    key = SigningKey.from_seed(SEED)
    assert encoding.raw(key.public) == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    signing.verify(key.public, b"\x72", SIGNATURE)


def test_signature_that_was_altered() -> None:
    for at in range(64):
        altered = bytearray(SIGNATURE)
        altered[at] ^= 1
        with refused("bad_signature"):
            signing.verify(encoding.text(PUBLIC), b"\x72", bytes(altered))


def test_signature_that_was_moved_by_the_order_of_the_group() -> None:
    """RFC 8032, 5.1.7: S must be below L, or one signature would have two forms."""
    order = 2**252 + 27742317777372353535851937790883648493
    moved = int.from_bytes(SIGNATURE[32:], "little") + order
    with refused("bad_signature"):
        signing.verify(encoding.text(PUBLIC), b"\x72", SIGNATURE[:32] + moved.to_bytes(32, "little"))


def test_signature_of_another_message_or_key() -> None:
    with refused("bad_signature"):
        signing.verify(encoding.text(PUBLIC), b"\x73", SIGNATURE)
    with refused("bad_signature"):
        signing.verify(SigningKey.generate().public, b"\x72", SIGNATURE)


@pytest.mark.parametrize("odd", ["AB==", "AA", "A A=", "AA==\n", "ä", "-_8=", "AA==AA=="])
def test_base64_has_one_spelling(odd: str) -> None:
    with pytest.raises(RefusedError) as caught:
        encoding.raw(odd)
    assert caught.value.code in {"not_base64", "key_length"}


@given(st.binary())
def test_base64_round_trip(data: bytes) -> None:
    assert encoding.raw(encoding.text(data), length=len(data)) == data
