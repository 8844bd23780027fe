"""A hostile workspace server: it stands at the address that all parts know, with an honest one behind it.

So it has all that a workspace server has, and does what a server can do: it passes on, rewrites, withholds, replays
and invents. It knows the REST shapes that everybody knows, and nothing else.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

API: Final = "/secure-jobs/api/v1/"
_SECONDS: Final = 90.0
_PASSED_ON: Final[tuple[str, ...]] = ("authorization", "content-type", "idempotency-key", "if-match", "accept")
_PASSED_BACK: Final = ("content-type", "etag", "content-disposition", "location")
_EXPIRED: Final = HTTPStatus.UNAUTHORIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: its path below the API, and the public key of who sent it, as seen at the login."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    caller: str | None

    @property
    def json(self) -> Any:  # noqa: ANN401 -- a JSON value
        """The body."""
        return json.loads(self.body or b"{}")

    def wait(self, usual: float) -> float:
        """Return how many seconds the caller is ready to wait."""
        return float(parse_qs(self.query).get("wait", [str(usual)])[0])


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})

    @property
    def json(self) -> Any:  # noqa: ANN401 -- a JSON value
        """The body."""
        return json.loads(self.body)


def answer(value: object, status: int = 200) -> Answer:
    """Return a JSON answer."""
    return Answer(status, json.dumps(value).encode())


def problem(status: int, code: str) -> Answer:
    """Return an error as RFC 9457 has it."""
    said = {"title": code, "status": status, "code": code, "detail": "The server says so.", "next_step": "Try again."}
    return Answer(status, json.dumps(said).encode(), {"content-type": "application/problem+json"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What the server does with requests of one kind; a rule that returns nothing leaves them to the next one."""

    method: str
    path: re.Pattern[str]
    do: Callable[[Asked, re.Match[str]], Answer | None]


class HostileServer:
    """Listens at `port` until stopped; `honest` is the address of the server behind it."""

    def __init__(self, port: int, honest: str) -> None:
        """Take the port; everything is passed on until a rule says otherwise."""
        self._honest = httpx.Client(base_url=honest, trust_env=False, timeout=_SECONDS, follow_redirects=False)
        self._rules: list[Rule] = []
        self._tokens: dict[str, str] = {}
        self.seen: list[bytes] = []
        hostile = self

        class Handler(_Handler):
            server_side = hostile

        self._stopped = False
        self._http = _Listener(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._stopped = True
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._honest.close()

    # -- what it does ---------------------------------------------------------------------------------------------

    def always(self, method: str, path: str, do: Callable[[Asked, re.Match[str]], Answer | None]) -> Rule:
        """Add a rule; later ones come first."""
        rule = Rule(method, re.compile(path), do)
        self._rules.append(rule)
        return rule

    @contextmanager
    def while_(self, method: str, path: str, do: Callable[[Asked, re.Match[str]], Answer | None]) -> Iterator[None]:
        """Have a rule for a while."""
        rule = self.always(method, path, do)
        try:
            yield
        finally:
            self._rules.remove(rule)

    @contextmanager
    def rewriting(self, path: str, change: Callable[[Any], Any]) -> Iterator[None]:
        """Rewrite the JSON that the honest server answers to a GET, for a while."""

        def do(asked: Asked, _match: re.Match[str]) -> Answer:
            honest = self.forward(asked)
            return answer(change(honest.json)) if honest.status == HTTPStatus.OK else honest

        with self.while_("GET", path, do):
            yield

    def handle(self, asked: Asked) -> Answer:
        """Answer a request: by the newest rule that wants it, else as the honest server does."""
        if asked.caller is None and not asked.path.startswith("sessions"):
            # Sessions of the time before are made anew, so that it is known who calls.
            return problem(_EXPIRED, "login_needed")
        for rule in reversed(self._rules):
            match = rule.path.fullmatch(asked.path) if rule.method == asked.method else None
            made = rule.do(asked, match) if match is not None else None
            if made is not None:
                return made
        return self.forward(asked)

    def forward(self, asked: Asked, **query: object) -> Answer:
        """Ask the honest server the same, with other values in the query if given."""
        if self._stopped:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "away")
        parameters = {**{name: values[0] for name, values in parse_qs(asked.query).items()}, **query}
        given = self._honest.request(
            asked.method,
            asked.path,
            params={name: str(value) for name, value in parameters.items()},
            headers={name: asked.headers[name] for name in _PASSED_ON if name in asked.headers},
            content=asked.body or None,
        )
        if asked.method == "POST" and asked.path == "sessions" and given.is_success:
            said = json.loads(base64.b64decode(asked.json["login"]["payload"]))
            self._tokens[given.json()["token"]] = said["key"]
        kept = {name: given.headers[name] for name in _PASSED_BACK if name in given.headers}
        return Answer(given.status_code, given.content, kept)

    # -- what it has ----------------------------------------------------------------------------------------------

    def caller(self, token: str) -> str | None:
        """Return whose session a bearer token is."""
        return self._tokens.get(token)

    def token(self, key: str) -> str:
        """Return the newest session of whoever has this key."""
        return next(token for token, holder in reversed(self._tokens.items()) if holder == key)

    def as_holder(self, key: str, method: str, path: str, body: object = None) -> Answer:
        """Ask the honest server with somebody else's session, as its operator can."""
        return self.with_token(self.token(key), method, path, body)

    def with_token(self, token: str, method: str, path: str, body: object = None) -> Answer:
        """Ask the honest server with a session."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        content = json.dumps(body).encode() if body is not None else b""
        return self.forward(Asked(method=method, path=path, query="", headers=headers, body=content, caller=None))


class _Listener(ThreadingHTTPServer):
    """One thread for each connection; parts that go away in the middle are nothing to speak of."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- the signature of socketserver
        """Tell of what is wrong with this server, and not of a part that hung up or of its own end."""
        if not isinstance(sys.exception(), OSError | RuntimeError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the server answer it, writes the answer."""

    protocol_version = "HTTP/1.1"
    server_side: HostileServer

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        token = headers.get("authorization", "").partition(" ")[2]
        asked = Asked(
            method=self.command,
            path=unquote(parts.path.removeprefix(API)),
            query=parts.query,
            headers=headers,
            body=self.rfile.read(int(headers.get("content-length", 0))),
            caller=self.server_side.caller(token),
        )
        self.server_side.seen.append(asked.body)
        try:
            made = self.server_side.handle(asked)
        except httpx.TransportError:
            made = problem(HTTPStatus.SERVICE_UNAVAILABLE, "away")
        self.send_response(made.status)
        for name, value in made.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(made.body)))
        self.end_headers()
        self.wfile.write(made.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 -- the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the signature of http.server
        """Say nothing: what is refused is told by the attacks."""
