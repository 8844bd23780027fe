"""A test run's signed outcome, verified: the worker, the run that it is of, and the synthetic tables that it read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import NotFoundError, RefusedError
from jupyter_secure_jobs.member.context import envelope_of, envelopes_of
from jupyter_secure_jobs.trust.dossier import verified_manifests
from jupyter_secure_jobs.trust.evidence import verify_test
from jupyter_secure_jobs.trust.roster import verify_every_workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.order import TestResult
    from jupyter_secure_jobs.trust.roster import TrustedRosters
    from jupyter_secure_jobs.wire.run import OutcomeWire, RunWire


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a worker signed of a test, verified.

    `replaced` names datasets whose synthetic data was published anew after it, so that what was read then cannot be
    checked any more; `since` says in words all that has changed.
    """

    result: TestResult
    replaced: tuple[str, ...]
    since: tuple[str, ...]


def tested(acting: Acting, run: RunWire, outcome: OutcomeWire) -> Tested:
    """Return what an enrolled worker saw when it tested on the synthetic tables that the owners signed.

    Order of checks: the roster chain and worker lists; the worker's signature; that it is of this run and workspace;
    each synthetic table against the newest manifest of its dataset. A table of an earlier manifest stands if that was
    still in force when the worker signed.

    Raises:
        NotFoundError: the test has no signed outcome.
        RefusedError: a check failed.
    """
    if outcome.test is None:
        raise NotFoundError("no_outcome", "The test has no signed outcome.", "Only runs that have ended have one.")
    chain = acting.client.roster(run.workspace)
    lists = envelopes_of(chain.workers)
    rosters = acting.follow(run.workspace, envelopes_of(chain.rosters), lists)
    workers, *earlier = verify_every_workers(lists, rosters)
    said = verify_test(envelope_of(outcome.test), workers, earlier=earlier)
    if (said.run, said.workspace, said.genesis) != (run.id, rosters.workspace, rosters.genesis):
        raise RefusedError("other_run", "The server sent the outcome of another test.", "Warn the others.")
    replaced = tuple(_replaced(acting, rosters, said))
    since = [f"NOT checked: the synthetic data of {name} of then; it was published anew since." for name in replaced]
    if not any(said.worker == each.name and said.measurement in each.measurements for each in workers.values()):
        since.append(f"The worker {said.worker} of then was dropped or upgraded since.")
    return Tested(result=said, replaced=replaced, since=tuple(since))


def _replaced(acting: Acting, rosters: TrustedRosters, said: TestResult) -> Iterator[str]:
    """Give the names of datasets whose synthetic table was published anew since the test.

    Which file is a dataset's synthetic table is the server's word to the worker. So each is held against the manifest
    in force here: otherwise a server could have a job tried on tables that make it look harmless.
    """
    for read in said.synthetic:
        (manifest,) = verified_manifests(
            [envelope_of(acting.client.manifest(rosters.workspace, read.dataset).manifest)], rosters
        ).values()
        if manifest.dataset != read.dataset:
            raise RefusedError("manifest_missing", "The server sent another dataset's manifest.", "Warn the others.")
        if manifest.synthetic.digest == read.digest:
            continue
        if manifest.time <= said.time:
            raise RefusedError(
                "synthetic_altered",
                f"The test did not read the synthetic data that {manifest.owner} signed for {manifest.name}.",
                "Test again; if it stays so, warn the others.",
            )
        yield manifest.name
