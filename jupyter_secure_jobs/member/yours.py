"""The review's own-data part: which columns flow where, and where the code names the reviewer's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.flow.rows import Source
from jupyter_secure_jobs.flow.sql import follow_sql
from jupyter_secure_jobs.flow.sql_text import position
from jupyter_secure_jobs.member.mentions import follow_python, places_named, sources_named
from jupyter_secure_jobs.wire.member_side import FlowColumnWire, FlowWire, MarkWire, SourceWire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jupyter_secure_jobs.flow.sql import Followed
    from jupyter_secure_jobs.member.planned import Planned
    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.version import Version

_MOST_MARKS: Final = 5_000
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    """A verified version's flow as pages show it, where its text names the reviewer's data, and what was followed."""

    flow: FlowWire
    marks: list[MarkWire]
    followed: Followed


def own_data(
    version: Version, manifests: Mapping[str, Manifest], organisation: str, *, plan: Planned | None = None
) -> OwnData:
    """Return the flow of columns and the marks for a member of `organisation`.

    `plan` is what a test run claims of a Python job. It never makes the flow known: see `member.planned`.
    """
    owners = {read.table: manifests[read.manifest].owner for read in version.datasets}
    tables = {read.table: [each.name for each in manifests[read.manifest].columns] for read in version.datasets}

    def wires(sources: Iterable[Source]) -> list[SourceWire]:
        return [
            SourceWire(
                table=each.table,
                column=each.column,
                owner=owners[each.table],
                yours=owners[each.table] == organisation,
            )
            for each in sorted(sources)
        ]

    named: frozenset[Source] = frozenset()
    if version.language is Language.SQL:
        followed = follow_sql(version.code, tables)
    else:
        followed, named = follow_python(version.code, tables)
    if followed.rows is None:
        flow = FlowWire(known=False, why=followed.why, conditions=wires(named))
        if plan is not None:
            flow = _claimed(plan, flow.why, named, wires)
    else:
        columns = [FlowColumnWire(output=each.label, how=each.how, sources=wires(each.sources))
                   for each in followed.rows.attributes]  # fmt: skip
        flow = FlowWire(known=True, why="", columns=columns, conditions=wires(followed.rows.conditions))
    mine = {table: columns for table, columns in tables.items() if owners[table] == organisation}
    marks = []
    for line, column, length, meant in _places(version, followed, mine):
        marks.append(MarkWire(line=line, column=column, length=length, what=_words(meant)))
        if len(marks) == _MOST_MARKS:
            break
    return OwnData(flow=flow, marks=marks, followed=followed)


def _claimed(
    plan: Planned, why: str, named: frozenset[Source], wires: Callable[[Iterable[Source]], list[SourceWire]]
) -> FlowWire:
    """Return what a plan says, beside what stands in the text: neither alone is the whole."""
    every = [Source(table=each.table, column=each.column) for each in plan.flow.sources]
    columns = [
        FlowColumnWire(
            output=each.name,
            how=each.making.words(each.functions) + (", in part made in Python" if each.python else ""),
            sources=wires(every[place] for place in each.sources),
        )
        for each in plan.flow.columns
    ]
    deciding = frozenset(every[place] for place in plan.flow.conditions)
    return FlowWire(known=False, why=f"{plan.why} {why}", columns=columns, conditions=wires(named | deciding))


def _places(
    version: Version, followed: Followed, mine: Mapping[str, list[str]]
) -> Iterator[tuple[int, int, int, list[Source]]]:
    if version.language is not Language.SQL:
        yield from places_named(version.code, mine)
    elif followed.rows is not None:
        for start, length, source in followed.places:
            if source.table in mine:
                yield *position(version.code, start), length, [source]
    else:
        # What could not be followed is marked by name: rather too much than too little.
        for word in _WORD.finditer(version.code):
            meant = sources_named(word[0], mine)
            if meant:
                yield *position(version.code, word.start()), len(word[0]), meant


def _words(meant: Iterable[Source]) -> str:
    return " or ".join(f"{each.table}.{each.column}" if each.column else each.table for each in meant)
