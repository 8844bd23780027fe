"""Founding and joining a workspace: rosters are composed from cards, compared by fingerprint, and signed by all."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto.encoding import fingerprint
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.workspace import Member, Organisation
from jupyter_secure_jobs.member.context import envelope_of
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.roster import Roster, Worker, WorkerList
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.workspace import RosterSignatures, WorkersNew, WorkspaceNew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.identity import Card
    from jupyter_secure_jobs.wire.workspace import WorkspaceWire


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What goes to the invited outside the server: the genesis, and the inviter's fingerprint."""

    workspace: str
    genesis: str
    inviter: str
    fingerprint: str


def found(acting: Acting, name: str, cards: Sequence[Card]) -> Invitation:
    """Found a workspace of the members, organisations and workers on the cards; sign and register it.

    Raises:
        InvalidError: the cards do not make a roster: a doubled name or key, no worker, or a card of unknown kind.
    """
    members = [acting.card, *(card for card in cards if card.kind == "member")]
    distinct = {card.name: card for card in members}
    if len(distinct) != len({card.keys.signing for card in members}):
        raise InvalidError("cards_differ", "Two cards of one member have different keys.", "Ask for the right one.")
    workers = [card for card in cards if card.kind == "worker"]
    if not workers:
        raise InvalidError("no_worker", "No worker's card is among the cards.", "Add the card of `worker enroll`.")
    names = list(dict.fromkeys(card.organisation for card in distinct.values()))
    services = {card.organisation: card.keys for card in cards if card.kind == "keyservice"}
    recoveries = {card.organisation: card.keys for card in cards if card.kind == "recovery"}
    unknown = sorted((set(services) | set(recoveries)) - set(names))
    if unknown:
        raise InvalidError("cards_organisation", f"{unknown[0]} has a card but no member.", "Invite a member of it.")
    roster = Roster(
        workspace=str(uuid.uuid4()),
        name=name,
        epoch=1,
        genesis=None,
        previous=None,
        members=tuple(
            Member(email=card.name, organisation=card.organisation, keys=card.keys) for card in distinct.values()
        ),
        organisations=tuple(
            Organisation(name=each, key_service=services.get(each), recovery=recoveries.get(each)) for each in names
        ),
        log_key=acting.client.server().log_key,
        time=utc_now(),
    )
    signed = envelopes.sign(roster, acting.ring.signing)
    listed = WorkerList(
        workspace=roster.workspace,
        genesis=signed.hash,
        epoch=1,
        previous=None,
        workers=tuple(
            Worker(name=card.name, platform_key=card.keys.signing, measurements=(card.measurement,)) for card in workers
        ),
        time=utc_now(),
    )
    signed_list = envelopes.sign(listed, acting.ring.signing)
    acting.client.create_workspace(
        WorkspaceNew(
            roster=EnvelopeWire.model_validate(signed.to_json()),
            workers=EnvelopeWire.model_validate(signed_list.to_json()),
        )
    )
    acting.pins.pin(roster.workspace, signed.hash)
    return Invitation(
        workspace=roster.workspace, genesis=signed.hash, inviter=acting.email, fingerprint=acting.card.fingerprint
    )


def renew(members: Sequence[Acting], workspace: str, cards: Sequence[Card]) -> bool:
    """Put the measurements on the workers' cards in force, and enroll those that never were; others stay as they are.

    One that was dropped stays dropped. Signed by all members, who act together. Returns whether anything changed.
    """
    first = members[0]
    lists = [envelope_of(each) for each in first.client.roster(workspace).workers]
    newest = lists[-1]
    before = envelopes.read(WorkerList, newest)
    measured = {(card.name, card.keys.signing): (card.measurement,) for card in cards}
    workers = tuple(
        replace(each, measurements=measured.get((each.name, each.platform_key), each.measurements))
        for each in before.workers
    )
    known = {each.platform_key for listed in lists for each in envelopes.read(WorkerList, listed).workers}
    workers += tuple(
        Worker(name=card.name, platform_key=card.keys.signing, measurements=(card.measurement,))
        for card in cards
        if card.keys.signing not in known
    )
    if workers == before.workers:
        return False
    listed = WorkerList(
        workspace=workspace,
        genesis=before.genesis,
        epoch=before.epoch + 1,
        previous=newest.hash,
        workers=workers,
        time=utc_now(),
    )
    signed = envelopes.sign(listed, *(member.ring.signing for member in members))
    first.client.enroll_workers(workspace, WorkersNew(workers=EnvelopeWire.model_validate(signed.to_json())))
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A roster to sign, as this side read it."""

    workspace: str
    genesis: str
    roster: Roster
    workers: WorkerList
    lines: tuple[str, ...]


def look(acting: Acting, workspace: str) -> Offer:
    """Return the roster that waits for signatures, in words.

    Raises:
        RefusedError: what the server sent does not fit together, or does not name this member with this key.
    """
    wire = acting.client.roster(workspace)
    genesis = envelope_of(wire.rosters[0])
    roster = envelopes.read(Roster, envelope_of(wire.rosters[-1]))
    workers = envelopes.read(WorkerList, envelope_of(wire.workers[-1]))
    own = roster.member(acting.email)
    if own is None or own.keys != acting.card.keys or own.organisation != acting.card.organisation:
        raise RefusedError("not_in_roster", "The roster does not name you with your keys.", "Tell the inviter.")
    if roster.workspace != workspace or (workers.workspace, workers.genesis) != (workspace, genesis.hash):
        raise RefusedError(
            "roster_mixed", "The roster and the worker list do not belong together.", "Tell the inviter."
        )
    lines = [f"{m.email} ({m.organisation}): {fingerprint(m.keys.signing)}" for m in roster.members]
    lines += [
        f"key service of {o.name}: {fingerprint(o.key_service.signing)}" for o in roster.organisations if o.key_service
    ]
    lines += [f"worker {w.name}: {fingerprint(w.platform_key)}" for w in workers.workers]
    return Offer(workspace=workspace, genesis=genesis.hash, roster=roster, workers=workers, lines=tuple(lines))


def accept(acting: Acting, workspace: str, *, genesis: str) -> WorkspaceWire:
    """Sign the roster and the worker list whose genesis came with the invitation.

    Raises:
        RefusedError: the server shows another genesis than the invitation; nothing is signed.
    """
    offer = look(acting, workspace)
    if offer.genesis != genesis:
        raise RefusedError(
            "other_genesis",
            "The server shows another roster than the invitation names; nothing was signed.",
            "Compare with the inviter over another channel.",
        )
    wire = acting.client.roster(workspace)
    pending = [envelope_of(wire.rosters[-1]), envelope_of(wire.workers[-1])]
    signed = [envelopes.countersign(each, acting.ring.signing) for each in pending]
    made = acting.client.sign_roster(
        workspace, RosterSignatures(envelopes=[EnvelopeWire.model_validate(each.to_json()) for each in signed])
    )
    acting.pins.pin(workspace, genesis)
    return made
