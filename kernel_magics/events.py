"""Events of the audit log as a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kernel_magics.bundle import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_secure_jobs.wire.audit import AuditWire

_COLUMNS: Final = ("time", "actor", "organisation", "event", "label", "job", "version", "run", "detail", "statement",
                   "index")  # fmt: skip


def events_frame(events: Sequence[AuditWire]) -> pd.DataFrame:
    """Return events as they came, newest first; times are in UTC, texts hold no hidden characters."""
    rows = [
        (
            pd.Timestamp(event.time),
            visible(event.actor),
            visible(event.organisation),
            str(event.event),
            visible(event.label),
            visible(event.job_name),
            event.version,
            event.run,
            visible(event.detail),
            event.statement,
            event.index,
        )
        for event in events
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype({"time": "datetime64[ms, UTC]", "version": "Int64", "index": "Int64"})
