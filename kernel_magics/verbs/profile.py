"""The verb about compute profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.profile import NEVER_REACHES
from kernel_magics.bundle import note, table
from kernel_magics.profiles import words_of
from kernel_magics.showing import show
from kernel_magics.verbs.verb import Verb, nothing

if TYPE_CHECKING:
    import argparse

    from kernel_magics.desk import Desk


def _profiles(desk: Desk, _: argparse.Namespace) -> None:
    rows = [
        [each.name, words_of(each.compute, each.limits), each.made_by or "everybody's", " ".join(each.unfit)]
        for each in desk.session.profiles()
    ]
    show(table(["profile", "computed with", "made by", "cannot run now because"], rows, empty="No profiles."))
    show(note(f'Choose one: %%securejob "NAME" --profile PROFILE. {NEVER_REACHES}'))


VERBS: Final = (
    Verb(
        name="profiles",
        form="",
        summary="the compute profiles that a draft can choose (`--profile`)",
        arguments=nothing,
        do=_profiles,
    ),
)
