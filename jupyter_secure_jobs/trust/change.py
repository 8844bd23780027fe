"""A change of the members or workers that waits for signatures: does it follow, and who has still to sign?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.roster import Roster, WorkerList, change_hash
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.roster import (
    Needed,
    TrustedRosters,
    signers_of_roster,
    signers_of_workers,
    verify_rosters,
    verify_workers,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.protocol.envelope import Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A proposed roster, or None if the members stay, and the worker list that goes with it. Not in force."""

    roster: Envelope | None
    workers: Envelope
    before: Roster
    after: Roster
    listed: WorkerList
    last_list: WorkerList

    @property
    def hash(self) -> str:
        """The one hash that names the change."""
        return change_hash(roster=self.roster.hash if self.roster else None, workers=self.workers.hash)

    def words(self) -> tuple[str, ...]:
        """Return in few words who comes, goes and changes keys, for a record; whoever signs is shown more."""
        before = {member.email: member for member in self.before.members}
        after = {member.email: member for member in self.after.members}
        services = {organisation.name: organisation for organisation in self.before.organisations}
        changed = [email for email in after if email in before and after[email].keys != before[email].keys]
        found = [f"{email} joins" for email in after if email not in before]
        found += [f"{email} leaves" for email in before if email not in after]
        found += [f"{email} has new keys" for email in changed]
        found += [
            f"keys of {organisation.name} change"
            for organisation in self.after.organisations
            if organisation.name in services and organisation != services[organisation.name]
        ]
        if self.listed.workers != self.last_list.workers:
            found.append("workers: " + ", ".join(sorted(worker.name for worker in self.listed.workers)))
        return tuple(found)

    def needed(self) -> tuple[tuple[Envelope, tuple[Needed, ...]], ...]:
        """Return each statement with the signatures that it needs."""
        lists = (self.workers, signers_of_workers(self.after))
        if self.roster is None:
            return (lists,)
        return ((self.roster, signers_of_roster(self.before, self.after)), lists)

    def missing(self) -> tuple[str, ...]:
        """Return in words who has still to sign, each once.

        Raises:
            RefusedError: a signature that is there does not verify.
        """
        return tuple(
            dict.fromkeys(
                each.who
                for envelope, needed in self.needed()
                for each in needed
                if not signatures.stands(envelope, each.keys)
            )
        )

    def waits_for(self, key: str) -> bool:
        """Tell whether a signature by this key is asked for at all."""
        return any(key in each.keys for _, needed in self.needed() for each in needed)


def read_change(
    rosters: TrustedRosters, lists: Sequence[Envelope], *, roster: Envelope | None, workers: Envelope
) -> Change:
    """Return a proposed change that follows what is in force; nobody's signature is asked for yet.

    `rosters` and `lists` are verified already. An e-mail address stays with its organisation for ever, since datasets
    and results are held by both.

    Raises:
        RefusedError: it does not follow, changes what must stay, or moves an address to another organisation.
    """
    before = after = rosters.newest
    if roster is not None:
        after = envelopes.read(Roster, roster)
        named = (after.workspace, after.genesis, after.epoch, after.previous)
        if named != (rosters.workspace, rosters.genesis, before.epoch + 1, rosters.hash):
            raise RefusedError(
                "roster_chain", f"The proposed roster does not follow roster {before.epoch}.", "Propose it again."
            )
        _check_addresses(rosters, after)
    last_list = envelopes.read(WorkerList, lists[-1])
    listed = envelopes.read(WorkerList, workers)
    follows = (rosters.workspace, rosters.genesis, last_list.epoch + 1, lists[-1].hash)
    if (listed.workspace, listed.genesis, listed.epoch, listed.previous) != follows:
        raise RefusedError("workers_chain", "The proposed worker list does not follow the newest.", "Propose it again.")
    return Change(roster=roster, workers=workers, before=before, after=after, listed=listed, last_list=last_list)


def _check_addresses(rosters: TrustedRosters, after: Roster) -> None:
    for member in after.members:
        for earlier in rosters.chain:
            known = earlier.member(member.email)
            if known is not None and known.organisation != member.organisation:
                raise RefusedError(
                    "member_moved",
                    f"{member.email} was a member for {known.organisation}, not for {member.organisation}.",
                    "Invite the person under another address.",
                )


def verify_change(
    chain: Sequence[Envelope], lists: Sequence[Envelope], change: Change, *, genesis: str
) -> TrustedRosters:
    """Return the chain with the change in force, if everybody concerned has signed.

    Raises:
        RefusedError: with the first check that failed; nothing is in force.
    """
    rosters = verify_rosters((*chain, change.roster) if change.roster is not None else chain, genesis=genesis)
    verify_workers((*lists, change.workers), rosters)
    return rosters
