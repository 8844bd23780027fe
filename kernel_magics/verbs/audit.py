"""The verb that shows or exports the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.wire.audit import AuditFilter
from kernel_magics.bundle import note
from kernel_magics.showing import show
from kernel_magics.verbs.verb import Verb

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from kernel_magics.arguments import Arguments
    from kernel_magics.desk import Desk

_MOST: Final = 1_000


def _arguments(parser: Arguments) -> None:
    parser.add_argument("name", nargs="?", metavar='"NAME"')
    parser.add_argument("--kind", action="append", default=[], choices=list(Event), metavar="KIND")
    parser.add_argument("--member", metavar="EMAIL")
    parser.add_argument("--organisation", metavar='"ORGANISATION"')
    parser.add_argument("--since", metavar="DATE")
    parser.add_argument("--until", metavar="DATE")
    parser.add_argument("--export", metavar="FILE")
    parser.add_argument("--overwrite", action="store_true")


def _audit(desk: Desk, arguments: argparse.Namespace) -> pd.DataFrame | None:
    wanted = AuditFilter(
        kinds=arguments.kind,
        member=arguments.member,
        organisation=arguments.organisation,
        job=arguments.name,
        since=arguments.since,
        until=arguments.until,
    )
    if arguments.export is not None:
        path = desk.session.export_audit(arguments.export, wanted, overwrite=arguments.overwrite)
        show(note(f"Wrote {path} ({path.stat().st_size:,} bytes)."))
        return None
    frame = desk.session.audit(wanted, most=_MOST)
    if len(frame) == _MOST:
        show(note(f"The newest {_MOST:,} events; narrow it with --since, or write all with --export FILE."))
    return frame


VERBS: Final = (
    Verb(
        name="audit",
        form='["NAME"] [--kind K] [--member E] [--organisation O] [--since D] [--until D] [--export FILE]',
        summary="who did what, when: the newest 1,000 events as a DataFrame, or all to a CSV file",
        arguments=_arguments,
        do=_audit,
    ),
)
