"""The loop around a key service: fetch what is asked, answer, go on. Outbound only."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.client.mailbox import KeyServiceMailbox
from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.trust.dossier import Dossier
from jupyter_secure_jobs.trust.log import LOG_LIES
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import Acknowledged, KeyReply, KeyTask

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.keyservice.service import KeyService

log: Final = logging.getLogger(__name__)
_PAUSES: Final = (0.2, 0.3, 0.5, 0.5, 1.0, 2.0, 5.0, 10.0)


def _envelope(wire: EnvelopeWire | None) -> Envelope:
    if wire is None:
        raise RefusedError("task", "A statement is missing in the task.")
    return Envelope.from_json(wire.model_dump())


class Loop:
    """Serves one organisation at one workspace server until `stopped` is set."""

    def __init__(
        self,
        service: KeyService,
        ring: KeyRing,
        workspace_url: str,
        *,
        clock: Callable[[], datetime] = utc_now,
        ca_file: Path | None = None,
    ) -> None:
        """Connect with the service's own key."""
        self._service, self._clock = service, clock
        self._login = LoggedIn(workspace_url, ring.signing, ca_file=ca_file)
        self._said: set[str] = set()
        self._mailbox = KeyServiceMailbox(self._login.connection)

    def run(self, stopped: threading.Event) -> None:
        """Answer until stopped; a server that is away is asked again, less and less often.

        So is one's own memory while its disk is full or somebody else holds it: what was not answered comes again.
        """
        failures = unanswered = 0
        while not stopped.is_set():
            try:
                answered = [self._answer(task) for task in self._mailbox.tasks(self._service.log_sizes()).items]
                unanswered = 0 if all(answered) else unanswered + 1
                if unanswered:
                    # What could not be answered comes again with the next question; other tasks must not wait long.
                    stopped.wait(_PAUSES[min(unanswered - 1, 2)])
                failures = 0
            except (SecureJobsError, OSError, sqlite3.Error) as error:
                if failures == 0:
                    said = error if isinstance(error, SecureJobsError) else f"the memory waits: {type(error).__name__}"
                    log.warning("%s: %s", self._service.organisation, said)
                stopped.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
        self._login.close()

    def _answer(self, task: KeyTask) -> bool:
        try:
            if task.wants == "acknowledgement":
                self._acknowledge(task)
            elif task.run is not None:
                self._mailbox.reply(task.workspace, task.run, self._reply(task))
        except UnavailableError:
            raise
        except SecureJobsError as error:
            # It comes again and again, until a person has done something about it.
            if str(error) not in self._said:
                log.warning("%s: %s", self._service.organisation, error)
                self._said.add(str(error))
            return False
        return True

    def _reply(self, task: KeyTask) -> KeyReply:
        now = self._clock()
        try:
            if task.dossier is None:
                raise RefusedError("task", "The statements about the run are missing.")
            dossier = Dossier.from_json(task.dossier.model_dump())
            if task.wants == "nonce":
                return KeyReply(nonce=self._service.nonce(dossier, workspace=task.workspace, now=now))
            grant = self._service.grant(
                dossier, _envelope(task.request), _envelope(task.evidence), workspace=task.workspace, now=now
            )
        except SecureJobsError as error:
            level = logging.CRITICAL if error.code in LOG_LIES else logging.WARNING
            log.log(level, "%s refuses run %s: %s", self._service.organisation, task.run, error)
            return KeyReply(refusal=f"{error.code}: {error.detail}")
        log.info("%s released keys for run %s", self._service.organisation, task.run)
        return KeyReply(grant=EnvelopeWire.model_validate(grant.to_json()))

    def _acknowledge(self, task: KeyTask) -> None:
        rosters = [_envelope(each) for each in task.rosters]
        now = self._clock()
        if task.revocation is not None:
            heard = self._service.hear_revocation(
                _envelope(task.revocation), rosters, workspace=task.workspace, now=now
            )
        elif task.workers:
            lists = [_envelope(each) for each in task.workers]
            heard = self._service.hear_workers(lists, rosters, workspace=task.workspace, now=now)
        elif task.withdrawal is None:
            heard = self._service.hear_rosters(rosters, workspace=task.workspace, now=now)
        else:
            heard = self._service.hear_withdrawal(
                _envelope(task.withdrawal), _envelope(task.manifest), rosters, workspace=task.workspace, now=now
            )
        word = EnvelopeWire.model_validate(heard.to_json())
        self._mailbox.acknowledge(task.workspace, Acknowledged(acknowledgement=word))
        self._service.told(envelopes.read(Acknowledgement, heard).revocation)
