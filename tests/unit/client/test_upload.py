"""Uploads in parts, continued where a broken connection left them."""

from __future__ import annotations

import io
import json
import re

import httpx
import pytest

from jupyter_secure_jobs.client import Connection
from jupyter_secure_jobs.client.upload import BROKEN_IN_A_ROW, upload
from jupyter_secure_jobs.domain.errors import InvalidError, UnavailableError
from jupyter_secure_jobs.wire.dataset import UploadWire

PART = 4
DATA = b"0123456789"


class Disk:
    """A server with one upload; `breaks` says for each part how many of its bytes arrive before the line breaks."""

    def __init__(self, *breaks: int | None) -> None:
        self.breaks = list(breaks)
        self.got = b""
        self.parts: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert json.loads(request.content) == {"bytes": len(DATA), "digest": "d"}
        if request.method == "PUT":
            offset = int(request.url.params["offset"])
            if offset != len(self.got):
                return httpx.Response(409)
            kept = self.breaks.pop(0) if self.breaks else None
            self.parts.append(offset)
            self.got += request.content[:kept]
            if kept is not None:
                raise httpx.ReadError("broken")
        return httpx.Response(200, content=self.state().model_dump_json())

    def state(self) -> UploadWire:
        return UploadWire(id="u", bytes=len(DATA), received=len(self.got), part_bytes=PART)

    def send(self, source: bytes = DATA) -> tuple[UploadWire, list[int]]:
        seen: list[int] = []
        connection = Connection("http://127.0.0.1/x/", transport=httpx.MockTransport(self), pause=lambda _: None)
        done = upload(
            connection,
            "w",
            io.BytesIO(source),
            size=len(DATA),
            digest="d",
            progress=seen.append,
            pause=lambda _: None,
        )
        return done, seen


def test_parts_are_as_large_as_the_server_says() -> None:
    disk = Disk()
    done, seen = disk.send()
    assert disk.got == DATA
    assert disk.parts == [0, 4, 8]
    assert seen == [4, 8, 10]
    assert done.received == len(DATA)


@pytest.mark.parametrize("breaks", [(0,), (2,), (4,), (None, 0, 3, 1), (0, 0, 0, 0)])
def test_a_broken_part_is_continued_where_it_broke(breaks: tuple[int | None, ...]) -> None:
    disk = Disk(*breaks)
    disk.send()
    assert disk.got == DATA


def test_a_line_that_never_holds_is_given_up() -> None:
    disk = Disk(*[0] * BROKEN_IN_A_ROW)
    with pytest.raises(UnavailableError):
        disk.send()
    assert len(disk.parts) == BROKEN_IN_A_ROW


def test_a_file_that_shrank_is_refused() -> None:
    with pytest.raises(InvalidError, match=re.escape("shorter")):
        Disk().send(DATA[:5])
