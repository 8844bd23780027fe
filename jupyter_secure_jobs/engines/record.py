"""The plans that a Python job gives the engine, written down beside the author's code, which can forge them."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession
    from pyspark.sql.connect.proto import ExecutePlanRequest

MOST_RECORD: Final = 8 * 2**20
_MOST_PLANS: Final = 4 * 2**20


class Recorder:
    """Sees each plan before the engine executes it; in the form of pyspark's hooks of a session."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._plans: list[bytes] = []
        self._bytes = 0
        self._before: int | None = None

    def watch(self, session: SparkSession) -> None:
        """See the plans of this session from now on; one of pyspark without such hooks is not seen."""
        hooks = getattr(cast("Any", session).client, "_session_hooks", None)
        if isinstance(hooks, list):
            hooks.append(self)

    def on_execute_plan(self, request: ExecutePlanRequest) -> ExecutePlanRequest:
        """Note the plan and return the request as it is."""
        plan = request.plan.SerializeToString()
        self._bytes += len(plan)
        if self._bytes <= _MOST_PLANS:
            self._plans.append(plan)
        return request

    def result_follows(self) -> None:
        """Say that the next plan is the result's."""
        self._before = len(self._plans)

    def write(self, descriptor: int) -> None:
        """Write the record into an open file."""
        told = {
            "whole": self._bytes <= _MOST_PLANS,
            "before": self._before,
            "plans": [base64.b64encode(plan).decode() for plan in self._plans] if self._bytes <= _MOST_PLANS else [],
        }
        view = memoryview(json.dumps(told).encode())
        while view:
            view = view[os.write(descriptor, view) :]


def plans_in(parts: dict[str, Any]) -> tuple[bool, int | None, Iterator[bytes]]:
    """Return whether a record is whole, how many plans came before the result's, and the plans.

    Raises:
        ValueError, KeyError, TypeError: it is no record.
    """
    plans = (base64.b64decode(each, validate=True) for each in parts["plans"])
    before = parts["before"]
    return parts["whole"] is True, before if type(before) is int else None, plans
