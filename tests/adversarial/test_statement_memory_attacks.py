"""Attacks on the memory of statements that were read: no other bytes and no other kind get what was read before."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from jupyter_secure_jobs.protocol import canonical, codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Decision, Revocation
from jupyter_secure_jobs.protocol.order import RunOrder
from jupyter_secure_jobs.trust.dossier import verify_run
from tests.support.refusal import refused
from tests.support.tampering import altered
from tests.support.world import NOW, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Give the bytes that were really parsed; nothing is remembered before or afterwards."""
    seen: list[bytes] = []
    real = canonical.decode

    def decode(data: bytes, **more: int) -> Any:
        seen.append(data)
        return real(data, **more)

    monkeypatch.setattr(envelopes.canonical, "decode", decode)
    envelopes._read.cache_clear()
    yield seen
    envelopes._read.cache_clear()


def test_the_same_bytes_are_parsed_once(world: World, decoded: list[bytes]) -> None:
    first = envelopes.read(RunOrder, world.order)
    assert envelopes.read(RunOrder, world.order) is first
    assert decoded == [world.order.payload]


def test_bytes_that_differ_in_one_place(world: World, decoded: list[bytes]) -> None:
    honest = envelopes.read(RunOrder, world.order)
    forged = altered(world.order, inputs={"month": 8})
    said = envelopes.read(RunOrder, forged)
    assert (dict(honest.inputs), dict(said.inputs)) == ({"month": 7}, {"month": 8})
    assert decoded == [world.order.payload, forged.payload]
    broken = {world.order.payload + b" ": "not_canonical", world.order.payload[:-1]: "not_json"}
    for payload, code in broken.items():
        with refused(code):
            envelopes.read(RunOrder, replace(world.order, payload=payload))


def test_same_bytes_as_another_kind(world: World, decoded: list[bytes]) -> None:
    """A decision's bytes under the type of a revocation, read as a decision before, are read again, and refused."""
    decision = world.decisions[0]
    envelopes.read(Decision, decision)
    with refused("statement_type"):
        envelopes.read(Revocation, decision)
    with refused("statement_shape"):
        envelopes.read(Revocation, replace(decision, payloadType=envelopes.media_type(Revocation)))
    assert decoded == [decision.payload, decision.payload]


def test_what_was_refused_is_refused_again(world: World, decoded: list[bytes]) -> None:
    spaced = replace(world.order, payload=world.order.payload.replace(b",", b", ", 1))
    for _ in range(3):
        with refused("not_canonical"):
            envelopes.read(RunOrder, spaced)
    assert len(decoded) == 3


def test_nobody_changes_what_others_will_be_given(world: World) -> None:
    order = envelopes.read(RunOrder, world.order)
    with pytest.raises(FrozenInstanceError):
        cast("Any", order).nonce = "another"
    with pytest.raises(TypeError):
        cast("Any", order.inputs)["month"] = 8


def test_signatures_are_looked_at_each_time(world: World) -> None:
    """The memory knows what a statement says, never that anybody said it."""
    verify_run(world.dossier(), genesis=world.genesis, now=NOW)
    unsigned = replace(world.order, signatures=())
    with refused("signature_missing"):
        verify_run(replace(world.dossier(), order=unsigned), genesis=world.genesis, now=NOW)


def test_memory_is_bounded(world: World, decoded: list[bytes]) -> None:
    for number in range(envelopes.REMEMBERED + 10):
        envelopes.read(RunOrder, altered(world.order, nonce=f"order-{number:020d}"))
    assert envelopes._read.cache_info().currsize == envelopes.REMEMBERED
    large = altered(world.order, inputs={"text": "x" * envelopes.MOST_REMEMBERED})
    before = len(decoded)
    for _ in range(2):
        assert codec.to_json(envelopes.read(RunOrder, large))["inputs"] == {"text": "x" * envelopes.MOST_REMEMBERED}
    assert len(decoded) == before + 2, "a large one is not kept"
