"""The statements of a run, cut to what was in force when it was made."""

from __future__ import annotations

from dataclasses import replace

from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.services.receipts import as_of_run
from tests.support.bundles import made, verify
from tests.support.refusal import refused
from tests.support.world import AUTHOR, PEOPLE, REVIEWER, World


def test_run_is_shown_as_of_then_after_members_and_workers_changed(world: World) -> None:
    bundle = made(world)
    later = world.sign(world.next_roster(), *PEOPLE)
    workers = world.sign(world.worker_list(epoch=2, previous=world.workers[0].hash, workers=()), *PEOPLE)
    stop = world.sign(world.revocation(REVIEWER, Scope.ALL, epoch=2), REVIEWER)
    now = replace(
        bundle.dossier,
        rosters=(*bundle.dossier.rosters, later),
        workers=(*bundle.dossier.workers, workers),
        manifests=bundle.dossier.manifests * 2,
        revocations=(stop,),
    )
    then = as_of_run(now, world.evidence)
    assert then == bundle.dossier
    verify(replace(bundle, dossier=then))
    with refused("log_inclusion"):
        verify(replace(bundle, dossier=now))


def test_run_under_a_roster_that_the_chain_does_not_hold(world: World) -> None:
    bundle = made(world)
    world.rosters.append(world.sign(world.next_roster(), *PEOPLE))
    world.workers[0] = world.sign(world.worker_list(), *PEOPLE)
    world.accept(world.sign(world.version_statement(), AUTHOR))
    with refused("not_in_chain"):
        as_of_run(replace(bundle.dossier, version=world.version), world.evidence)
