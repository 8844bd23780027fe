"""Searches everything a part holds for a value: raw, in the usual encodings, compressed, in tables, in a database."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import sqlite3
import struct
import urllib.parse
import zlib
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_GZIP: Final = b"\x1f\x8b\x08"
_ZLIB: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_PARQUET: Final = b"PAR1"


def _base64(data: bytes) -> Iterator[bytes]:
    # The same bytes look different at each of three places in a longer text; the ends depend on their neighbours.
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + data + b"\0" * (-(shift + len(data)) % 3))
            start = (shift * 4 + 2) // 3 + (1 if shift else 0)
            yield whole[start : (shift + len(data)) // 3 * 4]


def encodings(value: str | int) -> dict[str, bytes]:
    """Return how a value may stand in a file, by name of the encoding."""
    text = str(value)
    plain = text.encode()
    found = {
        "utf-8": plain,
        "utf-16": text.encode("utf-16-le"),
        "utf-16 big": text.encode("utf-16-be"),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "url": "".join(f"%{byte:02X}" for byte in plain).encode(),
        "quoted": urllib.parse.quote(text).encode(),
        "reversed": plain[::-1],
        "lower": text.lower().encode(),
        "upper": text.upper().encode(),
    }
    found |= {f"base64 {number}": part for number, part in enumerate(_base64(plain))}
    if isinstance(value, int):
        found |= {"int64": struct.pack("<q", value), "int64 big": struct.pack(">q", value),
                  "double": struct.pack("<d", value), "double big": struct.pack(">d", value)}  # fmt: skip
    return found


def _inflated(data: bytes) -> Iterator[bytes]:
    for magic, wbits in ((_GZIP, 31), *((magic, 15) for magic in _ZLIB)):
        at = data.find(magic)
        while at >= 0:
            # Many bytes merely look like the start of a compressed stream.
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj(wbits).decompress(data[at:], 64 * 1024 * 1024)
            at = data.find(magic, at + 1)


def _cells(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{name}"'):
                for cell in row:
                    yield cell if isinstance(cell, bytes) else str(cell).encode()
    database.close()


def _tables(data: bytes) -> Iterator[bytes]:
    if data.startswith(_PARQUET) and data.endswith(_PARQUET):
        # By places: two columns of a result may have one name.
        for column in pq.ParquetFile(io.BytesIO(data)).read().columns:
            yield repr(column.to_pylist()).encode()


def _readings(path: Path) -> Iterator[tuple[str, bytes]]:
    data = path.read_bytes()
    yield "as it is", data
    yield "table", b"\n".join(_tables(data))
    for each in _inflated(data):
        yield "inflated", each
    if data.startswith(b"SQLite format 3\0"):
        for cell in _cells(path):
            yield "cell", cell
            for each in _inflated(cell):
                yield "inflated cell", each


def search(folder: Path, values: Sequence[str | int], *, also: Mapping[str, bytes] | None = None) -> list[str]:
    """Return where a value was found, one line for each finding: file, reading, value, encoding."""
    wanted = {f"{value} as {name}": part for value in values for name, part in encodings(value).items()}
    wanted |= dict(also or {})
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        for reading, data in _readings(path):
            found += [
                f"{path.relative_to(folder)} ({reading}): {what}" for what, part in wanted.items() if part in data
            ]
    return found


def disguises(value: str) -> dict[str, bytes]:
    """Return files that hide a value, each in another way: what a search must see through."""
    raw = value.encode()
    return {
        "raw": b"before" + raw + b"after",
        "utf16": ("x" + value).encode("utf-16-le"),
        "base64-0": base64.b64encode(raw + b"tail"),
        "base64-1": base64.b64encode(b"1" + raw + b"tail"),
        "base64-2": base64.b64encode(b"22" + raw + b"tail"),
        "hex": raw.hex().encode(),
        "url": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "reversed": raw[::-1],
        "gzip": b"header" + gzip.compress(raw * 3),
        "zlib": b"header" + zlib.compress(raw * 3),
    }
