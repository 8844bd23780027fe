"""Twenty thousand random mutations of signed envelopes: none is verified, none raises anything but a refusal."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Final

import pytest

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.trust import signatures
from tests.support.statements import every_kind
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.protocol.envelope import Statement

WORLD: Final = World()
ORIGINALS: Final[list[tuple[type[Statement], Envelope, str]]] = [
    (type(statement), WORLD.sign(statement, who), WORLD.keys[who].signing.public)
    for statement, who in every_kind(WORLD).values()
]
EACH: Final = 4_200
SEED: Final = 20261102
ODD: Final[list[Any]] = [
    None, True, 0, -1, 1.5, "", "x", "\u202e", "e\u0301", [], {}, [[]], 2**53 - 1, "9" * 400, "AA==",
]  # fmt: skip
Mutation = bytes | dict[str, Any]


def bit_flip(chance: random.Random, envelope: Envelope) -> Mutation:
    data = bytearray(envelope.to_bytes())
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def payload_bit_flip(chance: random.Random, envelope: Envelope) -> Mutation:
    data = bytearray(envelope.payload)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return Envelope(payload=bytes(data), payloadType=envelope.payloadType, signatures=envelope.signatures).to_bytes()


def cut_or_doubled(chance: random.Random, envelope: Envelope) -> Mutation:
    data = envelope.to_bytes()
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice([data[:start], data[end:], data[:start] + data[end:], data[:end] + data[start:]])


def field_changed(chance: random.Random, envelope: Envelope) -> Mutation:
    """Change, remove or add one field anywhere in the payload; the result is canonical JSON again if it can be."""
    value = json.loads(envelope.payload)
    places: list[tuple[Any, Any]] = []

    def walk(inner: Any) -> None:
        for key in list(inner) if isinstance(inner, dict) else range(len(inner)):
            places.append((inner, key))
            if isinstance(inner[key], dict | list):
                walk(inner[key])

    walk(value)
    holder, key = chance.choice(places)
    what = chance.randrange(4)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder["more"] = chance.choice(ODD)
    elif what == 2:
        other, at = chance.choice(places)
        holder[key] = json.loads(json.dumps(other[at])) if isinstance(other[at], dict | list) else other[at]
    else:
        holder[key] = chance.choice(ODD)
    payload = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Envelope(payload=payload, payloadType=envelope.payloadType, signatures=envelope.signatures).to_bytes()


def parts_swapped(chance: random.Random, envelope: Envelope) -> Mutation:
    """Take each part from one of two envelopes, or something odd; handed over as a parsed JSON value."""
    _, other, _ = chance.choice(ORIGINALS)
    mixed = {**envelope.to_json()}
    part = chance.choice(list(mixed))
    mixed[part] = chance.choice([other.to_json()[part], chance.choice(ODD)])
    if isinstance(mixed["signatures"], list) and mixed["signatures"] and chance.random() < 0.3:
        signature = dict(mixed["signatures"][0])
        signature[chance.choice(["keyid", "sig"])] = chance.choice([other.to_json()["signatures"][0]["sig"], *ODD])
        mixed["signatures"] = [signature]
    return mixed


MUTATIONS: Final[list[Callable[[random.Random, Envelope], Mutation]]] = [
    bit_flip,
    payload_bit_flip,
    cut_or_doubled,
    field_changed,
    parts_swapped,
]


def verify(kind: type[Statement], given: Mutation, key: str) -> Envelope:
    """Read and verify as every side does; return the envelope if nothing was wrong."""
    envelope = Envelope.from_bytes(given) if isinstance(given, bytes) else Envelope.from_json(given)
    envelopes.read(kind, envelope)
    signatures.require(envelope, key, who="the signer")
    return envelope


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_no_mutation_is_verified(mutation: Callable[[random.Random, Envelope], Mutation]) -> None:
    chance = random.Random(f"{SEED} {mutation.__name__}")
    refusals: dict[str, int] = {}
    tried = 0
    while tried < EACH:
        kind, original, key = chance.choice(ORIGINALS)
        mutant = mutation(chance, original)
        if mutant in (original.to_bytes(), original.to_json()):
            continue
        tried += 1
        try:
            accepted = verify(kind, mutant, key)
        except RefusedError as error:
            refusals[error.code] = refusals.get(error.code, 0) + 1
        else:
            pytest.fail(f"verified after {mutation.__name__}: {accepted}")
    assert sum(refusals.values()) == EACH
    assert len(refusals) > 1


@pytest.mark.parametrize(("kind", "original", "key"), ORIGINALS, ids=lambda value: getattr(value, "TYPE", ""))
def test_the_originals_are_verified(kind: type[Statement], original: Envelope, key: str) -> None:
    assert verify(kind, original.to_bytes(), key) == original
    assert verify(kind, original.to_json(), key) == original


def test_there_are_at_least_twenty_thousand() -> None:
    assert EACH * len(MUTATIONS) >= 20_000
    assert all(len(original.payload) <= canonical.MOST_BYTES for _, original, _ in ORIGINALS)
