"""All attacks in a row: each is made on the real parts, and it is told who refused it, by which error, and where."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.table import Table

from demo.hostile.attack import SERVICES, Attack, AttackSucceededError, Refusal
from demo.hostile.evidence import EVIDENCE
from demo.hostile.histories import HISTORIES
from demo.hostile.keys import KEYS
from demo.hostile.results import RESULTS
from demo.hostile.runs import RUNS
from demo.hostile.sides import SIDES
from demo.hostile.statements import STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from demo.hostile.scene import Scene

FAMILIES: Final = {
    "Statements of a run: the enclave and each key service, on their own": STATEMENTS,
    "Evidence and key requests: a corrupt worker's process asks by itself": EVIDENCE,
    "Keys and ciphertext on their way to the enclave": KEYS,
    "Counts, stops and lists: statements that are all genuine": RUNS,
    "Two histories of the log, signed by its own key": HISTORIES,
    "What members are shown, and logins": SIDES,
    "Results and sessions": RESULTS,
}
ATTACKS: Final[tuple[Attack, ...]] = tuple(attack for family in FAMILIES.values() for attack in family)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attack; `happened` says it in the words of `expected`. `seconds` of wall clock."""

    attack: str
    sentence: str
    expected: str
    happened: str
    where: str
    seconds: float

    @property
    def refused(self) -> bool:
        """Whether exactly the parts that must refuse it did, each for its reason."""
        return self.happened == self.expected


def attempt(scene: Scene, attack: Attack) -> Outcome:
    """Make one attack."""
    began = time.monotonic()
    refused: list[Refusal] = []
    try:
        refused = attack.run(scene)
        happened = _words({each.by: each.code for each in refused})
    except AttackSucceededError as error:
        happened = f"NOT REFUSED: {error}"
    except TimeoutError as error:
        happened = f"NOT REFUSED in time: {error}"
    return Outcome(
        attack=attack.name,
        sentence=attack.sentence,
        expected=_words(dict(attack.expected)),
        happened=happened,
        where="; ".join(dict.fromkeys(each.where for each in refused)),
        seconds=round(time.monotonic() - began, 2),
    )


def campaign(scene: Scene, console: Console) -> list[Outcome]:
    """Make all attacks, showing a table for each family."""
    made: list[Outcome] = []
    for title, family in FAMILIES.items():
        outcomes = [attempt(scene, attack) for attack in family]
        console.print(_table(title, outcomes))
        made += outcomes
    return made


def _table(title: str, outcomes: Sequence[Outcome]) -> Table:
    table = Table(title=title, title_justify="left", show_lines=True)
    for heading in ("attack", "refused by: code", "where"):
        table.add_column(heading, overflow="fold")
    for each in outcomes:
        colour = "green" if each.refused else "red"
        lie = f"[bold]{each.attack}[/bold]\n{each.sentence}"
        table.add_row(lie, f"[{colour}]{each.happened}[/{colour}]", each.where)
    return table


def _words(refused: dict[str, str]) -> str:
    """Return refusals in words; what several parts said alike, each on its own, is said once."""
    by_code: dict[str, list[str]] = {}
    for by in sorted(refused):
        by_code.setdefault(refused[by], []).append(by)
    return "; ".join(f"{_together(who)}: {code}" for code, who in sorted(by_code.items()))


def _together(who: list[str]) -> str:
    others = [each for each in who if each not in SERVICES]
    return ", ".join([*others, "both key services"] if len(who) - len(others) == len(SERVICES) else who)
