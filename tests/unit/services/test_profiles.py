"""Compute profiles on the server: whose they are, that they stay in their workspace, and that drafts keep copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain import profile as rules
from jupyter_secure_jobs.domain.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from jupyter_secure_jobs.services import profiles
from jupyter_secure_jobs.store.tables import ServiceKeyRow
from jupyter_secure_jobs.wire.compute import ComputeWire, PackageWire, SettingWire
from jupyter_secure_jobs.wire.job import DraftChange, LimitsWire
from jupyter_secure_jobs.wire.profile import OfferWire, ProfileChange, ProfileNew
from tests.support.filled import ANA, BEN, ELSEWHERE, HERE, OUTSIDER, WEI, Filled
from tests.support.refusal import refused

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.profile import ProfileWire

LARGE = LimitsWire(cores=4, seconds=120)


def made(small: Filled, who: str = ANA, *, name: str = "Large", workspace: str = HERE) -> ProfileWire:
    with small.unit(who, reading=False) as unit:
        return profiles.create(unit, workspace, ProfileNew(name=name, limits=LARGE))


def test_another_organisation_neither_changes_nor_deletes_it(small: Filled) -> None:
    profile = made(small)
    with small.unit(WEI, reading=False) as unit:
        seen = profiles.get(unit, HERE, profile.id)
        assert (seen.can_change, "Airline" in (seen.reason or "")) == (False, True)
        with refused("profile_refused", kind=NotAllowedError):
            profiles.change(unit, HERE, profile.id, ProfileChange(limits=LimitsWire()), revision=1)
        with refused("profile_refused", kind=NotAllowedError):
            profiles.delete(unit, HERE, profile.id)
    with small.unit(BEN, reading=False) as unit:
        assert profiles.get(unit, HERE, profile.id).limits == LARGE
        assert profiles.change(unit, HERE, profile.id, ProfileChange(name="Larger"), revision=1).revision == 2
        with refused("profile_stale", kind=StaleError):
            profiles.change(unit, HERE, profile.id, ProfileChange(name="Largest"), revision=1)


def test_the_built_in_one_is_nobodys_to_change_and_its_name_is_taken(small: Filled) -> None:
    with small.unit(ANA, reading=False) as unit:
        for attempt in (
            lambda: profiles.change(unit, HERE, profiles.STANDARD_ID, ProfileChange(limits=LARGE), revision=None),
            lambda: profiles.delete(unit, HERE, profiles.STANDARD_ID),
        ):
            with refused("profile_refused", kind=NotAllowedError):
                attempt()
        for name in ("standard", " STANDARD "):
            with refused("profile_name", kind=ConflictError):
                profiles.create(unit, HERE, ProfileNew(name=name))
    profile = made(small)
    with small.unit(ANA, reading=False) as unit, refused("profile_name", kind=ConflictError):
        profiles.change(unit, HERE, profile.id, ProfileChange(name="STANDARD"), revision=1)


def test_it_stays_in_its_workspace(small: Filled) -> None:
    """A member of two workspaces cannot reach into the one by the other's address, and who is of neither sees none."""
    profile = made(small)
    with small.unit(ANA, reading=False) as unit:
        for attempt in (
            lambda: profiles.get(unit, ELSEWHERE, profile.id),
            lambda: profiles.change(unit, ELSEWHERE, profile.id, ProfileChange(limits=LARGE), revision=1),
            lambda: profiles.delete(unit, ELSEWHERE, profile.id),
            lambda: profiles.filled(unit, ELSEWHERE, DraftChange(profile="Large")),
        ):
            with refused("no_profile", kind=NotFoundError):
                attempt()
        assert [each.name for each in profiles.listed(unit, ELSEWHERE).items] == ["Standard"]
    made(small, name="Large", workspace=ELSEWHERE)
    with small.unit(OUTSIDER, reading=False) as unit:
        for look in (profiles.listed, profiles.offered):
            with refused("no_workspace", kind=NotFoundError):
                look(unit, HERE)
        with refused("no_workspace", kind=NotFoundError):
            profiles.create(unit, HERE, ProfileNew(name="Mine"))


def test_there_are_only_so_many(small: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_PROFILES", 2)
    for name in ("One", "Two"):
        made(small, name=name)
    with refused("profiles_many", kind=ConflictError):
        made(small, name="Three")


def test_what_is_kept_was_checked(small: Filled) -> None:
    """On both ways in: a profile that is made, and one that is changed."""
    profile = made(small)
    setting = ComputeWire(settings=[SettingWire(name="spark.driver.extraClassPath", value="/tmp")])
    package = ComputeWire(packages=[PackageWire(name="../p", version="1", wheel="sha256:" + "1" * 64)])
    with small.unit(ANA, reading=False) as unit:
        for content in ({"compute": setting}, {"compute": package}, {"limits": LimitsWire(cores=0)}):
            with pytest.raises(InvalidError):
                profiles.create(unit, HERE, ProfileNew.model_validate({"name": "Bad", **content}))
            with pytest.raises(InvalidError):
                profiles.change(unit, HERE, profile.id, ProfileChange.model_validate(content), revision=1)
    with small.unit(ANA) as unit:
        kept = profiles.get(unit, HERE, profile.id)
        assert (kept.compute, kept.limits, kept.revision) == (ComputeWire(), LARGE, 1)
        assert [each.name for each in profiles.listed(unit, HERE).items] == ["Standard", "Large"]


def test_a_draft_gets_a_copy_and_what_was_typed_stays(small: Filled) -> None:
    made(small)
    with small.unit(WEI) as unit:
        whole, taken = profiles.filled(unit, HERE, DraftChange(profile="LARGE"))
        assert (whole.profile, whole.limits, taken is not None) == ("Large", LARGE, True)
        mine = LimitsWire(seconds=77)
        typed, none = profiles.filled(unit, HERE, DraftChange(profile="large", compute=ComputeWire(), limits=mine))
        assert (typed.limits, none) == (mine, None)


def test_a_workers_word_is_bounded(small: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_OFFERED", 1)
    packages = [PackageWire(name=f"p{n}", version="1", wheel="sha256:" + "1" * 64) for n in range(2)]
    with small.unit(ANA, reading=False) as unit:
        row = ServiceKeyRow(workspace=HERE, kind="worker", name="one", key="key")
        unit.session.add(row)
        said = OfferWire(cores=2, memory_bytes=1, engines=[], packages=packages)
        with refused("offer", kind=InvalidError):
            profiles.told(unit, [row], said)
        bad = said.model_copy(update={"packages": [packages[0].model_copy(update={"name": "../p"})]})
        with refused("package", kind=InvalidError):
            profiles.told(unit, [row], bad)
        assert row.offer is None
        profiles.told(unit, [row], said.model_copy(update={"packages": packages[:1]}))
        assert row.offer is not None
