"""What an attack is, and who refused it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from demo.apart.ground import key_service
from demo.nycflights import REGISTRY, WEATHER_SERVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from demo.hostile.scene import Scene

Json = dict[str, Any]  # what was read from JSON, and goes back into it
ENCLAVE: Final = "enclave"
OWNERS: Final = (REGISTRY, WEATHER_SERVICE)
SERVICES: Final = tuple(key_service(name) for name in OWNERS)


class AttackSucceededError(Exception):
    """Nobody refused what should have been refused; the text says what happened instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One part that refused: by which error, and at which point of the way."""

    by: str
    code: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A lie of the server; `expected` gives the error code of every part that must refuse it on its own."""

    name: str
    sentence: str
    expected: Mapping[str, str]
    run: Callable[[Scene], list[Refusal]]


def everybody(code: str) -> dict[str, str]:
    """Expect this refusal of the enclave, and of each key service on its own."""
    return {ENCLAVE: code, **services(code)}


def services(code: str) -> dict[str, str]:
    """Expect this refusal of each key service: what the enclave alone cannot know."""
    return dict.fromkeys(SERVICES, code)


def enclave(code: str) -> dict[str, str]:
    """Expect this refusal of the enclave: what key services do not see."""
    return {ENCLAVE: code}
