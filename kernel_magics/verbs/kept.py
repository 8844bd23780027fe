"""Verbs about pinned queries and starter scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kernel_magics.bundle import code, note, table
from kernel_magics.draft import guess_language
from kernel_magics.showing import show
from kernel_magics.verbs.verb import Verb, nothing
from kernel_magics.wording import local_time

if TYPE_CHECKING:
    import argparse

    from kernel_magics.arguments import Arguments
    from kernel_magics.desk import Desk


def _pin_arguments(parser: Arguments) -> None:
    parser.add_argument("title", metavar='"TITLE"')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--job", metavar='"NAME"')
    source.add_argument("--text")
    parser.add_argument("--lang", choices=["sql", "python"])


def _pin(desk: Desk, arguments: argparse.Namespace) -> None:
    if arguments.job is not None:
        version = desk.session.job(arguments.job).wire.version
        text, language = version.code, arguments.lang or str(version.language)
    else:
        text, language = arguments.text, arguments.lang or str(guess_language(arguments.text))
    kept = desk.session.pin(arguments.title, text, language)
    show(note(f'Pinned "{kept.title}" ({kept.language}).'))


def _title(parser: Arguments) -> None:
    parser.add_argument("title", metavar='"TITLE"')


def _pinned_arguments(parser: Arguments) -> None:
    parser.add_argument("title", nargs="?", metavar='"TITLE"')


def _pinned(desk: Desk, arguments: argparse.Namespace) -> None:
    kept = desk.session.pinned()
    if arguments.title is not None:
        chosen = [query for query in kept if arguments.title in {query.title, query.id}]
        show(code(chosen[0].code, title=chosen[0].title) if chosen else note(f"No pinned query {arguments.title!r}."))
        return
    rows = [[query.title, str(query.language), local_time(query.created), query.code] for query in kept]
    empty = 'No pinned queries. Pin one: %securejob pin "TITLE" --job "NAME".'
    show(table(["title", "language", "pinned", "text"], rows, empty=empty))


def _unpin(desk: Desk, arguments: argparse.Namespace) -> None:
    show(note(f'Unpinned "{desk.session.unpin(arguments.title).title}".'))


def _scripts(desk: Desk, _: argparse.Namespace) -> None:
    scripts = desk.session.scripts()
    if not scripts:
        show(note("No starter scripts: the workspace has no datasets yet."))
    for script in scripts:
        show(code(f'%%securejob "{script.title}" --lang {script.language}\n{script.code}', title=script.title))


VERBS: Final = (
    Verb(
        name="pin",
        form='"TITLE" --job "NAME" | --text "…" [--lang L]',
        summary="keep a job's text, or any text, as a pinned query",
        arguments=_pin_arguments,
        do=_pin,
    ),
    Verb(name="pinned", form='["TITLE"]', summary="your pinned queries", arguments=_pinned_arguments, do=_pinned),
    Verb(name="unpin", form='"TITLE"', summary="drop a pinned query", arguments=_title, do=_unpin),
    Verb(name="scripts", form="", summary="starter scripts, ready to copy into a cell", arguments=nothing, do=_scripts),
)
