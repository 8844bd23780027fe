"""The answer to a login challenge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations at run time
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A key holder proves the key to one server, whose `audience` it names, with that server's nonce."""

    TYPE: ClassVar[str] = "login.v1"
    audience: str
    nonce: str
    key: str
    time: datetime
