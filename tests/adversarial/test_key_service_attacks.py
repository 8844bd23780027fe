"""Attacks on a key service: what is old, hidden, repeated or over its bounds is refused by it alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.sealing import seal
from jupyter_secure_jobs.domain.job import Grant, Scope
from jupyter_secure_jobs.keyservice.state import State
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.order import KeyGrant
from tests.support.keys import digest
from tests.support.living_workspace import OWNERS
from tests.support.refusal import refused
from tests.support.road import Road
from tests.support.world import COLLEAGUE, NOW, PEOPLE, REVIEWER, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def roads(tmp_path: Path) -> Iterator[Callable[[Grant], Road]]:
    """Give a maker of roads; what it made is closed."""
    made: list[Road] = []

    def make(grant: Grant) -> Road:
        made.append(Road(tmp_path / str(len(made)), grant))
        return made[-1]

    yield make
    for road in made:
        road.close()


@pytest.fixture
def road(roads: Callable[[Grant], Road]) -> Road:
    """Give a job with three accepted runs."""
    return roads(Grant(reruns=True, most_runs=3))


def stop(road: Road, scope: Scope) -> None:
    """Let a reviewer revoke, and let Beta's key service hear of it."""
    road.kept.revoke(road.version, REVIEWER, scope)
    (made, _) = list(road.kept.revocations.values())[-1]
    road.services["Beta"].hear_revocation(made, road.kept.rosters, workspace=WORKSPACE, now=road.kept.now)


def hidden(road: Road) -> None:
    """Ask for a run as a server does that hides every revocation."""
    road.nonce("Beta", replace(road.dossier(), revocations=()))


def test_honest_road(road: Road) -> None:
    keys = road.enclave.opened(road.granted())
    assert keys == road.kept.data_keys


# -- pins -------------------------------------------------------------------------------------------------------------


def test_workspace_that_nobody_pinned(road: Road, tmp_path: Path) -> None:
    road.services["Beta"]._state.close()
    road.services["Beta"]._state = State(tmp_path / "fresh.sqlite")
    with refused("not_pinned"):
        road.nonce("Beta")


def test_workspace_of_the_servers_own_making_under_the_pinned_name(road: Road) -> None:
    """All its statements fit together; it only starts at another genesis."""
    other = road.kept.world
    own = other.sign(other.roster(name="Flights of the server"), *PEOPLE)
    with refused("other_genesis"):
        road.nonce("Beta", replace(road.dossier(), rosters=(own,)))


def test_another_genesis_is_not_pinned_over_the_first(road: Road) -> None:
    with refused("other_genesis"):
        road.services["Beta"]._state.pin(WORKSPACE, digest("another genesis"))


def newer(road: Road) -> None:
    """Let the members rename the workspace, which makes a new epoch, and show Beta's key service a run in it."""
    road.kept.changes_keys(COLLEAGUE)
    road.kept.list_workers(*road.kept.workers.workers)


@pytest.mark.parametrize("how", ["with a run", "with a revocation"])
def test_stale_roster_after_a_newer_one_was_shown(road: Road, how: str) -> None:
    """The key service is shown the new members once; the server then goes back to the old ones."""
    before = road.dossier()
    newer(road)
    if how == "with a revocation":
        road.kept.revoke(road.version, COLLEAGUE, Scope.RERUNS)
        (made, _) = list(road.kept.revocations.values())[-1]
        road.services["Beta"].hear_revocation(made, road.kept.rosters, workspace=WORKSPACE, now=road.kept.now)
    else:
        road.version = road.accepted(Grant())
        road.nonce("Beta", road.dossier(road.ordered()))
    road.start("Beta")
    with refused("stale_epoch"):
        road.nonce("Beta", replace(before, log=road.dossier().log))


def test_stale_worker_list_after_a_newer_one_was_shown(road: Road) -> None:
    before = road.dossier()
    road.kept.list_workers(road.kept.worker(2))
    road.nonce("Beta")
    road.start("Beta")
    with refused("stale_workers"):
        road.nonce("Beta", replace(road.dossier(), workers=before.workers))


def test_key_service_that_the_roster_does_not_name(road: Road) -> None:
    road.start("Beta", "mallory")
    with refused("not_this_service"):
        road.nonce("Beta")


# -- stops ------------------------------------------------------------------------------------------------------------


def test_hidden_withdrawal_of_an_acceptance(road: Road) -> None:
    stop(road, Scope.ALL)
    road.start("Beta")
    with refused("withdrawn"):
        hidden(road)


def test_hidden_revocation_of_reruns(road: Road) -> None:
    road.granted()
    stop(road, Scope.RERUNS)
    road.start("Beta")
    road.order = road.ordered()
    with refused("no_runs_left", saying="revoked"):
        hidden(road)


@pytest.mark.parametrize(("scope", "code"), [(Scope.ALL, "withdrawn"), (Scope.RERUNS, "no_runs_left")])
def test_revocation_shown_with_one_run_and_hidden_with_the_next(road: Road, scope: Scope, code: str) -> None:
    """Nobody carried it to the key service; the server showed it once, and leaves it out when it has thought again."""
    road.granted()
    road.kept.revoke(road.version, REVIEWER, scope)
    road.order = road.ordered()
    for attempt in (road.dossier(), replace(road.dossier(), revocations=())):
        with refused(code):
            road.nonce("Beta", attempt)


def test_revocation_of_reruns_that_came_with_the_run(road: Road) -> None:
    road.granted()
    road.kept.revoke(road.version, REVIEWER, Scope.RERUNS)
    road.order = road.ordered()
    with refused("no_runs_left", saying="revoked"):
        road.nonce("Beta")


def test_withdrawn_dataset(road: Road) -> None:
    road.kept.withdraw("Beta", REVIEWER)
    ((made, said),) = road.kept.withdrawals.values()
    (manifest,) = (m for m, of in road.kept.manifests.values() if of.dataset == said.dataset)
    road.services["Beta"].hear_withdrawal(made, manifest, road.kept.rosters, workspace=WORKSPACE, now=road.kept.now)
    road.start("Beta")
    with refused("dataset_withdrawn"):
        road.nonce("Beta")
    road.nonce("Alpha")


# -- nonces -----------------------------------------------------------------------------------------------------------


def test_request_replayed_to_the_key_service(road: Road) -> None:
    asked = road.asked()
    road.grant("Beta", asked)
    with refused("nonce"):
        road.grant("Beta", asked)


def test_nonce_of_two_minutes_ago(road: Road) -> None:
    asked = road.asked()
    road.passes(seconds=121)
    with refused("nonce", saying="No fresh nonce"):
        road.grant("Beta", asked)


def test_nonce_that_a_later_one_made_void(road: Road) -> None:
    asked = road.asked()
    road.nonce("Beta")
    with refused("nonce"):
        road.grant("Beta", asked)


def test_failed_request_counts_no_run(roads: Callable[[Grant], Road]) -> None:
    road = roads(Grant())
    request, evidence = road.asked()
    with refused("signature_missing"):
        road.grant("Beta", (replace(request, signatures=()), evidence))
    assert road.services["Beta"]._state.used(road.version) == 0
    road.granted()


# -- counts -----------------------------------------------------------------------------------------------------------


def test_second_run_of_a_single_run_job(roads: Callable[[Grant], Road]) -> None:
    road = roads(Grant())
    road.granted()
    road.start("Beta")
    road.order = road.ordered()
    with refused("no_runs_left", saying="one run"):
        road.nonce("Beta")


def test_run_past_the_most_runs(road: Road) -> None:
    for _ in range(3):
        road.granted()
        road.order = road.ordered()
    with refused("no_runs_left", saying="All 3"):
        road.nonce("Beta")


def test_run_past_the_expiry_of_the_reruns(roads: Callable[[Grant], Road]) -> None:
    road = roads(Grant(reruns=True, until=NOW + timedelta(hours=1)))
    road.passes(hours=1, seconds=121)
    with refused("no_runs_left", saying="expired"):
        road.nonce("Beta")


def test_orders_in_two_places_at_once_are_counted_when_keys_are_released(roads: Callable[[Grant], Road]) -> None:
    """Both got a nonce while nothing was used; the second release finds the first."""
    road = roads(Grant())
    second = road.dossier(road.ordered())
    second_asked = road.asked(second)
    road.granted()
    with refused("no_runs_left"):
        road.grant("Beta", second_asked, second)


def test_same_order_after_crashes(road: Road) -> None:
    for _ in range(3):
        road.granted()
    assert road.services["Beta"]._state.used(road.version) == 1, "one run is counted"
    with refused("order_used"):
        road.nonce("Beta")


def test_same_order_a_day_later(road: Road) -> None:
    road.granted()
    road.passes(hours=24, seconds=1)
    with refused("order_used"):
        road.nonce("Beta")


# -- keys -------------------------------------------------------------------------------------------------------------


def published(road: Road, **changes: object) -> None:
    """Put another version of Beta's dataset in place, signed by its owner, and have a version on it accepted."""
    before, _ = road.kept.manifests[road.kept.current["Beta"]]
    made = replace(road.kept.manifests[road.kept.current["Beta"]][1], version=2, previous=before.hash, **changes)  # type: ignore[arg-type]  # fields of a manifest
    envelope = envelopes.sign(made, road.kept.key(REVIEWER).signing)
    road.kept.manifests[envelope.hash] = (envelope, made)
    road.kept.current["Beta"] = envelope.hash
    road.version = road.accepted(Grant())
    road.order = road.ordered()


def test_sealed_key_carried_over_from_another_version(road: Road) -> None:
    """The sealed key stands in the open in an older manifest; in the new one it does not open."""
    published(road)
    with refused("cannot_open"):
        road.grant("Beta", road.asked())


def test_sealed_key_that_is_not_the_one_it_is_called(road: Road) -> None:
    name = places.key_id(b"the key that the manifest names")
    info = places.dataset_key(workspace=WORKSPACE, dataset="dataset-beta", version=2, key_id=name)
    recipient = road.kept.world.keys["key service of Beta"].sealing.public
    sealed = seal(recipient, b"another key", info=info)
    published(road, key_id=name, keys=(SealedKey(recipient=recipient, sealed=sealed),))
    with refused("no_dataset_key", saying="not the one it names"):
        road.grant("Beta", road.asked())


def test_each_key_service_gives_its_own_keys_alone(road: Road) -> None:
    asked = road.asked()
    for owner in OWNERS:
        grant = envelopes.read(KeyGrant, road.grant(owner, asked))
        assert [road.kept.manifests[key.manifest][1].owner for key in grant.keys] == [owner]
