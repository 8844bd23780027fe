"""The command `jupyter secure-jobs`: errors say what happened and what to do; no stack trace reaches a user."""

from __future__ import annotations

import argparse
import sys

from jupyter_secure_jobs._version import __version__
from jupyter_secure_jobs.cli import (
    audit,
    datasets,
    decide,
    keys,
    keyservice,
    parts,
    profiles,
    receipts,
    reseal,
    roster,
    stopping,
)
from jupyter_secure_jobs.domain.errors import SecureJobsError


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    made = argparse.ArgumentParser(
        prog="jupyter secure-jobs",
        description="Notebook jobs on data that several organisations will not hand to each other.",
    )
    made.add_argument("--version", action="version", version=__version__)
    groups = made.add_subparsers(required=True, metavar="COMMAND")
    for module in (keys, roster, datasets, profiles, decide, stopping, receipts, reseal, audit, keyservice, parts):
        module.add(groups)
    return made


def main(argv: list[str] | None = None) -> None:
    """Run one command; exit code 1 if it was refused, 2 if it could not be read, or what the command itself gives."""
    arguments = parser().parse_args(argv)
    try:
        code = arguments.run(arguments)
    except SecureJobsError as error:
        print(f"{error.detail}\n{error.next_step}".strip(), file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, EOFError):
        print("Stopped; nothing more was done.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
