"""What a software enclave is made of: one digest over its code and its engine's packages.

It tells versions apart and shows an accidental change. It is taken by the very code it measures, so it proves nothing
against who controls the worker's account; only hardware evidence does.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import sys
from pathlib import Path
from typing import Final

import jupyter_secure_jobs
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.protocol import canonical

FLOORS: Final = ("domain", "protocol", "crypto", "trust", "sandbox", "flow", "engines", "enclave")
ENGINE_PACKAGES: Final = ("pysail", "pyspark", "pyarrow")
_PACKAGES: Final = (
    "cryptography",
    "tink",
    "rfc8785",
    "securesystemslib",
    "protobuf",
    "pyseccomp",
    "sqlglot",
    "packaging",
)


def _own_files() -> list[list[str]]:
    root = Path(jupyter_secure_jobs.__file__).parent
    found = []
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                found.append([path.relative_to(root).as_posix(), digest])
    return found


def _package(name: str) -> list[str]:
    try:
        package = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise UnavailableError(
            "engine_missing",
            f"The package {name} is not installed.",
            "Install jupyter-secure-jobs with its dependencies.",
        ) from error
    # The installer's own list of files with their digests; lines without one are caches.
    record = package.read_text("RECORD") or ""
    lines = sorted(line for line in record.splitlines() if "sha256=" in line)
    return [name, package.version, hashlib.sha256("\n".join(lines).encode()).hexdigest()]


def measure() -> str:
    """Return the measurement, `sha256:…`.

    Raises:
        UnavailableError: a package of the engine is not installed.
    """
    claims = {
        "files": _own_files(),
        "packages": [_package(name) for name in (*ENGINE_PACKAGES, *_PACKAGES)],
        "python": [platform.python_implementation(), platform.python_version(), sys.platform],
    }
    return canonical.digest(canonical.encode(claims))
