"""The one way out of the sandbox: a pipe that carries two marks, one short message and a few bounded files."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

READY: Final = b"ready\n"
PREPARED: Final = b"prepared\n"
LENGTH_BYTES: Final = 4
MOST_SPEC_BYTES: Final = 16 * 2**20
MOST_HEADER_BYTES: Final = 8192
_CHUNK: Final = 2**20


class BrokenReplyError(Exception):
    """What came out of the sandbox does not keep to the form; nothing of it may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file that goes out: its name, an open file descriptor, and its length in bytes."""

    name: str
    descriptor: int
    length: int


def _read_exactly(descriptor: int, length: int) -> bytes:
    parts = []
    while length:
        part = os.read(descriptor, min(length, _CHUNK))
        if not part:
            message = "The pipe ended early."
            raise BrokenReplyError(message)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_spec(descriptor: int, spec: bytes) -> None:
    """Send the one request, from the parent; at most 16 MiB."""
    if len(spec) > MOST_SPEC_BYTES:
        message = "The job's description is larger than 16 MiB."
        raise ValueError(message)
    _write_all(descriptor, len(spec).to_bytes(LENGTH_BYTES, "big") + spec)


def read_spec(descriptor: int) -> bytes:
    """Return the one request, inside the sandbox; empty if the parent went away without one."""
    try:
        length = int.from_bytes(_read_exactly(descriptor, LENGTH_BYTES), "big")
        return _read_exactly(descriptor, length)
    except BrokenReplyError:
        return b""


def write_reply(descriptor: int, message: Mapping[str, object], attachments: Sequence[Attachment]) -> None:
    """Send the one reply, from process 1 of the sandbox: a line of JSON, then the files' bytes."""
    files = [[attachment.name, attachment.length] for attachment in attachments]
    _write_all(descriptor, json.dumps({"message": dict(message), "files": files}).encode() + b"\n")
    for attachment in attachments:
        offset = 0
        while offset < attachment.length:
            part = os.pread(attachment.descriptor, min(_CHUNK, attachment.length - offset), offset)
            if not part:
                error = "A file became shorter while it was sent."
                raise BrokenReplyError(error)
            _write_all(descriptor, part)
            offset += len(part)


def _header(line: bytes, allowed: Mapping[str, int]) -> tuple[dict[str, object], list[tuple[str, int]]]:
    error = "The reply's header does not keep to the form."
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as cause:
        raise BrokenReplyError(error) from cause
    if not isinstance(header, dict) or set(header) != {"message", "files"}:
        raise BrokenReplyError(error)
    message, files = header["message"], header["files"]
    if not isinstance(message, dict) or not isinstance(files, list):
        raise BrokenReplyError(error)
    checked: list[tuple[str, int]] = []
    for entry in files:
        if not isinstance(entry, list) or [type(part) for part in entry] != [str, int]:
            raise BrokenReplyError(error)
        name, length = cast("tuple[str, int]", tuple(entry))
        if name not in allowed or not 0 <= length <= allowed[name] or any(name == earlier for earlier, _ in checked):
            raise BrokenReplyError(error)
        checked.append((name, length))
    return cast("dict[str, object]", message), checked


class ReplyReader:
    """Reads the sandbox's side of the pipe in the parent; it trusts neither form nor length.

    `receive` returns the next bytes, or none at the end, and raises to stop (time, cancellation).
    """

    def __init__(self, receive: Callable[[], bytes]) -> None:
        """Read through `receive`."""
        self._receive = receive
        self._waiting = bytearray()

    def _line(self, longest: int) -> bytes:
        while b"\n" not in self._waiting:
            part = self._receive() if len(self._waiting) <= longest else b""
            if not part:
                message = "The sandbox's process 1 ended without a complete reply."
                raise BrokenReplyError(message)
            self._waiting += part
        line, _, rest = bytes(self._waiting).partition(b"\n")
        self._waiting = bytearray(rest)
        return line

    def ready(self) -> None:
        """Return once the sandbox says that its process 1 is ready.

        Raises:
            BrokenReplyError: it ended or said something else.
        """
        self._word(READY)

    def prepared(self) -> None:
        """Return once the sandbox says that what will do the job is there; process 1 starts no process from then on.

        Raises:
            BrokenReplyError: it ended or said something else.
        """
        self._word(PREPARED)

    def _word(self, expected: bytes) -> None:
        if self._line(len(expected)) + b"\n" != expected:
            message = f"The sandbox's word was not `{expected.decode().strip()}`."
            raise BrokenReplyError(message)

    def reply(self, out: Path, allowed: Mapping[str, int]) -> tuple[dict[str, object], dict[str, Path]]:
        """Return the message and the files, written new into `out`.

        Args:
            out: the parent's own directory, which the sandbox does not see.
            allowed: the names that may come and the largest length of each, in bytes.

        Raises:
            BrokenReplyError: the reply does not keep to the form or to the lengths.
        """
        message, files = _header(self._line(MOST_HEADER_BYTES), allowed)
        written: dict[str, Path] = {}
        for name, length in files:
            path = out / name
            # The parent makes the file itself, so that no link or pipe of the author's can stand in its place.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o600)
            try:
                self._copy(descriptor, length)
            finally:
                os.close(descriptor)
            written[name] = path
        return message, written

    def _copy(self, descriptor: int, length: int) -> None:
        while length:
            if not self._waiting:
                part = self._receive()
                if not part:
                    message = "The sandbox's process 1 ended within a file."
                    raise BrokenReplyError(message)
                self._waiting += part
            piece = bytes(self._waiting[:length])
            del self._waiting[: len(piece)]
            _write_all(descriptor, piece)
            length -= len(piece)
