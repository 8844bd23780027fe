"""Workspaces: founded by a genesis roster, active when every member has signed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs._version import __version__
from jupyter_secure_jobs.crypto.encoding import fingerprint
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.text import clean_name
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.roster import Roster, WorkerList
from jupyter_secure_jobs.services import activation, logbook
from jupyter_secure_jobs.store import changes, statements, workspaces
from jupyter_secure_jobs.store.tables import MemberRow, ServiceKeyRow, WorkspaceRow
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.change import read_change, verify_change
from jupyter_secure_jobs.trust.roster import TrustedRosters, verify_rosters
from jupyter_secure_jobs.wire.base import Page
from jupyter_secure_jobs.wire.workspace import (
    MemberWire,
    RosterSignatures,
    RosterWire,
    ServerWire,
    WorkersNew,
    WorkspaceNew,
    WorkspaceWire,
)

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.services.unit import Unit


def server(unit: Unit) -> ServerWire:
    """Return what anybody may know of this server."""
    return ServerWire(log_key=unit.server.log_key.public, version=__version__)


def found(unit: Unit, body: WorkspaceNew) -> WorkspaceWire:
    """Found a workspace from a genesis roster and worker list that the caller, a member in it, has signed.

    Raises:
        NotAllowedError: the server lets only others found workspaces.
        ConflictError: the workspace exists.
        InvalidError: the statements do not fit together, or the caller is not a member or did not sign.
    """
    roster_envelope, workers_envelope = logbook.envelope_of(body.roster), logbook.envelope_of(body.workers)
    roster = envelopes.read(Roster, roster_envelope)
    workers = envelopes.read(WorkerList, workers_envelope)
    caller = next((member for member in roster.members if member.keys.signing == unit.caller()), None)
    creators = unit.server.settings.creators
    if creators and (caller is None or caller.email not in creators):
        raise NotAllowedError(
            "may_not_found", "This server lets you join workspaces, not found them.", "Ask its owner."
        )
    if caller is None or roster.epoch != 1 or roster.genesis is not None or roster.previous is not None:
        raise InvalidError("not_a_genesis", "The roster is no genesis with you as a member.", "Make it again.")
    if roster.log_key != unit.server.log_key.public:
        raise InvalidError("log_key", "The roster names another log's key than this server's.", "Make it again.")
    clean_name(roster.name, what="workspace's name")
    if (workers.workspace, workers.genesis, workers.epoch) != (roster.workspace, roster_envelope.hash, 1):
        raise InvalidError("workers_list", "The worker list is of another workspace.", "Make it again.")
    for envelope in (roster_envelope, workers_envelope):
        signatures.require(envelope, caller.keys.signing, who=caller.email)
    if workspaces.get(unit.session, roster.workspace) is not None:
        raise ConflictError("workspace_exists", "A workspace with this id exists.", "Make a new one.")
    unit.session.add(
        WorkspaceRow(id=roster.workspace, name=roster.name, genesis=roster_envelope.hash, created=unit.now)
    )
    unit.session.flush()
    logbook.append(unit, roster.workspace, "roster", roster_envelope)
    logbook.append(unit, roster.workspace, "workers", workers_envelope)
    for place, member in enumerate(roster.members):
        unit.session.add(
            MemberRow(
                workspace=roster.workspace,
                email=member.email,
                organisation=member.organisation,
                signing_key=member.keys.signing,
                place=place,
                joined=member is caller,
            )
        )
    keys = [("worker", worker.name, worker.platform_key) for worker in workers.workers]
    keys += [("keyservice", o.name, o.key_service.signing) for o in roster.organisations if o.key_service]
    for kind, name, key in keys:
        unit.session.add(ServiceKeyRow(workspace=roster.workspace, kind=kind, name=name, key=key, seen=None))
    unit.session.flush()
    unit.record(workspace=roster.workspace, member=caller.email, action=Event.FOUNDED, detail=roster.name,
                statement=roster_envelope.hash)  # fmt: skip
    unit.changes(roster.workspace)
    return get(unit, roster.workspace)


def get(unit: Unit, workspace: str) -> WorkspaceWire:
    """Return a workspace of the caller."""
    row = unit.workspace(workspace)
    members = workspaces.members(unit.session, workspace)
    rosters = statements.of_kind(unit.session, workspace, "roster")
    waiting = [member.email for member in members if not member.joined]
    return WorkspaceWire(
        id=row.id,
        name=row.name,
        genesis=row.genesis,
        epoch=len(rosters),
        roster=rosters[-1].hash,
        active=not waiting,
        waiting_for=waiting,
        members=len(members),
        organisations=list(dict.fromkeys(member.organisation for member in members)),
        log_key=unit.server.log_key.public,
        log_origin=places.log_origin(row.id),
        created=row.created,
    )


def listed(unit: Unit) -> Page[WorkspaceWire]:
    """Return the caller's workspaces, newest first."""
    rows = workspaces.of_key(unit.session, unit.caller())
    return Page[WorkspaceWire](items=[get(unit, row.id) for row in rows])


def roster(unit: Unit, workspace: str) -> RosterWire:
    """Return the chains, oldest first, with the signatures collected so far."""
    unit.member(workspace)
    rosters = statements.of_kind(unit.session, workspace, "roster")
    workers = statements.of_kind(unit.session, workspace, "workers")
    return RosterWire(
        rosters=[logbook.wire_of(row.envelope) for row in rosters],
        workers=[logbook.wire_of(row.envelope) for row in workers],
    )


def sign(unit: Unit, workspace: str, body: RosterSignatures) -> WorkspaceWire:
    """Add the caller's signatures to the newest roster and worker list.

    Raises:
        InvalidError: it is another statement than the one waiting for signatures.
        RefusedError: the caller's signature is missing or does not verify.
    """
    member = unit.member(workspace)
    pending = {
        row.hash: row for kind in ("roster", "workers") for row in statements.of_kind(unit.session, workspace, kind)
    }
    signed: set[str] = set()
    for wire in body.envelopes:
        envelope = logbook.envelope_of(wire)
        row = pending.get(envelope.hash)
        if row is None:
            raise InvalidError("other_roster", "That is not the roster waiting for signatures.", "Fetch it again.")
        signatures.require(envelope, member.signing_key, who=member.email)
        own = [signature for signature in envelope.signatures if signature.keyid == member.signing_key]
        row.envelope = envelopes.Envelope.from_bytes(row.envelope).with_signatures(own).to_bytes()
        signed.add(row.kind)
    if not member.joined and signed == {"roster", "workers"}:
        member.joined = True
        newest = statements.of_kind(unit.session, workspace, "roster")[-1].hash
        unit.record(workspace=workspace, member=member.email, action=Event.JOINED, statement=newest)
    unit.changes(workspace)
    return get(unit, workspace)


def enroll(unit: Unit, workspace: str, body: WorkersNew) -> WorkspaceWire:
    """Put a newer worker list in force: a worker was upgraded, enrolled or dropped. It voids no acceptance.

    Raises:
        ConflictError: a change waits for signatures.
        RefusedError: it does not follow the newest list, or a member's signature is missing.
    """
    caller = unit.member(workspace)
    rosters = trusted(unit, workspace)
    waiting = changes.pending(unit.session, workspace)
    if waiting is not None:
        raise ConflictError(
            "change_pending", f"A change by {waiting.proposer} waits for signatures.", "Sign or refuse that one first."
        )
    lists, envelope = worker_lists(unit, workspace), logbook.envelope_of(body.workers)
    change = read_change(rosters, lists, roster=None, workers=envelope)
    verify_change(chain(unit, workspace), lists, change, genesis=rosters.genesis)
    activation.put_in_force(unit, change, proposer=caller.email)
    return get(unit, workspace)


def members(unit: Unit, workspace: str) -> Page[MemberWire]:
    """Return the members in the roster's order."""
    unit.member(workspace)
    rows = workspaces.members(unit.session, workspace)
    items = [
        MemberWire(
            email=row.email,
            organisation=row.organisation,
            signing_key=row.signing_key,
            fingerprint=fingerprint(row.signing_key),
            joined=row.joined,
        )
        for row in rows
    ]
    return Page[MemberWire](items=items)


def member(unit: Unit, workspace: str, email: str) -> MemberWire:
    """Return one member.

    Raises:
        NotFoundError: nobody of that address is a member.
    """
    for found_member in members(unit, workspace).items:
        if found_member.email == email:
            return found_member
    raise NotFoundError("no_member", "There is no such member.", "See the list of members.")


def chain(unit: Unit, workspace: str) -> tuple[Envelope, ...]:
    """Return the roster chain."""
    rows = statements.of_kind(unit.session, workspace, "roster")
    return tuple(envelopes.Envelope.from_bytes(row.envelope) for row in rows)


def worker_lists(unit: Unit, workspace: str) -> tuple[Envelope, ...]:
    """Return the worker lists."""
    rows = statements.of_kind(unit.session, workspace, "workers")
    return tuple(envelopes.Envelope.from_bytes(row.envelope) for row in rows)


def genesis(unit: Unit, workspace: str) -> str:
    """Return the hash that names the workspace.

    Raises:
        NotFoundError: there is no such workspace.
    """
    row = workspaces.get(unit.session, workspace)
    if row is None:
        raise NotFoundError("no_workspace", "There is no such workspace.", "Check the address.")
    return row.genesis


def trusted(unit: Unit, workspace: str) -> TrustedRosters:
    """Return the verified roster chain of a workspace of the caller.

    Raises:
        NotAllowedError: not every member has signed yet.
    """
    unit.member(workspace)
    return in_force(unit, workspace)


def in_force(unit: Unit, workspace: str) -> TrustedRosters:
    """Return the verified roster chain, whoever asks.

    Raises:
        NotAllowedError: not every member has signed yet.
    """
    waiting = [member.email for member in workspaces.members(unit.session, workspace) if not member.joined]
    if waiting:
        raise NotAllowedError(
            "workspace_not_active",
            f"The workspace is not active: {waiting[0]} has not accepted the roster yet.",
            "Ask them to run `jupyter secure-jobs roster accept`.",
        )
    return verify_rosters(chain(unit, workspace), genesis=genesis(unit, workspace))
