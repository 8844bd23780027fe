"""The roster chain, from the genesis to the newest epoch, and the worker list beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.roster import Roster, Worker, WorkerList
from jupyter_secure_jobs.trust import signatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.domain.workspace import Member
    from jupyter_secure_jobs.protocol.envelope import Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRosters:
    """A verified chain. `genesis` names the workspace; `hash` is that of the newest roster."""

    chain: tuple[Roster, ...]
    genesis: str
    hash: str

    @property
    def newest(self) -> Roster:
        """The roster in force."""
        return self.chain[-1]

    @property
    def workspace(self) -> str:
        """The workspace's id."""
        return self.newest.workspace

    def member(self, email: str) -> Member:
        """Return a member of the newest roster.

        Raises:
            RefusedError: there is none with this e-mail address.
        """
        found = self.newest.member(email)
        if found is None:
            raise RefusedError("not_a_member", f"{email} is not a member in the newest roster.")
        return found

    def organisation_members(self, organisation: str) -> tuple[Member, ...]:
        """Return the members of one organisation in the newest roster, in its order."""
        return tuple(member for member in self.newest.members if member.organisation == organisation)


def verify_rosters(chain: Sequence[Envelope], *, genesis: str) -> TrustedRosters:
    """Return the verified chain.

    Order of checks: the first roster hashes to `genesis` and is signed by all its members; each next one names the
    workspace, the genesis, the log's key, the epoch after and the hash of the one before, and is signed by all members
    of the one before and by everyone who joins. An organisation's recovery key may sign for its own members whose
    keys change.

    Raises:
        RefusedError: with the first check that failed.
    """
    if not chain:
        raise RefusedError("roster_missing", "There is no roster.")
    first = envelopes.read(Roster, chain[0])
    if chain[0].hash != genesis:
        raise RefusedError("other_genesis", "The roster chain does not start at the known genesis.")
    if first.epoch != 1 or first.genesis is not None or first.previous is not None:
        raise RefusedError("roster_genesis", "The first roster is not a genesis.")
    for member in first.members:
        signatures.require(chain[0], member.keys.signing, who=member.email)
    rosters, before = [first], chain[0].hash
    for envelope in chain[1:]:
        roster = envelopes.read(Roster, envelope)
        last = rosters[-1]
        named = (roster.workspace, roster.genesis, roster.epoch, roster.previous)
        if named != (first.workspace, genesis, last.epoch + 1, before):
            raise RefusedError("roster_chain", f"Roster {roster.epoch} does not follow roster {last.epoch}.")
        if roster.log_key != first.log_key:
            raise RefusedError("roster_chain", f"Roster {roster.epoch} names another key for the workspace's log.")
        _check_change(last, roster, envelope)
        rosters.append(roster)
        before = envelope.hash
    return TrustedRosters(chain=tuple(rosters), genesis=genesis, hash=before)


def _check_change(last: Roster, roster: Roster, envelope: Envelope) -> None:
    for needed in signers_of_roster(last, roster):
        signatures.require_any(envelope, needed.keys, who=needed.who)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A signature that a statement needs: in words whose, and by which one of these keys."""

    who: str
    keys: tuple[str, ...]


def signers_of_roster(last: Roster, roster: Roster) -> tuple[Needed, ...]:
    """Return who must sign a roster that follows `last`: every member of the last, and all new keys."""
    needed: list[Needed] = []
    for member in last.members:
        allowed = [member.keys.signing]
        now = roster.member(member.email)
        organisation = last.organisation(member.organisation)
        lost = now is not None and now.organisation == member.organisation and now.keys != member.keys
        if lost and organisation is not None and organisation.recovery is not None:
            allowed.append(organisation.recovery.signing)
        needed.append(Needed(who=member.email, keys=tuple(allowed)))
    for member in roster.members:
        old = last.member(member.email)
        if old is None:
            needed.append(Needed(who=member.email, keys=(member.keys.signing,)))
        elif old.keys != member.keys:
            needed.append(Needed(who=f"{member.email} with the new key", keys=(member.keys.signing,)))
    return tuple(needed)


def signers_of_workers(roster: Roster) -> tuple[Needed, ...]:
    """Return who must sign a worker list: every member of the roster in force."""
    return tuple(Needed(who=member.email, keys=(member.keys.signing,)) for member in roster.members)


def verify_workers(lists: Sequence[Envelope], rosters: TrustedRosters) -> dict[str, Worker]:
    """Return the enrolled workers by platform key, from the newest worker list.

    Order of checks: each list names the workspace and the genesis and follows the one before; the newest is signed
    by every member of the newest roster.

    Raises:
        RefusedError: with the first check that failed.
    """
    return verify_every_workers(lists, rosters)[0]


def verify_every_workers(lists: Sequence[Envelope], rosters: TrustedRosters) -> tuple[dict[str, Worker], ...]:
    """Return the workers of every list by platform key, newest list first.

    The newest is signed, and names each earlier one by the hash of the one before: so all are what the members signed.

    Raises:
        RefusedError: as `verify_workers`.
    """
    found = _linked(lists, rosters)
    for needed in signers_of_workers(rosters.newest):
        signatures.require_any(lists[-1], needed.keys, who=needed.who)
    return tuple({worker.platform_key: worker for worker in listed.workers} for listed in reversed(found))


def _linked(lists: Sequence[Envelope], rosters: TrustedRosters) -> list[WorkerList]:
    if not lists:
        raise RefusedError("workers_missing", "There is no worker list.")
    before: str | None = None
    found = []
    for number, envelope in enumerate(lists, start=1):
        listed = envelopes.read(WorkerList, envelope)
        named = (listed.workspace, listed.genesis, listed.epoch, listed.previous)
        if named != (rosters.workspace, rosters.genesis, number, before):
            raise RefusedError("workers_chain", "The worker lists do not follow one another.")
        before = envelope.hash
        found.append(listed)
    return found
