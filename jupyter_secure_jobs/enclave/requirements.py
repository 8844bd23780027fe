"""What a wheel says that it needs: a Python, and other packages; its own words, which anybody may have written."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST: Final = 500
_MOST_TEXT: Final = 1_000
_MOST_TOLD: Final = 5


def fits_python(text: str) -> bool:
    """Tell whether `Requires-Python` lets this Python in.

    Raises:
        ValueError: it is no such text.
    """
    if len(text) > _MOST_TEXT:
        raise ValueError(text[:_MOST_TEXT])
    return SpecifierSet(text).contains(platform.python_version(), prereleases=True)


def read(texts: Sequence[str]) -> tuple[Requirement, ...]:
    """Return the packages of `Requires-Dist` that are needed on this machine, without those of extras.

    Raises:
        ValueError: one is no requirement, or there are too many.
    """
    if len(texts) > _MOST or any(len(text) > _MOST_TEXT for text in texts):
        message = "There are too many, or one is too long."
        raise ValueError(message)
    try:
        every = [Requirement(text) for text in texts]
        return tuple(each for each in every if each.marker is None or each.marker.evaluate({"extra": ""}))
    except RecursionError as error:
        message = "A condition is nested too deeply."
        raise ValueError(message) from error


def installed(name: str) -> str | None:
    """Return the version of a package that every sandbox of this Python has, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def require(needs: Mapping[str, Sequence[Requirement]], named: Mapping[str, str]) -> None:
    """Refuse packages whose needs are not met.

    Args:
        needs: by the name of each package of a job, what it needs.
        named: those packages' versions, by name.

    Raises:
        RefusedError: with what is missing. Without it the run would fail on its first import, with its keys used.
    """
    missing = [
        lack
        for package, requirements in needs.items()
        for each in requirements
        if (lack := _lack(package, each, named))
    ]
    if missing:
        more = f", and {len(missing) - _MOST_TOLD:,} more" if len(missing) > _MOST_TOLD else ""
        raise RefusedError(
            "wheel_needs",
            f"The job's packages lack what they need: {'; '.join(missing[:_MOST_TOLD])}{more}.",
            "Add it to the job's packages, or choose a version that does with what is there.",
        )


def _lack(package: str, need: Requirement, named: Mapping[str, str]) -> str | None:
    there = named.get(canonicalize_name(need.name)) or installed(need.name)
    wanted = f"{package} needs {need.name}{need.specifier}"
    if there is None:
        return wanted
    return None if need.specifier.contains(there, prereleases=True) else f"{wanted}, and here it is {there}"
