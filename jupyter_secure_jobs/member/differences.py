"""What a change of the members or workers would do, in words: nothing that is signed goes unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto.encoding import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.domain.workspace import KeyPair
    from jupyter_secure_jobs.protocol.roster import Roster, WorkerList
    from jupyter_secure_jobs.trust.change import Change


def in_words(change: Change) -> tuple[str, ...]:
    """Return one line for each difference between what is in force and what is proposed, with fingerprints."""
    found = [*_members(change.before, change.after), *_organisations(change.before, change.after)]
    found += _workers(change.last_list, change.listed)
    if change.before.name != change.after.name:
        found.append(f"The workspace is called {change.after.name!r}, not {change.before.name!r}.")
    return tuple(found or ["Nothing changes but the number of the list."])


def _members(before: Roster, after: Roster) -> Iterator[str]:
    for member in after.members:
        old = before.member(member.email)
        if old is None:
            yield f"JOINS   {member.email} ({member.organisation}): {fingerprint(member.keys.signing)}"
        elif old.keys != member.keys:
            yield (
                f"NEW KEY {member.email} ({member.organisation}): {_changed(old.keys, member.keys)}. "
                "Make sure by another way that the person has it."
            )
    for member in before.members:
        if after.member(member.email) is None:
            yield f"LEAVES  {member.email} ({member.organisation})"
    stay = [m.email for m in before.members if after.member(m.email)]
    if stay != [m.email for m in after.members if before.member(m.email)]:
        yield "The order of the members changes."


def _organisations(before: Roster, after: Roster) -> Iterator[str]:
    for organisation in after.organisations:
        old = before.organisation(organisation.name)
        if old is None:
            yield f"JOINS   the organisation {organisation.name}"
        for what, was, now in (
            ("key service", old.key_service if old else None, organisation.key_service),
            ("recovery key", old.recovery if old else None, organisation.recovery),
        ):
            if was != now:
                yield f"{_pair(was, now)} of {organisation.name}".replace("KEYS", what)
    for organisation in before.organisations:
        if after.organisation(organisation.name) is None:
            yield f"LEAVES  the organisation {organisation.name}, and its key service with it"
    stay = [o.name for o in before.organisations if after.organisation(o.name)]
    if stay != [o.name for o in after.organisations if before.organisation(o.name)]:
        yield "The order of the organisations changes."


def _pair(was: KeyPair | None, now: KeyPair | None) -> str:
    if now is None:
        return "NO MORE KEYS"
    if was is None:
        return f"NEW     KEYS ({fingerprint(now.signing)})"
    return f"CHANGED KEYS ({_changed(was, now)})"


def _changed(was: KeyPair, now: KeyPair) -> str:
    if was.signing == now.signing:
        return f"another sealing key beside {fingerprint(now.signing)}"
    return f"{fingerprint(now.signing)}, not {fingerprint(was.signing)} any more"


def _workers(before: WorkerList, after: WorkerList) -> Iterator[str]:
    old, new = ({worker.name: worker for worker in listed.workers} for listed in (before, after))
    for name, worker in new.items():
        was = old.get(name)
        if was is None:
            yield f"JOINS   the worker {name}: {fingerprint(worker.platform_key)}, {', '.join(worker.measurements)}"
        elif was.platform_key != worker.platform_key:
            yield f"NEW KEY the worker {name}: {fingerprint(worker.platform_key)}"
        if was is not None and was.measurements != worker.measurements:
            yield f"UPGRADE the worker {name}: {', '.join(worker.measurements)}"
    for name in old:
        if name not in new:
            yield f"LEAVES  the worker {name}"
    if len(new) != len(after.workers):
        yield "TWO WORKERS OF ONE NAME are listed."
