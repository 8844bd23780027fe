"""Wheels made on the spot: small, valid ones, and whatever an attacker would put into the folder instead."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PURE = "py3-none-any"


def metadata(name: str, version: str, tag: str = PURE, needs: str = "") -> dict[str, str]:
    """Return the files that make an archive a wheel; `needs` are more lines of its metadata."""
    folder = f"{name}-{version}.dist-info"
    return {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{folder}/RECORD": "",
    }


def make_wheel(
    folder: Path,
    files: Mapping[str, str],
    *,
    name: str = "greeting",
    version: str = "1.2",
    tag: str = PURE,
    needs: str = "",
) -> Path:
    """Write a wheel of these modules into a folder; return its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, text in {**files, **metadata(name, version, tag, needs)}.items():
            archive.writestr(place, text)
    return path
