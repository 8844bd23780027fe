"""The bundle of the small workspace's run, with a log that a server would have made of exactly these statements."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.log import Consistency, Inclusion, LogProof
from jupyter_secure_jobs.trust.bundle import TYPE, Bundle, Opened, verify_bundle
from tests.support.world import LOG_LEAVES, NOW, ROWS, WORKSPACE, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.bundle import VerifiedBundle

LATER: Final = NOW + timedelta(hours=1)
SALT: Final = b"salt of 32 bytes, sealed with it"
OPENED: Final = Opened(salt=SALT, logical=ROWS)
# What others had appended before: the statements of the world carry checkpoints of these sizes.
_EARLIER: Final = LOG_LEAVES[:9]
_SEEN: Final = (7, 8, 9)
OWNERS: Final = ("Alpha", "Beta")


def signed_grants(world: World) -> list[Envelope]:
    """Return the grant of each owner's key service."""
    return [world.sign(world.key_grant(owner), f"key service of {owner}") for owner in OWNERS]


def signed_receipt(world: World, grants: Iterable[Envelope], **changes: object) -> Envelope:
    """Return the enclave's receipt that names these grants."""
    named = {"grants": tuple(sorted(grant.hash for grant in grants)), **changes}
    return world.sign(world.receipt(**named), "enclave")


def made(
    world: World,
    *,
    grants: Sequence[Envelope] | None = None,
    receipt: Envelope | None = None,
    acknowledgements: Sequence[Envelope] = (),
    late: Sequence[Envelope] = (),
    opened: Opened | None = OPENED,
    logged: Sequence[Envelope] | None = None,
    signer: str = "log",
) -> Bundle:
    """Return the bundle, with an honest log of what is in it, or of `logged` in that order.

    `late` are those revocations of the world that came after the order.
    """
    given = signed_grants(world) if grants is None else list(grants)
    done = receipt or signed_receipt(world, given)
    early = [each for each in world.revocations if each not in late]
    entries = list(
        logged
        or [*world.rosters, *world.workers, *world.manifests, world.version, *world.decisions, *early, world.order,
            *late, *given, done, *acknowledgements]
    )  # fmt: skip
    leaves = [*_EARLIER, *(merkle.leaf_hash(each.payload) for each in entries)]
    tree = merkle.Tree.of(leaves)
    state = Checkpoint(origin=places.log_origin(WORKSPACE), size=len(leaves), root=tree.root())
    log = LogProof(
        checkpoint=checkpoints.sign(state, world.keys[signer].signing),
        consistency=tuple(Consistency(size=size, proof=tuple(tree.consistency(size))) for size in _SEEN),
    )
    first = len(_EARLIER)
    return Bundle(
        type=TYPE,
        dossier=world.dossier(log=log),
        evidence=world.evidence,
        grants=tuple(given),
        receipt=done,
        acknowledgements=tuple(acknowledgements),
        inclusions=tuple(
            Inclusion(statement=each.hash, index=first + number, proof=tuple(tree.inclusion(first + number)))
            for number, each in enumerate(entries)
        ),
        opened=opened,
    )


def verify(bundle: Bundle, *, genesis: str | None = None, now: datetime = LATER) -> VerifiedBundle:
    """Verify a bundle against its own first roster, or another genesis, an hour after the run."""
    return verify_bundle(bundle, genesis=genesis or bundle.dossier.rosters[0].hash, now=now)
