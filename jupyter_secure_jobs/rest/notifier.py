"""Wakes those who wait for a change. A lost hint loses nothing: whoever waits looks again after a while anyway."""

from __future__ import annotations

import asyncio
from typing import Final

LOOK_AGAIN: Final = 2.0


class Notifier:
    """Shared by one event loop; `notify` may be called from any thread."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    def attach(self) -> None:
        """Remember the running loop."""
        self._loop = asyncio.get_running_loop()

    def notify(self) -> None:
        """Wake everybody who waits."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def mark(self) -> asyncio.Event:
        """Return what the next change will set; take it before looking, so that no change slips between."""
        return self._changed

    async def wait(self, mark: asyncio.Event, seconds: float) -> None:
        """Wait for a change after `mark`, or for `seconds`, or until it is time to look again."""
        try:
            await asyncio.wait_for(mark.wait(), timeout=min(max(seconds, 0.0), LOOK_AGAIN))
        except TimeoutError:
            return
