"""The flow of columns in the plan of a test run: a claim from within the sandbox, in a closed form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.plan_flow import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_NAME,
    MOST_SOURCES,
    Making,
    PlanUnknown,
)
from jupyter_secure_jobs.domain.text import clean_identifier, clean_name
from jupyter_secure_jobs.protocol import codec

_FUNCTION: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_MOST_FUNCTIONS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSource:
    """A column of a table of the job."""

    table: str
    column: str

    def __post_init__(self) -> None:
        """Refuse names that deceive.

        Raises:
            InvalidError: it is no identifier, or no name.
        """
        clean_identifier(self.table, what="table")
        if clean_name(self.column, what="column", longest=MOST_NAME) != self.column:
            raise InvalidError("plan_flow", "A column's name is not in its normal form.", "Test again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanColumn:
    """A column of the result. `sources` are places in the list of sources; `python`: in part made in Python."""

    name: str
    making: Making
    functions: tuple[str, ...]
    sources: tuple[int, ...]
    python: bool

    def __post_init__(self) -> None:
        """Refuse names that deceive, and what is no name of a function.

        Raises:
            InvalidError: one of them.
        """
        if clean_name(self.name, what="column", longest=MOST_NAME) != self.name:
            raise InvalidError("plan_flow", "A column's name is not in its normal form.", "Test again.")
        if len(self.functions) > _MOST_FUNCTIONS or not all(_FUNCTION.match(each) for each in self.functions):
            raise InvalidError("plan_flow", "A function's name has another form.", "Test again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFlow:
    """Which columns of the tables flow into which columns of the result, by the plan that the code gave the engine.

    `conditions` decide which rows count, or were read by Python before the result; `actions` is how often it read
    before. `python`: values made in Python decide as well. With `unknown` there is nothing else. All of it comes from
    the sandbox, where the author's code runs: its form is checked, that it is true cannot be.
    """

    unknown: PlanUnknown | None
    sources: tuple[PlanSource, ...]
    columns: tuple[PlanColumn, ...]
    conditions: tuple[int, ...]
    python: bool
    actions: int

    def __post_init__(self) -> None:
        """Refuse what is too large, and places that are none.

        Raises:
            InvalidError: one of them.
        """
        used = [*self.conditions, *(place for each in self.columns for place in each.sources)]
        if len(self.columns) > MOST_COLUMNS or len(self.sources) > MOST_COLUMNS or len(used) > MOST_SOURCES:
            raise InvalidError("plan_flow", "There are too many columns.", "Test again.")
        if any(not 0 <= place < len(self.sources) for place in used) or not 0 <= self.actions < MOST_SOURCES:
            raise InvalidError("plan_flow", "A number is out of its range.", "Test again.")
        if self.unknown is not None and (self.sources or self.columns or used or self.python or self.actions):
            raise InvalidError("plan_flow", "What is unknown has no columns.", "Test again.")

    @classmethod
    def unfollowed(cls, unknown: PlanUnknown) -> PlanFlow:
        """Return that nothing is known, and why."""
        return cls(unknown=unknown, sources=(), columns=(), conditions=(), python=False, actions=0)

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(codec.to_json(self), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> PlanFlow:
        """Return what `to_bytes` wrote; the bytes may be anybody's.

        Raises:
            RefusedError: they are too many, or do not keep to the form.
        """
        if len(data) > MOST_BYTES:
            raise RefusedError("plan_flow", f"The flow of columns has over {MOST_BYTES} bytes.")
        try:
            parsed = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RefusedError("plan_flow", "The flow of columns is no JSON.") from error
        return codec.from_json(cls, parsed)
