"""Attacks on what follows an authorised run: forged key grants, keys of one's own, forged receipts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.crypto.sealing import seal
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.order import SealedOutput
from jupyter_secure_jobs.trust.evidence import salted, verify_grant, verify_receipt
from tests.support.keys import digest
from tests.support.refusal import refused
from tests.support.world import AUTHOR, COLLEAGUE, NOW, REVIEWER, ROWS, World

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Envelope


def grant(world: World, *, signer: str = "key service of Beta", **changes: Any) -> None:
    """Check a grant of Beta's key service with these changes, as the enclave does."""
    signed = world.sign(world.key_grant("Beta", **changes), signer)
    verify_grant(signed, world.authorised(), evidence_hash=world.evidence.hash)


def receipt(world: World, *, signer: str = "enclave", **changes: Any) -> None:
    """Check a receipt with these changes, as the author's side does."""
    verify_receipt(world.sign(world.receipt(**changes), signer), world.evidence, world.authorised())


def test_honest_grant_opens_in_the_enclave_alone(world: World) -> None:
    signed = world.sign(world.key_grant("Beta"), "key service of Beta")
    granted = verify_grant(signed, world.authorised(), evidence_hash=world.evidence.hash)
    (key,) = granted.keys
    info = places.granted_key(order=world.order.hash, manifest=key.manifest, key_id=key.key_id)
    assert world.keys["enclave"].sealing.open(key.sealed, info=info) == world.data_key("Beta")
    with refused("cannot_open"):
        world.keys["mallory"].sealing.open(key.sealed, info=info)


def test_key_of_a_grant_does_not_open_for_another_order(world: World) -> None:
    key = world.granted_key("Beta")
    info = places.granted_key(order=digest("another order"), manifest=key.manifest, key_id=key.key_id)
    with refused("cannot_open"):
        world.keys["enclave"].sealing.open(key.sealed, info=info)


@pytest.mark.parametrize("signer", ["mallory", REVIEWER, "key service of Alpha", "recovery of Beta", "enclave"])
def test_forged_key_grant(world: World, signer: str) -> None:
    with refused("signature_missing", saying="key service of Beta"):
        grant(world, signer=signer)


def test_unsigned_key_grant(world: World) -> None:
    with refused("signature_missing"):
        verify_grant(world.sign(world.key_grant("Beta")), world.authorised(), evidence_hash=world.evidence.hash)


def test_key_grant_altered_by_the_server(world: World) -> None:
    honest = world.sign(world.key_grant("Beta"), "key service of Beta")
    altered = world.sign(world.key_grant("Beta", attempt=2))
    with refused("bad_signature"):
        verify_grant(
            replace(altered, signatures=honest.signatures), world.authorised(), evidence_hash=world.evidence.hash
        )


@pytest.mark.parametrize("organisation", ["Gamma", "Delta"])
def test_key_grant_of_an_organisation_without_a_key_service(world: World, organisation: str) -> None:
    with refused("key_grant", saying="without a key service"):
        grant(world, signer="recovery of Gamma", organisation=organisation)


@pytest.mark.parametrize("field", ["order", "evidence", "workspace", "genesis"])
def test_replayed_key_grant(world: World, field: str) -> None:
    with refused("key_grant", saying="another run or enclave"):
        grant(world, **{field: digest("another")})


def test_key_grant_replayed_to_another_enclave(world: World) -> None:
    earlier = world.sign(world.key_grant("Beta"), "key service of Beta")
    later = world.sign(world.evidence_statement(signing_key=world.keys["mallory"].signing.public), "platform")
    with refused("key_grant", saying="another run or enclave"):
        verify_grant(earlier, world.authorised(), evidence_hash=later.hash)


def test_own_key_over_own_ciphertext(world: World) -> None:
    """A key service under the server's thumb names a key that the owner's manifest does not."""
    with refused("key_grant", saying="another key"):
        grant(world, keys=(world.granted_key("Beta", key=b"a key that the server made"),))


def test_key_grant_for_another_organisations_dataset(world: World) -> None:
    for keys in ((world.granted_key("Alpha"),), (world.granted_key("Beta"), world.granted_key("Alpha")), ()):
        with refused("key_grant", saying="other datasets"):
            grant(world, keys=keys)


def test_key_granted_twice(world: World) -> None:
    with refused("key_grant", saying="other datasets"):
        grant(world, keys=(world.granted_key("Beta"), world.granted_key("Beta")))


# -- receipts -----------------------------------------------------------------------------------------------------


def test_honest_receipt(world: World) -> None:
    done = verify_receipt(world.sign(world.receipt(), "enclave"), world.evidence, world.authorised())
    assert done.rows == 16


@pytest.mark.parametrize("signer", ["mallory", "platform", AUTHOR, "key service of Beta"])
def test_forged_receipt(world: World, signer: str) -> None:
    with refused("signature_missing", saying="the enclave"):
        receipt(world, signer=signer)


def test_forged_result_under_the_signature_of_a_receipt(world: World) -> None:
    honest = world.sign(world.receipt(), "enclave")
    forged = world.sign(world.receipt(result=SealedOutput(digest=digest("sealed by the server"), bytes=2048)))
    with refused("bad_signature"):
        verify_receipt(replace(forged, signatures=honest.signatures), world.evidence, world.authorised())


def test_receipt_with_the_servers_own_evidence(world: World) -> None:
    """The server runs an enclave of its own: its key is attested by a platform that nobody enrolled."""
    own = world.keys["mallory"].signing.public
    world.evidence = world.sign(world.evidence_statement(signing_key=own), "mallory")
    with refused("unknown_platform"):
        receipt(world, signer="mallory")


def another_run(world: World) -> Envelope:
    """Return the receipt of a later run of the same version by the same enclave."""
    world.run(world.sign(world.run_order(nonce="order-2", time=NOW - timedelta(minutes=1)), AUTHOR))
    return world.sign(world.receipt(), "enclave")


def test_receipt_of_another_run(world: World) -> None:
    order, evidence = world.order, world.evidence
    later = another_run(world)
    world.order, world.evidence = order, evidence
    with refused("receipt", saying="another run"):
        verify_receipt(later, world.evidence, world.authorised())


@pytest.mark.parametrize("field", ["order", "version", "evidence", "workspace", "genesis"])
def test_receipt_of_another_place(world: World, field: str) -> None:
    with refused("receipt", saying="another run"):
        receipt(world, **{field: digest("another")})


def test_receipt_that_read_other_datasets(world: World) -> None:
    for manifests in ((), (world.manifests[0].hash,), tuple(each.hash for each in reversed(world.manifests))):
        with refused("receipt", saying="other datasets"):
            receipt(world, manifests=manifests)


@pytest.mark.parametrize(
    "people",
    [
        pytest.param((AUTHOR,), id="one left out"),
        pytest.param((AUTHOR, COLLEAGUE, REVIEWER), id="another organisation"),
        pytest.param((AUTHOR, COLLEAGUE, "mallory"), id="a stranger"),
        pytest.param((AUTHOR, "mallory"), id="swapped"),
        pytest.param((AUTHOR, COLLEAGUE, COLLEAGUE), id="one twice"),
        pytest.param((), id="nobody"),
    ],
)
def test_recipients_in_a_receipt(world: World, people: tuple[str, ...]) -> None:
    keys = tuple(SealedKey(recipient=world.keys[who].sealing.public, sealed=b"sealed") for who in people)
    with refused("recipients"):
        receipt(world, keys=keys)


def test_guessing_a_result_from_a_receipt(world: World) -> None:
    """The digest of the rows is salted: who guesses the rows right cannot tell from the receipt."""
    logical = world.receipt().logical
    assert logical is not None
    assert ROWS.removeprefix("sha256:") not in logical
    assert salted(ROWS, b"") != logical != salted(ROWS, b"another salt")
    assert ROWS.encode() not in world.sign(world.receipt(), "enclave").payload


def test_outcome_keys_open_for_their_recipient_and_their_order_alone(world: World) -> None:
    own = world.keys[AUTHOR].sealing
    sealed = seal(own.public, b"keys", info=places.outcome_keys(order=world.order.hash, recipient=own.public))
    with refused("cannot_open"):
        own.open(sealed, info=places.outcome_keys(order=digest("another"), recipient=own.public))
    with refused("cannot_open"):
        world.keys[REVIEWER].sealing.open(
            sealed, info=places.outcome_keys(order=world.order.hash, recipient=own.public)
        )
