"""The verify benchmark's figures as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.verify_kinds import MEMBERS, STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from bench.report import Report


def show(report: Report, console: Console) -> None:
    """Print what verification costs by members, what it adds to a run's way, and the machine."""
    console.print(_costs(report.figures), _added(report.figures))
    console.print(", ".join(f"{name} {value}" for name, value in report.machine.items()))


def _table(title: str) -> Table:
    table = Table(title=title)
    table.add_column("what")
    for members in MEMBERS:
        table.add_column(f"{members} members", justify="right")
    return table


def _costs(figures: Mapping[str, float]) -> Table:
    table = _table("Verification in a process that was just started (median milliseconds)")
    rows = {
        "signatures on the statements (count)": "signatures_{}_members_count",
        "the same signatures, Ed25519 alone": "bare_ms_{}_members",
        "a run's statements (verify_run)": "verify_ms_{}_members",
        "… over Ed25519 alone (ratio of the least)": "verify_over_bare_{}_members_ratio",
        "a bundle, from its file": "bundle_cold_ms_{}_members",
    }
    for words, key in rows.items():
        digits = 0 if key.endswith("_count") else 2
        table.add_row(words, *(f"{figures[key.format(members)]:,.{digits}f}" for members in MEMBERS))
    return table


def _added(figures: Mapping[str, float]) -> Table:
    table = _table("What verification adds to one run's way (median milliseconds)")
    for state, words in STATES.items():
        for step, who in (("enclave", "enclave"), ("key_service", "slower key service"), ("added", "together")):
            name = (
                "added_ms_{}_members"
                if (step, state) == ("added", "new_version")
                else f"{step}_{state}_ms_{{}}_members"
            )
            label = f"{who}; verified before: {words}"
            table.add_row(label, *(f"{figures[name.format(members)]:,.2f}" for members in MEMBERS))
        table.add_section()
    return table
