"""Changing the members and workers: composed from cards, shown in words, signed exactly as shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from jupyter_secure_jobs.domain.workspace import Member, Organisation
from jupyter_secure_jobs.member.context import envelope_of, envelopes_of
from jupyter_secure_jobs.member.differences import in_words
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.roster import Roster, Worker, WorkerList
from jupyter_secure_jobs.trust.change import Change, read_change
from jupyter_secure_jobs.trust.roster import TrustedRosters, verify_rosters, verify_workers
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.change import ChangeNew, ChangeRefusal, ChangeSignatures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.identity import Card
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.wire.change import ChangesWire


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to change: cards of those who join, change keys or are enrolled; names of those who leave."""

    add: tuple[Card, ...] = ()
    remove: tuple[str, ...] = ()
    replace: tuple[Card, ...] = ()
    key_services: tuple[Card, ...] = ()
    recoveries: tuple[Card, ...] = ()
    workers: tuple[Card, ...] = ()
    drop_workers: tuple[str, ...] = ()

    @property
    def people(self) -> bool:
        """Whether the roster changes; else the worker list alone does."""
        return any((self.add, self.remove, self.replace, self.key_services, self.recoveries))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A change that waits, as this side verified it: `hash` names exactly what `lines` say."""

    workspace: str
    genesis: str
    change: Change
    hash: str
    proposer: str
    lines: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The newest roster and worker list, verified, and the change that waits as the server sent it."""

    rosters: TrustedRosters
    lists: tuple[Envelope, ...]
    wire: ChangesWire


def in_force(acting: Acting, workspace: str, *, genesis: str | None = None) -> InForce:
    """Return what is in force, verified from the pinned genesis, or from `genesis` for one who pins none yet.

    Raises:
        RefusedError: it does not verify, is older than what was seen before, or of another genesis than the pinned.
    """
    wire = acting.client.changes(workspace)
    chain, lists = envelopes_of(wire.rosters), envelopes_of(wire.workers)
    if acting.pins.knows(workspace) or genesis is None:
        rosters = acting.follow(workspace, chain, lists)
    else:
        rosters = verify_rosters(chain, genesis=genesis)
        verify_workers(lists, rosters)
    if rosters.workspace != workspace or genesis not in (None, rosters.genesis):
        raise RefusedError("other_genesis", "The server shows another workspace than the invitation names.",
                           "Compare with the inviter over another channel.")  # fmt: skip
    return InForce(rosters=rosters, lists=lists, wire=wire)


def compose(now: InForce, wish: Wish, *, time: datetime) -> tuple[Roster | None, WorkerList]:
    """Return the next roster, or None if the members stay, and the worker list that goes with it.

    Raises:
        InvalidError: the wish names nobody, somebody twice, or does not fit what is in force.
    """
    newest = now.rosters.newest
    last = envelopes.read(WorkerList, now.lists[-1])
    workers = _workers(last.workers, wish)
    if not wish.people and workers == last.workers:
        raise InvalidError("nothing_changes", "Nothing would change.", "Say who joins, leaves or changes keys.")
    listed = replace(last, epoch=last.epoch + 1, previous=now.lists[-1].hash, workers=workers, time=time)
    if not wish.people:
        return None, listed
    members = _members(newest.members, wish)
    roster = Roster(
        workspace=newest.workspace,
        name=newest.name,
        epoch=newest.epoch + 1,
        genesis=now.rosters.genesis,
        previous=now.rosters.hash,
        members=members,
        organisations=_organisations(newest.organisations, members, wish),
        log_key=newest.log_key,
        time=time,
    )
    return roster, listed


def _of_kind(cards: Iterable[Card], kind: str) -> None:
    for card in cards:
        if card.kind != kind:
            raise InvalidError("card_kind", f"The card of {card.name} is a {card.kind} card, no {kind} card.",
                               "Give the right one.")  # fmt: skip


def _members(members: Sequence[Member], wish: Wish) -> tuple[Member, ...]:
    _of_kind((*wish.add, *wish.replace), "member")
    known = {member.email: member for member in members}
    for email in (*wish.remove, *(card.name for card in wish.replace)):
        if email not in known:
            raise InvalidError("no_member", f"{email} is no member.", "See `roster show`.")
    for card in wish.replace:
        if card.organisation != known[card.name].organisation:
            raise InvalidError("member_moved", f"{card.name} is a member for {known[card.name].organisation}.",
                               "An address stays with its organisation: invite another address.")  # fmt: skip
    for card in wish.add:
        if card.name in known:
            raise InvalidError("member_twice", f"{card.name} is a member already.", "For new keys, replace the card.")
    fresh = {card.name: card.keys for card in wish.replace}
    stay = [replace(m, keys=fresh.get(m.email, m.keys)) for m in members if m.email not in wish.remove]
    joining = [Member(email=card.name, organisation=card.organisation, keys=card.keys) for card in wish.add]
    return (*stay, *joining)


def _organisations(
    organisations: Sequence[Organisation], members: Sequence[Member], wish: Wish
) -> tuple[Organisation, ...]:
    _of_kind(wish.key_services, "keyservice")
    _of_kind(wish.recoveries, "recovery")
    # An organisation is there through its members; with the last of them its key service leaves too.
    known = {each.name: each for each in organisations}
    named = list(dict.fromkeys([*known, *(member.organisation for member in members)]))
    peopled = {member.organisation for member in members}
    services = {card.organisation: card.keys for card in wish.key_services}
    recoveries = {card.organisation: card.keys for card in wish.recoveries}
    for name in (*services, *recoveries):
        if name not in peopled:
            raise InvalidError("cards_organisation", f"{name} has a card but no member.", "Invite a member of it.")
    made = []
    for name in named:
        if name in peopled:
            old = known.get(name) or Organisation(name=name, key_service=None, recovery=None)
            made.append(
                replace(
                    old, key_service=services.get(name, old.key_service), recovery=recoveries.get(name, old.recovery)
                )
            )
    return tuple(made)


def _workers(workers: Sequence[Worker], wish: Wish) -> tuple[Worker, ...]:
    _of_kind(wish.workers, "worker")
    cards = {card.name: card for card in wish.workers}
    for name in wish.drop_workers:
        if name not in {worker.name for worker in workers}:
            raise InvalidError("no_worker", f"There is no worker {name!r}.", "See `roster show`.")
    stay = [worker for worker in workers if worker.name not in cards and worker.name not in wish.drop_workers]
    enrolled = [
        Worker(name=card.name, platform_key=card.keys.signing, measurements=(card.measurement,))
        for card in cards.values()
    ]
    made = (*stay, *enrolled)
    if len({worker.platform_key for worker in made}) != len(made):
        raise InvalidError("worker_key", "One platform key stands for two workers.", "Enroll each with its own key.")
    return made


def propose(acting: Acting, workspace: str, wish: Wish, *, genesis: str | None = None) -> Seen | None:
    """Sign and propose a change; return it as it waits, or None if one's own signature was all that it needed.

    Raises:
        InvalidError: the wish means nothing.
        ConflictError: another change waits.
        RefusedError: what is in force does not verify.
    """
    now = in_force(acting, workspace, genesis=genesis)
    if now.wire.pending is not None:
        raise ConflictError("change_pending", f"A change by {now.wire.pending.proposer} waits for signatures.",
                            "Sign or refuse that one first.")  # fmt: skip
    return _hand_in(acting, workspace, now, _composed(now, wish))


def _composed(now: InForce, wish: Wish) -> Change:
    roster, listed = compose(now, wish, time=utc_now())
    return read_change(
        now.rosters,
        now.lists,
        roster=envelopes.sign(roster) if roster is not None else None,
        workers=envelopes.sign(listed),
    )


def _hand_in(acting: Acting, workspace: str, now: InForce, change: Change) -> Seen | None:
    signed = {each.hash: each for each in _signed(acting, change)}
    statements = [change.roster, change.workers]
    first, last = [_wire(signed.get(each.hash, each)) if each is not None else None for each in statements]
    if last is None or not signed:
        raise InvalidError("not_concerned", "Your signature is not among those it needs.", "Ask a member to do it.")
    after = acting.client.propose_change(workspace, ChangeNew(roster=first, workers=last))
    if after.pending is None:
        in_force(acting, workspace, genesis=now.rosters.genesis)
        return None
    return look_at_change(acting, workspace, genesis=now.rosters.genesis)


def _signed(acting: Acting, change: Change) -> list[Envelope]:
    own = acting.ring.signing.public
    return [
        envelopes.countersign(envelope, acting.ring.signing)
        for envelope, needed in change.needed()
        if any(own in each.keys for each in needed)
    ]


def _wire(envelope: Envelope) -> EnvelopeWire:
    return EnvelopeWire.model_validate(envelope.to_json())


def look_at_change(acting: Acting, workspace: str, *, genesis: str | None = None) -> Seen:
    """Return the change that waits, verified: it follows the newest that this side knows, and asks for this key.

    Raises:
        NotFoundError: none waits.
        RefusedError: it does not verify; or it names this member with other keys than this key store's.
    """
    now = in_force(acting, workspace, genesis=genesis)
    pending = now.wire.pending
    if pending is None:
        raise NotFoundError("no_change", "No change waits for signatures.", "See `jupyter secure-jobs roster show`.")
    change = read_change(
        now.rosters,
        now.lists,
        roster=envelope_of(pending.roster) if pending.roster is not None else None,
        workers=envelope_of(pending.workers),
    )
    if not change.waits_for(acting.ring.signing.public):
        raise RefusedError("not_in_roster", "The change does not concern you with your keys.", "Tell the proposer.")
    named = change.after.member(acting.email)
    if (
        named is not None
        and named.keys.signing == acting.card.keys.signing
        and (named.keys != acting.card.keys or named.organisation != acting.card.organisation)
    ):
        raise RefusedError(
            "not_in_roster", "The change names you with another sealing key or organisation.", "Tell the proposer."
        )
    return _seen(workspace, now, change, proposer=_named(pending.proposer, now, change))


def _named(proposer: str, now: InForce, change: Change) -> str:
    # Who proposed is signed by nobody: the server's word, which may name somebody and say nothing else.
    newest = now.rosters.newest
    known = {member.email for member in (*newest.members, *change.after.members)}
    known |= {f"recovery key of {organisation.name}" for organisation in newest.organisations}
    return proposer if proposer in known else "somebody whom the roster does not name"


def _seen(workspace: str, now: InForce, change: Change, *, proposer: str) -> Seen:
    return Seen(
        workspace=workspace,
        genesis=now.rosters.genesis,
        change=change,
        hash=change.hash,
        proposer=proposer,
        lines=in_words(change),
        missing=change.missing(),
    )


def accept_change(acting: Acting, workspace: str, *, shown: str, genesis: str | None = None) -> tuple[str, ...]:
    """Sign the change with the hash that was shown; return who has still to sign: nobody, if it is in force.

    One who joins pins the genesis of the invitation with it.

    Raises:
        ConflictError: another change waits than the one that was shown; nothing is signed.
        RefusedError: it does not verify; nothing is signed.
    """
    seen = look_at_change(acting, workspace, genesis=genesis)
    if seen.hash != shown:
        raise ConflictError(
            "other_change", "Another change waits than the one you looked at; nothing was signed.", "Look at it again."
        )
    signed = [_wire(each) for each in _signed(acting, seen.change)]
    after = acting.client.sign_change(workspace, ChangeSignatures(change=seen.hash, envelopes=signed))
    acting.pins.pin(workspace, seen.genesis)
    if after.pending is not None:
        return tuple(after.pending.missing)
    chain, lists = envelopes_of(after.rosters), envelopes_of(after.workers)
    if lists[-1].hash != seen.change.workers.hash:
        raise RefusedError("change_lost", "The server says that the change is over, but not in force.",
                           "See `roster show` and tell the others.")  # fmt: skip
    acting.follow(workspace, chain, lists)
    return ()


def refuse_change(acting: Acting, workspace: str, *, reason: str) -> str:
    """Refuse the change that waits, or take one's own back; return its hash.

    Raises:
        NotFoundError: none waits.
    """
    pending = acting.client.changes(workspace).pending
    if pending is None:
        raise NotFoundError("no_change", "No change waits for signatures.", "See `jupyter secure-jobs roster show`.")
    acting.client.refuse_change(workspace, ChangeRefusal(change=pending.hash, reason=reason))
    return pending.hash


def recover(
    recovery: Acting, workspace: str, card: Card, *, genesis: str, agree: Callable[[Seen], bool]
) -> tuple[str, ...] | None:
    """Sign with an organisation's recovery key in place of a member's lost key; propose the new card if none waits.

    `recovery` acts with the keys of the printed seed; `agree` is asked with what would be signed, before it is.
    Returns who has still to sign, or None if `agree` said no.

    Raises:
        RefusedError: a change waits that gives the member no new key, or other keys than the card's.
    """
    now = in_force(recovery, workspace, genesis=genesis)
    if now.wire.pending is None:
        change = _composed(now, Wish(replace=(card,)))
        if not agree(_seen(workspace, now, change, proposer=f"recovery key of {card.organisation}")):
            return None
        proposed = _hand_in(recovery, workspace, now, change)
        return proposed.missing if proposed is not None else ()
    seen = look_at_change(recovery, workspace, genesis=genesis)
    named = seen.change.after.member(card.name)
    if named is None or named.keys != card.keys:
        raise RefusedError("other_change", "The change that waits does not give the member this card's keys.",
                           "Have it refused, then recover again.")  # fmt: skip
    if not agree(seen):
        return None
    signed = [_wire(each) for each in _signed(recovery, seen.change)]
    after = recovery.client.sign_change(workspace, ChangeSignatures(change=seen.hash, envelopes=signed))
    return tuple(after.pending.missing) if after.pending is not None else ()
