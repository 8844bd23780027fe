"""Files that are no bundle, or half of one: refused with a reason, never a crash, never half believed."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from jupyter_secure_jobs.cli.main import main
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import canonical
from jupyter_secure_jobs.trust.bundle import MOST_BYTES, Bundle
from tests.support.bundles import made, verify
from tests.support.refusal import refused
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WHOLE: Final = made(World()).to_bytes()
VALUE: Final[dict[str, Any]] = json.loads(WHOLE)
DEEP: Final = b'{"type":' + b"[" * 100_000


def changed(**changes: Any) -> bytes:
    return canonical.encode({**VALUE, **changes})


def without(name: str) -> bytes:
    return canonical.encode({key: value for key, value in VALUE.items() if key != name})


BROKEN: Final[dict[str, tuple[bytes, str]]] = {
    "empty": (b"", "not_json"),
    "no JSON": (b"PK\x03\x04", "not_json"),
    "wrong UTF-8": (WHOLE.replace(b"bundle/v1", b"bundle/v\xff"), "not_json"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), "not_json"),
    "byte order mark": (b"\xef\xbb\xbf" + WHOLE, "not_json"),
    "deep nesting": (DEEP, "statement_too_deep"),
    "deep nesting, closed": (b"[" * 50_000 + b"]" * 50_000, "statement_too_deep"),
    "more than 3 MiB of one text": (canonical.encode({"type": "x" * 3 * 2**20}), "bundle_type"),
    "more than 3 MiB of noise": (b"\x00\xff" * 2**21, "not_json"),
    "over the limit": (b" " * (MOST_BYTES + 1), "statement_too_large"),
    "a doubled key": (WHOLE[:-1] + b',"type":"x"}', "not_json"),
    "spaces": (json.dumps(VALUE).encode(), "not_canonical"),
    "a new line at the end": (WHOLE + b"\n", "not_canonical"),
    "two bundles": (WHOLE + WHOLE, "not_json"),
    "NaN": (b'{"type":NaN}', "not_json"),
    "a list": (canonical.encode([VALUE]), "bundle_type"),
    "a text": (b'"jupyter-secure-jobs/bundle/v1"', "bundle_type"),
    "null": (b"null", "bundle_type"),
    "no type": (without("type"), "bundle_type"),
    "another type": (changed(type="jupyter-secure-jobs/roster/v1"), "bundle_type"),
    "a later version": (changed(type="jupyter-secure-jobs/bundle/v2"), "bundle_type"),
    "a type that is a list": (changed(type=["jupyter-secure-jobs/bundle/v1"]), "bundle_type"),
    "an unknown field": (changed(more=1), "statement_shape"),
    "no receipt": (without("receipt"), "statement_shape"),
    "no field opened": (without("opened"), "statement_shape"),
    "an array in place of the dossier": (changed(dossier=[]), "statement_shape"),
    "an object in place of the grants": (changed(grants={}), "statement_shape"),
    "a receipt that is a text": (changed(receipt="receipt"), "statement_shape"),
    "a place that is a text": (changed(inclusions=[{**VALUE["inclusions"][0], "index": "9"}]), "statement_shape"),
    "a place that is a fraction": (changed(inclusions=[{**VALUE["inclusions"][0], "index": 9.5}]), "statement_shape"),
    "no base64": (changed(receipt={**VALUE["receipt"], "payload": "%%%"}), "statement_shape"),
    "another spelling of base64": (changed(receipt={**VALUE["receipt"], "payload": "QR=="}), "statement_shape"),
    "two signatures by one key": (
        changed(receipt={**VALUE["receipt"], "signatures": VALUE["receipt"]["signatures"] * 2}),
        "envelope_signatures",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """The reason is the same for programs and for people: exit code 2, no stack trace, nothing quoted at length."""
    data, code = BROKEN[what]
    with refused(code):
        Bundle.from_bytes(data)
    file = tmp_path / "bundle.json"
    file.write_bytes(data)
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(file)])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert f"Code: {code}" in said.out
    assert "NOT READ" in said.out
    assert "Traceback" not in said.out + said.err
    assert len(said.out) < 1_000


def test_truncated_at_many_lengths() -> None:
    lengths = {*range(40), *range(0, len(WHOLE), 997), *range(len(WHOLE) - 40, len(WHOLE))}
    for length in sorted(lengths):
        with pytest.raises(RefusedError):
            Bundle.from_bytes(WHOLE[:length])


def _statements(bundle: Bundle) -> dict[str, Callable[[bytes], Bundle]]:
    """Return for each statement of a bundle what gives the bundle with other bytes in its envelope."""

    def dossier(name: str) -> Callable[[bytes], Bundle]:
        def put(payload: bytes) -> Bundle:
            held = getattr(bundle.dossier, name)
            one = held[0] if isinstance(held, tuple) else held
            new = replace(one, payload=payload)
            proofs = tuple(
                replace(each, statement=new.hash) if each.statement == one.hash else each for each in bundle.inclusions
            )
            parts = replace(bundle.dossier, **{name: (new, *held[1:]) if isinstance(held, tuple) else new})
            return replace(bundle, dossier=parts, inclusions=proofs)

        return put

    names = ("rosters", "workers", "manifests", "version", "decisions", "order")
    return {name: dossier(name) for name in names} | {
        "evidence": lambda payload: replace(bundle, evidence=replace(bundle.evidence, payload=payload))
    }


@pytest.mark.parametrize("part", ["rosters", "workers", "manifests", "version", "decisions", "order", "evidence"])
@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 10_000, b'{"a":1,"a":2}'])
def test_broken_statement_in_a_whole_file(part: str, payload: bytes) -> None:
    bundle = Bundle.from_bytes(WHOLE)
    with pytest.raises(RefusedError):
        verify(_statements(bundle)[part](payload), genesis=bundle.dossier.rosters[0].hash)


def test_flipped_bits() -> None:
    """No flipped bit is believed: the file is refused when it is read, or when it is verified."""
    chance = random.Random(3)
    for _ in range(150):
        data = bytearray(WHOLE)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        with pytest.raises(RefusedError):
            verify(Bundle.from_bytes(bytes(data)), genesis=Bundle.from_bytes(WHOLE).dossier.rosters[0].hash)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(SystemExit) as ended:
            main(["verify", str(path)])
        assert ended.value.code == 2
