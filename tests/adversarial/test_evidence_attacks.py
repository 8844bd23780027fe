"""Attacks on evidence and key requests: other platforms, other measurements, replayed nonces, claims of hardware."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.protocol.order import Nonce
from jupyter_secure_jobs.trust.evidence import verify_evidence, verify_key_request, verify_test
from tests.support.refusal import refused
from tests.support.world import AUTHOR, MEASUREMENT, NOW, PEOPLE, REVIEWER, World


def attest(world: World, *signers: str, **changes: Any) -> None:
    """Check evidence with these changes, signed by the enrolled platform unless others are named."""
    signed = world.sign(world.evidence_statement(**changes), *(signers or ("platform",)))
    verify_evidence(signed, world.authorised())


def ask(world: World, *, signer: str = "enclave", nonce: str = "nonce-of-beta", now: Any = NOW, **changes: Any) -> None:
    """Check a key request with these changes, as Beta's key service does."""
    request = world.sign(world.key_request(**changes), signer)
    verify_key_request(request, world.evidence, world.authorised(), organisation="Beta", nonce=nonce, now=now)


def test_honest_evidence_and_request(world: World) -> None:
    request = world.sign(world.key_request(), "enclave")
    for organisation, nonce in (("Alpha", "nonce-of-alpha"), ("Beta", "nonce-of-beta")):
        seen = verify_key_request(
            request, world.evidence, world.authorised(), organisation=organisation, nonce=nonce, now=NOW
        )
        assert seen.measurement == MEASUREMENT


# -- evidence -----------------------------------------------------------------------------------------------------


def test_other_platform_key(world: World) -> None:
    with refused("unknown_platform"):
        attest(world, "mallory")


def test_evidence_signed_by_a_member(world: World) -> None:
    with refused("unknown_platform"):
        attest(world, AUTHOR)


def test_unsigned_evidence(world: World) -> None:
    with refused("unknown_platform"):
        verify_evidence(world.sign(world.evidence_statement()), world.authorised())


def test_evidence_altered_by_the_server(world: World) -> None:
    """The server puts its own sealing key into the evidence of an enrolled worker."""
    altered = world.sign(world.evidence_statement(sealing_key=world.keys["mallory"].sealing.public))
    with refused("bad_signature"):
        verify_evidence(replace(altered, signatures=world.evidence.signatures), world.authorised())


def test_other_measurement(world: World) -> None:
    with refused("measurement", saying="not on the list"):
        attest(world, measurement="sha256:" + "1" * 64)


def test_measurement_of_another_worker(world: World) -> None:
    """A measurement is enrolled with a platform: another platform may not claim it."""
    old = "sha256:" + "2" * 64
    both = (world.worker(), replace(world.worker("mallory", "worker-2"), measurements=(old,)))
    world.workers = [world.sign(world.worker_list(workers=both), *PEOPLE)]
    with refused("measurement", saying="not on the list"):
        attest(world, measurement=old)


def test_other_measurement_than_the_version_pins(world: World) -> None:
    pinned = "sha256:" + "3" * 64
    world.accept(world.sign(world.version_statement(measurement=pinned), AUTHOR))
    with refused("measurement", saying="pins another"):
        attest(world)


def test_pinned_measurement_that_is_the_right_one(world: World) -> None:
    pinned = MEASUREMENT
    world.accept(world.sign(world.version_statement(measurement=pinned), AUTHOR))
    assert verify_evidence(world.evidence, world.authorised()).measurement == MEASUREMENT


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"assurance": "hardware"}, id="software that claims to be hardware"),
        pytest.param({"assurance": "hardware", "dbgstat": "disabled"}, id="all the claims of hardware"),
        pytest.param({"assurance": "anything"}, id="unknown assurance"),
        pytest.param({"dbgstat": "disabled"}, id="software that claims to be closed to debug"),
        pytest.param({"dbgstat": "disabled-permanently"}, id="debug for ever off"),
    ],
)
def test_debug_or_hardware_claims(world: World, change: dict[str, Any]) -> None:
    with refused("evidence_assurance"):
        attest(world, **change)


@pytest.mark.parametrize("change", [{"eat_profile": "tag:example,2026:other"}, {"worker": "worker-2"}])
def test_evidence_of_an_unknown_kind_or_of_another_worker(world: World, change: dict[str, Any]) -> None:
    with refused("evidence_profile"):
        attest(world, **change)


@pytest.mark.parametrize("field", ["order", "roster", "genesis"])
def test_evidence_of_another_run(world: World, field: str) -> None:
    with refused("evidence_binding"):
        attest(world, **{field: "sha256:" + "0" * 64})


def test_evidence_replayed_for_another_order(world: World) -> None:
    earlier = world.evidence
    world.run(world.sign(world.run_order(nonce="order-2"), AUTHOR))
    with refused("evidence_binding"):
        verify_evidence(earlier, world.authorised())


def test_weaker_enclave_than_the_version_asks(world: World) -> None:
    world.accept(world.sign(world.version_statement(lowest_assurance=Assurance.HARDWARE), AUTHOR))
    with refused("assurance"):
        attest(world)


def test_weaker_enclave_than_an_owner_asks(world: World) -> None:
    world.manifests[1] = world.sign(world.manifest("Beta", lowest_assurance=Assurance.HARDWARE), REVIEWER)
    world.accept(world.sign(world.version_statement(), AUTHOR))
    with refused("assurance"):
        attest(world)


# -- key requests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signer", ["mallory", "platform", AUTHOR])
def test_key_request_not_by_the_attested_enclave(world: World, signer: str) -> None:
    with refused("signature_missing", saying="the enclave"):
        ask(world, signer=signer)


@pytest.mark.parametrize("field", ["workspace", "genesis", "order", "version", "evidence"])
def test_key_request_of_another_run(world: World, field: str) -> None:
    with refused("key_request", saying="another run"):
        ask(world, **{field: "sha256:" + "0" * 64})


def test_key_request_for_other_datasets(world: World) -> None:
    for manifests in ((), (world.manifests[0].hash,), tuple(each.hash for each in reversed(world.manifests))):
        with refused("key_request", saying="other datasets"):
            ask(world, manifests=manifests)


def test_replayed_nonce(world: World) -> None:
    """The key service has given out a new nonce since; the old one is worth nothing."""
    with refused("nonce"):
        ask(world, nonce="second-nonce-of-beta")


def test_nonce_of_another_key_service(world: World) -> None:
    with refused("nonce"):
        ask(world, nonces=(Nonce(organisation="Beta", nonce="nonce-of-alpha"),))


def test_nonce_named_twice(world: World) -> None:
    twice = (Nonce(organisation="Beta", nonce="nonce-of-beta"), Nonce(organisation="Beta", nonce="other"))
    with refused("nonce"):
        ask(world, nonces=twice)


def test_nonce_in_the_request_but_not_in_the_evidence(world: World) -> None:
    world.evidence = world.sign(world.evidence_statement(eat_nonce=("nonce-of-alpha",)), "platform")
    with refused("nonce"):
        ask(world)


@pytest.mark.parametrize("late", [timedelta(seconds=116), timedelta(seconds=-126)])
def test_stale_evidence(world: World, late: timedelta) -> None:
    with refused("evidence_stale"):
        ask(world, now=NOW + late)


def test_key_request_on_evidence_of_another_platform(world: World) -> None:
    world.evidence = world.sign(world.evidence_statement(), "mallory")
    with refused("unknown_platform"):
        ask(world)


# -- test results -------------------------------------------------------------------------------------------------


def said(world: World, signer: str = "platform", **changes: Any) -> str | None:
    workers = world.authorised().workers
    return verify_test(world.sign(world.test_result(**changes), signer), workers).result


def test_honest_test_result(world: World) -> None:
    assert said(world) == world.test_result().result


@pytest.mark.parametrize("signer", ["mallory", AUTHOR])
def test_test_result_forged_by_the_server(world: World, signer: str) -> None:
    with refused("signature_missing", saying="worker-1"):
        said(world, signer)


@pytest.mark.parametrize("change", [{"worker": "worker-2"}, {"measurement": "sha256:" + "1" * 64}])
def test_test_result_of_a_worker_or_enclave_that_nobody_enrolled(world: World, change: dict[str, Any]) -> None:
    with refused("test_worker"):
        said(world, **change)


def test_test_result_in_the_name_of_another_worker(world: World) -> None:
    both = (world.worker(), world.worker("mallory", "worker-2"))
    world.workers = [world.sign(world.worker_list(workers=both), *PEOPLE)]
    with refused("signature_missing", saying="worker-1"):
        said(world, "mallory")
