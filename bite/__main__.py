"""`python -m bite` takes out every defence in turn; `make bite` does so. `--only WORD` tries some of them."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Final

from rich.console import Console

from bite.defence import StaleTableError
from bite.report import shown, written
from bite.runner import Outcome, Verdict, run, untouched
from bite.table import TABLE
from bite.tree import ROOT

PAGE: Final = ROOT / "docs" / "threat-model.md"


def main(words: list[str] | None = None) -> int:
    """Return 0 if a test noticed every defence that was taken out, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bite", description=__doc__)
    parser.add_argument("--only", metavar="WORD", help="defences with this word in their part, name or file")
    parser.add_argument("--quick", action="store_true", help="leave out what starts real processes or sandboxes")
    parser.add_argument("--write", action="store_true", help="write the table into the page without a run")
    asked = parser.parse_args(words)
    console = Console(highlight=False)
    if asked.write:
        PAGE.write_text(written(PAGE.read_text(), TABLE))
        return 0
    chosen = [
        each
        for part, defences in TABLE.items()
        for each in defences
        if asked.only is None or any(asked.only in text for text in (part, each.name, *(e.file for e in each.edits)))
        if not (asked.quick and each.slow)
    ]
    start = time.monotonic()
    verdict, said = untouched(chosen)
    if verdict is not Verdict.SURVIVED:
        console.print(f"[red]The tests do not pass with every defence in place: {said}[/]")
        return 1

    def told(outcome: Outcome) -> None:
        console.print(f"{outcome.verdict:9} {outcome.seconds:4.0f} s  {outcome.defence.name}", markup=False)

    try:
        outcomes = run(chosen, told)
    except StaleTableError as error:
        console.print(f"[red]{error}[/]")
        return 1
    console.print(shown(outcomes))
    bad = [each for each in outcomes if each.verdict is not Verdict.NOTICED]
    console.print(f"{len(outcomes)} defences, {len(bad)} not noticed, {time.monotonic() - start:.0f} s.")
    for each in bad:
        console.print(f"{each.verdict}: {each.defence.name}: {each.by}", markup=False)
    if not bad and asked.only is None and not asked.quick:
        PAGE.write_text(written(PAGE.read_text(), TABLE))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
