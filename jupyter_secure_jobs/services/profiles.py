"""Compute profiles of a workspace, and how a draft is filled from one. A draft keeps a copy, never a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain import profile as rules
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.compute import SETTINGS, SETTINGS_OF, STANDARD, EngineName, Package, setting_takes
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, StaleError
from jupyter_secure_jobs.domain.job import JobLimits
from jupyter_secure_jobs.domain.profile import Offer, Taken
from jupyter_secure_jobs.domain.text import clean_name, folded
from jupyter_secure_jobs.store import profiles, workspaces
from jupyter_secure_jobs.store.profile_table import ProfileRow
from jupyter_secure_jobs.wire.base import Nothing, Page
from jupyter_secure_jobs.wire.compute import ComputeWire, PackageWire, ProfileNotice
from jupyter_secure_jobs.wire.job import LimitsWire
from jupyter_secure_jobs.wire.profile import (
    ComputeOffer,
    EngineOffer,
    OfferWire,
    ProfileChange,
    ProfileNew,
    ProfileWire,
    SettingOffer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.services.terms import Terms
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.tables import MemberRow, ServiceKeyRow
    from jupyter_secure_jobs.wire.job import DraftChange

STANDARD_ID: Final = "standard"


def offers(unit: Unit, workspace: str) -> list[Offer]:
    """Return what the workspace's workers have said of themselves."""
    workers = workspaces.services(unit.session, workspace, "worker")
    return [offer for row in workers if (offer := offer_of(row)) is not None]


def offer_of(worker: ServiceKeyRow) -> Offer | None:
    """Return what a worker has said of itself, if it has."""
    return None if worker.offer is None else _offer(OfferWire.model_validate(worker.offer))


def _offer(said: OfferWire) -> Offer:
    return Offer(
        cores=said.cores,
        memory_bytes=said.memory_bytes,
        engines=tuple(said.engines),
        packages=tuple(Package(**each.model_dump()) for each in said.packages),
    )


def told(unit: Unit, rows: Sequence[ServiceKeyRow], said: OfferWire | None) -> None:
    """Keep what a worker says that runs can have there; it is shown to members, and nothing rests on it.

    Raises:
        InvalidError: it is no offer.
    """
    if said is None:
        return
    if len(said.packages) > rules.MOST_OFFERED:
        raise InvalidError("offer", f"A worker tells at most {rules.MOST_OFFERED:,} packages.", "Tell fewer.")
    _offer(said)
    made = said.model_dump(mode="json")
    for row in rows:
        if row.offer != made:
            row.offer = made
            unit.changes(row.workspace)


def _limits(wire: LimitsWire) -> JobLimits:
    return JobLimits(**wire.model_dump())


def _standard(known: list[Offer]) -> ProfileWire:
    compute, limits = ComputeWire(), LimitsWire()
    return ProfileWire(
        id=STANDARD_ID,
        name=STANDARD,
        compute=compute,
        limits=limits,
        built_in=True,
        reason=rules.change_refused(built_in=True, made_by="", made_at="", member="", organisation=""),
        unfit=rules.unfit(compute.compute(), _limits(limits), known),
    )


def _wire(row: ProfileRow, member: MemberRow, known: list[Offer]) -> ProfileWire:
    compute, limits = ComputeWire.model_validate(row.compute), LimitsWire.model_validate(row.limits)
    reason = _refused(row, member)
    return ProfileWire(
        id=row.id,
        name=row.name,
        compute=compute,
        limits=limits,
        built_in=False,
        made_by=row.made_by,
        organisation=row.organisation,
        revision=row.revision,
        changed=row.changed,
        can_change=reason is None,
        reason=reason,
        unfit=rules.unfit(compute.compute(), _limits(limits), known),
    )


def _refused(row: ProfileRow, member: MemberRow) -> str | None:
    return rules.change_refused(
        built_in=False,
        made_by=row.made_by,
        made_at=row.organisation,
        member=member.email,
        organisation=member.organisation,
    )


def listed(unit: Unit, workspace: str) -> Page[ProfileWire]:
    """Return the workspace's profiles, the built-in one first; all on one page, since they are few."""
    member = unit.member(workspace)
    known = offers(unit, workspace)
    own = [_wire(row, member, known) for row in profiles.listed(unit.session, workspace)]
    return Page[ProfileWire](items=[_standard(known), *own])


def get(unit: Unit, workspace: str, profile: str) -> ProfileWire:
    """Return one profile.

    Raises:
        NotFoundError: there is none of this id.
    """
    member = unit.member(workspace)
    known = offers(unit, workspace)
    return _standard(known) if profile == STANDARD_ID else _wire(_row(unit, workspace, profile), member, known)


def _row(unit: Unit, workspace: str, profile: str) -> ProfileRow:
    row = profiles.get(unit.session, workspace, profile)
    if row is None:
        raise NotFoundError("no_profile", "There is no such compute profile.", "See the list of profiles.")
    return row


def _check_free(unit: Unit, workspace: str, name: str) -> None:
    if folded(name) == folded(STANDARD) or profiles.by_name(unit.session, workspace, folded(name)) is not None:
        raise ConflictError(
            "profile_name", f"There is a compute profile called {name!r} already.", "Choose another name."
        )


def create(unit: Unit, workspace: str, body: ProfileNew) -> ProfileWire:
    """Keep a profile for the workspace; any member may.

    Raises:
        ConflictError: the name is taken, or there are too many.
        InvalidError: a part is wrong.
    """
    member = unit.member(workspace)
    name = clean_name(body.name, what="profile's name")
    _check_free(unit, workspace, name)
    if profiles.count(unit.session, workspace) >= rules.MOST_PROFILES:
        raise ConflictError(
            "profiles_many", f"A workspace keeps at most {rules.MOST_PROFILES} compute profiles.", "Delete one first."
        )
    compute = ComputeWire.of(body.compute.compute())
    _limits(body.limits)
    row = ProfileRow(
        id=unit.new_id(),
        workspace=workspace,
        name=name,
        folded=folded(name),
        made_by=member.email,
        organisation=member.organisation,
        compute=compute.model_dump(mode="json"),
        limits=body.limits.model_dump(mode="json"),
        revision=1,
        changed=unit.now,
    )
    unit.session.add(row)
    _record(unit, row, member, Event.PROFILE_MADE)
    return _wire(row, member, offers(unit, workspace))


def _record(unit: Unit, row: ProfileRow, member: MemberRow, event: Event) -> None:
    unit.record(workspace=row.workspace, member=member.email, action=event, detail=row.name)
    unit.changes(row.workspace)


def _to_change(unit: Unit, workspace: str, profile: str) -> tuple[ProfileRow, MemberRow]:
    member = unit.member(workspace)
    if profile == STANDARD_ID:
        reason = _standard([]).reason or ""
        raise NotAllowedError("profile_refused", reason, "Choose another name.")
    row = _row(unit, workspace, profile)
    refused = _refused(row, member)
    if refused is not None:
        raise NotAllowedError("profile_refused", refused, "Ask them, or save yours under another name.")
    return row, member


def change(unit: Unit, workspace: str, profile: str, body: ProfileChange, *, revision: int | None) -> ProfileWire:
    """Change a profile. No draft, version or run changes with it: each has its copy.

    Raises:
        NotAllowedError: it is another organisation's, or built in.
        StaleError: somebody changed it since `revision`.
    """
    row, member = _to_change(unit, workspace, profile)
    if revision is not None and revision != row.revision:
        raise StaleError(
            "profile_stale",
            f"The profile was changed meanwhile (it is at revision {row.revision}, you sent {revision}).",
            "Fetch it, put your change in again, and save.",
        )
    if body.name is not None:
        name = clean_name(body.name, what="profile's name")
        if folded(name) != row.folded:
            _check_free(unit, workspace, name)
        row.name, row.folded = name, folded(name)
    if body.compute is not None:
        row.compute = ComputeWire.of(body.compute.compute()).model_dump(mode="json")
    if body.limits is not None:
        _limits(body.limits)
        row.limits = body.limits.model_dump(mode="json")
    row.revision += 1
    row.changed = unit.now
    _record(unit, row, member, Event.PROFILE_CHANGED)
    return _wire(row, member, offers(unit, workspace))


def delete(unit: Unit, workspace: str, profile: str) -> Nothing:
    """Delete a profile; what was made with it keeps its copy.

    Raises:
        NotAllowedError: as `change`.
    """
    row, member = _to_change(unit, workspace, profile)
    unit.session.delete(row)
    _record(unit, row, member, Event.PROFILE_DELETED)
    return Nothing()


def offered(unit: Unit, workspace: str) -> ComputeOffer:
    """Return what a profile can be made of here."""
    unit.member(workspace)
    known = offers(unit, workspace)
    return ComputeOffer(
        engines=[
            EngineOffer(
                name=name, about=rules.ENGINE_WORDS[name], offered=any(name in offer.engines for offer in known)
            )
            for name in EngineName
        ],
        settings=[
            SettingOffer(
                name=name,
                takes=setting_takes(name),
                pattern=values.pattern,
                engines=[engine for engine in EngineName if name in SETTINGS_OF[engine]],
            )
            for name, values in SETTINGS.items()
        ],
        packages=[
            PackageWire(name=each.name, version=each.version, wheel=each.wheel)
            for each in sorted({package for offer in known for package in offer.packages})
        ],
        cores=max((offer.cores for offer in known), default=None),
        memory_bytes=max((offer.memory_bytes for offer in known), default=None),
        note=rules.NEVER_REACHES,
    )


def filled(unit: Unit, workspace: str, body: DraftChange) -> tuple[DraftChange, Taken | None]:
    """Return a change of a draft with what its profile says copied into it, and what was taken.

    What the change itself says stays as it is said: that is what its author had in front.

    Raises:
        NotFoundError: a profile is named without its content, and there is none of that name.
    """
    if body.profile is None:
        return body, None
    name = clean_name(body.profile, what="profile's name")
    row = profiles.by_name(unit.session, workspace, folded(name))
    standard = folded(name) == folded(STANDARD)
    if row is None and not standard:
        if body.compute is not None and body.limits is not None:
            return body, None
        raise NotFoundError("no_profile", f"There is no compute profile called {name!r}.", "See the list of profiles.")
    compute = ComputeWire.model_validate(row.compute) if row is not None else ComputeWire()
    limits = LimitsWire.model_validate(row.limits) if row is not None else LimitsWire()
    whole = body.model_copy(
        update={
            "profile": row.name if row is not None else STANDARD,
            "compute": body.compute or compute,
            "limits": body.limits or limits,
        }
    )
    typed = body.compute is not None and body.limits is not None and (body.compute, body.limits) != (compute, limits)
    if row is None or typed:
        return whole, None
    return whole, Taken(profile=row.id, revision=row.revision)


def notice(unit: Unit, workspace: str, terms: Terms) -> ProfileNotice | None:
    """Return what a draft says of the profile that it was filled from."""
    kept = terms.get("taken")
    if kept is None:
        return None
    taken = Taken(profile=kept["profile"], revision=kept["revision"])
    row = profiles.get(unit.session, workspace, taken.profile)
    same = row is not None and (row.compute, row.limits) == (terms.get("compute"), terms.get("limits"))
    now = (row.revision, row.name) if row is not None else None
    said = rules.notice(taken, name=terms.get("profile", STANDARD), now=now, same=same)
    return ProfileNotice(text=said.text, take_over=said.take_over) if said is not None else None
