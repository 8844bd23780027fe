"""A key service of the world in memory: real keys and a real memory on disk, the time passed in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto.keyfile import KeyRing
from jupyter_secure_jobs.crypto.sealing import seal
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.keyservice.service import KeyService
from jupyter_secure_jobs.keyservice.state import STATE_FILE, State
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.notice import Notice
from jupyter_secure_jobs.protocol.order import Nonce
from tests.support.world import AUTHOR, NOW, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from jupyter_secure_jobs.protocol.envelope import Envelope


def ring(world: World, organisation: str) -> KeyRing:
    """Return the keys of an organisation's key service."""
    keys = world.keys[f"key service of {organisation}"]
    return KeyRing(signing=keys.signing, sealing=keys.sealing, label={"organisation": organisation})


@contextmanager
def key_service(world: World, folder: Path, organisation: str = "Beta") -> Iterator[KeyService]:
    """Give an organisation's key service over the memory in `folder`, which trusts the world's genesis."""
    state = State(folder / STATE_FILE)
    try:
        state.pin(WORKSPACE, world.genesis)
        yield KeyService(ring(world, organisation), state)
    finally:
        state.close()


def seal_data_keys(world: World) -> None:
    """Publish the world's datasets with keys that their key services can open, and have the job accepted anew."""
    made = []
    for owner, publisher in (("Alpha", AUTHOR), ("Beta", REVIEWER)):
        manifest, key = world.manifest(owner), world.data_key(owner)
        info = places.dataset_key(
            workspace=manifest.workspace, dataset=manifest.dataset, version=manifest.version, key_id=manifest.key_id
        )
        recipient = world.keys[f"key service of {owner}"].sealing.public
        keys = (SealedKey(recipient=recipient, sealed=seal(recipient, key, info=info)),)
        made.append(world.sign(world.manifest(owner, keys=keys), publisher))
    world.manifests[:] = made
    world.accept(world.sign(world.version_statement(), AUTHOR))


def notice(world: World, statement: Envelope | None, **changes: Any) -> Notice:
    """Return a notice with the world's roster chain."""
    return Notice(**{"rosters": tuple(world.rosters), "statement": statement, "manifest": None, **changes})


def granted(world: World, service: KeyService, *, now: datetime = NOW, enclave: str = "enclave") -> Envelope:
    """Return what the key service grants to a fresh enclave that has the world's order."""
    dossier = world.dossier()
    nonce = service.nonce(dossier, workspace=WORKSPACE, now=now)
    public = {"signing_key": world.keys[enclave].signing.public, "sealing_key": world.keys[enclave].sealing.public}
    evidence = world.sign(world.evidence_statement(eat_nonce=(nonce,), iat=now, **public), "platform")
    asked = world.key_request(nonces=(Nonce(organisation=service.organisation, nonce=nonce),), evidence=evidence.hash)
    return service.grant(dossier, world.sign(asked, enclave), evidence, workspace=WORKSPACE, now=now)


def stop_all(world: World, who: str = REVIEWER, *signers: str) -> Notice:
    """Return a notice that `who` withdraws the acceptance, signed by them unless others are named."""
    return notice(world, world.sign(world.revocation(who, Scope.ALL), *(signers or (who,))))


def still_grants(world: World, service: KeyService) -> None:
    """Show that nothing of what was refused is remembered."""
    assert list(service.untold()) == []
    assert granted(world, service)
