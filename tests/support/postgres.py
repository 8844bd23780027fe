"""A PostgreSQL server of one's own for a test, where the machine has PostgreSQL's programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from jupyter_secure_jobs.rest.embedded import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

# Debian keeps them here, on nobody's PATH.
_USUAL: Final = "/usr/lib/postgresql"
_ACCOUNT: Final = "postgres"


def _program(name: str) -> str | None:
    newest = sorted(Path(_USUAL).glob(f"*/bin/{name}"), reverse=True)
    return str(newest[0]) if newest else shutil.which(name)


@contextmanager
def postgres() -> Iterator[str]:
    """Give the SQLAlchemy URL of a new, empty database; skip the test where there is no PostgreSQL."""
    initdb, server = _program("initdb"), _program("pg_ctl")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL is not installed here")
    as_account: list[str] = []
    # Not below pytest's own folder, which no other account may enter: PostgreSQL does not run as root.
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        if os.getuid() == 0:
            if shutil.which("runuser") is None:
                pytest.skip("PostgreSQL does not run as root, and there is no runuser")
            as_account = ["runuser", "-u", _ACCOUNT, "--"]
            shutil.chown(name, _ACCOUNT)

        def run(*words: str) -> None:
            done = subprocess.run([*as_account, *words], check=False, capture_output=True, cwd="/", text=True)
            assert done.returncode == 0, done.stdout + done.stderr

        data, port = f"{name}/data", free_port()
        run(initdb, "-D", data, "-U", "test", "--auth=trust", "-E", "UTF8")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        run(server, "-D", data, "-w", "-l", f"{name}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
        finally:
            run(server, "-D", data, "-w", "-m", "fast", "stop")
