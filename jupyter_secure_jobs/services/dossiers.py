"""Everything that the verification of one run needs, gathered from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Decision
from jupyter_secure_jobs.protocol.log import LogProof
from jupyter_secure_jobs.protocol.order import RunOrder
from jupyter_secure_jobs.services import logbook, workspaces
from jupyter_secure_jobs.services.reviews import statements_about
from jupyter_secure_jobs.store import jobs
from jupyter_secure_jobs.trust.dossier import Dossier
from jupyter_secure_jobs.wire import mailbox
from jupyter_secure_jobs.wire.log import LogProofWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.services.unit import Unit
    from jupyter_secure_jobs.store.jobs import Bundle
    from jupyter_secure_jobs.store.tables import RunRow, VersionRow


def gather(unit: Unit, bundle: Bundle, version: VersionRow, order: Envelope, *, seen: int | None = None) -> Dossier:
    """Return the statements about one order of one submitted version, for who has `seen` that much of the log."""
    carried = envelopes.read(RunOrder, order).checkpoint
    about = statements_about(unit, bundle.job.workspace, bundle, version, seen=seen, carried=[carried])
    return Dossier(
        rosters=workspaces.chain(unit, bundle.job.workspace),
        workers=workspaces.worker_lists(unit, bundle.job.workspace),
        manifests=tuple(logbook.envelope_of(each) for each in about.manifests),
        version=logbook.envelope_of(about.version),
        decisions=tuple(logbook.envelope_of(each) for each in about.decisions),
        revocations=tuple(logbook.envelope_of(each) for each in about.revocations),
        order=order,
        log=codec.from_json(LogProof, about.log.model_dump()),
    )


def of_run(unit: Unit, run: RunRow, *, seen: int | None = None) -> mailbox.Dossier:
    """Return the statements about a job run, as they are sent to workers and key services.

    Raises:
        NotFoundError: the run is no job run.
    """
    return wire_of(statements(unit, run, seen=seen))


def log_of(unit: Unit, run: RunRow, *, seen: int | None = None) -> LogProofWire:
    """Return the proof of the log alone, from every checkpoint that the statements about a job run carry.

    Raises:
        NotFoundError: the run is no job run.
    """
    version = jobs.version(unit.session, run.job, run.version)
    if version is None or version.statement is None or run.statement is None:
        raise NotFoundError("no_run", "There is no such job run.", "Ask for another.")
    votes = jobs.decisions_on(unit.session, version.statement).values()
    decisions = logbook.read_all(unit, run.workspace, [vote.statement for vote in votes])
    notes = [envelopes.read(Decision, each).checkpoint for each in decisions]
    notes.append(envelopes.read(RunOrder, logbook.read(unit, run.workspace, run.statement)).checkpoint)
    return logbook.proof(unit, run.workspace, notes, seen=() if seen is None else (seen,))


def wire_of(made: Dossier) -> mailbox.Dossier:
    """Return a dossier as a wire shape."""
    return mailbox.Dossier(
        rosters=[logbook.wire_of(each) for each in made.rosters],
        workers=[logbook.wire_of(each) for each in made.workers],
        manifests=[logbook.wire_of(each) for each in made.manifests],
        version=logbook.wire_of(made.version),
        decisions=[logbook.wire_of(each) for each in made.decisions],
        revocations=[logbook.wire_of(each) for each in made.revocations],
        order=logbook.wire_of(made.order),
        log=LogProofWire.model_validate(codec.to_json(made.log)),
    )


def statements(unit: Unit, run: RunRow, *, seen: int | None = None) -> Dossier:
    """Return the statements about a job run.

    Raises:
        NotFoundError: the run is no job run.
    """
    job = jobs.get(unit.session, run.workspace, run.job)
    version = jobs.version(unit.session, run.job, run.version)
    if job is None or version is None or run.statement is None:
        raise NotFoundError("no_run", "There is no such job run.", "Ask for another.")
    order = logbook.read(unit, run.workspace, run.statement)
    return gather(unit, jobs.bundle(unit.session, job), version, order, seen=seen)
