"""What the demo expected and what happened: shown step by step, and written as `summary.json`."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console


class DemoError(Exception):
    """A step could not be done; the text says why, and the demo ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, in words that can be compared; `seconds` of wall clock."""

    step: str
    expected: str
    happened: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The logical digest of an opened result, and that of the same computation made directly on the raw tables."""

    run: str
    digest: str
    computed_digest: str


class Summary:
    """The steps and results so far."""

    def __init__(self, console: Console) -> None:
        """Show every step on `console` as it ends."""
        self.steps: list[Step] = []
        self.results: list[Result] = []
        self._console = console

    def step(self, name: str, expected: str, do: Callable[[], str]) -> None:
        """Do a step and record what it says happened, beside what was expected.

        Raises:
            DemoError: the step could not be done, or something else happened than was expected.
        """
        self._console.print(f"[bold]{len(self.steps) + 1:2d}. {name}[/bold]")
        began = time.monotonic()
        failure: DemoError | None = None
        try:
            happened = do()
        except DemoError as error:
            failure, happened = error, f"failed: {error}"
        step = Step(step=name, expected=expected, happened=happened, seconds=round(time.monotonic() - began, 2))
        self.steps.append(step)
        if failure is None and happened == expected:
            self._console.print(f"    [green]✓[/green] {happened} [dim]({step.seconds:.1f} s)[/dim]", highlight=False)
            return
        self._console.print(f"    [red]✗[/red] expected: {expected}\n      happened: {happened}", highlight=False)
        raise DemoError(f"Step {len(self.steps)} went otherwise than expected.") from failure

    def compare(self, run: str, digest: str, computed: str) -> None:
        """Record a result's digest beside the one that was computed directly."""
        self.results.append(Result(run=run, digest=digest, computed_digest=computed))

    @property
    def good(self) -> bool:
        """Whether everything went as expected, and every digest is the computed one."""
        return (
            bool(self.steps and self.results)
            and all(step.expected == step.happened for step in self.steps)
            and all(result.digest == result.computed_digest for result in self.results)
        )

    def write(self, path: Path) -> None:
        """Write the steps and results as JSON."""
        told = {"steps": [asdict(step) for step in self.steps], "results": [asdict(each) for each in self.results]}
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
