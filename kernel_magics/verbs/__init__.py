"""The verbs of `%securejob`, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kernel_magics.verbs import act, audit, kept, look, place, profile

if TYPE_CHECKING:
    from kernel_magics.verbs.verb import Verb

VERBS: Final[dict[str, Verb]] = {
    verb.name: verb for verb in (*look.VERBS, *act.VERBS, *place.VERBS, *profile.VERBS, *kept.VERBS, *audit.VERBS)
}
