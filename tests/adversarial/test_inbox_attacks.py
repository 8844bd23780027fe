"""Attacks on a key service's inbox: forged and broken files, links, pipes, huge ones, names chosen by others."""

from __future__ import annotations

import json
import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.keyservice.inbox import ACKNOWLEDGED, HEARD, PATIENCE, REFUSED, Inbox, read_notice
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.notice import MOST_NOTICE_BYTES, Notice
from tests.support.refusal import refused
from tests.support.service import still_grants, stop_all
from tests.support.world import NOW, REVIEWER, World

if TYPE_CHECKING:
    from jupyter_secure_jobs.keyservice.service import KeyService


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
