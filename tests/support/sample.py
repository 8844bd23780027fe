"""A dataclass with a field of every kind that statements use; a module of its own, so that its annotations resolve."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 -- the codec reads the annotations at run time
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- as above
from enum import StrEnum

from jupyter_secure_jobs.domain.errors import InvalidError


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A part."""

    name: str

    def __post_init__(self) -> None:
        """Refuse one name."""
        if self.name == "refused":
            raise InvalidError("inner_name", "This name is refused.", "Take another.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A field of every kind that statements use."""

    text: str
    count: int
    ratio: float
    flag: bool
    data: bytes
    when: datetime
    colour: Colour
    inner: Inner
    parts: tuple[Inner, ...]
    perhaps: str | None
    values: Mapping[str, str | int | float | bool | tuple[str, ...]]
