"""How the untrusted loop and the enclave talk: JSON objects, each after its length; nothing else crosses."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

MOST: Final = 16 * 1024 * 1024
_LENGTH: Final = struct.Struct(">I")
Frame = dict[str, Any]  # a JSON object; every reader checks the fields it uses


@dataclass(frozen=True, slots=True)
class FrameError(Exception):
    """The other side is gone or broke the form."""

    detail: str


def write(stream: BinaryIO, frame: Frame) -> None:
    """Send one object.

    Raises:
        FrameError: the other side is gone.
    """
    data = json.dumps(frame, separators=(",", ":")).encode()
    try:
        stream.write(_LENGTH.pack(len(data)) + data)
        stream.flush()
    except (BrokenPipeError, ValueError) as error:
        raise FrameError("The other side is gone.") from error


def read(stream: BinaryIO) -> Frame | None:
    """Return the next object, or None at the end.

    Raises:
        FrameError: cut off, too large, or not an object.
    """
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) != _LENGTH.size or (size := _LENGTH.unpack(head)[0]) > MOST:
        raise FrameError("A frame is cut off or too large.")
    data = stream.read(size)
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FrameError("A frame is not JSON.") from error
    if len(data) != size or not isinstance(frame, dict):
        raise FrameError("A frame is cut off or not an object.")
    return frame
