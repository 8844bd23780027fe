"""What the magics of one kernel share: the connection, made when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kernel_magics.api import SecureJobs, connect

if TYPE_CHECKING:
    from collections.abc import Callable


class Desk:
    """One kernel's connection. `opener` makes it from the environment, unless a test gives another."""

    def __init__(self, opener: Callable[[], SecureJobs] = connect) -> None:
        """Keep the opener; nothing is sent yet."""
        self._opener = opener
        self._session: SecureJobs | None = None

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
