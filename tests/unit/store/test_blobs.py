"""Stored files: named by their digest, never by what somebody sends, and only if the content has it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError
from jupyter_secure_jobs.store.blobs import Blobs
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"content"
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    (tmp_path / "secret").write_bytes(b"of the host")
    return Blobs(tmp_path / "blobs")


def test_round_trip(blobs: Blobs) -> None:
    assert blobs.append("upload", 0, CONTENT[:3], total=7) == 3
    assert blobs.append("upload", 0, CONTENT, total=7) == 7
    blobs.finish("upload", DIGEST)
    assert blobs.path(DIGEST).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "name", ["../secret", "sha256:../../secret", "/etc/passwd", "", DIGEST + "/..", DIGEST.upper(), DIGEST + "\n"]
)
def test_path_traversal(blobs: Blobs, name: str) -> None:
    for use in (blobs.path, blobs.remove, lambda given: blobs.finish("upload", given)):
        with refused("digest", kind=InvalidError):
            use(name)


def test_content_with_another_digest_is_dropped(blobs: Blobs) -> None:
    blobs.append("upload", 0, b"altered", total=7)
    with refused("upload_digest", kind=InvalidError):
        blobs.finish("upload", DIGEST)
    assert blobs.received("upload") == 0
    with pytest.raises(NotFoundError):
        blobs.path(DIGEST)


def test_more_than_was_announced(blobs: Blobs) -> None:
    with refused("upload_long", kind=InvalidError):
        blobs.append("upload", 0, CONTENT + b"!", total=7)
    assert blobs.received("upload") == 0


def test_whole_file_is_hashed_before_the_transaction_that_keeps_it(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.append("upload", 0, CONTENT[:3], total=7)
    blobs.append("upload", 3, CONTENT[3:], total=7)

    def no_time(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(hashlib, "file_digest", no_time)
    blobs.append("upload", 0, CONTENT, total=7)
    blobs.finish("upload", DIGEST)
    assert blobs.path(DIGEST).read_bytes() == CONTENT


@pytest.mark.parametrize("change", ["in place", "another file"])
def test_bytes_that_are_changed_after_they_were_hashed(blobs: Blobs, change: str) -> None:
    blobs.append("upload", 0, CONTENT, total=7)
    path = blobs.partial / "upload"
    if change == "another file":
        path.rename(blobs.partial / "away")
    path.write_bytes(b"altered")
    with refused("upload_digest", kind=InvalidError):
        blobs.finish("upload", DIGEST)
    with pytest.raises(NotFoundError):
        blobs.path(DIGEST)


def test_server_that_was_started_again_hashes_an_upload_anew(blobs: Blobs, tmp_path: Path) -> None:
    blobs.append("upload", 0, CONTENT, total=7)
    blobs.append("bad", 0, b"altered", total=7)
    again = Blobs(tmp_path / "blobs")
    again.finish("upload", DIGEST)
    assert again.path(DIGEST).read_bytes() == CONTENT
    with refused("upload_digest", kind=InvalidError):
        again.finish("bad", DIGEST)


def test_gap(blobs: Blobs) -> None:
    with refused("upload_gap", kind=ConflictError):
        blobs.append("upload", 3, CONTENT[3:], total=7)


def test_folders_are_for_their_own_account(blobs: Blobs) -> None:
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in (blobs.stored, blobs.partial))
