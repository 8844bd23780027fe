"""Which earlier accepted version may become the live one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.lifecycle import Action, offers

if TYPE_CHECKING:
    from jupyter_secure_jobs.domain.lifecycle import Facts, Offer


def activation(facts: Facts, *, number: int, live: bool, stale: str | None) -> Offer | None:
    """Return the offer to activate one accepted version, or None where nobody may activate any.

    `stale` says why its acceptance does not hold any more, or is None.
    """
    offer = next((each for each in offers(facts) if each.action is Action.ACTIVATE), None)
    if offer is None:
        return None
    reason = "This version is live already." if live else stale
    return replace(offer, label=f"Activate Version {number}", allowed=reason is None, reason=reason)


def activated(number: int) -> str:
    """Return what activating one version does."""
    return f"Version {number} becomes the live one: runs use it from then on, with what is left of its own grant."
