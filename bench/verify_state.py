"""A key service's memory that knows how long it waited for its disk: what it counts is on disk before it answers."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_secure_jobs.keyservice.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class TimedState(State):
    """`milliseconds` is the time that writing took since it was last set to nothing."""

    milliseconds = 0.0

    @contextmanager
    def _timed(self) -> Iterator[None]:
        tick = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds += (time.perf_counter() - tick) * 1000

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make one change; one inside another is timed with it."""
        if self._connection.in_transaction:
            with super().transaction():
                yield
            return
        with self._timed(), super().transaction():
            yield

    def saw_log(self, workspace: str, note: str) -> None:
        """Remember a newer checkpoint."""
        with self._timed():
            super().saw_log(workspace, note)

    def give_nonce(self, order: str, nonce: str, *, now: datetime) -> None:
        """Remember a nonce."""
        with self._timed():
            super().give_nonce(order, nonce, now=now)

    def take_nonce(self, order: str, *, now: datetime) -> str:
        """Use up a nonce."""
        with self._timed():
            return super().take_nonce(order, now=now)
