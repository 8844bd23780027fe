"""The C library's heap of a process that runs for months: few arenas, and what is free goes back to the system.

glibc gives each thread that allocates beside others an arena of its own, up to eight for a core, and gives back only
what lies free at an arena's end. Short-lived answers between long-lived statements so left a workspace server larger
after every stretch in which more of its threads were busy at once, though it held no more (docs/performance.md).
Another C library has neither function, and nothing happens there.

Source: mallopt(3), malloc_trim(3).
"""

from __future__ import annotations

import ctypes
from typing import Final

# From malloc.h. Python's own lock lets one thread in at a time, so that few arenas are as quick as many.
_M_ARENA_MAX: Final = -8
_ARENAS: Final = 2


def keep_few_arenas() -> None:
    """Let threads that are started from now on share two arenas; call before they are."""
    found = getattr(ctypes.CDLL(None), "mallopt", None)
    if found is not None:
        found(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give whole free pages back to the system, wherever they lie; takes about a millisecond for 100 MiB."""
    found = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if found is not None:
        found(0)
