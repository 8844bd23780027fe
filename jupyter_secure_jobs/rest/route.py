"""What a row of the route table is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.services.unit import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import BaseModel

BASE = "/secure-jobs/api/v1/"


class Side(StrEnum):
    """Who serves a route: the workspace server, or a member side with its own keys."""

    WORKSPACE = "workspace server"
    MEMBER = "member side"


class Caller(StrEnum):
    """Who calls a route."""

    ANYBODY = "anybody"
    MEMBER = "member"
    WORKER = "worker"
    KEY_SERVICE = "key service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, parsed: path arguments, query, body, and the revision of an If-Match header."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any = None  # the route's request model, or bytes for an upload
    revision: int | None = None

    @property
    def w(self) -> str:
        """The workspace in the path."""
        return self.path["w"]

    def number(self, name: str, default: int) -> int:
        """Return a whole number of the query.

        Raises:
            InvalidError: it is none.
        """
        text = self.query.get(name, str(default))
        if not re.fullmatch(r"[0-9]{1,15}", text):
            raise InvalidError("query", f"{name} is not a whole number.", f"Write {name}=1, for example.")
        return int(text)

    def flag(self, name: str) -> bool:
        """Return a yes or no of the query; left out it is no.

        Raises:
            InvalidError: it is neither `true` nor `false`.
        """
        text = self.query.get(name, "false")
        if text not in ("true", "false"):
            raise InvalidError("query", f"{name} is neither true nor false.", f"Write {name}=true, or leave it out.")
        return text == "true"

    @property
    def after(self) -> str | None:
        """The cursor of the page before."""
        return self.query.get("after") or None

    @property
    def limit(self) -> int:
        """The page size."""
        return self.number("limit", 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to send."""

    name: str
    media_type: str
    path: Path
    forget: Callable[[], None] | None = None  # what wipes the file after sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. `run` gets a unit (or member side) and the call; `ready` makes it a long poll, `waits` for what.

    After a change, `peek` says in a transaction that blocks no writer whether it is worth performing again.

    `reading` routes run in a transaction that blocks no writer. A kernel's token opens a member-side route unless
    `kernel` is false.
    """

    method: str
    path: str
    operation: str
    run: Callable[[Any, Call], Any]
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    side: Side = Side.WORKSPACE
    caller: Caller = Caller.MEMBER
    upload: bool = False
    reading: bool = field(default=False)
    ready: Callable[[Any, Call], bool] | None = None
    waits: Waiting = Waiting.NEWS
    peek: Callable[[Any, Call], bool] | None = None
    kernel: bool = True
    created: bool = False
