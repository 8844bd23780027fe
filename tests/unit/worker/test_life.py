"""Signs of life: a lost lease and a cancellation stop the enclave, and a server that is away for a while does not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import pytest

from jupyter_secure_jobs.domain.errors import ConflictError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.domain.run import Phase, RunKind
from jupyter_secure_jobs.wire.mailbox import Heartbeat, HeartbeatAnswer, LeaseWire
from jupyter_secure_jobs.worker.life import Life

if TYPE_CHECKING:
    from jupyter_secure_jobs.client.mailbox import WorkerMailbox
    from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess

LEASE = LeaseWire(run="r", workspace="w", kind=RunKind.TEST, lease="l", lease_seconds=60.0, heartbeat_seconds=0.01)
LOST = ConflictError("lease_lost", "The run was taken back.", "Drop it.")
AWAY = UnavailableError("away", "The server is away.", "Wait.")


class Server:
    """Answers each sign of life by the next of these, and with the last one from then on."""

    def __init__(self, *answers: HeartbeatAnswer | SecureJobsError) -> None:
        self._answers = list(answers)
        self.told: list[list[Phase]] = []
        self.enough = threading.Event()

    def heartbeat(self, _lease: LeaseWire, said: Heartbeat) -> HeartbeatAnswer:
        self.told.append([each.phase for each in said.phases])
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if len(self.told) > 4:
            self.enough.set()
        if isinstance(answer, SecureJobsError):
            raise answer
        return answer


class Enclave:
    """Counts how often it was told to stop."""

    def __init__(self) -> None:
        self.stopped = 0
        self.told = threading.Event()

    def cancel(self) -> None:
        self.stopped += 1
        self.told.set()


def life(server: Server, enclave: Enclave) -> Life:
    return Life(cast("WorkerMailbox", server), LEASE, cast("EnclaveProcess", enclave))


GOES_ON = HeartbeatAnswer(cancel=False)


def test_a_lost_lease_stops_the_enclave() -> None:
    """Another worker may have the run by now: nothing is to come of this one, and it gives no more signs of life."""
    server, enclave = Server(GOES_ON, LOST), Enclave()
    with life(server, enclave):
        assert enclave.told.wait(10)
    assert (enclave.stopped, len(server.told)) == (1, 2)


def test_a_cancellation_stops_the_enclave_once() -> None:
    server, enclave = Server(GOES_ON, HeartbeatAnswer(cancel=True)), Enclave()
    with life(server, enclave) as lives:
        assert server.enough.wait(10)
        assert lives.cancelled
    assert enclave.stopped == 1


def test_a_server_that_is_away_for_a_while_stops_nothing() -> None:
    server, enclave = Server(AWAY, AWAY, GOES_ON), Enclave()
    with life(server, enclave) as lives:
        assert server.enough.wait(10)
        assert not lives.cancelled
    assert enclave.stopped == 0


@pytest.mark.parametrize("answer", [GOES_ON, AWAY])
def test_no_phase_is_lost_between_signs_of_life_and_the_outcome(answer: HeartbeatAnswer | SecureJobsError) -> None:
    server = Server(answer)
    with life(server, Enclave()) as lives:
        for phase in (Phase.DECRYPT, Phase.RUN):
            lives.tell(phase)
        assert server.enough.wait(10)
        lives.tell(Phase.SEAL)
    heard = [] if answer is AWAY else [phase for phases in server.told for phase in phases]
    left = [each.phase for each in lives.untold()]
    assert heard + left == [Phase.DECRYPT, Phase.RUN, Phase.SEAL]
