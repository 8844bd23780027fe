"""Envelopes: strict reading, signatures over the same bytes, and the same format as securesystemslib's DSSE."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope as DsseEnvelope
from securesystemslib.signer import CryptoSigner, SSlibKey

from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
from jupyter_secure_jobs.trust import signatures
from tests.support.keys import Keys, digest
from tests.support.refusal import refused
from tests.support.world import LAST_REVIEWER, REVIEWER, World

WORLD = World()
SIGNED = WORLD.sign(WORLD.decision(REVIEWER), REVIEWER)
OWN = Keys.of(REVIEWER).signing


def as_json() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(SIGNED.to_bytes())
    return parsed


def theirs(name: str) -> SSlibKey:
    """Return the public key in securesystemslib's form, under our key id."""
    public = Keys.of(name).signing.public
    value = {"public": base64.b64decode(public).hex()}
    return SSlibKey(keyid=public, keytype="ed25519", scheme="ed25519", keyval=value)


def test_round_trip() -> None:
    assert Envelope.from_bytes(SIGNED.to_bytes()) == SIGNED == Envelope.from_json(as_json())
    assert envelopes.read(Decision, SIGNED) == WORLD.decision(REVIEWER)


def test_hash_is_that_of_the_payload_whoever_has_signed() -> None:
    more = envelopes.countersign(SIGNED, Keys.of(LAST_REVIEWER).signing)
    assert SIGNED.hash == more.hash == canonical.digest(SIGNED.payload)
    assert [each.keyid for each in more.signatures] == [OWN.public, Keys.of(LAST_REVIEWER).signing.public]


def test_signing_twice_adds_nothing() -> None:
    assert envelopes.countersign(SIGNED, OWN) == SIGNED


def test_two_signatures_by_one_key() -> None:
    value = as_json()
    value["signatures"] *= 2
    with refused("envelope_signatures", saying="by one key"):
        Envelope.from_json(value)


def test_too_many_signatures() -> None:
    many = [{"keyid": f"{number}", "sig": ""} for number in range(envelopes.MOST_SIGNATURES + 1)]
    with refused("envelope_signatures", saying="too many"):
        Envelope.from_json({**as_json(), "signatures": many})


def test_payload_that_is_too_large() -> None:
    large = base64.b64encode(b"x" * (canonical.MOST_BYTES + 1)).decode()
    with refused("statement_too_large"):
        Envelope.from_json({**as_json(), "payload": large})


def test_envelope_that_is_too_large() -> None:
    with refused("statement_too_large"):
        Envelope.from_bytes(b" " * (2 * canonical.MOST_BYTES + 1))


@pytest.mark.parametrize("odd", ["\ud800", "application/ä", "x" * 201])
def test_payload_type_that_is_no_media_type(odd: str) -> None:
    with refused("statement_type"):
        Envelope.from_json({**as_json(), "payloadType": odd})


def test_kind_of_another_version() -> None:
    later = replace(SIGNED, payloadType=SIGNED.payloadType.replace("decision.v1", "decision.v2"))
    with refused("statement_type"):
        envelopes.read(Decision, later)


@pytest.mark.parametrize("more", [b" ", b"\n", b"\0"])
def test_payload_in_another_spelling(more: bytes) -> None:
    spelled = replace(SIGNED, payload=SIGNED.payload + more, signatures=())
    with refused("not_json" if more == b"\0" else "not_canonical"):
        envelopes.read(Decision, envelopes.countersign(spelled, OWN))


WRONG: list[dict[str, Any]] = [
    {"payload": 1},
    {"payload": "%%%"},
    {"payload": as_json()["payload"].rstrip("=") + "\n"},
    {"payloadType": None},
    {"signatures": None},
    {"signatures": {}},
    {"signatures": [{}]},
    {"signatures": [{"keyid": "k"}]},
    {"signatures": [{"keyid": "k", "sig": "AA==", "more": 1}]},
    {"signatures": [{"keyid": "k", "sig": "AB=="}]},
    {"more": 1},
]


@pytest.mark.parametrize("change", WRONG)
def test_envelope_of_another_shape(change: dict[str, Any]) -> None:
    with refused("statement_shape"):
        Envelope.from_json({**as_json(), **change})


# -- securesystemslib ---------------------------------------------------------------------------------------------


def test_securesystemslib_verifies_ours() -> None:
    both = envelopes.countersign(SIGNED, Keys.of(LAST_REVIEWER).signing)
    parsed = DsseEnvelope.from_dict(json.loads(both.to_bytes()))
    keys = [theirs(REVIEWER), theirs(LAST_REVIEWER)]
    assert set(parsed.verify(keys, threshold=2)) == {key.keyid for key in keys}
    assert parsed.pae() == both.signed_bytes()


def test_we_verify_what_securesystemslib_signs() -> None:
    made = DsseEnvelope(SIGNED.payload, SIGNED.payloadType, {})
    made.sign(CryptoSigner(Ed25519PrivateKey.from_private_bytes(OWN.seed()), theirs(REVIEWER)))
    read = Envelope.from_json(made.to_dict())
    assert read == SIGNED  # Ed25519 is deterministic
    signatures.require(read, OWN.public, who=REVIEWER)


def test_pre_authentication_encoding_is_that_of_the_specification() -> None:
    """The worked example of the DSSE protocol, v1.0.2."""
    hello = Envelope(payload=b"hello world", payloadType="http://example.com/HelloWorld", signatures=())
    assert hello.signed_bytes() == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


# -- signatures ---------------------------------------------------------------------------------------------------


def test_required_signature() -> None:
    signatures.require(SIGNED, OWN.public, who=REVIEWER)
    signatures.require_any(SIGNED, ["another", OWN.public], who=REVIEWER)


def test_signature_that_is_missing() -> None:
    with refused("signature_missing", saying=REVIEWER):
        signatures.require(replace(SIGNED, signatures=()), OWN.public, who=REVIEWER)
    with refused("signature_missing", saying=REVIEWER):
        signatures.require_any(SIGNED, ["another"], who=REVIEWER)
    with refused("signature_missing", saying=REVIEWER):
        signatures.require_any(SIGNED, [], who=REVIEWER)


def test_signature_over_another_kind_does_not_verify() -> None:
    with refused("bad_signature"):
        signatures.require(replace(SIGNED, payloadType="application/other"), OWN.public, who=REVIEWER)


@pytest.mark.parametrize("sig", [b"", b"\0" * 64, b"\0" * 63, SIGNED.signatures[0].sig + b"\0"])
def test_signature_of_another_form(sig: bytes) -> None:
    odd = replace(SIGNED, signatures=(Signature(keyid=OWN.public, sig=sig),))
    with refused("bad_signature"):
        signatures.require(odd, OWN.public, who=REVIEWER)


@pytest.mark.parametrize(("key", "code"), [("", "key_length"), ("AA==", "key_length"), ("ä", "not_base64")])
def test_key_that_is_none(key: str, code: str) -> None:
    odd = replace(SIGNED, signatures=(Signature(keyid=key, sig=b"\0" * 64),))
    with refused(code):
        signatures.require(odd, key, who=REVIEWER)


def test_media_type_names_kind_and_version() -> None:
    assert envelopes.media_type(Decision) == "application/vnd.jupyter-secure-jobs.decision.v1+json"
    assert digest("x").startswith("sha256:")
