"""Attacks through what reaches a key service without the server: forged, foreign, rolled-back and broken notices."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.keyservice.inbox import ACKNOWLEDGED, HEARD, PATIENCE, REFUSED, Inbox, read_notice
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.notice import MOST_NOTICE_BYTES, Notice
from jupyter_secure_jobs.trust import signatures
from tests.support.refusal import refused
from tests.support.service import granted, key_service, notice, ring, seal_data_keys
from tests.support.world import AUTHOR, LAST_REVIEWER, NOW, PEOPLE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.keyservice.service import KeyService

ALL = tuple(PEOPLE)


@pytest.fixture
def beta(world: World, tmp_path: Path) -> Iterator[KeyService]:
    """Give Beta's key service, with data keys that it can open."""
    seal_data_keys(world)
    with key_service(world, tmp_path) as service:
        yield service


def stop_all(world: World, who: str = REVIEWER, *signers: str) -> Notice:
    """Return a notice that `who` withdraws the acceptance, signed by them unless others are named."""
    return notice(world, world.sign(world.revocation(who, Scope.ALL), *(signers or (who,))))


def still_grants(world: World, service: KeyService) -> None:
    """Show that nothing of what was refused is remembered."""
    assert service.untold() == []
    assert granted(world, service)


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
    assert len(beta.untold()) == 1


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
    assert beta.untold() == []


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


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(beta: KeyService, tmp_path: Path) -> Inbox:
    """Give the inbox in Beta's key store."""
    return Inbox(beta, tmp_path)


def reasons(inbox: Inbox) -> list[str]:
    """Return the reasons beside the refused files."""
    return [path.read_text() for path in sorted((inbox.folder / REFUSED).glob("*.reason.txt"))]


def lying(inbox: Inbox) -> list[str]:
    """Return what lies in the inbox itself."""
    return sorted({path.name for path in inbox.folder.iterdir()} - {HEARD, REFUSED, ACKNOWLEDGED})


def test_file_is_heard_and_put_away(world: World, inbox: Inbox) -> None:
    carried = stop_all(world)
    (inbox.folder / "from bea.json").write_bytes(b"\n" + carried.to_bytes() + b"\r\n")
    assert inbox.look(now=NOW) == 1
    assert lying(inbox) == []
    assert Notice.from_bytes((inbox.folder / HEARD / f"{carried.name}.json").read_bytes()) == carried
    word = Envelope.from_json(json.loads((inbox.folder / ACKNOWLEDGED / f"{carried.name}.json").read_text()))
    assert carried.statement is not None
    assert envelopes.read(Acknowledgement, word).revocation == carried.statement.hash
    assert inbox.look(now=NOW) == 0


def test_forged_file_is_refused_with_its_reason(world: World, beta: KeyService, inbox: Inbox) -> None:
    (inbox.folder / "forged").write_bytes(stop_all(world, REVIEWER, "mallory").to_bytes())
    assert inbox.look(now=NOW) == 0
    assert lying(inbox) == []
    assert [reason.partition(":")[0] for reason in reasons(inbox)] == ["signature_missing"]
    assert not list((inbox.folder / ACKNOWLEDGED).iterdir())
    still_grants(world, beta)


def test_half_written_file_is_heard_when_it_is_whole(world: World, inbox: Inbox) -> None:
    path, data = inbox.folder / "slow", stop_all(world).to_bytes()
    for part in (0, 10, len(data) // 2, len(data) - 20):
        path.write_bytes(data[:part])
        assert inbox.look(now=NOW + part * PATIENCE) == 0
        assert lying(inbox) == ["slow"]
    path.write_bytes(data)
    assert inbox.look(now=NOW + len(data) * PATIENCE) == 1


def test_file_that_stays_broken_is_refused(world: World, beta: KeyService, inbox: Inbox) -> None:
    (inbox.folder / "broken").write_bytes(stop_all(world).to_bytes()[:-40])
    for seconds in (0, 30):
        inbox.look(now=NOW + timedelta(seconds=seconds))
        assert lying(inbox) == ["broken"]
    inbox.look(now=NOW + PATIENCE)
    assert lying(inbox) == []
    assert [reason.partition(":")[0] for reason in reasons(inbox)] == ["not_json"]
    still_grants(world, beta)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x00\xff\xfe", "not_json"),
        (b"[" * 100_000, "statement_too_deep"),
        (b'{"a":1,"a":2}', "not_json"),
        (b"{}", "statement_shape"),
        (b"null", "statement_shape"),
        (b'{"manifest":null,"rosters":[],"statement":null,"type":"jupyter-secure-jobs/notice/v1"}', "roster_missing"),
        (b'{"manifest":null,"rosters":[],"statement":null,"type":"jupyter-secure-jobs/notice/v2"}', "not_a_notice"),
        (b'{"manifest":null,"more":1,"rosters":[],"statement":null,"type":"jupyter-secure-jobs/notice/v1"}',
         "statement_shape"),
    ],
)  # fmt: skip
def test_nonsense(world: World, beta: KeyService, inbox: Inbox, content: bytes, code: str) -> None:
    (inbox.folder / "nonsense").write_bytes(content)
    for seconds in (0, 60):
        assert inbox.look(now=NOW + timedelta(seconds=seconds)) == 0
    assert [reason.partition(":")[0] for reason in reasons(inbox)] == [code]
    assert lying(inbox) == []
    still_grants(world, beta)


def test_what_is_no_file_is_refused_and_never_opened(world: World, tmp_path: Path, inbox: Inbox) -> None:
    outside = tmp_path / "outside.json"
    outside.write_bytes(stop_all(world).to_bytes())
    (inbox.folder / "link").symlink_to(outside)
    (inbox.folder / "hanging").symlink_to(tmp_path / "nowhere")
    (inbox.folder / "folder").mkdir()
    os.mkfifo(inbox.folder / "pipe")
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as bound:
        # The name of a socket is short; the folder's is not.
        os.chdir(inbox.folder)
        try:
            bound.bind("socket")
        finally:
            os.chdir(here)
        assert inbox.look(now=NOW) == 0
    assert lying(inbox) == []
    assert {reason.partition(":")[0] for reason in reasons(inbox)} == {"not_a_file"}
    assert len(reasons(inbox)) == 5
    assert outside.read_bytes(), "the link went, not what it points at"


def test_huge_file_is_refused_unread(inbox: Inbox) -> None:
    with (inbox.folder / "huge").open("wb") as file:
        file.truncate(50 * 1024**3)
    inbox.look(now=NOW)
    assert [reason.partition(":")[0] for reason in reasons(inbox)] == ["notice_too_large"]
    with refused("notice_too_large"):
        read_notice(
            next(path for path in (inbox.folder / REFUSED).iterdir() if path.stat().st_size > MOST_NOTICE_BYTES)
        )


def test_names_chosen_by_others(world: World, inbox: Inbox) -> None:
    for name in ("x" * 255, "\u202etxt.exe", "-rf", "a\nb", os.fsdecode(b"\xff\xfe")):
        (inbox.folder / name).write_bytes(stop_all(world, REVIEWER, "mallory").to_bytes())
    (inbox.folder / ".new-still-coming").write_bytes(stop_all(world).to_bytes())
    assert inbox.look(now=NOW) == 0, "a name with a dot is of a file that is not in its place yet"
    assert lying(inbox) == [".new-still-coming"]
    assert len(reasons(inbox)) == 5
    assert all(path.name.isascii() and path.name.isprintable() for path in (inbox.folder / REFUSED).iterdir())


def test_one_bad_file_keeps_no_other_from_being_heard(
    world: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be read at all, since it is another account's, lies beside a good one."""
    (inbox.folder / "a-locked").write_bytes(b"{}")
    (inbox.folder / "b-good").write_bytes(stop_all(world).to_bytes())
    opened = os.open

    def locked(path: Path, *given: int) -> int:
        if str(path).endswith("a-locked"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *given)

    monkeypatch.setattr(os, "open", locked)
    assert inbox.look(now=NOW) == 1
    assert lying(inbox) == ["a-locked"]
    inbox.look(now=NOW + PATIENCE)
    assert [reason.partition(":")[0] for reason in reasons(inbox)] == ["notice_unreadable"]
