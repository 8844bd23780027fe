"""One thread a connection that waits for changes and tells the panels that are open."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Final, Protocol

from jupyter_secure_jobs.domain.errors import SecureJobsError

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.facade import Client

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0


class Listener(Protocol):
    """What is told: `moved` after any change, `lost` when the member side does not answer."""

    def moved(self) -> None:
        """Hear that something may have changed."""

    def lost(self, error: SecureJobsError) -> None:
        """Hear that the last answer was an error; another try follows."""


class Follower:
    """Follows one connection's events while somebody listens; its thread ends with the last listener."""

    def __init__(self, client: Client) -> None:
        """Keep the client; nothing is asked before somebody listens."""
        self._client = client
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._stop: threading.Event | None = None

    def add(self, listener: Listener) -> None:
        """Tell `listener` of changes from now on."""
        with self._lock:
            self._listeners.append(listener)
            if self._stop is None:
                self._stop = threading.Event()
                arguments = (self._stop,)
                threading.Thread(target=self._follow, args=arguments, name="secure-jobs events", daemon=True).start()

    def remove(self, listener: Listener) -> None:
        """Tell `listener` no more; the thread ends at its next answer if nobody is left."""
        with self._lock:
            self._listeners = [each for each in self._listeners if each is not listener]
            if not self._listeners and self._stop is not None:
                self._stop.set()
                self._stop = None

    def _follow(self, stop: threading.Event) -> None:
        seq, pause = 0, FIRST_PAUSE
        while not stop.is_set():
            try:
                newest = self._client.events(seq)
            except SecureJobsError as error:
                self._tell_lost(stop, error)
                stop.wait(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                continue
            if newest != seq or pause != FIRST_PAUSE:
                seq, pause = newest, FIRST_PAUSE
                for listener in self._present(stop):
                    listener.moved()

    def _tell_lost(self, stop: threading.Event, error: SecureJobsError) -> None:
        for listener in self._present(stop):
            listener.lost(error)

    def _present(self, stop: threading.Event) -> list[Listener]:
        with self._lock:
            return [] if stop.is_set() else list(self._listeners)


_FOLLOWERS: Final[weakref.WeakKeyDictionary[Client, Follower]] = weakref.WeakKeyDictionary()


def follower_of(client: Client) -> Follower:
    """Return the one follower of a connection."""
    return _FOLLOWERS.setdefault(client, Follower(client))
