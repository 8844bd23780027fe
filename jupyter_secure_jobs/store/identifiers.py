"""UUIDv7 (RFC 9562): ids that sort by time."""

from __future__ import annotations

import uuid


def uuid7(milliseconds: int, randomness: bytes) -> str:
    """Return the id for a moment and 10 random bytes, as text."""
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(randomness, "big") & (2**80 - 1)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
