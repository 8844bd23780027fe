"""A hundred thousand mutations of signed envelopes: none is verified, none raises anything but a refusal."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any, Final

import pytest

from jupyter_secure_jobs.crypto import signing
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
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
EACH: Final = 1_200
EACH_LONG: Final = 10_000
SEED: Final = 20261102
ODD: Final[list[Any]] = [
    None, True, 0, -1, 1.5, "", "x", "\u202e", "e\u0301", [], {}, [[]], 2**53 - 1, "9" * 400, "AA==",
]  # fmt: skip
NO_CANONICAL: Final = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-0", "0.0", "1E2", "01", "9" * 5000, "1e-400", "9007199254740993"),
    *('"\\ud800"', '"\\udc00\\ud800"', '"e\\u0301"', '"\\u0000"', "true", "null", '"\\/"', "'x'", "// x"),
)
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


def misspelled(chance: random.Random, envelope: Envelope) -> Mutation:
    """Write the same envelope in another way, which a lenient reader would take."""
    data = envelope.to_bytes()
    text = data.decode()
    value = envelope.to_json()
    at = chance.randrange(1, len(text))
    places = [index for index, character in enumerate(text) if character in ",:{}[]"]
    after = chance.choice(places) + 1
    return chance.choice(
        [
            data[:after] + chance.choice([b" ", b"\n", b"\t", b"\r"]) + data[after:],
            json.dumps(value).encode(),
            json.dumps(value, indent=1).encode(),
            json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode(),
            text.replace("a", "\\u0061", 1).encode(),
            text.encode(chance.choice(["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])),
            (text[:at] + chance.choice(["\0", "\x85", "\ufeff", "\u2028"]) + text[at:]).encode(),
            data + chance.choice([b"\0", b" ", b"{}", b",", data]),
        ]
    )


def key_doubled(chance: random.Random, envelope: Envelope) -> Mutation:
    """Say one field of the envelope twice: readers that differ in which one counts would see two statements."""
    _, other, _ = chance.choice(ORIGINALS)
    name = chance.choice(["payload", "payloadType", "signatures"])
    again = json.dumps({name: chance.choice([other, envelope]).to_json()[name]}, separators=(",", ":"))[1:-1]
    text = envelope.to_bytes().decode()
    return chance.choice([f"{{{again},{text[1:]}", f"{text[:-1]},{again}}}"]).encode()


def base64_respelled(chance: random.Random, envelope: Envelope) -> Mutation:
    """Spell payload, key or signature in base64 that stands for the same bytes, or nearly so."""
    value = envelope.to_json()
    signature = value["signatures"][0]
    holder, name = chance.choice([(value, "payload"), (signature, "sig"), (signature, "keyid")])
    text: str = holder[name]
    raw = base64.b64decode(text)
    at = chance.randrange(len(text))
    unused = {"=": "BCDEFGH", "==": "BCDEFGH"}.get(text[len(text.rstrip("=")) :], "")
    spellings = [
        text.rstrip("=") + ("" if text.endswith("=") else "="),
        text + chance.choice(["=", "==", "A", "\n", " "]),
        text[:at] + chance.choice(["\n", " ", "-", "_", "*", "\0", "\u212a", "\uff21"]) + text[at:],
        base64.b32encode(raw).decode(),
        raw.hex(),
        "".join(chance.choice([each.upper(), each.lower()]) for each in text),
    ]
    if unused:
        # The last character has bits that stand for nothing; one spelling alone has them all zero.
        stem = text.rstrip("=")
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(stem[-1])
        odd = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last | 1]
        spellings.append(stem[:-1] + odd + text[len(stem) :])
    holder[name] = chance.choice(spellings)
    return value


def number_or_text_swapped(chance: random.Random, envelope: Envelope) -> Mutation:
    """Put something that JSON allows and the canonical form does not into the payload: numbers, surrogates, NaN."""
    text = envelope.payload.decode()
    odd = chance.choice(NO_CANONICAL)
    places = [index for index, character in enumerate(text) if character == ":"]
    at = chance.choice(places) + 1
    end = min(index for index in (text.find(",", at), text.find("}", at), len(text)) if index >= 0)
    changed = (text[:at] + odd + text[end:]).encode("utf-8", "surrogatepass")
    return Envelope(payload=changed, payloadType=envelope.payloadType, signatures=envelope.signatures).to_bytes()


def bomb(chance: random.Random, envelope: Envelope) -> Mutation:
    """Nest without end, in the envelope or in the payload."""
    depth = chance.choice([33, 40, 200, 2_000])
    start, end = chance.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
    nested = start * depth + b"0" + end * chance.choice([depth, depth - 1, 0])
    if chance.random() < 0.5:
        return nested
    return Envelope(payload=nested, payloadType=envelope.payloadType, signatures=envelope.signatures).to_bytes()


def another_kind(chance: random.Random, envelope: Envelope) -> Mutation:
    """Call the statement another kind or version."""
    value = envelope.to_json()
    name: str = value["payloadType"]
    _, other, _ = chance.choice(ORIGINALS)
    version = chance.choice([".v2+", ".v0+", ".v01+", ".v+", ".V1+", ".v1 +", ".v1.1+", "+", ".v1%2B"])
    odd = [name.upper(), name + ";charset=utf-8", " " + name, name + "\0", "", "text/plain", "x" * 300, "\ud800"]
    odd.append(name.replace(".v1+", version))
    if other.payloadType != name:
        odd.append(other.payloadType)
    value["payloadType"] = chance.choice(odd)
    return value


def another_signer(chance: random.Random, envelope: Envelope) -> Mutation:
    """Leave out, forge or exchange the signature; the rest is genuine."""
    value = envelope.to_json()
    _, other, other_key = chance.choice(ORIGINALS)
    (own,) = value["signatures"]
    theirs = other.to_json()["signatures"][0]
    forged = base64.b64encode(chance.randbytes(chance.choice([0, 1, 63, 64, 65, 128]))).decode()
    identity = base64.b64encode(b"\x01" + bytes(31)).decode()
    value["signatures"] = chance.choice(
        [
            [],
            [{**own, "sig": forged}],
            [{**own, "sig": theirs["sig"] if theirs["sig"] != own["sig"] else forged}],
            [{**own, "keyid": other_key if other_key != own["keyid"] else identity}],
            [{**own, "keyid": identity, "sig": base64.b64encode(b"\x01" + bytes(63)).decode()}],
            [own, own],
            [{"keyid": str(number), "sig": ""} for number in range(chance.choice([1, 50, 2_001]))],
            {"0": own},
            own,
        ]
    )
    return value


MUTATIONS: Final[list[Callable[[random.Random, Envelope], Mutation]]] = [
    bit_flip,
    payload_bit_flip,
    cut_or_doubled,
    field_changed,
    parts_swapped,
    misspelled,
    key_doubled,
    base64_respelled,
    number_or_text_swapped,
    bomb,
    another_kind,
    another_signer,
]


def verify(kind: type[Statement], given: Mutation, key: str) -> Envelope:
    """Read and verify as every side does; return the envelope if nothing was wrong."""
    envelope = Envelope.from_bytes(given) if isinstance(given, bytes) else Envelope.from_json(given)
    envelopes.read(kind, envelope)
    signatures.require(envelope, key, who="the signer")
    return envelope


def none_is_verified(mutation: Callable[[random.Random, Envelope], Mutation], count: int, seed: int) -> None:
    chance = random.Random(f"{seed} {mutation.__name__}")
    refusals: dict[str, int] = {}
    tried = 0
    while tried < count:
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
    assert sum(refusals.values()) == count
    # Some ways of tampering meet one and the same check.
    assert len(refusals) > (0 if mutation in (another_kind, key_doubled, bomb) else 1)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_no_mutation_is_verified(mutation: Callable[[random.Random, Envelope], Mutation]) -> None:
    none_is_verified(mutation, EACH, SEED)


@pytest.mark.long
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_no_mutation_of_a_hundred_thousand_is_verified(
    mutation: Callable[[random.Random, Envelope], Mutation],
) -> None:
    none_is_verified(mutation, EACH_LONG, SEED + 1)


@pytest.mark.parametrize(("kind", "original", "key"), ORIGINALS, ids=lambda value: getattr(value, "TYPE", ""))
def test_the_originals_are_verified(kind: type[Statement], original: Envelope, key: str) -> None:
    assert verify(kind, original.to_bytes(), key) == original
    assert verify(kind, original.to_json(), key) == original


def test_there_are_a_hundred_thousand() -> None:
    assert EACH_LONG * len(MUTATIONS) >= 100_000
    assert EACH * len(MUTATIONS) >= 14_000
    assert all(len(original.payload) <= canonical.MOST_BYTES for _, original, _ in ORIGINALS)


@pytest.mark.parametrize("depth", [canonical.MOST_DEPTH + 1, 10**6])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_is_refused_before_it_is_parsed(depth: int, opening: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        Envelope.from_bytes((opening * depth)[: canonical.MOST_BYTES])
    assert caught.value.code == "statement_too_deep"


def test_thousands_of_signatures_cost_one_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures by keys that nobody asks for are not looked at, however many there are."""
    _, original, key = ORIGINALS[0]
    junk = tuple(Signature(keyid=str(number), sig=bytes(64)) for number in range(envelopes.MOST_SIGNATURES - 1))
    crowded = Envelope.from_bytes(original.with_signatures(junk).to_bytes())
    calls: list[str] = []
    real = signing.verify

    def counted(public: str, message: bytes, signature: bytes) -> None:
        calls.append(public)
        real(public, message, signature)

    monkeypatch.setattr(signing, "verify", counted)
    signatures.require(crowded, key, who="the signer")
    assert calls == [key]


@pytest.mark.parametrize("size", [canonical.MOST_BYTES, canonical.MOST_BYTES + 1])
def test_payload_of_two_mebibytes_is_read_and_one_byte_more_is_not(size: int) -> None:
    kind, original, key = ORIGINALS[0]
    large = Envelope(payload=b"[" + b" " * (size - 2) + b"]", payloadType=original.payloadType, signatures=())
    with pytest.raises(RefusedError) as caught:
        verify(kind, large.to_bytes(), key)
    assert caught.value.code == ("not_canonical" if size == canonical.MOST_BYTES else "statement_too_large")
