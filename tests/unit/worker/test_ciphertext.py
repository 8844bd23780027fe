"""A worker's kept ciphertext: the right file or none, within its bounds, and no path but its own."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, BinaryIO

import pytest

from jupyter_secure_jobs.domain.errors import InvalidError, UnavailableError
from jupyter_secure_jobs.worker.ciphertext import Ciphertext
from tests.support.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATA = b"sealed" * 100


def digest_of(data: bytes) -> str:
    """Return the digest of some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def sends(data: bytes) -> Callable[[BinaryIO], None]:
    """Return a server's answer."""

    def fetch(sink: BinaryIO) -> None:
        sink.write(data)

    return fetch


def silent(_sink: BinaryIO) -> None:
    """Be a server that is away."""
    raise UnavailableError("away", "The server cannot be reached.")


def brought(kept: Ciphertext, folder: Path, data: bytes, fetch: Callable[[BinaryIO], None] = silent) -> bytes:
    """Return the file that a run gets; without a server it can only be a kept one."""
    target = folder / f"run {len(list(folder.iterdir()))}"
    kept.bring(digest_of(data), target, fetch)
    return target.read_bytes()


def test_second_run_needs_no_server(tmp_path: Path) -> None:
    kept = Ciphertext(tmp_path / "kept")
    assert brought(kept, tmp_path, DATA, sends(DATA)) == DATA
    assert brought(kept, tmp_path, DATA) == DATA
    # Nor does the first run of a worker that was started again.
    assert brought(Ciphertext(tmp_path / "kept"), tmp_path, DATA) == DATA


def test_other_file_than_asked_for_is_refused_and_not_kept(tmp_path: Path) -> None:
    kept = Ciphertext(tmp_path / "kept")
    with refused("file_altered"):
        brought(kept, tmp_path, DATA, sends(DATA[:-1]))
    with pytest.raises(UnavailableError):
        brought(kept, tmp_path, DATA)


@pytest.mark.parametrize("digest", ["sha256:../../escaped", "../escaped", "/tmp/escaped", "sha256:" + "A" * 64, ""])
def test_server_cannot_choose_a_path(tmp_path: Path, digest: str) -> None:
    (tmp_path / "runs").mkdir()
    kept = Ciphertext(tmp_path / "runs" / "kept")
    with pytest.raises(InvalidError, match="not a digest"):
        kept.bring(digest, tmp_path / "runs" / "target", sends(DATA))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept", "runs"]


def test_bound_holds_and_the_longest_unused_goes(tmp_path: Path) -> None:
    kept = Ciphertext(tmp_path / "kept", most=2 * len(DATA))
    first, second, third = (DATA[:-1] + bytes([end]) for end in (1, 2, 3))
    brought(kept, tmp_path, first, sends(first))
    brought(kept, tmp_path, second, sends(second))
    for age, data in enumerate((second, first)):
        os.utime(tmp_path / "kept" / digest_of(data)[7:], (age, age))
    assert brought(kept, tmp_path, second) == second  # used just now
    brought(kept, tmp_path, third, sends(third))
    assert sum(path.stat().st_size for path in (tmp_path / "kept").iterdir()) <= 2 * len(DATA)
    assert brought(kept, tmp_path, second) == second
    with pytest.raises(UnavailableError):
        brought(kept, tmp_path, first)


def test_run_keeps_its_file_when_it_is_thrown_away(tmp_path: Path) -> None:
    kept = Ciphertext(tmp_path / "kept")
    kept.bring(digest_of(DATA), tmp_path / "run", sends(DATA))
    kept.forget(digest_of(DATA))
    assert (tmp_path / "run").read_bytes() == DATA
    with pytest.raises(UnavailableError):
        brought(kept, tmp_path, DATA)


def test_nothing_is_kept_with_no_room_for_it(tmp_path: Path) -> None:
    kept = Ciphertext(tmp_path / "kept", most=0)
    assert brought(kept, tmp_path, DATA, sends(DATA)) == DATA
    assert list((tmp_path / "kept").iterdir()) == []


def test_kept_file_of_another_size_is_fetched_anew(tmp_path: Path) -> None:
    """What a power failure has cut is found before keys are asked for."""
    kept = Ciphertext(tmp_path / "kept")
    brought(kept, tmp_path, DATA, sends(DATA))
    (name,) = (tmp_path / "kept").iterdir()
    name.write_bytes(b"")
    kept.bring(digest_of(DATA), tmp_path / "run", sends(DATA), size=len(DATA))
    assert (tmp_path / "run").read_bytes() == name.read_bytes() == DATA
    kept.bring(digest_of(DATA), tmp_path / "again", silent, size=len(DATA))
    assert (tmp_path / "again").read_bytes() == DATA


def test_file_is_on_the_disk_before_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Ciphertext(tmp_path / "kept")
    synced: list[tuple[int, int]] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        sync(descriptor)
        found = os.fstat(descriptor)
        synced.append((found.st_ino, found.st_nlink))

    monkeypatch.setattr(os, "fsync", note)
    brought(kept, tmp_path, DATA, sends(DATA))
    (name,) = (tmp_path / "kept").iterdir()
    assert synced == [(name.stat().st_ino, 1)], "once, and before it had its second name"
    brought(kept, tmp_path, DATA)
    assert len(synced) == 1, "a run that finds it waits for no disk"


def test_room_is_made_before_a_file_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, room = tmp_path / "kept", 3 * len(DATA)

    def usage(_path: Path) -> SimpleNamespace:
        used = {path.stat().st_ino: path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()}
        return SimpleNamespace(free=room - sum(used.values()))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    kept = Ciphertext(folder)
    for end in (1, 2, 3):
        data = DATA[:-1] + bytes([end])
        kept.bring(digest_of(data), tmp_path / "run", sends(data), size=len(data))
        (tmp_path / "run").unlink()
    large = DATA * 2

    def fetch(sink: BinaryIO) -> None:
        if usage(folder).free < len(large):
            raise OSError(errno.ENOSPC, "No space left on device")
        sink.write(large)

    kept.bring(digest_of(large), tmp_path / "run", fetch, size=len(large))
    assert (tmp_path / "run").read_bytes() == large


def test_disk_that_is_full_of_other_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Ciphertext(tmp_path / "kept")
    brought(kept, tmp_path, DATA, sends(DATA))
    kept.make_room(1)
    assert brought(kept, tmp_path, DATA) == DATA, "where there is room, nothing goes"
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))
    with pytest.raises(OSError, match="No space left"):
        kept.make_room(1)
    assert list((tmp_path / "kept").iterdir()) == []


def test_file_that_is_never_kept_drives_out_only_as_much_as_it_needs(tmp_path: Path) -> None:
    kept = Ciphertext(tmp_path / "kept", most=len(DATA))
    brought(kept, tmp_path, DATA, sends(DATA))
    large = DATA * 2
    kept.bring(digest_of(large), tmp_path / "run", sends(large), size=len(large))
    assert brought(kept, tmp_path, DATA) == DATA


def test_a_worker_whose_kept_files_were_all_thrown_away_goes_on(tmp_path: Path) -> None:
    """Who wants the room back removes the folder; it comes again, and with it what is kept."""
    kept = Ciphertext(tmp_path / "kept")
    shutil.rmtree(tmp_path / "kept")
    kept.make_room(1)
    assert brought(kept, tmp_path, DATA, sends(DATA)) == DATA
    assert brought(kept, tmp_path, DATA) == DATA


def test_folder_is_closed_to_others(tmp_path: Path) -> None:
    Ciphertext(tmp_path / "kept")
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
