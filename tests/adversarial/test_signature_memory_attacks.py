"""Attacks on the memory of verified signatures: nothing is believed because something like it was verified before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_secure_jobs.crypto import signing
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
from jupyter_secure_jobs.trust import signatures, verified
from jupyter_secure_jobs.trust.dossier import verify_run
from jupyter_secure_jobs.trust.verified import Verified
from tests.support.refusal import refused
from tests.support.tampering import altered
from tests.support.world import AUTHOR, NOW, REVIEWER, World


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Verified:
    """Give a memory of this test alone, in place of the process's."""
    made = Verified()
    monkeypatch.setattr(signatures, "VERIFIED", made)
    return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the keys whose signatures were really verified."""
    seen: list[str] = []
    real = signing.verify

    def verify(public: str, message: bytes, signature: bytes) -> None:
        seen.append(public)
        real(public, message, signature)

    monkeypatch.setattr(verified.signing, "verify", verify)
    return seen


def test_each_signature_is_verified_once(world: World, memory: Verified, calls: list[str]) -> None:
    verify_run(world.dossier(), genesis=world.genesis, now=NOW)
    # Roster and worker list by four each, two manifests, version, three decisions, order; and the log's checkpoint.
    assert len(memory) == 15
    first = len(calls)
    verify_run(world.dossier(), genesis=world.genesis, now=NOW)
    assert len(calls) - first == 1, "the checkpoint alone, which is no envelope"


def test_everything_but_the_signatures_is_checked_each_time(world: World, memory: Verified) -> None:
    verify_run(world.dossier(), genesis=world.genesis, now=NOW)
    with refused("not_accepted"):
        verify_run(world.dossier(decisions=()), genesis=world.genesis, now=NOW)
    with refused("other_genesis"):
        verify_run(world.dossier(), genesis="sha256:" + "0" * 64, now=NOW)
    assert len(memory) == 15


def test_signature_under_another_statement(world: World, memory: Verified) -> None:
    signed = world.order
    signatures.require(signed, world.keys[AUTHOR].signing.public, who=AUTHOR)
    for forged in (
        altered(signed, inputs={"month": 8}),
        replace(signed, payloadType="application/vnd.jupyter-secure-jobs.version.v1+json"),
        replace(signed, payload=signed.payload + b" "),
        # The encoding that is signed keeps type and payload apart by their lengths.
        replace(signed, payload=signed.payload[1:], payloadType=signed.payloadType + chr(signed.payload[0])),
    ):
        with refused("bad_signature"):
            signatures.require(forged, world.keys[AUTHOR].signing.public, who=AUTHOR)
    assert len(memory) == 1


def test_signature_under_another_key(world: World, memory: Verified) -> None:
    signed, other = world.order, world.keys[REVIEWER].signing.public
    signatures.require(signed, world.keys[AUTHOR].signing.public, who=AUTHOR)
    stolen = replace(signed, signatures=(Signature(keyid=other, sig=signed.signatures[0].sig),))
    with refused("bad_signature"):
        signatures.require(stolen, other, who=REVIEWER)
    assert len(memory) == 1


def test_other_signature_of_the_same_statement(world: World, memory: Verified) -> None:
    signed, author = world.order, world.keys[AUTHOR].signing.public
    signatures.require(signed, author, who=AUTHOR)
    good = signed.signatures[0].sig
    for sig in (good[:-1], good + b"\0", bytes([good[0] ^ 1]) + good[1:], good[:63] + bytes([good[63] ^ 0x80]), b""):
        with refused("bad_signature"):
            signatures.require(replace(signed, signatures=(Signature(keyid=author, sig=sig),)), author, who=AUTHOR)
    assert len(memory) == 1


def test_key_and_signature_that_run_into_each_other(world: World, memory: Verified) -> None:
    """What is remembered is one digest: the parts in it must not be taken for others of the same bytes."""
    signed = world.order
    (good,) = signed.signatures
    memory.check(signed, good)
    key = good.keyid.encode()
    for keyid, sig in (
        (good.keyid[1:], good.sig + key[:1]),
        (good.keyid[4:], good.sig + key[:4]),
        ((good.sig[-4:] + key).decode("latin-1"), good.sig[:-4]),
        ("", good.sig + key),
        (good.keyid + "\ud800", good.sig),
    ):
        with pytest.raises(RefusedError):
            memory.check(signed, Signature(keyid=keyid, sig=sig))
    assert len(memory) == 1


def test_what_was_refused_is_refused_again_and_never_kept(world: World, memory: Verified) -> None:
    forged = altered(world.order, inputs={"month": 8})
    for _ in range(3):
        with refused("bad_signature"):
            signatures.require(forged, world.keys[AUTHOR].signing.public, who=AUTHOR)
    assert len(memory) == 0


def test_memory_is_bounded_and_what_it_lost_is_verified_again(world: World, calls: list[str]) -> None:
    memory = Verified(most=3)
    signed: list[Envelope] = [world.sign(world.run_order(nonce=f"order-{number}"), AUTHOR) for number in range(5)]
    for envelope in signed:
        memory.check(envelope, envelope.signatures[0])
    assert len(memory) == 3
    memory.check(signed[4], signed[4].signatures[0])
    assert len(calls) == 5
    memory.check(signed[0], signed[0].signatures[0])
    assert len(calls) == 6
    forged = replace(signed[1], payload=signed[2].payload)
    with refused("bad_signature"):
        memory.check(forged, forged.signatures[0])
    memory.forget()
    assert len(memory) == 0
