"""The table: for a person at the terminal, and as Markdown in docs/threat-model.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table

from bite.runner import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bite.defence import Defence
    from bite.runner import Outcome

BEGIN: Final = "<!-- bite:begin -->"
END: Final = "<!-- bite:end -->"
_COLOURS: Final = {Verdict.NOTICED: "green", Verdict.SURVIVED: "bold red", Verdict.BROKEN: "bold yellow"}


def shown(outcomes: Sequence[Outcome]) -> Table:
    """Return the outcomes as a table for the terminal."""
    table = Table(title="Each defence taken out in turn", show_lines=False)
    for column in ("defence", "without it", "verdict", "by", "s"):
        table.add_column(column, overflow="fold", justify="right" if column == "s" else "left")
    for each in outcomes:
        verdict = f"[{_COLOURS[each.verdict]}]{each.verdict}[/]"
        table.add_row(each.defence.name, each.defence.stops, verdict, each.by, f"{each.seconds:.0f}")
    return table


def _tests(defence: Defence) -> str:
    found = []
    for test in defence.tests:
        file, _, name = test.partition("::")
        found.append(f"`{file.rsplit('/', 1)[-1].removesuffix('.py')}{'::' + name if name else ''}`")
    return ", ".join(found)


def _where(defence: Defence) -> str:
    files = dict.fromkeys(edit.file.removeprefix("jupyter_secure_jobs/") for edit in defence.edits)
    return ", ".join(f"`{file}`" for file in files)


def markdown(table: Mapping[str, Sequence[Defence]]) -> str:
    """Return the Markdown between the two markers, both included."""
    lines = [BEGIN, f"{sum(map(len, table.values()))} defences; `make bite` takes out each and a test notices.", ""]
    for part, defences in table.items():
        lines += [f"### {part}", "", "| defence | without it | where | noticed by |", "| --- | --- | --- | --- |"]
        lines += [f"| {each.name} | {each.stops} | {_where(each)} | {_tests(each)} |" for each in defences]
        lines.append("")
    return "\n".join([*lines[:-1], END])


def written(page: str, table: Mapping[str, Sequence[Defence]]) -> str:
    """Return a page with the table between its markers.

    Raises:
        ValueError: the page does not have both, once each and in this order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest:
        raise ValueError(f"The page needs {BEGIN} and {END}, once each.")
    return before + markdown(table) + after
