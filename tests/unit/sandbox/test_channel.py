"""The pipe out of the sandbox: whatever does not keep to the form is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.sandbox.channel import BrokenReplyError, ReplyReader

if TYPE_CHECKING:
    from pathlib import Path


def reader(data: bytes, piece: int = 3) -> ReplyReader:
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)]
    return ReplyReader(lambda: pieces.pop(0) if pieces else b"")


def reply(files: object, message: object = None) -> bytes:
    return json.dumps({"message": message if message is not None else {"a": 1}, "files": files}).encode() + b"\n"


def test_a_reply_arrives_in_any_pieces(tmp_path: Path) -> None:
    for piece in (1, 7, 1000):
        out = tmp_path / str(piece)
        out.mkdir()
        message, files = reader(reply([["log", 2], ["result", 3]]) + b"ababc", piece).reply(
            out, {"log": 9, "result": 9}
        )
        assert message == {"a": 1}
        assert (files["log"].read_bytes(), files["result"].read_bytes()) == (b"ab", b"abc")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]\n",
        b"not json\n",
        b"x" * 20000,
        b"[" * 8000 + b"\n",
        reply([["log", 10]]) + b"x" * 10,
        reply([["log", -1]]),
        reply([["log", True]]),
        reply([["log", 1], ["log", 1]]) + b"xx",
        reply([["../log", 1]]) + b"x",
        reply([["log", 2]]) + b"x",
        reply([], message=[1]),
    ],
)
def test_a_broken_reply_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BrokenReplyError):
        reader(data, 4096).reply(tmp_path, {"log": 9})


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        reader(reply([["log", 1]]) + b"x").reply(tmp_path, {"log": 9})
    assert not (tmp_path / "elsewhere").exists()


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    given: list[bytes] = []

    def endless() -> bytes:
        given.append(b"x" * 4096)
        assert len(given) < 100, "it goes on reading"
        return given[-1]

    with pytest.raises(BrokenReplyError):
        ReplyReader(endless).reply(tmp_path, {"log": 9})
