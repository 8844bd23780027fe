"""What a member's side needs for one act, in one answer: the parts are those of the routes that give them singly."""

from __future__ import annotations

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
    """What is verified before a run's result or log is opened: how it ended; for a job run what is behind it."""

    run: RunWire
    outcome: OutcomeWire
    dossier: Dossier | None
