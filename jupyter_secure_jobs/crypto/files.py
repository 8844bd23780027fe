"""Encrypted files of any size: Tink streaming AEAD, AES256_GCM_HKDF_1MB.

Every segment is authenticated before a byte of it is given out, and the last one is marked, so that cut, reordered or
swapped files do not open. The associated data bind a file to its place.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import threading
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import tink
from tink import proto_keyset_format, secret_key_access, streaming_aead

from jupyter_secure_jobs.domain.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHUNK: Final = 1024 * 1024
_registered = threading.Event()


def _register() -> None:
    if not _registered.is_set():
        streaming_aead.register()
        _registered.set()


def new_key() -> bytes:
    """Return a new file key: a serialised Tink keyset, about 131 bytes."""
    _register()
    handle = tink.new_keyset_handle(streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB)
    return bytes(proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def _primitive(key: bytes) -> streaming_aead.StreamingAead:
    _register()
    try:
        handle = proto_keyset_format.parse(key, secret_key_access.TOKEN)
        return cast("streaming_aead.StreamingAead", handle.primitive(streaming_aead.StreamingAead))
    except tink.TinkError as error:
        raise RefusedError("bad_file_key", "A file key is not valid.") from error


class _KeptOpen(io.BufferedIOBase):
    """Tink closes the stream it is given; the caller's must stay open, to be synced."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: object) -> int:
        return self._stream.write(cast("bytes", data))

    def read(self, size: int | None = -1) -> bytes:
        return self._stream.read(-1 if size is None else size)

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def encrypt(
    source: Path,
    target: Path,
    *,
    key: bytes,
    place: bytes,
    progress: Callable[[int], None] | None = None,
    synced: bool = True,
) -> None:
    """Write the encryption of `source` to `target`, which must not exist; synced to disk if `synced`.

    `place` is the associated data; `progress` is told the plaintext bytes of each step.

    Raises:
        OSError: it could not be read or written, for want of room above all; part of `target` may be there.
    """
    primitive = _primitive(key)
    with source.open("rb") as plain, target.open("xb") as sealed:
        try:
            with primitive.new_encrypting_stream(cast("BinaryIO", _KeptOpen(sealed)), place) as stream:
                while chunk := plain.read(CHUNK):
                    stream.write(chunk)
                    if progress is not None:
                        progress(len(chunk))
        except tink.TinkError as error:
            # Tink names no cause; with a key that was good, what fails is the file below it.
            raise OSError(errno.EIO, "the encrypted file cannot be written") from error
        sealed.flush()
        if synced:
            os.fsync(sealed.fileno())


def decrypt(source: Path, target: Path, *, key: bytes, place: bytes) -> None:
    """Write the plaintext of `source` to `target`, which must not exist.

    Raises:
        RefusedError: the file was altered, cut, belongs elsewhere, or the key is another. `target` is removed then.
    """
    primitive = _primitive(key)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with (
            source.open("rb") as sealed,
            os.fdopen(descriptor, "wb") as plain,
            primitive.new_decrypting_stream(sealed, place) as stream,
        ):
            shutil.copyfileobj(stream, plain, CHUNK)
    except (tink.TinkError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise RefusedError(
            "file_altered", "An encrypted file does not open: altered, cut, or from elsewhere."
        ) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
