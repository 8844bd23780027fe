"""Executors in the product's own sandbox: the same command, started by a script, with a network as is asked."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.sandbox import bubblewrap, syscalls
from jupyter_secure_jobs.sandbox.limits import GIBIBYTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_RULES, _INFORMATION = 9, 8
# What one program needs of its environment, taken from the caller's when the script runs.
_TOLD: Final = ("RUST_LOG", "TRACEPARENT")


def script(
    path: Path,
    words: Sequence[str],
    *,
    root: Path,
    shared_network: bool,
    shown: Mapping[str, str] | None = None,
    told: Sequence[str] = (),
) -> Path:
    """Write a script that runs `words` in the product's sandbox; return it.

    Args:
        path: of the script.
        words: the command; the script's own words follow them.
        root: its `tables` are shown as /tables, and its empty `packages` as /packages.
        shared_network: whether the network of the caller is kept, which must have nothing but a loopback.
        shown: further files, by their places inside.
        told: names of the environment, or their beginnings, that are handed on.
    """
    with ExitStack() as stack:
        rules = stack.enter_context(syscalls.compiled())
        filter_file = path.with_suffix(".rules")
        filter_file.write_bytes(rules.read())
    (root / "packages").mkdir(mode=0o700, exist_ok=True)
    made = bubblewrap.command(
        bubblewrap.find_bubblewrap(),
        root=root,
        scratch_bytes=GIBIBYTE,
        seccomp=_RULES,
        information=_INFORMATION,
        program=bubblewrap.Program(module="unused"),
    )[:-3]
    binds = [word for place, file in (shown or {}).items() for word in ("--ro-bind", file, place)]
    # After the scratch, which may lie above them, and before the sandbox's root can no longer be written.
    at = made.index("--remount-ro")
    made[at:at] = binds
    if shared_network:
        made.insert(made.index("--unshare-all") + 1, "--share-net")
    names = "|".join([*_TOLD, *(f"{name}*" for name in told)])
    text = f"""#!/bin/bash
told=()
while IFS='=' read -r -d '' name value; do
  case "$name" in {names}) told+=(--setenv "$name" "$value") ;; esac
done < <(env -0)
exec {shlex.join(made)} "${{told[@]}}" {shlex.join(words)} "$@" {_RULES}<{shlex.quote(str(filter_file))} {_INFORMATION}>/dev/null
"""  # noqa: E501 -- one command
    path.write_text(text)
    path.chmod(0o700)
    return path
