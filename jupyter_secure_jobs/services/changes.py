"""Changes of the members or workers: one at a time, signed by everybody concerned, then put in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.text import COMMENT_LENGTH, clean_text
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.roster import Roster
from jupyter_secure_jobs.services import activation, logbook, workspaces
from jupyter_secure_jobs.store import changes as rows
from jupyter_secure_jobs.store import workspaces as workspace_rows
from jupyter_secure_jobs.store.tables import ProposalRow
from jupyter_secure_jobs.trust import signatures
from jupyter_secure_jobs.trust.change import Change, read_change, verify_change
from jupyter_secure_jobs.wire.base import Page
from jupyter_secure_jobs.wire.change import (
    ChangeNew,
    ChangeRefusal,
    ChangeSignatures,
    ChangesWire,
    ChangeWire,
    EndedChangeWire,
    InvitationWire,
)

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.wire.base import EnvelopeWire


def _caller(unit: Unit, workspace: str) -> str:
    """Return who calls: a member, one whom the pending change names, or who holds an organisation's recovery key.

    Raises:
        NotFoundError: none of these: the workspace looks as if it did not exist.
    """
    key = unit.caller()
    member = workspace_rows.member_of_key(unit.session, workspace, key)
    if member is not None:
        return member.email
    waiting = rows.pending(unit.session, workspace)
    invited = _named(waiting, key) if waiting is not None else None
    if invited is not None:
        return invited
    chain = workspaces.chain(unit, workspace)
    for organisation in envelopes.read(Roster, chain[-1]).organisations if chain else ():
        if organisation.recovery is not None and organisation.recovery.signing == key:
            return f"recovery key of {organisation.name}"
    raise NotFoundError("no_workspace", "There is no such workspace.", "Check the address, or ask to be invited.")


def _named(row: ProposalRow, key: str) -> str | None:
    roster = envelopes.read(Roster, Envelope.from_bytes(row.roster)) if row.roster is not None else None
    return next((m.email for m in roster.members if m.keys.signing == key), None) if roster is not None else None


def _read(unit: Unit, workspace: str, roster: Envelope | None, workers: Envelope) -> Change:
    rosters = workspaces.in_force(unit, workspace)
    return read_change(rosters, workspaces.worker_lists(unit, workspace), roster=roster, workers=workers)


def _change(unit: Unit, row: ProposalRow) -> Change:
    roster = Envelope.from_bytes(row.roster) if row.roster is not None else None
    return _read(unit, row.workspace, roster, Envelope.from_bytes(row.workers))


def propose(unit: Unit, workspace: str, body: ChangeNew) -> ChangesWire:
    """Take a change that waits for signatures; with all of them it is in force at once.

    Raises:
        ConflictError: another change waits, or this one was refused before.
        RefusedError: it does not follow what is in force, or the caller has not signed what the caller must.
        NotAllowedError: a recovery key proposes more than its own members' keys; or the workspace is not active.
    """
    who = _caller(unit, workspace)
    roster = logbook.envelope_of(body.roster) if body.roster is not None else None
    change = _read(unit, workspace, roster, logbook.envelope_of(body.workers))
    waiting = rows.pending(unit.session, workspace)
    if waiting is not None:
        if waiting.hash == change.hash:
            return wire(unit, workspace)
        raise ConflictError(
            "change_pending", f"A change by {waiting.proposer} waits for signatures.", "Sign or refuse that one first."
        )
    known = rows.by_hash(unit.session, workspace, change.hash)
    if known is not None:
        raise ConflictError(
            "change_ended", f"This very change was {known.outcome} before, by {known.ended_by}.", "Propose another."
        )
    _check_recovery(unit, change)
    _require_own(unit, change, who)
    row = ProposalRow(
        workspace=workspace,
        number=rows.next_number(unit.session, workspace),
        hash=change.hash,
        proposer=who,
        roster=None,
        workers=b"",
        proposed=unit.now,
        ended=None,
        outcome=None,
        ended_by=None,
        reason="",
    )
    _keep(unit, row, change)
    unit.session.add(row)
    unit.session.flush()
    unit.record(workspace=workspace, member=who, action=Event.CHANGE_PROPOSED, detail="; ".join(change.words()))
    _put_in_force_if_signed(unit, row)
    unit.changes(workspace)
    return wire(unit, workspace)


def _require_own(unit: Unit, change: Change, who: str) -> None:
    key = unit.caller()
    if not change.waits_for(key):
        raise NotAllowedError("not_concerned", "Your signature is not among those it needs.", "Ask a member to do it.")
    for envelope, needed in change.needed():
        if any(key in each.keys for each in needed):
            signatures.require(envelope, key, who=who)


def _check_recovery(unit: Unit, change: Change) -> None:
    # A recovery key is nobody: without this it could block a workspace with proposals that no one wants.
    key = unit.caller()
    own = next((o for o in change.before.organisations if o.recovery and o.recovery.signing == key), None)
    if own is None:
        return
    pairs = list(zip(change.before.members, change.after.members, strict=False))
    same_people = [m.email for m in change.before.members] == [m.email for m in change.after.members]
    own_alone = all(old.keys == new.keys or old.organisation == own.name for old, new in pairs)
    same_rest = (change.before.organisations, change.last_list.workers) == (
        change.after.organisations,
        change.listed.workers,
    )
    if not (same_people and own_alone and same_rest):
        raise NotAllowedError(
            "recovery_only_replaces",
            "A recovery key can replace lost keys of its own organisation's members, and nothing else.",
            "Ask a member to propose the rest.",
        )


def _keep(unit: Unit, row: ProposalRow, change: Change) -> None:
    """Keep the change's statements with those signatures that it needs, each verified."""
    kept: list[Envelope] = []
    for envelope, needed in change.needed():
        asked = {key for each in needed for key in each.keys}
        own = [signature for signature in envelope.signatures if signature.keyid in asked]
        for signature in own:
            signatures.require(envelope, signature.keyid, who="a signer")
        kept.append(Envelope(payload=envelope.payload, payloadType=envelope.payloadType, signatures=tuple(own)))
    row.workers = kept[-1].to_bytes()
    row.roster = kept[0].to_bytes() if change.roster is not None else None
    unit.session.flush()


def sign(unit: Unit, workspace: str, body: ChangeSignatures) -> ChangesWire:
    """Add signatures to the change that waits; with the last one it is in force.

    Raises:
        NotFoundError: no change waits.
        ConflictError: another one waits than was signed.
        RefusedError: the caller's own signature is missing, or one does not verify.
    """
    who = _caller(unit, workspace)
    row = _waiting(unit, workspace, body.change)
    change = _change(unit, row)
    sent = {envelope.hash: envelope for envelope in (logbook.envelope_of(each) for each in body.envelopes)}
    own = [each for each in (change.roster, change.workers) if each is not None]
    if set(sent) - {each.hash for each in own}:
        raise InvalidError("other_change", "A statement is not of the change that waits.", "Look at it again.")
    merged = [each.with_signatures(sent[each.hash].signatures) if each.hash in sent else each for each in own]
    roster = merged[0] if change.roster is not None else None
    signed = _read(unit, workspace, roster, merged[-1])
    if signed.waits_for(unit.caller()):
        _require_own(unit, signed, who)
    _keep(unit, row, signed)
    _put_in_force_if_signed(unit, row)
    unit.changes(workspace)
    return wire(unit, workspace)


def _waiting(unit: Unit, workspace: str, digest: str) -> ProposalRow:
    row = rows.pending(unit.session, workspace)
    if row is None:
        raise NotFoundError("no_change", "No change waits for signatures.", "See `jupyter secure-jobs roster show`.")
    if row.hash != digest:
        raise ConflictError("other_change", "Another change waits than the one you looked at.", "Look at it again.")
    return row


def _put_in_force_if_signed(unit: Unit, row: ProposalRow) -> None:
    change = _change(unit, row)
    if change.missing():
        return
    chain, lists = workspaces.chain(unit, row.workspace), workspaces.worker_lists(unit, row.workspace)
    verify_change(chain, lists, change, genesis=workspaces.genesis(unit, row.workspace))
    row.ended, row.outcome, row.ended_by = unit.now, "in force", row.proposer
    activation.put_in_force(unit, change, proposer=row.proposer)


def refuse(unit: Unit, workspace: str, body: ChangeRefusal) -> ChangesWire:
    """End the change that waits: any member, and anyone whose key it names, may refuse it or take it back.

    Raises:
        NotFoundError: no change waits.
        ConflictError: another one waits.
        InvalidError: no reason is given.
    """
    who = _caller(unit, workspace)
    row = _waiting(unit, workspace, body.change)
    reason = clean_text(body.reason, what="reason", longest=COMMENT_LENGTH)
    if not reason.strip():
        raise InvalidError("reason_needed", "A refusal needs a reason.", "Say why.")
    row.ended, row.outcome, row.ended_by, row.reason = unit.now, "refused", who, reason
    unit.record(workspace=workspace, member=who, action=Event.CHANGE_REFUSED, detail=f"proposed by {row.proposer}")
    unit.session.flush()
    unit.changes(workspace)
    return wire(unit, workspace)


def get(unit: Unit, workspace: str) -> ChangesWire:
    """Return the chains in force and the change that waits, with who has still to sign."""
    _caller(unit, workspace)
    return wire(unit, workspace)


def invitations(unit: Unit) -> Page[InvitationWire]:
    """Return the changes that would make the caller's key a member's."""
    key, items = unit.caller(), []
    for row in rows.pending_anywhere(unit.session):
        if _named(row, key) is None or workspace_rows.member_of_key(unit.session, row.workspace, key) is not None:
            continue
        space = workspace_rows.get(unit.session, row.workspace)
        if space is not None:
            items.append(
                InvitationWire(workspace=space.id, name=space.name, genesis=space.genesis, change=row.hash,
                               proposer=row.proposer, proposed=row.proposed)
            )  # fmt: skip
    return Page[InvitationWire](items=items)


def wire(unit: Unit, workspace: str) -> ChangesWire:
    """Return the state of changes, whoever asks."""
    row = rows.pending(unit.session, workspace)
    return ChangesWire(
        rosters=[logbook.wire_of(each) for each in workspaces.chain(unit, workspace)],
        workers=[logbook.wire_of(each) for each in workspaces.worker_lists(unit, workspace)],
        pending=_pending(unit, row) if row is not None else None,
        ended=[
            EndedChangeWire(hash=each.hash, proposer=each.proposer, proposed=each.proposed, ended=each.ended,
                            outcome=each.outcome or "", ended_by=each.ended_by or "", reason=each.reason)
            for each in rows.ended(unit.session, workspace) if each.ended is not None
        ],
    )  # fmt: skip


def _pending(unit: Unit, row: ProposalRow) -> ChangeWire:
    change = _change(unit, row)
    roster: EnvelopeWire | None = logbook.wire_of(change.roster) if change.roster is not None else None
    return ChangeWire(
        hash=row.hash,
        proposer=row.proposer,
        proposed=row.proposed,
        roster=roster,
        workers=logbook.wire_of(change.workers),
        missing=list(change.missing()),
    )
