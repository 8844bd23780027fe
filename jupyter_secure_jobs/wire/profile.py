"""Compute profiles: named bundles of engine, packages, settings and sizes that drafts are filled from."""

from __future__ import annotations

from datetime import datetime

from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.wire.base import Wire
from jupyter_secure_jobs.wire.compute import ComputeWire, PackageWire
from jupyter_secure_jobs.wire.job import LimitsWire


class ProfileNew(Wire):
    """A profile to keep for the whole workspace."""

    name: str
    compute: ComputeWire = ComputeWire()
    limits: LimitsWire = LimitsWire()


class ProfileChange(Wire):
    """Parts of a profile to change; those left out stay."""

    name: str | None = None
    compute: ComputeWire | None = None
    limits: LimitsWire | None = None


class ProfileWire(Wire):
    """A profile as the caller may use it.

    `reason` says why the caller may not change or delete it. `unfit` says why no worker could run a job with it now, as
    far as the server knows. `built_in` ones come with the product and are the same everywhere.
    """

    id: str
    name: str
    compute: ComputeWire
    limits: LimitsWire
    built_in: bool
    made_by: str = ""
    organisation: str = ""
    revision: int = 1
    changed: datetime | None = None
    can_change: bool = False
    reason: str | None = None
    unfit: list[str] = []


class EngineOffer(Wire):
    """An engine that a job may name; `offered` if a worker says that it has it."""

    name: EngineName
    about: str
    offered: bool


class SettingOffer(Wire):
    """A setting that a job may make, and the engines that know it.

    `takes` says in words which values it takes, `pattern` is their regular expression.
    """

    name: str
    takes: str
    pattern: str
    engines: list[EngineName]


class ComputeOffer(Wire):
    """What a profile can be made of here: by the rules, and by what workers say of themselves.

    `cores` and `memory_bytes` are the most that one worker has; null where no worker has told.
    """

    engines: list[EngineOffer]
    settings: list[SettingOffer]
    packages: list[PackageWire]
    cores: int | None
    memory_bytes: int | None
    note: str


class OfferWire(Wire):
    """What a worker says that runs can have there."""

    cores: int
    memory_bytes: int
    engines: list[EngineName]
    packages: list[PackageWire] = []
