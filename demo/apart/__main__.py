"""`python -m demo.apart`: every part in its own process, folder and user; then the same under a hostile server."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from demo.apart import walls
from demo.apart.accounts import find_accounts
from demo.apart.founding import Founding
from demo.apart.ground import PARTS, Ground
from demo.apart.parts import Apart, clean_environment
from demo.apart.story import People, tell
from demo.hostile.campaign import ATTACKS, Outcome, campaign
from demo.hostile.prepared import prepare
from demo.hostile.scene import Scene
from demo.place import ANA
from demo.raw import RawTables
from demo.summary import DemoError, Summary

if TYPE_CHECKING:
    from types import FrameType

    from demo.apart.accounts import Accounts

_FAREWELL = """Below {folder}:
  parts/        each part's own folder; every key lies in one of them and in no other
  logs/         what each part said
  summary.json  every step, every digest beside the directly computed one, and every attack with who refused it

What is shown here is that no part needs to trust the workspace server. It is still one machine, and whoever controls it
controls everything. The enclave is software, not hardware: it keeps out the server, other members and the network, but
not root, nor the worker's user, on the worker's host."""


def main(words: list[str] | None = None) -> int:
    """Run the demonstration; return 0 if all is as expected and every attack was refused, else 1 (130: stopped)."""
    parser = argparse.ArgumentParser(prog="python -m demo.apart", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/demo-apart"), help="made anew each time")
    ground = Ground(parser.parse_args(words).folder.resolve())
    console = Console(highlight=False)
    summary, outcomes, began = Summary(console), list[Outcome](), time.monotonic()
    signal.signal(signal.SIGTERM, _stopped)
    parts: Apart | None = None
    try:
        ground.clear()
        accounts = find_accounts(PARTS, ground.folder, clean_environment())
        _say_accounts(console, accounts)
        parts = Apart(ground, accounts)
        workspace = _apart(parts, summary)
        _hostile(People(parts, workspace), summary, outcomes, console)
    except DemoError as error:
        console.print(f"[red]{error}[/red]")
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    finally:
        if parts is not None:
            parts.stop()
            _write(ground, summary, outcomes)
    refused = sum(each.refused for each in outcomes)
    seconds = time.monotonic() - began
    console.print(f"\n{len(summary.steps)} steps; {refused} of {len(ATTACKS)} attacks refused; {seconds:.0f} s.")
    if not summary.good or refused != len(ATTACKS):
        console.print(f"[red]Not everything happened as expected.[/red] See {ground.summary} and {ground.logs}.")
        return 1
    farewell = _FAREWELL.format(folder=ground.folder)
    console.print(f"[green]Everything happened as expected.[/green] {farewell}", soft_wrap=True)
    return 0


def _stopped(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Whoever ends the demo wants its parts ended too, as with Ctrl-C.
    raise KeyboardInterrupt


def _say_accounts(console: Console, accounts: Accounts) -> None:
    for part, uid in accounts.users.items():
        console.print(f"    {part}: user {uid}")
    for note in accounts.notes:
        console.print(f"[yellow]{note}[/yellow]", soft_wrap=True)


def _apart(parts: Apart, summary: Summary) -> str:
    """Do the main job with the parts apart; return the workspace."""
    founding, step = Founding(parts.ground, parts), summary.step
    step("Each organisation's files lie with its own member", "5 tables in 3 folders", founding.raw_files)
    step("Every part makes its own keys; only cards travel", "8 cards of 8 holders of keys", founding.keys)
    step("The workspace server starts; it knows nobody yet", "1 part runs", founding.server)
    step("All compare the genesis with the invitation and sign", "Signed. The workspace is active.", founding.accept)
    step("Key services, worker and member sides start", f"{len(PARTS)} parts run", founding.start)
    step("Owners encrypt and publish", founding.expected_tables, founding.publish)
    with closing(RawTables(parts.ground)) as raw:
        tell(People(parts, founding.workspace), summary, raw)
    for name, wall in (
        ("Each part's user tries every folder, key, passphrase and process", walls.folders),
        ("The workspace server is asked for kernels, terminals, contents", walls.not_served),
        ("Who listens?", walls.listening),
        ("To whom do key services and worker talk?", walls.outbound),
        ("Plain http is tried beyond this machine", walls.plain_http),
    ):
        step(name, *wall(parts))
    return founding.workspace


def _hostile(people: People, summary: Summary, outcomes: list[Outcome], console: Console) -> None:
    """Let a hostile server take the address over; make all attacks; see that an honest run still works."""
    scenes: list[Scene] = []

    def taken() -> str:
        scenes.append(Scene(people))
        prepare(scenes[0])
        return "the parts work on"

    try:
        summary.step("A hostile server takes over at the same address", "the parts work on", taken)
        outcomes += campaign(scenes[0], console)
        base = scenes[0].prepared.base
        summary.step("The server is honest again: Ana runs a job and opens it", "16 rows", lambda: honest(people, base))
    finally:
        for scene in scenes:
            scene.stop()


def honest(people: People, job: str) -> str:
    """Run a job and open its result."""
    run = people.run(job, {"lowest": 0})
    return f"{people.parts.client(ANA).preview(people.workspace, run.id).total} rows"


def _write(ground: Ground, summary: Summary, outcomes: list[Outcome]) -> None:
    told = {
        "steps": [asdict(step) for step in summary.steps],
        "results": [asdict(result) for result in summary.results],
        "attacks": [{**asdict(each), "refused": each.refused} for each in outcomes],
    }
    ground.summary.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
