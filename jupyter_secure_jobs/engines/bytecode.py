"""The bytecode of what a sandbox imports: a sandbox cannot write it, so it is made sure of before the first one starts.

Without it every sandbox compiles pandas and PySpark anew, which is most of its start. pip writes bytecode when it
installs, uv does not unless it is asked to, and nothing outside a sandbox imports all of this.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_OWN: Final = "jupyter_secure_jobs.engines"
# What runs in sandboxes, and what takes longest to compile of all that it imports.
_PROGRAMS: Final = (f"{_OWN}.harness", f"{_OWN}.gate", f"{_OWN}.sail", f"{_OWN}.spark")
_MODULES: Final = (*_PROGRAMS, "numpy", "pandas", "pyarrow", "pyspark", "grpc", "sqlglot")
_SECONDS: Final = 120


def missing(modules: Iterable[str] = _MODULES) -> list[str]:
    """Return which of these modules have no bytecode beside their source, or none that fits it."""
    return [name for name in modules if not _has_bytecode(name)]


def _has_bytecode(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.has_location or spec.origin is None:
        return True  # There is nothing to compile.
    source = Path(spec.origin)
    # Not `cache_from_source`, which follows settings of this process that a sandbox does not have.
    cached = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
    try:
        with cached.open("rb") as file:
            head = file.read(16)
        about = source.stat()
    except OSError:
        return False
    # As PEP 552 has it: the magic number, flags, then time and size of the source unless the flags say otherwise.
    fitting = (int(about.st_mtime) % 2**32).to_bytes(4, "little") + (about.st_size % 2**32).to_bytes(4, "little")
    return head[:4] == importlib.util.MAGIC_NUMBER and (head[4:8] != bytes(4) or head[8:] == fitting)


def provide() -> None:
    """Let Python write what is missing, in a process that imports all that a sandbox does; never raises.

    Where Python may not write (files of another owner, `PYTHONDONTWRITEBYTECODE`) sandboxes work, but start slowly.
    """
    if not sys.dont_write_bytecode and missing(_MODULES):
        write(_PROGRAMS)


def write(modules: Iterable[str]) -> None:
    """Import modules in a process of their own, so that Python writes their bytecode; never raises."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    try:
        subprocess.run(  # noqa: S603 -- this very program
            [sys.executable, "-m", __name__, *modules],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return


if __name__ == "__main__":
    for module in sys.argv[1:]:
        importlib.import_module(module)
