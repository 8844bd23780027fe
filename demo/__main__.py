"""`python -m demo`: three organisations share data in secure notebook jobs, from draft to opened result."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from demo.founding import found
from demo.parts import Parts
from demo.place import MEMBERS, Place
from demo.story import Story
from demo.summary import DemoError, Summary

if TYPE_CHECKING:
    from types import FrameType


def main(words: list[str] | None = None) -> int:
    """Run the demo; return 0 if everything happened as expected, else 1 (130 if it was stopped)."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/demo"), help="made anew; build/demo if not given")
    place = Place(parser.parse_args(words).folder.resolve())
    console = Console(highlight=False)
    summary, began = Summary(console), time.monotonic()
    signal.signal(signal.SIGTERM, _stopped)
    parts: Parts | None = None
    try:
        place.clear()
        parts = Parts(place)
        raw = found(place, parts, summary)
        with closing(raw):
            Story(place, parts, summary, raw).tell()
    except DemoError as error:
        console.print(f"[red]{error}[/red]")
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    finally:
        if parts is not None:
            parts.stop()
            summary.write(place.summary)
    seconds = time.monotonic() - began
    console.print(f"\n{len(summary.steps)} steps, {len(summary.results)} results, {seconds:.0f} s.")
    if not summary.good:
        console.print(f"[red]Not everything happened as expected.[/red] See {place.summary} and {place.logs}.")
        return 1
    console.print(f"[green]Everything happened as expected.[/green] {_farewell(place)}", soft_wrap=True)
    return 0


def _stopped(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Whoever ends the demo wants its parts ended too, as with Ctrl-C.
    raise KeyboardInterrupt


def _farewell(place: Place) -> str:
    members = ", ".join(member.email for member in MEMBERS)
    return f"""Below {place.folder}:
  *.ipynb       the executed notebooks; rows of job runs are not in them
  exports/      the opened results and logs, as Ana and Ben have them on their own machines
  server/       all that the workspace server holds: ciphertext, synthetic tables, signed statements
  members/, keyservices/, worker/    the key stores; the one passphrase of this demonstration is in passphrase
  summary.json  every step with what was expected, and each result's digest beside the directly computed one
  logs/         what each part said

Open the same workspace in JupyterLab: make lab, then the address that it prints, and switch between
{members}.

One machine that holds all parts is a demonstration: whoever controls it controls everything. The enclave is software,
not hardware: it keeps out the workspace server, other members and the network, but not root on the worker's host."""


if __name__ == "__main__":
    sys.exit(main())
