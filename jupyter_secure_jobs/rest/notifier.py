"""Wakes those who wait for a change. A lost hint loses nothing: whoever waits looks again after a while anyway."""

from __future__ import annotations

import asyncio
from typing import Final

from jupyter_secure_jobs.services.unit import Waiting

LOOK_AGAIN: Final = 2.0


class Notifier:
    """Shared by one event loop; `notify` may be called from any thread.

    Who waits says for what, so that a change that means nothing to most of them costs none of them a look.
    """

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = {kind: asyncio.Event() for kind in Waiting}

    def attach(self) -> None:
        """Remember the running loop."""
        self._loop = asyncio.get_running_loop()

    def notify(self, who: Waiting) -> None:
        """Wake everybody who waits for one of these."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, who)

    def _wake(self, who: Waiting) -> None:
        for kind in who:
            self._changed[kind].set()
            self._changed[kind] = asyncio.Event()

    def mark(self, kind: Waiting) -> asyncio.Event:
        """Return what the next change will set; take it before looking, so that no change slips between."""
        return self._changed[kind]

    async def wait(self, mark: asyncio.Event, seconds: float) -> None:
        """Wait for a change after `mark`, or for `seconds`, or until it is time to look again."""
        try:
            await asyncio.wait_for(mark.wait(), timeout=min(max(seconds, 0.0), LOOK_AGAIN))
        except TimeoutError:
            return
