"""What can be said of the flow of columns in the plan of a Python job, and why it sometimes cannot."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

MOST_BYTES: Final = 65_536
MOST_COLUMNS: Final = 2_000
MOST_SOURCES: Final = 20_000
MOST_NAME: Final = 200


class Making(StrEnum):
    """How a column of the result is made of its sources."""

    AS_IT_IS = "as it is"
    CONSTANT = "constant"
    COMPUTED = "computed"
    FUNCTION = "function"
    DISTINCT = "distinct"
    WINDOW = "window"

    def words(self, functions: tuple[str, ...]) -> str:
        """Return it in words, with the functions that it names."""
        named = ", ".join(functions)
        if not named:
            return str(Making.COMPUTED) if self in _NAMED else str(self)
        return _NAMED[self].format(named) if self in _NAMED else f"{self} from {named}"


_NAMED: Final = {Making.FUNCTION: "{}", Making.DISTINCT: "{}, distinct", Making.WINDOW: "window: {}"}


class PlanUnknown(StrEnum):
    """Why the columns of a plan could not be followed; a closed list, since the text would be the author's own."""

    NOT_SEEN = "not_seen"
    MADE_IN_PYTHON = "made_in_python"
    NOT_FOLLOWED = "not_followed"
    EARLIER = "earlier"
    COMMAND = "command"
    TOO_LARGE = "too_large"
    OTHER_COLUMNS = "other_columns"

    @property
    def words(self) -> str:
        """A sentence for the reviewer."""
        return _WHY[self]


_WHY: Final = {
    PlanUnknown.NOT_SEEN: "The test run showed no plan of its result.",
    PlanUnknown.MADE_IN_PYTHON: "In the test run the result was made in Python itself, by no plan of the engine.",
    PlanUnknown.NOT_FOLLOWED: "The plan of the test run has a form, or a name, that cannot be followed for certain.",
    PlanUnknown.EARLIER: "In the test run Python read something, before the result, that cannot be followed.",
    PlanUnknown.COMMAND: "In the test run the code gave the engine a command after which names may mean other data.",
    PlanUnknown.TOO_LARGE: "The plans of the test run are too large to be followed.",
    PlanUnknown.OTHER_COLUMNS: "The plan of the test run leads to other columns than its result has.",
}
