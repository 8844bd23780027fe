"""The one place that looks at the clock. Everything below takes the moment as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the moment in UTC, to the millisecond: that is what statements and the database keep."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
