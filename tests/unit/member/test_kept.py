"""What a member's side keeps for the time without the server: verified again whenever it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.keyfile import KeyRing
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.member import stopping
from jupyter_secure_jobs.member.context import PINS_FILE
from jupyter_secure_jobs.member.kept import Kept
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.protocol.notice import Notice
from jupyter_secure_jobs.trust.approval import verify_revocation
from jupyter_secure_jobs.trust.log import verify_log
from jupyter_secure_jobs.trust.manifest import verify_withdrawal
from tests.support.refusal import refused
from tests.support.world import AUTHOR, LAST_REVIEWER, NOW, PEOPLE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from pathlib import Path


def alone(world: World, folder: Path, who: str = REVIEWER) -> stopping.Alone:
    """Return a member that has pinned the world and kept its chain."""
    keys = world.keys[who]
    label = {"kind": "member", "name": who, "organisation": PEOPLE.get(who, "Elsewhere")}
    made = stopping.Alone.of(folder, KeyRing(signing=keys.signing, sealing=keys.sealing, label=label))
    made.pins.pin(WORKSPACE, world.genesis)
    made.pins.follow_log(WORKSPACE, verify_log(world.log_proof(), world.trusted(), ()))
    made.kept.keep_rosters(WORKSPACE, world.rosters)
    return made


def chain_file(folder: Path) -> Path:
    """Return where the chain is kept."""
    return folder / "chains" / f"{WORKSPACE}.json"


def test_kept_chain_is_read_back_and_private(world: World, tmp_path: Path) -> None:
    chain, trusted = alone(world, tmp_path).rosters(WORKSPACE)
    assert chain == tuple(world.rosters)
    assert trusted.hash == world.rosters[-1].hash
    assert chain_file(tmp_path).stat().st_mode & 0o077 == 0


def test_nothing_kept(world: World, tmp_path: Path) -> None:
    with refused("no_chain", kind=NotFoundError):
        Kept(tmp_path).rosters(WORKSPACE, genesis=world.genesis, epoch=1)


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff"])
def test_broken_file_is_refused_and_then_replaced(world: World, tmp_path: Path, content: bytes) -> None:
    made = alone(world, tmp_path)
    chain_file(tmp_path).write_bytes(content)
    with refused("statement_shape" if content == b"null" else "not_json"):
        made.rosters(WORKSPACE)
    made.kept.keep_rosters(WORKSPACE, world.rosters)
    assert made.rosters(WORKSPACE)


def test_chain_that_somebody_else_wrote_is_not_trusted(world: World, tmp_path: Path) -> None:
    made = alone(world, tmp_path)
    forged = world.sign(world.next_roster([world.member(each) for each in list(PEOPLE)[:3]]), "mallory")
    made.kept.keep_rosters(WORKSPACE, [*world.rosters, forged])
    with refused("signature_missing"):
        made.rosters(WORKSPACE)


def test_older_chain_than_was_seen_is_refused(world: World, tmp_path: Path) -> None:
    made = alone(world, tmp_path)
    Pins(tmp_path / PINS_FILE).saw(WORKSPACE, rosters=[world.genesis, "sha256:second"], workers=["sha256:list"])
    with refused("stale_epoch"):
        made.rosters(WORKSPACE)


@pytest.mark.parametrize("name", ["../pins", "", ".", "a/b", "x" * 100])
def test_ids_that_would_lead_elsewhere(world: World, tmp_path: Path, name: str) -> None:
    with refused("bad_id", kind=InvalidError):
        Kept(tmp_path).keep_rosters(name, world.rosters)


def test_revocation_signed_alone_verifies(world: World, tmp_path: Path) -> None:
    made = alone(world, tmp_path)
    notice = stopping.revocation_alone(made, WORKSPACE, world.version.hash, Scope.ALL, now=NOW)
    again = Notice.from_bytes(notice.to_bytes())
    assert again == notice
    said = verify_revocation(stopping.statement_of(again), world.trusted(), world.version.hash)
    assert (said.member, said.scope) == (REVIEWER, Scope.ALL)


def test_revocation_with_keys_that_the_roster_does_not_name(world: World, tmp_path: Path) -> None:
    made = alone(world, tmp_path, "mallory")
    with refused("not_a_member"):
        stopping.revocation_alone(made, WORKSPACE, world.version.hash, Scope.ALL, now=NOW)


def test_withdrawal_signed_alone(world: World, tmp_path: Path) -> None:
    made = alone(world, tmp_path)
    with refused("no_manifest", kind=NotFoundError):
        stopping.withdrawal_alone(made, WORKSPACE, "flights_beta", now=NOW)
    made.kept.keep_manifest(WORKSPACE, "dataset-beta", world.manifests[1])
    notice = stopping.withdrawal_alone(made, WORKSPACE, "FLIGHTS_beta", now=NOW)
    assert notice.manifest == world.manifests[1]
    assert verify_withdrawal(stopping.statement_of(notice), world.trusted(), world.manifest("Beta")).member == REVIEWER


@pytest.mark.parametrize("who", [AUTHOR, LAST_REVIEWER])
def test_withdrawal_of_anothers_dataset(world: World, tmp_path: Path, who: str) -> None:
    made = alone(world, tmp_path, who)
    made.kept.keep_manifest(WORKSPACE, "dataset-beta", world.manifests[1])
    with refused("not_the_owner"):
        stopping.withdrawal_alone(made, WORKSPACE, "flights_beta", now=NOW)


def test_file_is_never_overwritten(world: World, tmp_path: Path) -> None:
    notice = stopping.roster(alone(world, tmp_path), WORKSPACE)
    stopping.save(notice, tmp_path / "roster.json")
    with refused("file_exists", kind=InvalidError):
        stopping.save(notice, tmp_path / "roster.json")
    (tmp_path / "file").write_text("")
    with refused("cannot_write", kind=InvalidError):
        stopping.save(notice, tmp_path / "file" / "roster.json")


def test_workspace_is_named_by_id_or_name_or_is_the_only_one(world: World, tmp_path: Path) -> None:
    made = alone(world, tmp_path)
    assert {made.workspace(named) for named in (None, WORKSPACE, "Flights")} == {WORKSPACE}
    with refused("which_workspace", kind=InvalidError):
        made.workspace("Trains")
    made.pins.pin("ws-2", "sha256:0")
    with refused("which_workspace", kind=InvalidError):
        made.workspace(None)
