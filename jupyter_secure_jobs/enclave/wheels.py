"""The wheel house: Python packages that a version names by the digest of their wheels.

Who runs the worker puts wheels into a folder. That folder is not trusted: a wheel is read once, its bytes are hashed,
and only those very bytes are looked at and unpacked. Format: "Binary distribution format" of the Python packaging
specifications (PEP 427), tags: PEP 425.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from packaging.tags import parse_tag, sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion
from packaging.version import Version as PackageVersion

from jupyter_secure_jobs.domain.compute import Package
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.enclave import requirements
from jupyter_secure_jobs.enclave.requirements import installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

    from packaging.requirements import Requirement
    from packaging.tags import Tag

MOST_WHEEL_BYTES: Final = 512 * 1024**2
MOST_UNPACKED_BYTES: Final = 2 * 1024**3
MOST_FILES: Final = 20_000
_MOST_METADATA: Final = 1024**2
_MOST_WHEELS: Final = 1_000
_MOST_NAME_BYTES: Final = 255
_MOST_FOLDERS: Final = 50
# Each tag may stand for the product of its parts' alternatives (PEP 425), so that few long ones would be a great many.
_MOST_TAGS: Final = 100
_MOST_TAG: Final = 150
_ENTRY: Final = b"PK\x01\x02"
_ENCRYPTED: Final = 0x1
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What the archive's reader raises of bytes that nobody has checked, as trials with damaged wheels have shown.
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, EOFError, RuntimeError)
_PLACED: Final = ("purelib", "platlib")
_VERSION_OF_FORMAT: Final = re.compile(r"1\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel that was read and looked through: nothing in it leads out of its folder, and it fits this machine.

    places: its files, and where they go. left_out: those that an installer would put elsewhere than beside modules.
    needs: other packages.
    """

    package: Package
    archive: zipfile.ZipFile
    places: tuple[tuple[zipfile.ZipInfo, PurePosixPath], ...]
    left_out: tuple[str, ...]
    needs: tuple[Requirement, ...]

    @property
    def bytes(self) -> int:
        """How much it is when it is unpacked."""
        return sum(entry.file_size for entry, _ in self.places)

    def unpack(self, folder: Path) -> None:
        """Write its files below `folder`, which must not exist.

        Raises:
            RefusedError: an entry is not what the archive says of it.
        """
        folder.mkdir(mode=0o700)
        try:
            for entry, place in self.places:
                target = folder / place
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                # An entry gives at most the bytes that it declares, and its checksum must be right.
                with self.archive.open(entry) as source, target.open("xb") as sink:
                    shutil.copyfileobj(source, sink, 1024**2)
        except (*_DAMAGED, FileExistsError, NotADirectoryError) as error:
            raise _bad(self.package.name, "its files cannot be unpacked") from error


def _bad(name: str, why: str) -> RefusedError:
    return RefusedError("wheel_refused", f"The wheel of {name} is refused: {why}.", "Build it again, or use another.")


def read_wheel(path: Path) -> Wheel:
    """Return a wheel, its bytes read once into memory of this process.

    Raises:
        RefusedError: it is no wheel, does not fit this Python and machine, or holds what a wheel must not hold.
    """
    try:
        # A pipe of this name would keep whoever opens it waiting, for ever if nobody writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _bad(path.name, "it is no file")
            data = file.read(MOST_WHEEL_BYTES + 1)
    except OSError as error:
        raise _bad(path.name, "it cannot be read") from error
    if len(data) > MOST_WHEEL_BYTES:
        raise _bad(path.name, f"it is larger than {MOST_WHEEL_BYTES // 1024**2} MiB")
    return _looked_through(path.name, data)


def _looked_through(file_name: str, data: bytes) -> Wheel:
    # The reader makes an object of each entry before anybody can ask how many there are.
    if data.count(_ENTRY) > 2 * MOST_FILES:
        raise _bad(file_name, f"it is over {MOST_FILES:,} files")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as error:
        raise _bad(file_name, "it is no wheel (a source distribution has to be built first)") from error
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
        raise _bad(file_name, f"unpacked it is over {MOST_FILES:,} files or {MOST_UNPACKED_BYTES // 1024**3} GiB")
    paths = [_path(file_name, entry) for entry in entries]
    if len(set(paths)) != len(paths):
        raise _bad(file_name, "it holds one file twice")
    name, version, needs = _identity(file_name, archive, paths)
    places = [(entry, place) for entry, path in zip(entries, paths, strict=True) if (place := _place(path)) is not None]
    if len({place for _, place in places}) != len(places):
        raise _bad(file_name, "it holds one file twice")
    try:
        package = Package(name=name, version=version, wheel="sha256:" + hashlib.sha256(data).hexdigest())
    except InvalidError as error:
        raise _bad(file_name, "its name or version is none that a package may have") from error
    left_out = tuple(str(path) for path in paths if _place(path) is None)
    return Wheel(package=package, archive=archive, places=tuple(places), left_out=left_out, needs=needs)


def _path(file_name: str, entry: zipfile.ZipInfo) -> PurePosixPath:
    name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or "\0" in name or ":" in parts[0] or not {"", ".", ".."}.isdisjoint(parts):
        raise _bad(file_name, "a name in it leads out of its folder")
    if len(parts) > _MOST_FOLDERS or any(len(part.encode(errors="replace")) > _MOST_NAME_BYTES for part in parts):
        raise _bad(file_name, "a name in it is too long")
    if kind not in (0, stat.S_IFREG):
        raise _bad(file_name, "it holds a link or a device")
    if entry.flag_bits & _ENCRYPTED:
        raise _bad(file_name, "it is encrypted")
    if entry.compress_type not in _PACKED:
        raise _bad(file_name, "it is packed in another way than wheels are")
    return PurePosixPath(name)


def _place(path: PurePosixPath) -> PurePosixPath | None:
    """Return where an installer would put a file below the folder for packages; None for what is no module."""
    top = path.parts[0]
    if not top.endswith(".data"):
        return path
    if len(path.parts) > 2 and path.parts[1] in _PLACED:  # noqa: PLR2004 -- the folder, the kind, and the file
        return PurePosixPath(*path.parts[2:])
    return None


def _identity(
    file_name: str, archive: zipfile.ZipFile, paths: Sequence[PurePosixPath]
) -> tuple[str, str, tuple[Requirement, ...]]:
    """Return name, version and needs as the wheel's metadata say them; the file's name is not part of its digest."""
    folders = {path.parts[0] for path in paths if len(path.parts) > 1 and path.parts[0].endswith(".dist-info")}
    if len(folders) != 1:
        raise _bad(file_name, "it has no metadata of one package (a source distribution has to be built first)")
    (folder,) = folders
    about, wheel = _headers(file_name, archive, f"{folder}/METADATA"), _headers(file_name, archive, f"{folder}/WHEEL")
    if _VERSION_OF_FORMAT.fullmatch(wheel.get("Wheel-Version", "")) is None:
        raise _bad(file_name, "its format is not that of wheels 1")
    offered = _tags(file_name, wheel.get_all("Tag", []))
    if _fitting().isdisjoint(offered):
        tags = ", ".join(sorted({str(tag) for tag in offered})[:3]) or "none named"
        mine = next(iter(sys_tags()))
        raise RefusedError(
            "wheel_does_not_fit",
            f"The wheel {file_name} is for another Python or machine ({tags}); here it is {mine}.",
            "Use the wheel that was built for this one.",
        )
    name, version = canonicalize_name(about.get("Name", "")), about.get("Version", "")
    try:
        PackageVersion(version)
    except InvalidVersion as error:
        raise _bad(file_name, "its version is none") from error
    return str(name), version, _needs(file_name, about)


def _needs(file_name: str, about: Message) -> tuple[Requirement, ...]:
    try:
        fits = requirements.fits_python(about.get("Requires-Python", ""))
        needs = requirements.read(about.get_all("Requires-Dist", []))
    except ValueError as error:
        raise _bad(file_name, "what it says that it needs cannot be read") from error
    if not fits:
        raise RefusedError(
            "wheel_does_not_fit",
            f"The wheel {file_name} is for Python {about['Requires-Python']}; here it is {platform.python_version()}.",
            "Use a version of the package that was made for this one.",
        )
    return needs


@cache
def _fitting() -> frozenset[Tag]:
    return frozenset(sys_tags())


def _tags(file_name: str, texts: Sequence[str]) -> set[Tag]:
    if len(texts) > _MOST_TAGS or any(len(text) > _MOST_TAG for text in texts):
        raise _bad(file_name, "it names too many tags")
    try:
        return {tag for text in texts for tag in parse_tag(text)}
    except ValueError as error:
        raise _bad(file_name, "a tag in it is none") from error


def _headers(file_name: str, archive: zipfile.ZipFile, path: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- as the parser says it
    try:
        entry = archive.getinfo(path)
        if entry.file_size > _MOST_METADATA:
            raise _bad(file_name, "its metadata are too large")
        return HeaderParser().parsestr(archive.read(entry).decode(), headersonly=True)
    except (KeyError, *_DAMAGED) as error:
        raise _bad(file_name, "its metadata cannot be read") from error


class WheelHouse:
    """A folder of wheels on the worker's host; without one, no package can be had."""

    def __init__(self, folder: Path | None) -> None:
        """Use `folder`; it is read when a run asks for packages."""
        self._folder = folder
        self._known: dict[tuple[str, int, int], Package | None] = {}

    def _files(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(self._folder.glob("*.whl"))[:_MOST_WHEELS]

    def offered(self) -> tuple[Package, ...]:
        """Return the packages that runs here can have: to be told, never to be believed by a run."""
        found: set[Package] = set()
        for path in self._files():
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue  # it was removed meanwhile
            key = (path.name, status.st_size, status.st_mtime_ns)
            if key not in self._known:
                try:
                    self._known[key] = read_wheel(path).package
                except RefusedError:
                    self._known[key] = None
            package = self._known[key]
            if package is not None and installed(package.name) is None:
                found.add(package)
        return tuple(sorted(found))

    def unpack(self, packages: Sequence[Package], folder: Path, *, room: int) -> None:
        """Unpack the packages below `folder`, a folder each; `room` is how many bytes may be used.

        Raises:
            RefusedError: one is missing, has other bytes, does not fit, holds what it must not hold, or needs another
                package that is neither among these nor in every sandbox.
        """
        needs: dict[str, Sequence[Requirement]] = {}
        for package in packages:
            there = installed(package.name)
            if there is not None:
                raise RefusedError(
                    "wheel_present",
                    f"Package {package.name} is part of this worker's sandbox, in version {there}, "
                    "and no wheel replaces it.",
                    "Take it out of the job's packages.",
                )
            wheel = self._find(package)
            room -= wheel.bytes
            if room < 0:
                raise RefusedError(
                    "wheels_too_large",
                    f"Unpacked, the job's packages do not fit into this worker's memory: {package.name} is too much.",
                    "Use fewer packages, or a worker with more memory.",
                )
            wheel.unpack(folder / package.name)
            needs[package.name] = wheel.needs
        requirements.require(needs, {package.name: package.version for package in packages})

    def _find(self, package: Package) -> Wheel:
        others: list[str] = []
        for path in self._files():
            if _named(path) != (package.name, _normal(package.version)):
                continue
            wheel = read_wheel(path)
            if wheel.package.wheel == package.wheel:
                if (wheel.package.name, wheel.package.version) != (package.name, package.version):
                    raise _bad(path.name, f"it is {wheel.package.name} {wheel.package.version}")
                return wheel
            others.append(wheel.package.wheel)
        wanted = f"Package {package.name} {package.version} ({package.wheel})"
        if others:
            raise RefusedError(
                "wheel_altered",
                f"{wanted} is in this worker's wheel house with other bytes ({', '.join(others)}).",
                "Ask who runs the worker which wheel is right; a job runs with the accepted one alone.",
            )
        raise RefusedError(
            "wheel_missing",
            f"{wanted} is not in this worker's wheel house.",
            "Ask who runs the worker to add it: `jupyter secure-jobs worker add-wheel FILE`.",
        )


def _named(path: Path) -> tuple[str, str] | None:
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return str(name), str(version)


def _normal(version: str) -> str:
    try:
        return str(PackageVersion(version))
    except InvalidVersion:
        return version


def add_wheel(path: Path, folder: Path) -> Package:
    """Copy a wheel into a wheel house, after it was looked through; return what it is.

    Raises:
        RefusedError: it is no wheel that a run could have, or the house has another one of its name.
    """
    wheel = read_wheel(path)
    if _named(path) != (wheel.package.name, _normal(wheel.package.version)):
        raise _bad(path.name, f"its file is not named for {wheel.package.name} {wheel.package.version}")
    there = installed(wheel.package.name)
    if there is not None:
        raise RefusedError(
            "wheel_present",
            f"Package {wheel.package.name} is part of the sandbox already, in version {there}.",
            "Jobs can import it as it is.",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / path.name
    if target.exists():
        if read_wheel(target).package == wheel.package:
            return wheel.package
        raise RefusedError(
            "wheel_other", f"The wheel house has another {path.name}.", "Remove that one first, if you mean this one."
        )
    waiting = folder / f".{path.name}.part"
    shutil.copyfile(path, waiting)
    waiting.rename(target)
    return wheel.package
