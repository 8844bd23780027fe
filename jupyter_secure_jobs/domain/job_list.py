"""The list of jobs: its groups, what it is sorted by, and which jobs are wanted of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.lifecycle import Status
from jupyter_secure_jobs.domain.text import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_TEXT: Final = 200
# Counting stops after so many, so that it costs no more the more jobs there are: one more says "more than".
MOST_COUNTED: Final = 1000


class Group(StrEnum):
    """A group of the sidebar, or all jobs. But for `all`, no job is in two of them."""

    NEEDS_ME = "needs_me"
    MINE = "mine"
    OTHERS = "others"
    ARCHIVED = "archived"
    ALL = "all"


class Sort(StrEnum):
    """What a list is sorted by. `run` is the time of the live version's newest job run; jobs without one come last.

    `created` is for who walks through the whole list: nothing that happens meanwhile moves a job in it.
    """

    CREATED = "created"
    UPDATED = "updated"
    NAME = "name"
    STATUS = "status"
    AUTHOR = "author"
    ORGANISATION = "organisation"
    RUN = "run"


class Order(StrEnum):
    """The first item is the smallest, or the largest."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which jobs a member wants; None and empty values do not narrow.

    Without a group the archived jobs are left out, unless `statuses` asks for them. `text` is a part of name,
    description, author or organisation, and `name` the whole name, both folded. `statuses` are derived ones.
    """

    group: Group | None = None
    statuses: frozenset[Status] = frozenset()
    text: str = ""
    name: str | None = None

    @property
    def archived(self) -> bool | None:
        """Whether archived jobs are wanted, and no others; None if it makes no difference."""
        if self.group is Group.ARCHIVED:
            return True
        if self.group is Group.ALL or (self.group is None and Status.ARCHIVED in self.statuses):
            return None
        return False


def wanted(*, group: str | None = None, status: str = "", text: str = "", name: str | None = None) -> Wanted:
    """Return what somebody wants of a list as they wrote it; several statuses stand separated by commas.

    Raises:
        InvalidError: there is no such group or status, or the text is over 200 characters.
    """
    if group is not None and group not in set(Group):
        raise InvalidError("filter", "There is no such filter.", f"Use one of {_listed(Group)}.")
    words = [word.strip() for word in status.split(",") if word.strip()]
    if not set(words) <= set(Status):
        raise InvalidError("status", "There is no such status.", f"Use some of {_listed(Status)}.")
    text, name = _plain(text), folded(name.strip()) if name is not None else None
    if len(text) > LONGEST_TEXT or len(name or "") > LONGEST_TEXT:
        raise InvalidError("search", f"The text to find is over {LONGEST_TEXT} characters.", "Shorten it.")
    return Wanted(
        group=Group(group) if group is not None else None,
        statuses=frozenset(Status(word) for word in words),
        text=text,
        name=name,
    )


def sort_of(sort: str | None) -> Sort:
    """Return what a list is sorted by; by the time of creation unless told otherwise.

    Raises:
        InvalidError: jobs are not sorted by that.
    """
    if sort is not None and sort not in set(Sort):
        raise InvalidError("sort", "Jobs are not sorted by that.", f"Use one of {_listed(Sort)}.")
    return Sort(sort) if sort is not None else Sort.CREATED


def order_of(order: str | None, sort: Sort) -> Order:
    """Return the order of a list: times come newest first unless told otherwise, words from their beginning.

    Raises:
        InvalidError: it is neither `asc` nor `desc`.
    """
    if order is not None and order not in set(Order):
        raise InvalidError("order", "There is no such order.", f"Use one of {_listed(Order)}.")
    if order is not None:
        return Order(order)
    return Order.DESCENDING if sort in (Sort.CREATED, Sort.UPDATED, Sort.RUN) else Order.ASCENDING


def searched(*, name: str, description: str, author: str, organisation: str) -> str:
    """Return the folded text in which a search looks; no line of it is more than one of the four."""
    return "\n".join(_plain(part) for part in (name, description, author, organisation))


def _plain(text: str) -> str:
    # Line breaks become spaces, so that nothing can be searched for that reaches from one part into the next.
    return " ".join(folded(text).split())


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
