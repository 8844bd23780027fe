"""Attacks on what key services count: orders granted too often, crashes that cost a run, memories rolled back."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.job import Grant, Scope
from jupyter_secure_jobs.domain.run import MOST_GRANTS_PER_ORDER, REGRANT_HOURS
from jupyter_secure_jobs.keyservice.state import NONCE_LIFE, STATE_FILE, State
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.order import KeyGrant
from tests.support.full_disk import full_disk
from tests.support.refusal import refused
from tests.support.service import granted, key_service, notice, seal_data_keys
from tests.support.world import AUTHOR, NOW, PEOPLE, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.keyservice.service import KeyService

LATER = NOW + timedelta(days=1)


def order(world: World, name: str, *, at: datetime = NOW) -> None:
    """Order another run."""
    world.run(world.sign(world.run_order(nonce=name, time=at, expires=at + timedelta(days=6)), AUTHOR))


def used(world: World, service: KeyService) -> int:
    """Return how many runs of the world's version the key service counts."""
    return service._state.used(world.version.hash)


def test_order_is_granted_again_after_a_crash_but_not_for_ever(world: World, beta: KeyService) -> None:
    for attempt in range(1, MOST_GRANTS_PER_ORDER + 1):
        # Every attempt is another enclave, as after a crash.
        grant = granted(world, beta, now=NOW + timedelta(hours=attempt), enclave="enclave")
        assert envelopes.read(KeyGrant, grant).attempt == attempt
    with refused("order_used"):
        granted(world, beta, now=NOW + timedelta(hours=MOST_GRANTS_PER_ORDER + 1))
    assert used(world, beta) == 1, "one order is one run, however often it was granted"


def test_order_is_not_granted_again_after_a_day(world: World, beta: KeyService) -> None:
    granted(world, beta)
    granted(world, beta, now=NOW + timedelta(hours=REGRANT_HOURS))
    with refused("order_used"):
        granted(world, beta, now=NOW + timedelta(hours=REGRANT_HOURS, seconds=1))
    assert used(world, beta) == 1


def test_order_is_counted_over_restarts(world: World, tmp_path: Path) -> None:
    seal_data_keys(world)
    for _ in range(MOST_GRANTS_PER_ORDER):
        with key_service(world, tmp_path) as service:
            granted(world, service)
    with key_service(world, tmp_path) as service, refused("order_used"):
        granted(world, service)


def test_run_granted_again_leaves_the_other_runs_of_the_grant(world: World, beta: KeyService) -> None:
    world.accept(world.sign(world.version_statement(grant=Grant(reruns=True, most_runs=2)), AUTHOR))
    granted(world, beta)
    granted(world, beta)
    order(world, "order-2")
    granted(world, beta)
    order(world, "order-3")
    with refused("no_runs_left"):
        granted(world, beta)
    assert used(world, beta) == 2


def test_second_order_of_a_single_run(world: World, beta: KeyService) -> None:
    world.accept(world.sign(world.version_statement(grant=Grant()), AUTHOR))
    granted(world, beta)
    order(world, "order-2")
    with refused("no_runs_left"):
        granted(world, beta)


def test_run_that_got_its_keys_is_not_tried_again_once_all_is_withdrawn(world: World, beta: KeyService) -> None:
    granted(world, beta)
    beta.hear(notice(world, world.sign(world.revocation(REVIEWER, Scope.ALL), REVIEWER)), now=NOW)
    with refused("withdrawn"):
        granted(world, beta)


def test_run_that_got_its_keys_is_tried_again_though_reruns_were_revoked(world: World, beta: KeyService) -> None:
    granted(world, beta)
    beta.hear(notice(world, world.sign(world.revocation(REVIEWER, Scope.RERUNS), REVIEWER)), now=NOW)
    assert granted(world, beta), "a crash costs nobody a review"


def test_nonce_alone_uses_up_nothing(world: World, beta: KeyService) -> None:
    world.accept(world.sign(world.version_statement(grant=Grant()), AUTHOR))
    first = {beta.nonce(world.dossier(), workspace=WORKSPACE, now=NOW) for _ in range(3)}
    assert len(first) == 3
    assert used(world, beta) == 0
    assert granted(world, beta, now=NOW + NONCE_LIFE + timedelta(seconds=1))


def test_refused_grant_counts_nothing(world: World, beta: KeyService) -> None:
    nonce = beta.nonce(world.dossier(), workspace=WORKSPACE, now=NOW)
    assert nonce
    # The evidence of the world carries another nonce than the one that was given out.
    with refused("nonce"):
        beta.grant(
            world.dossier(), world.sign(world.key_request(), "enclave"), world.evidence, workspace=WORKSPACE, now=NOW
        )
    assert used(world, beta) == 0


def test_nonce_is_good_once(world: World, beta: KeyService) -> None:
    granted(world, beta)
    with refused("nonce"):
        beta.grant(
            world.dossier(), world.sign(world.key_request(), "enclave"), world.evidence, workspace=WORKSPACE, now=NOW
        )


# -- the memory -------------------------------------------------------------------------------------------------------


def copy_of(folder: Path, target: Path) -> Path:
    """Return a backup of a key service's memory, made while nothing is open."""
    target.mkdir()
    shutil.copy(folder / STATE_FILE, target / STATE_FILE)
    return target / STATE_FILE


def put_back(backup: Path, folder: Path) -> None:
    """Restore the memory from a backup, as an operator would: that file, and no left-over log of SQLite."""
    for name in ("-wal", "-shm"):
        (folder / f"{STATE_FILE}{name}").unlink(missing_ok=True)
    shutil.copy(backup, folder / STATE_FILE)


def test_used_nonce_stays_used_when_the_process_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from datetime import datetime\n"
        "from jupyter_secure_jobs.keyservice.state import State\n"
        "state, now = State(pathlib.Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2])\n"
        "for each in ('used', 'open'):\n"
        "    state.give_nonce(each, 'n', now=now)\n"
        "state.take_nonce('used', now=now)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / STATE_FILE
    subprocess.run([sys.executable, "-c", code, str(path), NOW.isoformat()], check=False)
    state = State(path)
    assert state.take_nonce("open", now=NOW) == "n"
    with refused("nonce"):
        state.take_nonce("used", now=NOW)


def test_what_is_released_after_a_nonce_waits_for_the_disk(tmp_path: Path) -> None:
    """Nonces do not wait by themselves; whatever comes of one does, and takes the nonce's end to the disk with it."""
    state = State(tmp_path / STATE_FILE)
    full = state._connection.execute("PRAGMA synchronous").fetchone()
    assert full == (2,)
    state.give_nonce("order", "n", now=NOW)
    assert state._connection.execute("PRAGMA synchronous").fetchone() == full
    state.take_nonce("order", now=NOW)
    with refused("nonce"):
        state.take_nonce("order", now=NOW)
    assert state._connection.execute("PRAGMA synchronous").fetchone() == full


def test_restored_memory_is_noticed_and_grants_nothing_from_before(world: World, tmp_path: Path) -> None:
    """The counts of a backup are too low, and it has not heard what was revoked since."""
    world.accept(world.sign(world.version_statement(grant=Grant()), AUTHOR))
    seal_data_keys(world)
    home = tmp_path / "home"
    with key_service(world, home):
        pass
    backup = copy_of(home, tmp_path / "backup")
    with key_service(world, home) as service:
        granted(world, service)
    put_back(backup, home)
    with refused("state_restored"), key_service(world, home):
        pass

    State(home / STATE_FILE, restored=NOW).close()
    order(world, "order-2")
    with key_service(world, home) as service:
        assert used(world, service) == 0, "the backup has forgotten the run"
        with refused("accepted_before_restore"):
            granted(world, service)
        # What everybody signs from now on is sure to be unused.
        world.accept(world.sign(world.version_statement(time=LATER), AUTHOR))
        world.decisions[:] = [world.sign(world.decision(who, time=LATER), who) for who in PEOPLE if who != AUTHOR]
        order(world, "order-3", at=LATER)
        assert granted(world, service, now=LATER)


@pytest.mark.parametrize("old", [AUTHOR, *(who for who in PEOPLE if who != AUTHOR)])
def test_one_signature_from_before_the_restore_is_too_old(world: World, tmp_path: Path, old: str) -> None:
    seal_data_keys(world)
    State(tmp_path / STATE_FILE, restored=NOW).close()
    times = {who: NOW if who == old else LATER for who in PEOPLE}
    world.accept(world.sign(world.version_statement(time=times[AUTHOR]), AUTHOR))
    world.decisions[:] = [world.sign(world.decision(who, time=times[who]), who) for who in PEOPLE if who != AUTHOR]
    order(world, "order-2", at=LATER)
    with key_service(world, tmp_path) as service, refused("accepted_before_restore"):
        granted(world, service, now=LATER)


def test_lost_memory_is_noticed(world: World, tmp_path: Path) -> None:
    with key_service(world, tmp_path):
        pass
    for path in tmp_path.glob(f"{STATE_FILE}*"):
        path.unlink()
    with refused("state_restored"):
        State(tmp_path / STATE_FILE)


def test_broken_memory_and_broken_mark(world: World, tmp_path: Path) -> None:
    with key_service(world, tmp_path):
        pass
    mark = (tmp_path / STATE_FILE).with_suffix(".mark")
    kept = mark.read_bytes()
    write_private(mark, b"many")
    with refused("mark_broken"):
        State(tmp_path / STATE_FILE)
    write_private(mark, kept)
    State(tmp_path / STATE_FILE).close()
    for path in tmp_path.glob(f"{STATE_FILE}-*"):
        path.unlink()
    (tmp_path / STATE_FILE).write_bytes(b"no database" * 1000)
    with refused("state_broken"):
        State(tmp_path / STATE_FILE)


def test_mark_never_runs_ahead_of_the_memory(world: World, beta: KeyService, tmp_path: Path) -> None:
    """A change that fails moves neither; else an honest crash would look like a restored backup."""
    mark = (tmp_path / STATE_FILE).with_suffix(".mark")
    before = mark.read_bytes()
    with refused("other_genesis"), beta._state.transaction():
        beta._state.release(world.order.hash, world.version.hash, now=NOW)
        beta._state.pin(WORKSPACE, "another")
    assert mark.read_bytes() == before
    assert used(world, beta) == 0
    granted(world, beta)
    assert int(mark.read_bytes()) > int(before)


def test_release_that_the_disk_did_not_take(tmp_path: Path) -> None:
    path = tmp_path / STATE_FILE
    state = State(path)
    with full_disk(), pytest.raises(sqlite3.Error):
        state.release("order", "version", now=NOW)
    assert state.used("version") == 0
    state.release("order", "version", now=NOW)
    # Read by another connection, as after a crash: what is not on the disk is not there.
    again = State(path)
    assert again.used("version") == 1
    again.close()
    state.close()


def test_memory_of_the_first_form_opens_with_all_it_knew(tmp_path: Path) -> None:
    path = tmp_path / STATE_FILE
    with sqlite3.connect(path) as old:
        old.executescript(
            """
            CREATE TABLE pin (workspace TEXT PRIMARY KEY, genesis TEXT NOT NULL, epoch INTEGER NOT NULL,
                roster TEXT NOT NULL, workers INTEGER NOT NULL);
            CREATE TABLE nonce (run_order TEXT PRIMARY KEY, nonce TEXT NOT NULL, given TEXT NOT NULL);
            CREATE TABLE released (run_order TEXT PRIMARY KEY, version TEXT NOT NULL, first TEXT NOT NULL,
                times INTEGER NOT NULL);
            CREATE INDEX released_version ON released (version);
            CREATE TABLE revoked (version TEXT NOT NULL, scope TEXT NOT NULL, statement TEXT NOT NULL,
                PRIMARY KEY (version, scope));
            CREATE TABLE withdrawn (dataset TEXT PRIMARY KEY, time TEXT NOT NULL);
            INSERT INTO pin VALUES ('w', 'g', 3, 'r', 2);
            INSERT INTO released VALUES ('o', 'v', '2026-11-02T12:00:00+00:00', 2);
            INSERT INTO revoked VALUES ('v', 'all', 's');
            INSERT INTO withdrawn VALUES ('d', '2026-11-02T12:00:00+00:00');
            """
        )
    old.close()
    for _ in range(2):
        state = State(path)
        pin, released = state.pinned("w"), state.released("o")
        assert pin is not None
        assert released is not None
        assert (pin.epoch, pin.workers, released.times, state.used("v")) == (3, 2, 2, 1)
        # Which workspace's they are is not known: they go on stopping in all.
        assert state.revoked("w", "v") is state.revoked("another", "v") is Scope.ALL
        assert state.withdrawn("w", "d")
        assert state.withdrawn("another", "d")
        assert state.revoked("w", "d") is None
        assert state.restored is None
        assert list(state.untold()) == []
        state.close()


def test_memory_of_a_newer_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / STATE_FILE
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with refused("state_newer"):
        State(path)
