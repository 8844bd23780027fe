"""What a job is computed with, as REST says it."""

from __future__ import annotations

from jupyter_secure_jobs.domain.compute import Compute, EngineName, Package, Setting
from jupyter_secure_jobs.wire.base import Wire


class PackageWire(Wire):
    """A Python package by name, version and the digest of its wheel."""

    name: str
    version: str
    wheel: str


class SettingWire(Wire):
    """One setting of the engine."""

    name: str
    value: str


class ProfileNotice(Wire):
    """What a draft says of its profile; `take_over` is the profile's name now, to choose it again where that helps."""

    text: str
    take_over: str | None = None


class ComputeWire(Wire):
    """The engine, the packages beside those of every sandbox, and the engine's settings."""

    engine: EngineName = EngineName.SAIL
    packages: list[PackageWire] = []
    settings: list[SettingWire] = []

    @classmethod
    def of(cls, compute: Compute) -> ComputeWire:
        """Return it as a wire shape."""
        return cls(
            engine=compute.engine,
            packages=[PackageWire(name=each.name, version=each.version, wheel=each.wheel) for each in compute.packages],
            settings=[SettingWire(name=each.name, value=each.value) for each in compute.settings],
        )

    def compute(self) -> Compute:
        """Return it as a domain value, in the order of names.

        Raises:
            InvalidError: a package or setting is not allowed, or named twice.
        """
        return Compute(
            engine=self.engine,
            packages=tuple(sorted(Package(**each.model_dump()) for each in self.packages)),
            settings=tuple(sorted(Setting(**each.model_dump()) for each in self.settings)),
        )
