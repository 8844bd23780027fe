"""Signs of life: phases that follow one another at once are told together, and none is lost."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.domain.errors import ConflictError, UnavailableError
from jupyter_secure_jobs.domain.run import Phase
from jupyter_secure_jobs.worker.life import Life

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.mailbox import Heartbeat

LEASE: Any = SimpleNamespace(run="run-1", lease="lease-1", heartbeat_seconds=0.02)
PATIENCE = 20.0


class Mailbox:
    """Keeps what it is told; `answers` are given in turn, then that all is well."""

    def __init__(self, *answers: Any) -> None:
        self.told: list[Phase] = []
        self._answers = list(answers)
        self.beaten = threading.Event()

    def heartbeat(self, _lease: Any, beat: Heartbeat) -> Any:
        self.told += [each.phase for each in beat.phases]
        self.beaten.set()
        answer = self._answers.pop(0) if self._answers else SimpleNamespace(cancel=False)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Enclave:
    """Notes that it was to stop."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def cancel(self) -> None:
        self.stopped.set()


def life(mailbox: Mailbox, enclave: Enclave, lease: Any = LEASE) -> Life:
    made: Any = Life(mailbox, lease, enclave)  # type: ignore[arg-type]  # stand-ins
    return made  # type: ignore[no-any-return]  # as above


def phases(made: Life) -> list[Phase]:
    return [each.phase for each in made.untold()]


def test_phases_of_a_short_run_are_left_for_the_outcome() -> None:
    mailbox = Mailbox()
    slow: Any = SimpleNamespace(run="run-1", lease="lease-1", heartbeat_seconds=60.0)
    with life(mailbox, Enclave(), slow) as made:
        for phase in ("decrypt", "run", "seal"):
            made.tell(phase)
    assert [*mailbox.told, *phases(made)] == [Phase.DECRYPT, Phase.RUN, Phase.SEAL]
    ages = [each.ago_ms for each in made.untold()]
    assert ages == sorted(ages, reverse=True)


def test_a_phase_that_lasts_is_told_by_a_sign_of_life() -> None:
    mailbox = Mailbox()
    with life(mailbox, Enclave()) as made:
        made.tell("decrypt")
        while Phase.DECRYPT not in mailbox.told:
            mailbox.beaten.clear()
            assert mailbox.beaten.wait(PATIENCE)
    assert Phase.DECRYPT not in phases(made)


def test_phases_are_told_again_if_the_server_did_not_hear_them() -> None:
    mailbox = Mailbox(UnavailableError("unreachable", "The server cannot be reached.", "Try again."))
    with life(mailbox, Enclave()) as made:
        made.tell("decrypt")
        while mailbox.told.count(Phase.DECRYPT) < 2:
            mailbox.beaten.clear()
            assert mailbox.beaten.wait(PATIENCE)
    assert Phase.DECRYPT not in phases(made)


def test_a_cancellation_and_a_lost_lease_stop_the_enclave() -> None:
    for answer in (SimpleNamespace(cancel=True), ConflictError("lease_lost", "The run was taken back.", "Drop it.")):
        enclave = Enclave()
        with life(Mailbox(answer), enclave):
            assert enclave.stopped.wait(PATIENCE)
