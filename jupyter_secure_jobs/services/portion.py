"""How much of what waits goes into one answer: in turn from everybody who has something, and bounded in bytes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jupyter_secure_jobs.wire.base import Wire

W = TypeVar("W", bound="Wire")

_MIB: Final = 1024**2
# What nearly every item is below; those above have room of their own, and never take that of these.
ORDINARY: Final = _MIB
ENOUGH_ORDINARY: Final = 4 * _MIB
ENOUGH: Final = 8 * _MIB
# Who asks takes 16 MiB and not a byte more, with brackets and commas.
MOST: Final = 15 * _MIB
# So much is made at most to find what goes into one answer.
MOST_MADE: Final = 32 * _MIB


def size(item: Wire) -> int:
    """Return how many bytes an item has in an answer."""
    return len(item.model_dump_json().encode()) + 1


def portion(queues: Iterable[Iterator[W]]) -> list[W]:
    """Return what of several queues goes into one answer, of each the first items; the rest comes with the next.

    Each queue gives one item in turn, in the order of `queues`, which the caller changes from answer to answer. Items
    up to 1 MiB go in until they are 4 MiB; larger ones then, up to 8 MiB in all, or a single one up to 15 MiB. What is
    larger still goes into no answer, and keeps nobody else's out.
    """
    waiting, taken, large = deque(queues), list[W](), list[tuple[int, W]]()
    ordinary = made = 0
    while waiting and made < MOST_MADE:
        queue = waiting.popleft()
        item = next(queue, None)
        if item is None:
            continue
        waiting.append(queue)
        length = size(item)
        made += length
        if length > ORDINARY:
            large.append((length, item))
        elif ordinary + length > ENOUGH_ORDINARY:
            break
        else:
            ordinary += length
            taken.append(item)
    return [*taken, *_fitting(large, ordinary)]


def _fitting(large: Iterable[tuple[int, W]], used: int) -> Iterator[W]:
    room = MOST
    for length, item in large:
        if used + length <= room:
            used += length
            room = ENOUGH
            yield item
