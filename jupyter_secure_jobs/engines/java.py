"""The Java runtime of this machine: where it is, and what of it a sandbox must see."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# Those that Spark 4 is tested with (spark.apache.org/docs/latest, "Downloading").
VERSIONS: Final = (17, 21)
_USUAL: Final = Path("/usr/lib/jvm")
_RELEASE: Final = re.compile(r'^JAVA_VERSION="(\d+)([^"]*)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A Java runtime: its folder and its version, such as 17.0.15."""

    home: Path
    version: str

    def shown(self) -> dict[Path, Path]:
        """Return the places outside /usr that it is made of: its folder, and what Debian keeps of it in /etc."""
        places = {self.home} if not self.home.is_relative_to("/usr") else set()
        for folder, _, names in os.walk(self.home):
            for name in names:
                link = Path(folder, name)
                target = link.resolve() if link.is_symlink() else None
                if target is not None and target.exists() and target.parts[1:2] == ("etc",):
                    place = Path(*target.parts[:3])
                    # Never more of /etc than what is Java's own, such as /etc/java-17-openjdk.
                    places |= {place} if place.name.startswith("java") else set()
        return {place: place for place in sorted(places)}


def find() -> Java | None:
    """Return a Java runtime that Spark runs on: of JAVA_HOME, of the PATH, or one in /usr/lib/jvm; or none."""
    for home in dict.fromkeys(_homes()):
        version = _version(home)
        if version is not None and os.access(home / "bin" / "java", os.X_OK):
            return Java(home=home, version=version)
    return None


def _homes() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"]).resolve()
    program = shutil.which("java")
    if program is not None:
        yield Path(program).resolve().parent.parent
    if _USUAL.is_dir():
        yield from (home.resolve() for home in sorted(_USUAL.iterdir()) if home.is_dir())


def _version(home: Path) -> str | None:
    try:
        found = _RELEASE.search((home / "release").read_text(errors="replace"))
    except OSError:
        return None
    return found[1] + found[2] if found is not None and int(found[1]) in VERSIONS else None
