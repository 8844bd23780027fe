"""Alembic's entry: runs on the connection that `Database.migrate` gives."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

import jupyter_secure_jobs.store.caller_tables
import jupyter_secure_jobs.store.history_tables
import jupyter_secure_jobs.store.profile_table  # noqa: F401 -- tables join the metadata when they are imported
from jupyter_secure_jobs.store.moments import UtcTime
from jupyter_secure_jobs.store.tables import Base


def _render(kind: str, item: Any, _context: object) -> str | Literal[False]:  # noqa: ANN401 -- any schema item
    # Migrations stand alone: they name the database's own type, not the class of today's package.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=_render)
with context.begin_transaction():
    context.run_migrations()
