"""The queue: how much may wait, and who comes next. The one rule that both taking a run and telling its place use.

Every run gets a **turn** when it is ordered, and the least turn comes first; of two with the same turn, the older run.
Runs stand in lines, one for each organisation of a workspace and each kind of run. A run's turn lies its kind's
`WEIGHTS` after the run before it in its own line, or after the newest turn that was taken, whichever is later
(self-clocked fair queueing: S. J. Golestani, INFOCOM 1994). So:

- Lines take turns: who has five hundred runs waiting delays another organisation's next run by one of them.
- Tests come before job runs that were ordered with them, since their weight is less.
- Nothing waits for ever: what comes later gets a turn after the newest that was taken, and a turn grows only behind a
  run of the same line that is taken late. Between two job runs of one line, any other line gets at most `WEIGHTS[JOB]`
  of its tests in.
- A line that could not be had for a while has saved nothing up: what others took meanwhile is not made good. Once its
  first run is taken, the rest stands as if it were ordered at that moment, in the same order.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import BusyError
from jupyter_secure_jobs.domain.run import RunKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WEIGHTS: Final = {RunKind.TEST: 1, RunKind.JOB: 8}
Turn = tuple[int, str]  # the turn and the run's id: as such pairs sort, runs come


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How many runs may wait for a worker, of one workspace and of one of its organisations."""

    workspace: int = 2000
    organisation: int = 500


def turn(kind: RunKind, *, taken: int, last: int | None) -> int:
    """Return the turn of a run that is queued now.

    Args:
        kind: of the run.
        taken: the newest turn that a worker has taken so far.
        last: the newest turn in the run's own line, or None if nothing waits there.
    """
    return max(taken, last or 0) + WEIGHTS[kind]


def moved_up(kind: RunKind, turns: Sequence[int], *, taken: int) -> list[int]:
    """Return the turns of a line's runs, in the same order, once a run of it was taken whose turn had long passed.

    Args:
        kind: of the line's runs.
        turns: of those that wait in it, in order.
        taken: the newest turn that a worker has taken so far.
    """
    return [max(turn, taken + WEIGHTS[kind] * number) for number, turn in enumerate(turns, 1)]


def place(order: Sequence[Turn], run: Turn) -> int:
    """Return a run's place, from 1, among those that a worker could take, which are in `order`; it need not be one."""
    return bisect_left(order, run) + 1


def check_room(bounds: Bounds, waiting: Mapping[str, int], organisation: str, *, worker: bool) -> None:
    """Return if another run of an organisation may wait.

    Args:
        bounds: how many may.
        waiting: how many of the workspace's runs wait, by the organisation of who started them.
        organisation: whose run it is.
        worker: whether a worker of the workspace is connected.

    Raises:
        BusyError: the organisation's line, or the workspace's queue, is full.
    """
    own, every = waiting.get(organisation, 0), sum(waiting.values())
    then = "Wait until some of them have run" if worker else "Ask for a worker: none is connected"
    if own >= bounds.organisation:
        raise BusyError(
            "queue_full",
            f"{own:,} runs of {organisation} wait for a worker; more than {bounds.organisation:,} may not.",
            f"{then}, or cancel those that are not needed; then order the run again.",
        )
    if every >= bounds.workspace:
        raise BusyError(
            "queue_full",
            f"{every:,} runs wait for a worker in this workspace, {own:,} of them of {organisation}; "
            f"more than {bounds.workspace:,} may not.",
            f"{then}; then order the run again.",
        )
