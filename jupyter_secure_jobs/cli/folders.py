"""Where each part keeps what it holds, unless told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_core.paths import jupyter_data_dir

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member import context

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.member.context import Acting


def default(part: str) -> Path:
    """Return `jupyter_data_dir()/secure_jobs/PART`."""
    return Path(jupyter_data_dir()) / "secure_jobs" / part


def add_key_store(parser: ArgumentParser, part: str = "member") -> None:
    """Add the option that names the folder of a key store."""
    parser.add_argument("--key-store", type=Path, default=default(part), help="folder of the key store")


def add_server(parser: ArgumentParser, *, required: bool = True) -> None:
    """Add the options that name the workspace server and whose certificates count."""
    parser.add_argument("--workspace-url", required=required, help="address of the workspace server's API")
    parser.add_argument(
        "--ca-file",
        type=Path,
        help="certificates (PEM) of the authority behind the server's; else the public ones",
    )


def acting(arguments: Namespace, passphrase: str) -> Acting:
    """Return the unlocked member of the arguments."""
    return context.act(arguments.key_store, passphrase, arguments.workspace_url, ca_file=arguments.ca_file)


def acting_by(arguments: Namespace, ring: KeyRing) -> Acting:
    """Return the holder of keys that were unlocked already, or come from a seed, at the server of the arguments."""
    return context.acting(arguments.key_store, ring, arguments.workspace_url, ca_file=arguments.ca_file)


def workspace(acting_member: Acting, named: str | None) -> str:
    """Return the workspace that was named by id or name, or the only one.

    Raises:
        InvalidError: there is none, or several and none was named.
    """
    known = acting_member.client.workspaces()
    chosen = [each for each in known if named is None or named in (each.id, each.name)]
    if len(chosen) == 1:
        return chosen[0].id
    names = ", ".join(f"{each.name} ({each.id})" for each in known) or "none"
    raise InvalidError(
        "which_workspace", "It is not clear which workspace is meant.", f"Give --workspace; yours: {names}."
    )
