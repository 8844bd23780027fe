"""PySpark's client of Spark Connect, imported without IPython: import it from here before anything that needs it.

The client would ask IPython how wide the screen is, for bars that nobody sees in a sandbox: a tenth of its start.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@contextmanager
def _absent(module: str) -> Iterator[None]:
    """Let a module that was not imported yet count as not installed; an author's own import of it finds it later."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = cast("ModuleType", None)  # what the import system itself takes for "not there"
    try:
        yield
    finally:
        del sys.modules[module]


with _absent("IPython"):
    import pyspark.sql.connect.client  # noqa: F401 -- it is what imports the rest
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.proto import Plan

__all__ = ["DefaultPolicy", "Plan"]
