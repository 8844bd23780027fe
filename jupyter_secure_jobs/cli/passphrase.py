"""Where a passphrase comes from: typed, a file, or a file descriptor; never the environment or the command line."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import InvalidError, NotAllowedError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Add the two ways for use without a person."""
    parser.add_argument("--passphrase-file", type=Path, help="read the passphrase from this file (mode 0600)")
    parser.add_argument("--passphrase-fd", type=int, help="read the passphrase from this file descriptor")


def read(arguments: Namespace, *, prompt: str = "Passphrase: ", again: bool = False) -> str:
    """Return the passphrase.

    Raises:
        NotAllowedError: the file can be read by others.
        InvalidError: there is nobody to ask, or the two typed ones differ.
    """
    path: Path | None = arguments.passphrase_file
    if path is not None:
        try:
            if path.stat().st_mode & 0o077:
                raise NotAllowedError(
                    "passphrase_file_open",
                    "The passphrase file can be read by others.",
                    f"Run `chmod 600 {path.name}`.",
                )
            return path.read_text().strip()
        except OSError as error:
            raise InvalidError("passphrase_file", "The passphrase file cannot be read.", "Check its path.") from error
    if arguments.passphrase_fd is not None:
        with os.fdopen(arguments.passphrase_fd) as stream:
            return stream.read().strip()
    if not sys.stdin.isatty():
        raise InvalidError(
            "no_passphrase",
            "There is no terminal to ask for the passphrase.",
            "Give --passphrase-file or --passphrase-fd.",
        )
    typed = getpass.getpass(prompt)
    if again and getpass.getpass("Once more: ") != typed:
        raise InvalidError("passphrases_differ", "The two passphrases differ.", "Try again.")
    return typed
