"""No statement can be made or read that says far more than anybody needs: it would fill everybody's answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.workspace import KeyPair, Organisation
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.envelope import Envelope, Signature
from jupyter_secure_jobs.protocol.roster import Worker
from tests.support.refusal import refused
from tests.support.world import REVIEWER, World

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Statement

WORLD = World()
LONG = "x" * 3000
KEY = SealedKey(recipient="key", sealed=b"sealed")
WORKER = WORLD.worker()


def organisations(number: int) -> tuple[Organisation, ...]:
    """Return the world's organisations and more without members, so many in all."""
    own = WORLD.roster().organisations
    return (
        *own,
        *(Organisation(name=f"o{each}", key_service=None, recovery=None) for each in range(number - len(own))),
    )


MANIFEST, ROSTER, LIST = WORLD.manifest("Beta"), WORLD.roster(), WORLD.worker_list()
VERSION, ORDER, DECISION = WORLD.version_statement(), WORLD.run_order(), WORLD.decision(REVIEWER)
REVOCATION, WITHDRAWAL = WORLD.revocation(REVIEWER, Scope.ALL), WORLD.withdrawal(REVIEWER)
# What is still taken, and what is one more or longer than that.
BOUNDS: list[tuple[Statement, str, Any, Any]] = [
    (MANIFEST, "description", "ü" * 500, "ü" * 501),
    (MANIFEST, "keys", (KEY,) * 2, (KEY,) * 3),
    (MANIFEST, "dataset", "x" * 64, "x" * 65),
    (MANIFEST, "previous", "x" * 80, "x" * 81),
    (MANIFEST, "key_id", "x" * 80, "x" * 81),
    (ROSTER, "name", "x" * 50, "x" * 51),
    (ROSTER, "workspace", "x" * 64, "x" * 65),
    (ROSTER, "log_key", "x" * 64, "x" * 65),
    (ROSTER, "organisations", organisations(500), organisations(501)),
    (LIST, "workers", (WORKER,) * 500, (WORKER,) * 501),
    (DECISION, "comment", "x" * 80, "x" * 81),
    (DECISION, "checkpoint", "x" * 1000, "x" * 1001),
    (REVOCATION, "version", "x" * 80, "x" * 81),
    (REVOCATION, "checkpoint", "x" * 1000, "x" * 1001),
    (WITHDRAWAL, "dataset", "x" * 64, "x" * 65),
    (VERSION, "job", "x" * 64, "x" * 65),
    (VERSION, "nonce", "x" * 100, "x" * 101),
    (VERSION, "measurement", "x" * 80, "x" * 81),
    (ORDER, "nonce", "x" * 100, "x" * 101),
    (ORDER, "checkpoint", "x" * 1000, "x" * 1001),
]


@pytest.mark.parametrize(
    ("statement", "name", "most", "more"), BOUNDS, ids=[f"{type(each[0]).__name__}.{each[1]}" for each in BOUNDS]
)
def test_a_statement_says_so_much_and_no_more(statement: Statement, name: str, most: object, more: object) -> None:
    taken = replace(statement, **{name: most})  # type: ignore[type-var]  # every kind is a dataclass
    value = codec.to_json(taken)
    assert codec.from_json(type(taken), value) == taken
    with pytest.raises(InvalidError):
        replace(statement, **{name: more})  # type: ignore[type-var]  # as above
    with pytest.raises(RefusedError):
        codec.from_json(type(statement), {**value, name: codec.to_json(more)})


@pytest.mark.parametrize(
    "part",
    [
        lambda: KeyPair(signing=LONG, sealing="key"),
        lambda: KeyPair(signing="key", sealing=LONG),
        lambda: SealedKey(recipient=LONG, sealed=b"sealed"),
        lambda: SealedKey(recipient="key", sealed=bytes(5000)),
        lambda: Worker(name=LONG, platform_key="key", measurements=()),
        lambda: Worker(name="one", platform_key=LONG, measurements=()),
        lambda: Worker(name="one", platform_key="key", measurements=(LONG,)),
        lambda: Worker(name="one", platform_key="key", measurements=("x",) * 21),
        lambda: replace(MANIFEST.files[0], digest=LONG),
        lambda: replace(MANIFEST.synthetic, digest=LONG),
        lambda: replace(VERSION.datasets[0], manifest=LONG),
        lambda: WORLD.granted_key("Beta", sealed=bytes(5000)),
    ],
)
def test_nor_does_a_part_of_one(part: Any) -> None:
    with pytest.raises(InvalidError):
        part()


@pytest.mark.parametrize("signature", [{"keyid": LONG, "sig": "AA=="}, {"keyid": "key", "sig": "AAAA" * 100}])
def test_a_signature_that_nobody_asked_for_is_no_longer_than_others(signature: dict[str, str]) -> None:
    with refused("envelope_signatures"):
        Signature(keyid=signature["keyid"], sig=signature["sig"].encode())
    bare = WORLD.sign(MANIFEST).to_json()
    with refused("envelope_signatures"):
        Envelope.from_json({**bare, "signatures": [signature]})
