"""Programs of the cluster benchmark: each a process of its own, since one process can speak to one kind of Spark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SECONDS: Final = 1200
# A network of its own for all that runs in it together: it has a loopback and nothing else.
SHARED_NETWORK: Final = ("bwrap", "--unshare-user", "--unshare-net", "--die-with-parent", "--dev-bind", "/", "/")


class ProgramFailedError(Exception):
    """A program of the benchmark ended without its figures; with the last lines that it wrote."""


def run(module: str, settings: Mapping[str, object], *, around: Sequence[str] = ()) -> dict[str, Any]:
    """Run `python -m bench.cluster.MODULE` and return what it found; `around` stands before the command.

    Raises:
        ProgramFailedError: it failed.
    """
    words = [*around, sys.executable, "-m", f"bench.cluster.{module}", json.dumps(settings)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            out, errors = process.communicate(timeout=_SECONDS)
        except BaseException:
            process.kill()
            raise
    lines = out.strip().splitlines()
    if process.returncode or not lines:
        raise ProgramFailedError(f"{module} failed: {' / '.join(errors.strip().splitlines()[-12:])}")
    return dict(json.loads(lines[-1]))


def main(work: Callable[..., Mapping[str, Any]]) -> NoReturn:
    """Be such a program: give `work` its settings, print what it found as the last line, and end."""
    code = 1
    try:
        print(json.dumps(work(**json.loads(sys.argv[1]))), flush=True)
        code = 0
    except Exception:  # noqa: BLE001 -- the caller gets its text
        traceback.print_exc()
    # Not by the interpreter's own end: PySpark's clients would wait minutes there for servers that have ended.
    sys.stderr.flush()
    os._exit(code)
