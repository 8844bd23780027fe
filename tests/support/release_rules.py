"""What a key service may release, said once more from what really happened; it looks at no signature.

The hostile-server machine compares every release with this. A rule that the product forgets is a difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import checkpoint as checkpoints
from jupyter_secure_jobs.crypto import merkle
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.roster import Roster, WorkerList
from tests.support.living_workspace import MEASUREMENTS, PLATFORMS, LivingWorkspace, Log
from tests.support.world import WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.crypto.sealing import SealingKey
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.protocol.log import LogProof
    from jupyter_secure_jobs.protocol.order import RunOrder
    from jupyter_secure_jobs.protocol.version import Version
    from jupyter_secure_jobs.trust.dossier import Dossier

SKEW: Final = timedelta(seconds=120)
FRESH: Final = timedelta(seconds=120)
WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(hours=24)


@dataclass(slots=True)
class Released:
    """An order that got keys: of which version, when first, how often."""

    version: str
    first: datetime
    times: int


@dataclass(slots=True)
class Witness:
    """What happened at one organisation's key service."""

    organisation: str
    epoch: int = 1
    lists: int = 1
    log: Log = ()
    heard: dict[str, set[Scope]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    nonces: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    released: dict[str, Released] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attested:
    """An honest enclave's evidence: whose, for which order, with whose nonces, and its key."""

    number: int
    order: str
    nonces: dict[str, str]
    time: datetime
    sealing: SealingKey


def leaves_of(kept: LivingWorkspace, log: LogProof) -> Log | None:
    """Return the entries behind a proof's checkpoint, if any log that the server shows has them."""
    seen = checkpoints.parse(log.checkpoint, origin=places.log_origin(WORKSPACE))
    for leaves in (*kept.logs, *kept.forks):
        if seen.size <= len(leaves) and merkle.Tree.of(leaves).root(seen.size) == seen.root:
            return tuple(leaves[: seen.size])
    return None


def against_run(kept: LivingWorkspace, dossier: Dossier, now: datetime) -> Iterator[str]:
    """Yield why nobody may take these statements for an authorised run."""
    found = kept.orders.get(dossier.order.hash)
    if found is None:
        yield "nobody signed this order"
        return
    order = found[1]
    if order.version not in kept.versions or dossier.version.hash != order.version:
        yield "nobody submitted this version"
        return
    version = kept.versions[order.version][1]
    yield from _against_order(order, version, now)
    chain = [each.hash for each in dossier.rosters]
    if not chain or chain != [each.hash for each in kept.rosters[: len(chain)]]:
        yield "not the rosters that the members signed"
        return
    if version.epoch != len(chain):
        yield "the version is of another epoch"
    roster = envelopes.read(Roster, dossier.rosters[-1])
    yield from _against_workers(kept, dossier, roster)
    yield from _against_acceptances(kept, order.version, roster, version.author, now)
    if any(read.manifest not in kept.manifests for read in version.datasets):
        yield "nobody published this manifest"
    yield from _against_log(kept, dossier, order.version)


def _against_acceptances(
    kept: LivingWorkspace, version: str, roster: Roster, author: str, now: datetime
) -> Iterator[str]:
    for member in roster.members:
        decided = kept.decisions.get((version, member.email))
        if member.email == author:
            continue
        if decided is None:
            yield f"{member.email} has not decided"
        elif decided[1].verdict is not Verdict.ACCEPT:
            yield f"{member.email} declined"
        elif now > decided[1].expires + SKEW:
            yield f"the acceptance of {member.email} has expired"


def _against_log(kept: LivingWorkspace, dossier: Dossier, version: str) -> Iterator[str]:
    shown = leaves_of(kept, dossier.log)
    if shown is None:
        yield "no log has this checkpoint"
        return
    carried = [kept.carried[dossier.order.hash]]
    carried += [kept.carried[made.hash] for (of, _), (made, _) in kept.decisions.items() if of == version]
    if any(shown[: len(each)] != each for each in carried):
        yield "a statement was made on another log"


def _against_order(order: RunOrder, version: Version, now: datetime) -> Iterator[str]:
    if order.member != version.author:
        yield "the order is not by the author"
    month = order.inputs.get("month")
    if type(month) is not int or not 1 <= month <= 12 or len(order.inputs) != 1:
        yield "an input value was not accepted"
    if now > order.expires + SKEW or order.expires - order.time > WEEK or order.time > now + SKEW:
        yield "the order is not of now"


def _against_workers(kept: LivingWorkspace, dossier: Dossier, roster: Roster) -> Iterator[str]:
    lists = [each.hash for each in dossier.workers]
    if not lists or lists != [each.hash for each in kept.lists[: len(lists)]]:
        yield "not the worker lists that the members signed"
        return
    signed = {signature.keyid for signature in kept.lists[len(lists) - 1].signatures}
    if not {member.keys.signing for member in roster.members} <= signed:
        yield "a member has not signed the worker list"


def against_release(
    kept: LivingWorkspace, witness: Witness, dossier: Dossier, now: datetime, *, shown: bool = False
) -> Iterator[str]:
    """Yield why this key service may release nothing for these statements, whichever enclave asks.

    With `shown`, revocations count that were made and not heard: for a server that hides nothing.
    """
    found = list(against_run(kept, dossier, now))
    if found:
        yield from found
        return
    order = kept.orders[dossier.order.hash][1]
    version = kept.versions[order.version][1]
    if len(dossier.rosters) < witness.epoch:
        yield "it has seen a newer roster"
    if len(dossier.workers) < witness.lists:
        yield "it has seen a newer worker list"
    leaves = leaves_of(kept, dossier.log) or ()
    if leaves[: len(witness.log)] != witness.log:
        yield "it has seen another log"
    scopes = set(witness.heard.get(order.version, set()))
    if shown:
        scopes |= {said.scope for _, said in kept.revocations.values() if said.version == order.version}
    if Scope.ALL in scopes:
        yield "an acceptance was withdrawn"
    if any(read.dataset in witness.withdrawn for read in version.datasets):
        yield "a dataset was withdrawn"
    yield from _against_count(witness, dossier.order.hash, order.version, version, scopes, now)


def _against_count(
    witness: Witness, order: str, digest: str, version: Version, scopes: set[Scope], now: datetime
) -> Iterator[str]:
    known = witness.released.get(order)
    if known is not None:
        if known.times >= 3:
            yield "three times for one order"
        if now - known.first > DAY:
            yield "an order of more than a day ago"
        return
    used = sum(each.version == digest for each in witness.released.values())
    grant = version.grant
    if scopes and used:
        yield "repeatability was revoked"
    if not grant.reruns and used:
        yield "one run was accepted"
    if grant.most_runs is not None and used >= grant.most_runs:
        yield "all runs are used up"
    if grant.until is not None and now > grant.until + SKEW:
        yield "the reruns have expired"


def against_enclave(
    kept: LivingWorkspace, witness: Witness, attested: Attested | None, dossier: Dossier, now: datetime
) -> Iterator[str]:
    """Yield why this enclave, or whoever passes for one, may have no key of this organisation."""
    if attested is None:
        yield "no enclave made this evidence"
        return
    if attested.order != dossier.order.hash:
        yield "the enclave has another order"
    if not enrolled(kept, dossier.workers, attested.number):
        yield "the enclave is not enrolled"
    nonce, given = witness.nonces.get(dossier.order.hash, ("", now))
    if attested.nonces.get(witness.organisation) != nonce or nonce in witness.used:
        yield "not the nonce that was given out last, or used before"
    if now - given > FRESH or abs(now - attested.time) > FRESH:
        yield "nonce or evidence is stale"


def enrolled(kept: LivingWorkspace, lists: tuple[Envelope, ...], number: int) -> bool:
    """Tell whether a worker is on the newest of these lists with the measurement that it has."""
    key = kept.world.keys[PLATFORMS[number]].signing.public
    newest = envelopes.read(WorkerList, lists[-1])
    return any(each.platform_key == key and MEASUREMENTS[number] in each.measurements for each in newest.workers)
