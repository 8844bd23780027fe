"""Pinned queries and starter scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.text import clean_code, clean_name
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from jupyter_secure_jobs.services import logbook
from jupyter_secure_jobs.store import datasets, pinned
from jupyter_secure_jobs.store.caller_tables import PinnedRow
from jupyter_secure_jobs.wire.base import Nothing, Page
from jupyter_secure_jobs.wire.pinned import PinnedNew, PinnedWire, ScriptWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.services.unit import Unit

TITLE_LENGTH: Final = 100


def _wire(row: PinnedRow) -> PinnedWire:
    return PinnedWire(id=row.id, title=row.title, language=Language(row.language), code=row.code, created=row.created)


def listed(unit: Unit, workspace: str, *, after: str | None, limit: int) -> Page[PinnedWire]:
    """Return a page of the caller's own, newest first."""
    member = unit.member(workspace)
    rows, cursor = pinned.listed(unit.session, workspace, member.email, after=after, limit=limit)
    return Page[PinnedWire](items=[_wire(row) for row in rows], next=cursor)


def pin(unit: Unit, workspace: str, body: PinnedNew) -> PinnedWire:
    """Keep a query for the caller alone."""
    member = unit.member(workspace)
    row = PinnedRow(
        id=unit.new_id(),
        workspace=workspace,
        member=member.email,
        title=clean_name(body.title, what="title", longest=TITLE_LENGTH),
        language=str(body.language),
        code=clean_code(body.code),
        created=unit.now,
    )
    unit.session.add(row)
    unit.changes(workspace)
    return _wire(row)


def unpin(unit: Unit, workspace: str, query: str) -> Nothing:
    """Delete one of the caller's own.

    Raises:
        NotFoundError: the caller has none of this id.
    """
    member = unit.member(workspace)
    row = pinned.get(unit.session, workspace, member.email, query)
    if row is None:
        raise NotFoundError("no_pinned_query", "You have no such pinned query.", "See your pinned queries.")
    unit.session.delete(row)
    unit.changes(workspace)
    return Nothing()


def scripts(unit: Unit, workspace: str) -> Page[ScriptWire]:
    """Return starter scripts in both languages, filled in with the workspace's newest table, or a made-up one."""
    unit.member(workspace)
    rows, _ = datasets.listed(unit.session, workspace, after=None, limit=1)
    table, column, number = "my_table", "my_column", None
    if rows:
        manifest = envelopes.read(Manifest, logbook.read(unit, workspace, rows[0].manifest))
        table, column = manifest.name, manifest.columns[0].name
        number = next((c.name for c in manifest.columns if c.type in ("int", "bigint", "double", "smallint")), None)
    measure = f", round(avg({number}), 1) AS mean_{number}" if number else ""
    aggregate = f', F.round(F.avg("{number}"), 1).alias("mean_{number}")' if number else ""
    sql, python = Language.SQL, Language.PYTHON
    group = f"FROM {table}\nGROUP BY {column}\nHAVING count(*) >= 10\nORDER BY {column}"
    python_code = (
        f'from pyspark.sql import functions as F\n\nrows = spark.table("{table}")\n(\n    rows.groupBy("{column}")\n'
        f'    .agg(F.count("*").alias("n"){aggregate})\n    .where("n >= 10")\n    .orderBy("{column}")\n)'
    )
    missing = f"SELECT count(*) AS n, count({column}) AS with_{column}\nFROM {table}"
    texts = [
        ("count", "Rows per group", sql, f"SELECT {column}, count(*) AS n{measure}\n{group}"),
        ("preview_columns", "Counts and missing values of a column", sql, missing),
        ("count_python", "Rows per group", python, python_code),
    ]
    return Page[ScriptWire](
        items=[
            ScriptWire(name=name, title=title, language=language, code=code) for name, title, language, code in texts
        ]
    )
