"""A key door: what an executor asks for the keys of one job, over the loopback. It counts who asked."""

from __future__ import annotations

import base64
import http.server
import secrets
import threading
from typing import TYPE_CHECKING, Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from pathlib import Path

MASTER: Final = "dataset"
_NONCE: Final = 12


def new_master() -> bytes:
    """Return a new master key: the one that stays with the owner."""
    return AESGCM.generate_key(256)


def wrap(key: bytes, master: bytes) -> str:
    """Return `key` encrypted under the master key, as text."""
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + AESGCM(master).encrypt(nonce, key, MASTER.encode())).decode()


def unwrap(wrapped: bytes, master: bytes) -> bytes:
    """Return the key that `wrap` encrypted."""
    raw = base64.b64decode(wrapped)
    return AESGCM(master).decrypt(raw[:_NONCE], raw[_NONCE:], MASTER.encode())


class Door:
    """The door, open while it is used in a `with`.

    asked: of each request the token and the process that asked. released: the keys that were given out.
    """

    def __init__(self, master: Path) -> None:
        """Listen on a free port of the loopback."""
        self._master = master.read_bytes()
        self._tokens: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.released: set[bytes] = set()
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                wrapped = self.rfile.read(int(self.headers["Content-Length"]))
                token = self.headers["Authorization"].removeprefix("Bearer ")
                code, answer = door.answer(token, self.headers["Executor"], wrapped)
                self.send_response(code)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def admit(self) -> str:
        """Return a new token, for one job."""
        token = f"job-{secrets.token_hex(16)}"
        self._tokens.add(token)
        return token

    def withdraw(self, token: str) -> None:
        """Release nothing any more for this token."""
        self._tokens.discard(token)

    def answer(self, token: str, executor: str, wrapped: bytes) -> tuple[int, bytes]:
        """Note the request; return the key for a token in force, and a refusal otherwise."""
        self.asked.append((token, executor))
        if token not in self._tokens:
            return 403, b""
        key = unwrap(wrapped, self._master)
        self.released.add(key)
        return 200, base64.b64encode(key)

    def __enter__(self) -> Self:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._server.shutdown()
        self._server.server_close()
