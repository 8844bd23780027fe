"""What the magics of one kernel share: the connection, made when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from kernel_magics.api import SecureJobs, connect

if TYPE_CHECKING:
    from collections.abc import Callable


class Card(Protocol):
    """A panel that can be closed."""

    def close(self) -> None:
        """End its refreshing."""


class Desk:
    """One kernel's connection. `opener` makes it from the environment, unless a test gives another."""

    def __init__(self, opener: Callable[[], SecureJobs] = connect) -> None:
        """Keep the opener; nothing is sent yet."""
        self._opener = opener
        self._session: SecureJobs | None = None
        self._cards: dict[str, Card] = {}

    def put(self, job: str, card: Card) -> None:
        """Keep the newest card that a cell shows of a job, and close the one before: it would refresh for ever."""
        before = self._cards.pop(job, None)
        if before is not None:
            before.close()
        self._cards[job] = card

    @property
    def session(self) -> SecureJobs:
        """The connection.

        Raises:
            UnavailableError: the environment names no member side.
        """
        if self._session is None:
            self._session = self._opener()
        return self._session

    def connect(self, url: str, token: str | None, *, workspace: str | None = None) -> SecureJobs:
        """Use another member side from now on."""
        self._session = connect(url, token, workspace=workspace)
        return self._session


# A kernel is one process with one user: its magics and its panels act as the same member in the same workspace.
DESK: Final = Desk()
