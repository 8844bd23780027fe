"""Compute profiles in Python: the workspace's, by name, and how a draft is filled from one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from jupyter_secure_jobs.domain.compute import EngineName, Package
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.wire.compute import ComputeWire, PackageWire, SettingWire
from jupyter_secure_jobs.wire.job import LimitsWire
from jupyter_secure_jobs.wire.profile import ProfileNew, ProfileWire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jupyter_secure_jobs.client.facade import Client
    from jupyter_secure_jobs.wire.job import JobDetailWire, VersionWire

_MIB = 1024**2
_GIB = 1024**3


class Profiles:
    """The workspace's compute profiles. Every method raises `SecureJobsError` as the member side answered."""

    client: Client

    if TYPE_CHECKING:

        @property
        def workspace(self) -> str:
            """The id of the workspace in use; whoever connects chooses it."""

    def profiles(self) -> list[ProfileWire]:
        """Return the profiles that a draft can choose, the built-in `Standard` first."""
        return self.client.profiles(self.workspace)

    def profile(self, name: str) -> ProfileWire:
        """Return the profile of that name.

        Raises:
            NotFoundError: there is none.
        """
        known = {folded(each.name): each for each in self.profiles()}
        if folded(name) not in known:
            listed = ", ".join(f'"{each.name}"' for each in known.values())
            raise NotFoundError("no_profile", f"There is no compute profile {name!r}.", f"There are: {listed}.")
        return known[folded(name)]

    def create_profile(
        self,
        name: str,
        *,
        engine: EngineName | str = EngineName.SAIL,
        packages: Iterable[str] = (),
        settings: Mapping[str, str | int | bool] | None = None,
        **sizes: int,
    ) -> ProfileWire:
        """Keep a profile for the workspace.

        Args:
            name: 1 to 50 characters.
            engine: `sail` or `spark`.
            packages: lines as `jupyter secure-jobs wheel FILE` prints them.
            settings: of the engine, such as `{"spark.sql.ansi.enabled": True}`.
            sizes: `cores`, `memory_bytes`, `scratch_bytes`, `seconds`, `result_bytes`, `log_bytes`.

        Raises:
            InvalidError: a part is wrong, or no part of a profile.
            ConflictError: the name is taken.
        """
        if engine not in set(EngineName):
            raise InvalidError("engine", f"There is no engine {str(engine)!r}.", f"Use {' or '.join(EngineName)}.")
        unknown = set(sizes) - set(LimitsWire.model_fields)
        if unknown:
            known = ", ".join(LimitsWire.model_fields)
            raise InvalidError("profile", f"A profile has no {min(unknown)!r}.", f"It has: {known}.")
        try:
            compute = ComputeWire(
                engine=EngineName(engine),
                packages=[_wire(Package.read(line)) for line in packages],
                settings=[SettingWire(name=each, value=_setting(value)) for each, value in (settings or {}).items()],
            )
            new = ProfileNew(name=name, compute=compute, limits=LimitsWire(**sizes))
        except ValidationError as error:
            first = error.errors()[0]
            what = ".".join(str(part) for part in first["loc"])
            raise InvalidError(
                "profile",
                f"{what} does not take {first['input']!r}: {first['msg']}.",
                "Give sizes as whole numbers, and names as text.",
            ) from error
        return self.client.create_profile(self.workspace, new)

    def delete_profile(self, name: str) -> ProfileWire:
        """Delete the profile of that name; what was made with it keeps its copy. Return what it was."""
        found = self.profile(name)
        self.client.delete_profile(self.workspace, found.id)
        return found


def _setting(value: str | int | bool) -> str:  # noqa: FBT001 -- what the engine takes as `true` or `false`
    """Return a setting's value as the engine writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wire(package: Package) -> PackageWire:
    return PackageWire(name=package.name, version=package.version, wheel=package.wheel)


def chosen(
    profiles: Profiles, name: str | None, existing: JobDetailWire | None, *, seconds: int | None, again: bool
) -> dict[str, Any]:
    """Return the fields of a draft that its profile and its time limit fill.

    A draft that has this profile already keeps its copy, whatever became of the profile, unless it is taken `again`.

    Raises:
        NotFoundError: there is no profile of that name.
    """
    version = existing.version if existing is not None else None
    fields: dict[str, Any] = {}
    limits = version.limits if version is not None else LimitsWire()
    if name is not None and (again or version is None or folded(version.profile) != folded(name)):
        found = profiles.profile(name)
        fields, limits = {"profile": found.name, "compute": found.compute, "limits": found.limits}, found.limits
    if seconds is not None:
        fields["limits"] = limits.model_copy(update={"seconds": seconds})
    return fields


def words_of(compute: ComputeWire, limits: LimitsWire) -> str:
    """Return in one line what a run is computed with."""
    parts = [
        str(compute.engine),
        f"{limits.cores} {'core' if limits.cores == 1 else 'cores'}",
        f"{_size(limits.memory_bytes)} memory",
        f"{_size(limits.scratch_bytes)} temporary files",
        f"{limits.seconds:,} s",
        f"{_size(limits.result_bytes)} result",
        *(f"{each.name} {each.version}" for each in compute.packages),
        *(f"{each.name}={each.value}" for each in compute.settings),
    ]
    return ", ".join(parts)


def _size(value: int) -> str:
    return f"{value // _GIB:,} GiB" if value % _GIB == 0 else f"{value / _MIB:,.0f} MiB"


def told(version: VersionWire) -> list[str]:
    """Return what there is to say of a draft's profile, a line each."""
    lines = [f"Computed with: {version.profile} ({words_of(version.compute, version.limits)})."]
    if version.profile_notice is not None:
        way = " Run the cell with --overwrite to take the change over." if version.profile_notice.take_over else ""
        lines.append(f"Hint: {version.profile_notice.text}{way}")
    return [*lines, *(f"Hint: no run could start now: {sentence}" for sentence in version.unfit)]
