"""Attacks on the enclave: it verifies for itself, takes the owners' keys alone, and forgets."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.crypto.sealing import seal
from jupyter_secure_jobs.domain.compute import Compute, EngineName
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.domain.job import GIB, JobLimits
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.enclave import enclave as module
from jupyter_secure_jobs.enclave import plaintext
from jupyter_secure_jobs.engines import java
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.order import GrantedKey, KeyGrant
from tests.support.lying_server import resigned
from tests.support.refusal import refused
from tests.support.road import Road
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    """Give a job with three accepted runs."""
    made = Road(tmp_path)
    yield made
    made.close()


def test_unaccepted_version_is_not_prepared(road: Road) -> None:
    with refused("not_accepted"):
        road.enclave.prepare(replace(road.dossier(), decisions=road.dossier().decisions[1:]))
    assert not road.enclave.busy
    assert road.enclave.children == [], "no sandbox is started for it"


def test_grant_of_an_owner_is_missing(road: Road) -> None:
    alpha, beta = road.granted()
    for grants in ([alpha], [beta], []):
        with refused("key_grant", saying="missing"):
            road.enclave.opened(grants)
    assert len(road.enclave.opened([alpha, beta])) == 2


def test_grant_signed_by_the_server(road: Road) -> None:
    alpha, beta = road.granted()
    with refused("signature_missing", saying="key service of Beta"):
        road.enclave.opened([alpha, resigned(beta)])


def test_grant_of_an_earlier_attempt(road: Road) -> None:
    """Keys sealed to the enclave of then: the next one has keys of its own, and asks for grants of its own."""
    old = road.granted()
    new = road.granted()
    with refused("key_grant", saying="another run or enclave"):
        road.enclave.opened(old)
    assert road.enclave.opened(new)


def test_granted_key_that_is_not_the_one_it_is_called(road: Road) -> None:
    """A key service under somebody's thumb seals another key under the right name."""
    alpha, beta = road.granted()
    said = envelopes.read(KeyGrant, beta)
    (key,) = said.keys
    info = places.granted_key(order=said.order, manifest=key.manifest, key_id=key.key_id)
    sealed = seal(road.enclave.sealing.public, b"a key of the server's own", info=info)
    other = GrantedKey(manifest=key.manifest, key_id=key.key_id, sealed=sealed)
    forged = envelopes.sign(replace(said, keys=(other,)), road.kept.world.keys["key service of Beta"].signing)
    with refused("key_grant", saying="not the one its dataset names"):
        road.enclave.opened([alpha, forged])


def test_key_service_that_has_not_answered(road: Road) -> None:
    road.enclave.prepare(road.dossier())
    for nonces in ({}, {"Alpha": "nonce"}, {"Alpha": "nonce", "Beta": "nonce", "Gamma": "nonce"}):
        with refused("nonces"):
            road.enclave.ask(nonces)


def test_worker_that_is_not_enrolled_asks_for_nothing(road: Road) -> None:
    stranger = road.enclave_of("mallory")
    stranger.prepare(road.dossier())
    with refused("unknown_platform"):
        stranger.ask({"Alpha": "nonce", "Beta": "nonce"})


def test_keys_are_new_for_each_run(road: Road) -> None:
    seen = set()
    for _ in range(2):
        road.enclave.prepare(road.dossier())
        seen |= {road.enclave.sealing.public, road.enclave.signing.public}
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("change", "code", "saying"),
    [
        ({"compute": Compute(engine=EngineName.SPARK)}, "no_engine", "openjdk-17-jre-headless"),
        ({"limits": JobLimits(cores=256)}, "profile_too_large", "256 processors; this worker has"),
        ({"limits": JobLimits(memory_bytes=1024 * GIB)}, "profile_too_large", "1024.0 GiB of memory; this worker has"),
    ],
    ids=["an engine that is not there", "more processors", "more memory"],
)
def test_more_than_the_machine_has_is_said_before_keys_are_asked_for(
    road: Road, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], code: str, saying: str
) -> None:
    monkeypatch.setattr(java, "find", lambda: None)
    before = road.kept.versions[road.version][1]
    version = replace(before, nonce="again", **change)
    made = envelopes.sign(version, road.kept.key(version.author).signing)
    road.kept.versions[made.hash] = (made, version)
    road.version = made.hash
    for who in road.kept.undecided(made.hash):
        road.kept.decide(made.hash, who, Verdict.ACCEPT, days=90)
    with refused(code, kind=UnavailableError, saying=saying):
        road.enclave.prepare(road.dossier(road.ordered()))
    assert not road.enclave.busy
    assert road.enclave.children == [], "no sandbox is started for it"


def test_refused_run_is_forgotten(road: Road, tmp_path: Path) -> None:
    """Whatever ends a run, its keys and its plaintext go with it, at once."""
    alpha, _ = road.granted()
    child = road.enclave.children[-1]
    with refused("key_grant"):
        road.enclave.run([alpha], {}, tmp_path, phase=lambda _: None)
    assert not road.enclave.busy
    assert child.closed


def test_next_run_forgets_the_one_before(road: Road) -> None:
    road.granted()
    child = road.enclave.children[-1]
    with refused("not_accepted"):
        road.enclave.prepare(replace(road.dossier(), decisions=()))
    assert child.closed
    assert not road.enclave.busy


def test_file_that_was_not_brought(tmp_path: Path) -> None:
    run = World().authorised()
    with refused("file_missing"):
        plaintext.decrypt(run, plaintext.needed(run.version), {}, {}, tmp_path)


def test_synthetic_table_that_was_swapped(tmp_path: Path) -> None:
    table = tmp_path / "table"
    table.write_bytes(b"rows of the server's own")
    owners = "sha256:" + hashlib.sha256(b"rows of the owner").hexdigest()
    with refused("file_altered"):
        module._copy_checked({owners: table}, owners, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    with refused("file_missing"):
        module._copy_checked({}, owners, tmp_path / "copy")


def test_synthetic_table_that_is_another_at_the_second_look(tmp_path: Path) -> None:
    """What a pipe gives can be read once: the bytes that were judged have to be the bytes that are used."""
    pipe, rows = tmp_path / "pipe", b"rows of the owner"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(rows,), daemon=True)
    writing.start()
    digest = "sha256:" + hashlib.sha256(rows).hexdigest()
    copying = threading.Thread(
        target=module._copy_checked, args=({digest: pipe}, digest, tmp_path / "copy"), daemon=True
    )
    copying.start()
    copying.join(10)
    assert not copying.is_alive(), "it reads a second time"
    assert (tmp_path / "copy").read_bytes() == rows
