"""The real enclave without a sandbox: it verifies, attests and opens keys as ever, and never runs a job."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jupyter_secure_jobs.enclave.enclave import Enclave
from jupyter_secure_jobs.enclave.pool import Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from jupyter_secure_jobs.crypto.memory import Memory
    from jupyter_secure_jobs.crypto.sealing import SealingKey
    from jupyter_secure_jobs.crypto.signing import SigningKey
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.sandbox.child import Child


class Room:
    """Memory with room for every dataset; nothing is ever put there."""

    def free_bytes(self) -> int:
        """There is room."""
        return 2**40

    def reserve(self, _size: int) -> None:
        """There is room."""

    def release(self) -> None:
        """Nothing was reserved."""


class IdleChild:
    """Stands where a sandboxed process would; remembers whether it was closed."""

    def __init__(self) -> None:
        self.closed = False
        self.tables = Path("/nonexistent")
        self.packages = Path("/nonexistent")

    def wait_until_ready(self) -> None:
        """It is ready, having nothing to do."""

    def close(self) -> None:
        self.closed = True


class BareEnclave(Enclave):
    """An enclave whose children are idle."""

    def __init__(self, *, platform: SigningKey, name: str, measurement: str, clock: Callable[[], datetime]) -> None:
        self.children: list[IdleChild] = []
        super().__init__(
            platform=platform, name=name, measurement=measurement, memory=cast("Memory", Room()), clock=clock
        )

    def warm(self) -> None:
        """Start nothing ahead."""

    def _sandbox(self, _limits: Any, _engine: Any) -> Taken:
        self.children.append(IdleChild())
        child = cast("Child", self.children[-1])
        return Taken(child=child, again=lambda: child, asked=time.monotonic())

    @property
    def sealing(self) -> SealingKey:
        """The key of the run in hand, to which grants are sealed."""
        return self._current().sealing

    @property
    def signing(self) -> SigningKey:
        """The attested key of the run in hand."""
        return self._current().signing

    @property
    def busy(self) -> bool:
        """Whether a run is in hand."""
        return self._session is not None

    def opened(self, grants: Sequence[Envelope]) -> dict[str, bytes]:
        """Return the dataset keys that these grants give to the run in hand, by manifest."""
        session = self._current()
        assert session.evidence is not None
        return self._keys(session, grants, session.evidence.hash)
