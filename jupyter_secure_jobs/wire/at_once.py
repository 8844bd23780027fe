"""What a member's side needs for one act, in one answer: the parts are those of the routes that give them singly."""

from __future__ import annotations

from pydantic import Base64Bytes

from jupyter_secure_jobs.wire.base import Wire
from jupyter_secure_jobs.wire.job import ReviewWire
from jupyter_secure_jobs.wire.mailbox import Dossier
from jupyter_secure_jobs.wire.run import OutcomeWire, RunWire
from jupyter_secure_jobs.wire.workspace import RosterWire


class LiveWire(Wire):
    """The statements about a job's live version and the chains behind them; `number` and `review` null without one."""

    number: int | None
    review: ReviewWire | None
    chains: RosterWire


class OpeningWire(Wire):
    """What opening a run's result or log takes: how it ended, and for a job run the statements behind it.

    `file` is the sealed file (for a test: the plain, synthetic one), unless there is none or it is a large one.
    """

    run: RunWire
    outcome: OutcomeWire
    dossier: Dossier | None
    file: Base64Bytes | None
