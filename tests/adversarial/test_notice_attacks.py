"""Attacks through what reaches a key service without the server: forged, foreign and rolled-back notices."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.keyservice.inbox import INBOX
from jupyter_secure_jobs.keyservice.watch import Watch
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.protocol.notice import Notice
from jupyter_secure_jobs.trust import signatures
from tests.support.refusal import refused
from tests.support.service import granted, key_service, notice, ring, still_grants, stop_all
from tests.support.world import AUTHOR, LAST_REVIEWER, NOW, PEOPLE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_secure_jobs.keyservice.service import KeyService
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.wire.mailbox import Acknowledged

ALL = tuple(PEOPLE)
MALLORY = "mallory@elsewhere.example"


def test_honest_notice_stops_the_key_service_and_is_acknowledged(world: World, beta: KeyService) -> None:
    carried = stop_all(world, LAST_REVIEWER)
    word = beta.hear(carried, now=NOW)
    assert word is not None
    said = envelopes.read(Acknowledgement, word)
    assert (said.organisation, carried.statement and carried.statement.hash) == ("Beta", said.revocation)
    signatures.require(word, ring(world, "Beta").signing.public, who="the key service")
    with refused("withdrawn"):
        granted(world, beta)


def test_heard_twice_is_one_word(world: World, beta: KeyService) -> None:
    carried = stop_all(world)
    words = [beta.hear(carried, now=NOW + timedelta(minutes=minute)) for minute in range(2)]
    assert words[0] == words[1]
    assert len(list(beta.untold())) == 1


def test_notice_for_reruns_leaves_the_first_run(world: World, beta: KeyService) -> None:
    beta.hear(notice(world, world.sign(world.revocation(AUTHOR, Scope.RERUNS), AUTHOR)), now=NOW)
    assert granted(world, beta)
    world.run(world.sign(world.run_order(nonce="order-2"), AUTHOR))
    with refused("no_runs_left"):
        granted(world, beta)


@pytest.mark.parametrize("signers", [("mallory",), (LAST_REVIEWER,), ("key service of Beta",), ("recovery of Beta",)])
def test_revocation_in_anothers_name(world: World, beta: KeyService, signers: tuple[str, ...]) -> None:
    with refused("signature_missing", saying=REVIEWER):
        beta.hear(stop_all(world, REVIEWER, *signers), now=NOW)
    still_grants(world, beta)


def test_unsigned_revocation(world: World, beta: KeyService) -> None:
    with refused("signature_missing"):
        beta.hear(notice(world, world.sign(world.revocation(REVIEWER, Scope.ALL))), now=NOW)
    still_grants(world, beta)


def test_revocation_altered_after_signing(world: World, beta: KeyService) -> None:
    signed = world.sign(world.revocation(REVIEWER, Scope.RERUNS), REVIEWER)
    forged = world.sign(world.revocation(REVIEWER, Scope.ALL))
    with refused("bad_signature"):
        beta.hear(notice(world, replace(forged, signatures=signed.signatures)), now=NOW)
    still_grants(world, beta)


def test_revocation_by_no_member(world: World, beta: KeyService) -> None:
    with refused("not_a_member"):
        beta.hear(notice(world, world.sign(world.revocation("mallory", Scope.ALL), "mallory")), now=NOW)
    still_grants(world, beta)


def test_revocation_of_another_workspace_under_this_ones_roster(world: World, beta: KeyService) -> None:
    said = world.revocation(REVIEWER, Scope.ALL, workspace="ws-2")
    with refused("other_workspace"):
        beta.hear(notice(world, world.sign(said, REVIEWER)), now=NOW)
    still_grants(world, beta)


def test_notice_of_a_workspace_that_is_not_trusted(world: World, beta: KeyService) -> None:
    other = World()
    other.rosters[:] = [other.sign(other.roster(workspace="ws-2"), *ALL)]
    other.genesis = other.rosters[0].hash
    with refused("not_pinned"):
        beta.hear(stop_all(other), now=NOW)
    still_grants(world, beta)


def test_notice_under_another_genesis_of_the_same_name(world: World, beta: KeyService) -> None:
    other = World()
    other.rosters[:] = [other.sign(other.roster(name="Flights, too"), *ALL)]
    other.genesis = other.rosters[0].hash
    with refused("other_genesis"):
        beta.hear(stop_all(other), now=NOW)
    still_grants(world, beta)


def test_roster_in_a_notice_lets_the_key_service_follow(world: World, beta: KeyService) -> None:
    before = world.dossier()
    world.rosters.append(world.sign(world.next_roster([world.member(each) for each in ALL[:3]]), *ALL))
    assert beta.hear(notice(world, None), now=NOW) is None
    with refused("stale_epoch", saying="older than the newest"):
        beta.nonce(before, workspace=WORKSPACE, now=NOW)


def test_rolled_back_roster_gives_nobody_a_voice_again(world: World, beta: KeyService) -> None:
    """One who has left signs with the roster of the time when they belonged."""
    old = stop_all(world, LAST_REVIEWER)
    world.rosters.append(world.sign(world.next_roster([world.member(each) for each in ALL[:3]]), *ALL))
    beta.hear(notice(world, None), now=NOW)
    with refused("stale_epoch"):
        beta.hear(old, now=NOW)
    with refused("not_a_member"):
        beta.hear(replace(old, rosters=tuple(world.rosters)), now=NOW)
    with refused("stale_epoch"):
        beta.hear(Notice(rosters=tuple(world.rosters[:1]), statement=None, manifest=None), now=NOW)
    assert list(beta.untold()) == []


def test_branch_of_the_chain_is_refused(world: World, beta: KeyService) -> None:
    fork = [world.rosters[0], world.sign(world.next_roster(name="Branch"), *ALL)]
    world.rosters.append(world.sign(world.next_roster(), *ALL))
    beta.hear(notice(world, None), now=NOW)
    with refused("stale_epoch"):
        beta.hear(Notice(rosters=tuple(fork), statement=None, manifest=None), now=NOW)


def test_roster_that_nobody_signed_moves_no_pin(world: World, beta: KeyService) -> None:
    forged = world.sign(world.next_roster([world.member(each) for each in ALL[:3]]), "mallory")
    with refused("signature_missing"):
        beta.hear(Notice(rosters=(*world.rosters, forged), statement=None, manifest=None), now=NOW)
    still_grants(world, beta)


def test_newer_roster_with_a_forged_statement_moves_no_pin(world: World, beta: KeyService) -> None:
    newer = (*world.rosters, world.sign(world.next_roster(), *ALL))
    with refused("signature_missing"):
        beta.hear(replace(stop_all(world, REVIEWER, "mallory"), rosters=newer), now=NOW)
    still_grants(world, beta)


def test_organisation_that_left_releases_nothing_after_it_heard(world: World, beta: KeyService) -> None:
    before = world.dossier()
    left = tuple(each for each in world.trusted().newest.organisations if each.name != "Beta")
    staying = [world.member(each) for each in ALL if PEOPLE[each] != "Beta"]
    world.rosters.append(world.sign(world.next_roster(staying, organisations=left), *ALL))
    beta.hear(notice(world, None), now=NOW)
    with refused("stale_epoch"):
        beta.nonce(before, workspace=WORKSPACE, now=NOW)
    with refused("not_this_service"):
        beta.hear(stop_all(world, LAST_REVIEWER), now=NOW)


def test_withdrawal_by_the_owner(world: World, beta: KeyService) -> None:
    said = world.sign(world.withdrawal(REVIEWER), REVIEWER)
    assert beta.hear(notice(world, said, manifest=world.manifests[1]), now=NOW)
    with refused("dataset_withdrawn"):
        granted(world, beta)


@pytest.mark.parametrize("who", [AUTHOR, LAST_REVIEWER])
def test_withdrawal_by_another_organisation(world: World, beta: KeyService, who: str) -> None:
    with refused("not_the_owner"):
        beta.hear(notice(world, world.sign(world.withdrawal(who), who), manifest=world.manifests[1]), now=NOW)
    still_grants(world, beta)


def test_withdrawal_under_a_manifest_that_names_anothers_dataset(world: World, beta: KeyService) -> None:
    """Alpha signs a manifest of its own for Beta's dataset id, and then withdraws "its" dataset."""
    stolen = world.sign(world.manifest("Alpha", dataset="dataset-beta"), AUTHOR)
    with refused("not_our_dataset"):
        beta.hear(notice(world, world.sign(world.withdrawal(AUTHOR), AUTHOR), manifest=stolen), now=NOW)
    still_grants(world, beta)


def test_withdrawal_without_its_manifest(world: World, beta: KeyService) -> None:
    with refused("manifest_missing"):
        beta.hear(notice(world, world.sign(world.withdrawal(REVIEWER), REVIEWER)), now=NOW)
    still_grants(world, beta)


def of_mallory(beta: KeyService) -> World:
    """Return a workspace that the key service serves too, where Mallory is the one who speaks for Beta."""
    other = World()
    mallory = other.member(MALLORY, "Beta", other.keys["mallory"])
    other.rosters[:] = [other.sign(other.roster(workspace="ws-2", members=(mallory,)), "mallory")]
    other.genesis = other.rosters[0].hash
    beta._state.pin("ws-2", other.genesis)
    return other


def mallory_stops(world: World, other: World) -> Envelope:
    """Return what Mallory signs in her own workspace of the version that she knows from the other."""
    said = world.revocation(MALLORY, Scope.ALL, workspace="ws-2", genesis=other.genesis)
    return other.sign(said, "mallory")


def test_revocation_of_a_version_of_another_workspace(world: World, beta: KeyService) -> None:
    """Whoever knows a version's hash can sign that it is revoked, in a workspace of their own."""
    other = of_mallory(beta)
    assert beta.hear(notice(other, mallory_stops(world, other)), now=NOW)
    assert granted(world, beta)
    beta.hear(stop_all(world), now=NOW)
    with refused("withdrawn"):
        granted(world, beta)


def test_revocation_of_a_version_of_another_workspace_beside_a_run(world: World, beta: KeyService) -> None:
    other = of_mallory(beta)
    dossier = world.dossier(rosters=tuple(other.rosters), revocations=(mallory_stops(world, other),))
    with refused("workers_chain"):
        beta.nonce(dossier, workspace="ws-2", now=NOW)
    assert beta._state.revoked("ws-2", world.version.hash) is Scope.ALL, "it was heard, in its own workspace"
    assert granted(world, beta)


def test_withdrawal_of_a_dataset_of_another_workspace(world: World, beta: KeyService) -> None:
    """A dataset's id is what its manifest says: Mallory publishes one under an id that she has seen."""
    other = of_mallory(beta)
    here = {"workspace": "ws-2", "genesis": other.genesis}
    stolen = other.sign(world.manifest("Beta", publisher=MALLORY, **here), "mallory")
    said = other.sign(world.withdrawal(MALLORY, **here), "mallory")
    assert beta.hear(notice(other, said, manifest=stolen), now=NOW)
    assert granted(world, beta)
    assert beta.hear(
        notice(world, world.sign(world.withdrawal(REVIEWER), REVIEWER), manifest=world.manifests[1]), now=NOW
    )
    with refused("dataset_withdrawn"):
        granted(world, beta)


def test_other_statements_are_not_heard(world: World, beta: KeyService) -> None:
    for statement in (world.version, world.order, world.decisions[0], world.rosters[0]):
        with refused("notice_kind"):
            beta.hear(notice(world, statement), now=NOW)
    still_grants(world, beta)


def test_stop_heard_between_the_check_and_the_release(
    world: World, beta: KeyService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inbox is another thread: what it hears while a request is verified stops that request's keys."""
    sealed = beta._sealed

    def meanwhile(*given: object) -> object:
        with key_service(world, tmp_path) as beside:
            beside.hear(stop_all(world), now=NOW)
        return sealed(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(beta, "_sealed", meanwhile)
    with refused("withdrawn"):
        granted(world, beta)


def test_roster_heard_between_is_not_rolled_back(
    world: World, beta: KeyService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = beta._sealed
    newer = (*world.rosters, world.sign(world.next_roster(), *ALL))

    def meanwhile(*given: object) -> object:
        with key_service(world, tmp_path) as beside:
            beside.hear(Notice(rosters=newer, statement=None, manifest=None), now=NOW)
        return sealed(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(beta, "_sealed", meanwhile)
    with refused("stale_epoch"):
        granted(world, beta)
    pin = beta._state.pinned(WORKSPACE)
    assert pin is not None
    assert pin.epoch == 2


class Mailbox:
    """A server's ear: it refuses the first words for ever, and whatever else has to happen happens as it listens."""

    def __init__(self, refuses: int, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._refuses, self._meanwhile = refuses, meanwhile
        self.took: list[str] = []
        self.asked = 0

    def acknowledge(self, _workspace: str, word: Acknowledged) -> None:
        self.asked += 1
        self._meanwhile()
        if self.asked <= self._refuses:
            raise NotFoundError("no_notice", "There is no such notice.", "Look again.")
        self.took.append(envelopes.Envelope.from_json(word.model_dump()["acknowledgement"]).hash)


def telling(world: World, beta: KeyService, folder: Path, mailbox: Mailbox) -> Watch:
    """Return what tells the server, with an ear in place of the connection."""
    watch = Watch(beta, ring(world, "Beta"), folder, "http://127.0.0.1:1", clock=lambda: NOW)
    watch._mailbox = mailbox  # type: ignore[assignment]
    return watch


def test_words_that_are_refused_for_ever_keep_none_from_being_told(
    world: World, beta: KeyService, tmp_path: Path
) -> None:
    """The server denies to know the versions of a hundred revocations and more; those behind them are told."""
    denied = 250
    for number in range(denied + 3):
        version = f"sha256:{number:064d}"
        said = world.sign(world.revocation(LAST_REVIEWER, Scope.RERUNS, version=version), LAST_REVIEWER)
        beta.hear(notice(world, said), now=NOW)
    mailbox = Mailbox(denied)
    telling(world, beta, tmp_path, mailbox).tell(threading.Event())
    assert len(mailbox.took) == 3
    assert len(list(beta.untold())) == denied


def test_server_that_takes_its_time_keeps_nothing_from_being_heard(
    world: World, beta: KeyService, tmp_path: Path
) -> None:
    """A revocation that is laid into the inbox while the server is told of others is heard after the next answer."""
    for scope in (Scope.RERUNS, Scope.ALL):
        beta.hear(notice(world, world.sign(world.revocation(AUTHOR, scope), AUTHOR)), now=NOW)
    fresh = stop_all(world, LAST_REVIEWER)
    heard: list[bool] = []

    def laid() -> None:
        heard.append(not (tmp_path / INBOX / "fresh").exists())
        if len(heard) == 1:
            (tmp_path / INBOX / "fresh").write_bytes(fresh.to_bytes())

    telling(world, beta, tmp_path, Mailbox(99, meanwhile=laid)).tell(threading.Event())
    assert heard[1:] == [True, True], "the second word is told after it was heard, and then the third is its own"
    stopped = threading.Event()
    stopped.set()
    ended = Mailbox(99)
    telling(world, beta, tmp_path, ended).tell(stopped)
    assert ended.asked == 0
