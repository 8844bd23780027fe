"""What a job is computed with: the engine and what changes its answers, and how much of a machine it may use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.job import GIB, JobLimits
from jupyter_secure_jobs.domain.text import clean_name

MOST_PACKAGES: Final = 50
STANDARD: Final = "Standard"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PACKAGE_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?")
_PACKAGE_LINE: Final = re.compile(r"([A-Za-z0-9._-]{1,100})\s*==\s*(\S{1,64})\s+(?:--hash=)?(sha256:[0-9a-f]{64})")
_PACKAGE_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]{0,63}")


class EngineName(StrEnum):
    """What runs the code: Sail, or Spark on the Java virtual machine."""

    SAIL = "sail"
    SPARK = "spark"


# Spark's virtual machine does not start in less; a child of Sail's takes about a sixth of a GiB before its job comes.
LEAST_MEMORY: Final = {EngineName.SAIL: GIB // 2, EngineName.SPARK: 3 * GIB // 2}

_ZONE: Final = "spark.sql.session.timeZone"

# What an author may set of an engine: nothing that reaches a file, a network, a class or another job.
SETTINGS: Final[dict[str, re.Pattern[str]]] = {
    "spark.sql.ansi.enabled": re.compile(r"true|false"),
    "spark.sql.caseSensitive": re.compile(r"true|false"),
    _ZONE: re.compile(r"[+-](0[0-9]|1[0-7]):[0-5][0-9]|[+-]18:00|[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}"),
    "spark.sql.shuffle.partitions": re.compile(r"[1-9][0-9]{0,3}"),
    "spark.sql.autoBroadcastJoinThreshold": re.compile(r"-1|[1-9][0-9]{0,9}"),
    "spark.sql.execution.arrow.pyspark.enabled": re.compile(r"true|false"),
    "spark.sql.execution.arrow.maxRecordsPerBatch": re.compile(r"[1-9][0-9]{0,6}"),
}
_TAKES: Final = {
    r"true|false": "true or false",
    r"[1-9][0-9]{0,3}": "a whole number from 1 to 9999",
    r"-1|[1-9][0-9]{0,9}": "a number of bytes, or -1 for never",
    r"[1-9][0-9]{0,6}": "a whole number from 1 to 9999999",
}
# Which of them change what an engine does. Sail keeps every other one and passes over it in silence.
SETTINGS_OF: Final = {
    EngineName.SAIL: ("spark.sql.ansi.enabled", "spark.sql.caseSensitive", _ZONE),
    EngineName.SPARK: tuple(SETTINGS),
}


@cache
def time_zones() -> frozenset[str]:
    """Return the names of time zones that both engines know.

    The list ships with this package (zones of 2025): whether a statement is valid must not depend on a machine's own.
    """
    text = files("jupyter_secure_jobs.domain").joinpath("time_zones.txt").read_text("ascii")
    return frozenset(text.split())


def setting_takes(name: str) -> str:
    """Return in words which values a setting takes."""
    return _TAKES.get(SETTINGS[name].pattern, "a time zone, such as UTC, Europe/Berlin or +02:00")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Package:
    """A Python package beside those that every sandbox has. `wheel` is the digest of its file: `sha256:…`."""

    name: str
    version: str
    wheel: str

    def __post_init__(self) -> None:
        """Refuse what names no wheel.

        Raises:
            InvalidError: with the part that is wrong.
        """
        if _PACKAGE_NAME.fullmatch(self.name) is None:
            raise InvalidError("package", f"{self.name!r} is no normalised package name.", "Write it as in PEP 503.")
        if _PACKAGE_VERSION.fullmatch(self.version) is None or _DIGEST.fullmatch(self.wheel) is None:
            raise InvalidError(
                "package", f"Package {self.name} has no version or wheel digest.", "Add its wheel again."
            )

    @property
    def line(self) -> str:
        """The package on one line, as pip's requirement files write it."""
        return f"{self.name}=={self.version} --hash={self.wheel}"

    @classmethod
    def read(cls, line: str) -> Package:
        """Return the package of a line such as `line` gives.

        Raises:
            InvalidError: it is no such line.
        """
        found = _PACKAGE_LINE.fullmatch(line.strip())
        if found is None:
            raise InvalidError(
                "package",
                f"{line.strip()[:100]!r} names no package.",
                "Write name==version --hash=sha256:…; `jupyter secure-jobs wheel FILE` prints the line.",
            )
        name, version, wheel = found.groups()
        return cls(name=re.sub(r"[-_.]+", "-", name).lower(), version=version, wheel=wheel)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Setting:
    """One setting of the engine, of those in `SETTINGS`."""

    name: str
    value: str

    def __post_init__(self) -> None:
        """Refuse settings that are not on the list, and values that they do not take.

        Raises:
            InvalidError: with the names that can be set.
        """
        allowed = SETTINGS.get(self.name)
        if allowed is None:
            raise InvalidError(
                "setting", f"{self.name!r} is no setting that a job may make.", f"Choose of {', '.join(SETTINGS)}."
            )
        if allowed.fullmatch(self.value) is None:
            raise self._wrong()
        if self.name == _ZONE and self.value[0] not in "+-" and self.value not in time_zones():
            raise self._wrong()

    def _wrong(self) -> InvalidError:
        refused = f"{self.name} does not take {self.value[:100]!r}."
        return InvalidError("setting", refused, f"Give it {setting_takes(self.name)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """What a run's answer depends on beside code and data; part of what is accepted, and of what a test is of."""

    engine: EngineName = EngineName.SAIL
    packages: tuple[Package, ...] = ()
    settings: tuple[Setting, ...] = ()

    def __post_init__(self) -> None:
        """Refuse doubled names and any order but the one by name.

        Raises:
            InvalidError: with the part that is wrong.
        """
        for what, names in (
            ("packages", [package.name for package in self.packages]),
            ("settings", [setting.name for setting in self.settings]),
        ):
            if names != sorted(set(names)) or len(names) > MOST_PACKAGES:
                raise InvalidError("compute", f"The {what} are doubled, not sorted, or too many.", "Change the list.")

    @property
    def values(self) -> dict[str, str]:
        """The settings' values by name."""
        return {setting.name: setting.value for setting in self.settings}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeProfile:
    """A named bundle of engine and sizes that jobs choose; a version keeps a copy, so that no later edit reaches it."""

    name: str = STANDARD
    compute: Compute = field(default_factory=Compute)
    limits: JobLimits = field(default_factory=JobLimits)

    def __post_init__(self) -> None:
        """Refuse names that deceive.

        Raises:
            InvalidError: the name is empty, too long or not in its normal form.
        """
        if clean_name(self.name, what="profile's name") != self.name:
            raise InvalidError("name", "The profile's name is not in its normal form.", "Write it again.")
