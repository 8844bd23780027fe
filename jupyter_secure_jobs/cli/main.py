"""The command `jupyter secure-jobs`: errors say what happened and what to do; no stack trace reaches a user."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Final

from jupyter_secure_jobs._version import __version__
from jupyter_secure_jobs.cli.visible import visible
from jupyter_secure_jobs.domain.errors import SecureJobsError

# Which file of this folder has a command, in the order of the help.
FILES: Final = {
    "key": "keys",
    "workspace": "keys",
    "roster": "roster",
    "dataset": "datasets",
    "profile": "profiles",
    "decide": "decide",
    "revoke": "stopping",
    "notice": "stopping",
    "receipt": "receipts",
    "verify": "receipts",
    "reseal": "reseal",
    "audit": "audit",
    "keyservice": "keyservice",
    "serve": "parts",
    "member": "parts",
    "worker": "parts",
    "wheel": "parts",
    "migrate": "parts",
}


def parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of a command and those beside it; of all commands if there is none of that name.

    What the others are made of is not imported then: nobody waits for what they did not ask for.
    """
    made = argparse.ArgumentParser(
        prog="jupyter secure-jobs",
        description="Notebook jobs on data that several organisations will not hand to each other.",
    )
    made.add_argument("--version", action="version", version=__version__)
    groups = made.add_subparsers(required=True, metavar="COMMAND")
    for name in dict.fromkeys([FILES[command]] if command in FILES else FILES.values()):
        import_module(f"jupyter_secure_jobs.cli.{name}").add(groups)
    return made


def main(argv: list[str] | None = None) -> None:
    """Run one command; exit code 1 if it was refused, 2 if it could not be read, or what the command itself gives."""
    words = sys.argv[1:] if argv is None else argv
    arguments = parser(*words[:1]).parse_args(words)
    try:
        code = arguments.run(arguments)
    except SecureJobsError as error:
        # Some are the server's words.
        print(visible(f"{error.detail}\n{error.next_step}".strip()), file=sys.stderr)
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
