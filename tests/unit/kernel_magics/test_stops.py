"""What was revoked, and who has heard of it, in the words of every card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.job import STOPPED, Scope
from jupyter_secure_jobs.wire.job import StopWire
from kernel_magics.cards import approval_table, stops_table
from kernel_magics.wording import heard_words
from tests.unit.kernel_magics.place import EVIL, NOW

if TYPE_CHECKING:
    from kernel_magics.api import SecureJobs
    from tests.unit.kernel_magics.side import MemberSide


def stop(heard_by: list[str], waiting_for: list[str], *, scope: Scope = Scope.ALL) -> StopWire:
    """Return a stop by somebody whose name tries to be markup."""
    return StopWire(
        member=EVIL, scope=scope, effect=STOPPED[scope], time=NOW, heard_by=heard_by, waiting_for=waiting_for
    )


@pytest.mark.parametrize(
    ("heard_by", "waiting_for", "words"),
    [
        ([], ["Airline"], "heard by none yet"),
        (["Airline"], [], "heard by Airline"),
        (["Airline", "Registry"], ["Weather"], "heard by Airline, Registry; not yet by Weather"),
    ],
)
def test_who_has_heard_is_said_by_name(heard_by: list[str], waiting_for: list[str], words: str) -> None:
    assert heard_words(stop(heard_by, waiting_for)) == words


def test_stops_stand_below_the_decisions(session: SecureJobs, side: MemberSide) -> None:
    session.draft("Delays", "SELECT 1")
    (identifier,) = side.jobs
    job = side.detail(identifier)
    assert "Revoked" not in approval_table(job).plain
    shown = approval_table(job.model_copy(update={"stops": [stop(["Airline"], [EVIL], scope=Scope.RERUNS)]}))
    assert "Revoked" in shown.plain
    assert "No run after the first." in shown.plain
    assert "heard by Airline; not yet by" in shown.plain
    assert "<img" not in shown.markup.source
    assert stops_table([]).plain
