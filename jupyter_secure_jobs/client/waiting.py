"""Waiting for a change: one long poll after another, until what is asked for has come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.connection import TimedOutError
from jupyter_secure_jobs.client.run import SLACK
from jupyter_secure_jobs.domain.errors import UnavailableError
from jupyter_secure_jobs.domain.run import ENDED
from jupyter_secure_jobs.wire.base import Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.client.facade import Client
    from jupyter_secure_jobs.wire.run import RunWire

LONG_POLL: Final = 25.0


def next_sequence(client: Client, after: int, *, seconds: float = LONG_POLL) -> int:
    """Return the newest change's number, at once if it is not `after`, else when it changes or time is over.

    Raises:
        SecureJobsError: as the server said, or it cannot be reached.
    """
    try:
        # The server ends its wait by itself; the slack lets that answer arrive.
        query: dict[str, str | int] = {"after": after, "wait": f"{seconds:.3f}"}
        return client.connection.get("events", Sequence, query=query, timeout=seconds + SLACK).seq
    except TimedOutError:
        return after


def wait_for_end(
    client: Client,
    run: RunWire,
    *,
    timeout: float | None = None,
    changed: Callable[[RunWire], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> RunWire:
    """Return the run once it has succeeded, failed or been cancelled; `changed` is told of each state on the way.

    Args:
        client: where to ask.
        run: the run to wait for.
        timeout: seconds; None waits for ever.
        changed: called with each new state.
        clock: seconds that only go forward.

    Raises:
        UnavailableError: `still_active`, the run has not ended in time; it goes on.
    """
    end = None if timeout is None else clock() + timeout
    seq, current = 0, run
    while True:
        # Who looks at no state on the way asks once, and the answer comes when the run has ended.
        quiet = LONG_POLL if end is None else min(LONG_POLL, end - clock())
        try:
            fresh = client.run_of(run.workspace, run.id, wait=quiet if changed is None else 0.0)
        except TimedOutError:
            fresh = current
        if changed is not None and (fresh != current or seq == 0):
            changed(fresh)
        current = fresh
        if current.status in ENDED:
            return current
        left = LONG_POLL if end is None else min(LONG_POLL, end - clock())
        if left <= 0:
            raise UnavailableError(
                "still_active", f"The run is {current.status}; the time to wait is over.", "Wait again; it goes on."
            )
        if changed is not None:
            seq = next_sequence(client, seq, seconds=left)
