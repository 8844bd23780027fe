"""One connection to the REST API: shapes in, shapes out, bytes streamed, errors as the domain has them."""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from jupyter_secure_jobs.client import tls
from jupyter_secure_jobs.client.problem import problem_of
from jupyter_secure_jobs.domain.errors import InvalidError, TooLargeError, UnavailableError
from jupyter_secure_jobs.wire.base import Page, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from jupyter_secure_jobs.domain.errors import SecureJobsError

MIB: Final = 1024**2
LARGEST_ANSWER: Final = 2 * MIB
LARGEST_LIST: Final = 16 * MIB
PAGE_SIZE: Final = 100
TRIES: Final = 4
SECONDS: Final = 30.0
MOST_PAGES: Final = 10_000
_OK: Final = range(200, 300)
_EXPIRED: Final = 401
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PAUSES: Final = (0.2, 0.6, 1.5)

W = TypeVar("W", bound=Wire)
P = TypeVar("P")
Query = dict[str, str | int]


class TimedOutError(UnavailableError):
    """No answer within the time the caller gave; the server itself may be well."""


def path(*parts: str | int) -> str:
    """Return a relative path of escaped segments, so that no id can reach another route.

    Raises:
        InvalidError: a segment is empty or means a folder.
    """
    if any(str(part) in {"", ".", ".."} for part in parts):
        raise InvalidError("bad_id", "That is not an id.", "Take the id from a list.")
    return "/".join(quote(str(part), safe="") for part in parts)


def _no_headers() -> Mapping[str, str]:
    return {}


class Connection:
    """Requests to one server, by one member.

    Args:
        base_url: ends in `/secure-jobs/api/v1/`; the last slash may be missing.
        headers: called before each request, so that a bearer token can be renewed or a member be changed.
        renew: called once when a request finds the session expired (401); then the request is sent again.
        transport: for tests, in place of the network.
        pause: waits before a retry, in seconds.
        ca_file: certificates (PEM) that alone count for https; the public ones if it is None.

    Raises:
        InvalidError: the URL is not one of http or https, or the CA file holds no certificate.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Callable[[], Mapping[str, str]] = _no_headers,
        renew: Callable[[], None] | None = None,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
        ca_file: Path | None = None,
    ) -> None:
        """Keep the parts; nothing is sent yet."""
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidError(
                "bad_url",
                "The address is not a URL of http or https.",
                "Write it as http://127.0.0.1:8888/secure-jobs/api/v1/.",
            )
        self.base_url = base_url.rstrip("/") + "/"
        self._headers = headers
        self._renew = renew
        self._pause = pause
        self._http = httpx.Client(
            base_url=self.base_url,
            transport=transport,
            timeout=SECONDS,
            follow_redirects=False,
            verify=tls.context(ca_file),
            # A proxy from the environment must not see what goes to this machine itself, tokens above all.
            trust_env=parts.hostname not in _LOOPBACK,
        )

    def close(self) -> None:
        """Close the sockets."""
        self._http.close()

    def headers(self) -> Mapping[str, str]:
        """Return the headers that prove who calls, for a request that somebody else sends."""
        return self._headers()

    def renew(self) -> None:
        """Drop an expired session; the next headers are fresh."""
        if self._renew is not None:
            self._renew()

    def get(
        self,
        path: str,
        shape: type[W],
        *,
        query: Query | None = None,
        timeout: float = SECONDS,
        largest: int = LARGEST_ANSWER,
    ) -> W:
        """Return the answer to a GET, read as `shape`.

        Raises:
            SecureJobsError: as the server said; `UnavailableError` if it cannot be reached or understood.
            TooLargeError: the answer is over `largest` bytes, 2 MiB unless the call says more.
        """
        return _read(shape, self._body("GET", path, query=query, timeout=timeout, largest=largest))

    def all(self, path: str, shape: type[W], *, query: Query | None = None) -> list[W]:
        """Return every item of a list, page after page, in the server's order (newest first).

        Raises:
            SecureJobsError: as `get`; a page may have 16 MiB.
        """
        items: list[W] = []
        more: Query = {"limit": PAGE_SIZE, **(query or {})}
        # Pydantic builds the page of a shape at run time, which the type checker cannot follow.
        page: TypeAdapter[Page[W]] = TypeAdapter(Page[shape])  # type: ignore[valid-type]
        for _ in range(MOST_PAGES):
            answer = _parse(page, self._body("GET", path, query=more, largest=LARGEST_LIST))
            items += answer.items
            if answer.next is None:
                return items
            more = {**more, "after": answer.next}
        raise TooLargeError("list_endless", "The list does not end.", "Narrow it with a filter.")

    def post(
        self,
        path: str,
        body: Wire,
        shape: type[W],
        *,
        key: str | None = None,
        timeout: float = SECONDS,
        largest: int = LARGEST_ANSWER,
    ) -> W:
        """Return the answer to a POST; it is sent again with the same key if the connection breaks.

        `key` is the Idempotency-Key; a fresh one is made if none is given. The server acts once per key.

        Raises:
            SecureJobsError: as `get`.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        made = self._body("POST", path, body=body, headers=headers, timeout=timeout, largest=largest)
        return _read(shape, made)

    def patch(self, path: str, body: Wire, shape: type[W], *, revision: int) -> W:
        """Return the answer to a PATCH of what had `revision` when it was read.

        Raises:
            StaleError: somebody else changed it first.
            SecureJobsError: as `get`.
        """
        headers = {"If-Match": f'"{revision}"'}
        return _read(shape, self._body("PATCH", path, body=body, headers=headers))

    def delete(self, path: str) -> None:
        """Delete what is at `path`.

        Raises:
            SecureJobsError: as `get`.
        """
        self._body("DELETE", path)

    def put(self, path: str, part: bytes, shape: type[W], *, query: Query) -> W:
        """Send one part of an upload, once; `client.upload` knows how to go on after a broken one.

        Raises:
            SecureJobsError: as `get`.
        """
        headers = {"Content-Type": "application/octet-stream"}
        request = self._request("PUT", path, content=part, headers=headers, query=query, timeout=120.0)
        return _read(shape, self._once(request, LARGEST_ANSWER))

    def download(
        self, path: str, sink: BinaryIO, *, largest: int, query: Query | None = None, timeout: float = 120.0
    ) -> int:
        """Stream the answer to a GET into `sink`; return its length in bytes.

        Raises:
            TooLargeError: it is over `largest` bytes; what was written is to be thrown away.
            SecureJobsError: as `get`.
        """
        request = self._request("GET", path, headers={"Accept": "*/*"}, query=query, timeout=timeout)
        written = 0
        with self._opened(request) as response:
            for chunk in response.iter_bytes():
                written += len(chunk)
                if written > largest:
                    raise _too_large(largest)
                sink.write(chunk)
        return written

    def _body(
        self,
        method: str,
        path: str,
        *,
        body: Wire | None = None,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        largest: int = LARGEST_ANSWER,
        timeout: float = SECONDS,
    ) -> bytes:
        content = None if body is None else body.model_dump_json(exclude_unset=True).encode()
        sent = {**(headers or {}), **({} if content is None else {"Content-Type": "application/json"})}
        # A POST carries its key, so that a second one does nothing; a PATCH or DELETE that may have arrived must
        # not be repeated: it would find itself stale.
        repeatable = method in {"GET", "POST"}
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            request = self._request(method, path, content=content, headers=sent, query=query, timeout=timeout)
            try:
                return self._once(request, largest)
            except TimedOutError:
                if last or method != "POST":
                    raise
            except tls.CertificateError:
                raise
            except UnavailableError as error:
                unsent = isinstance(error.__cause__, httpx.ConnectError)
                broken = isinstance(error.__cause__, httpx.TransportError)
                if last or not (unsent or (repeatable and broken)):
                    raise
            self._pause(_PAUSES[attempt])
        raise AssertionError  # pragma: no cover -- the last attempt returns or raises

    def _request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        timeout: float,
        content: bytes | None = None,
        query: Query | None = None,
    ) -> httpx.Request:
        return self._http.build_request(
            method,
            path,
            content=content,
            params=query,
            headers={"Accept": "application/json", **headers},
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
        )

    def _once(self, request: httpx.Request, largest: int) -> bytes:
        with self._opened(request) as response:
            return _bounded(response, largest)

    @contextmanager
    def _opened(self, request: httpx.Request) -> Generator[httpx.Response]:
        """Give the successful answer to `request`, renewing an expired session once."""
        try:
            request.headers.update(self._headers())
            response = self._http.send(request, stream=True)
            if response.status_code == _EXPIRED and self._renew is not None:
                response.close()
                self._renew()
                request.headers.update(self._headers())
                response = self._http.send(request, stream=True)
            try:
                if response.status_code not in _OK:
                    raise _refusal(response)
                yield response
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise TimedOutError(
                "timed_out", "The server did not answer in time.", "Try again; look at the server if it goes on."
            ) from error
        except httpx.TransportError as error:
            server = urlsplit(self.base_url).netloc.rpartition("@")[2]
            raise tls.problem(error, server) or UnavailableError(
                "unreachable",
                f"The server at {server} cannot be reached.",
                "Check that it runs and that the URL is right, then try again.",
            ) from error


def _refusal(response: httpx.Response) -> SecureJobsError:
    try:
        return problem_of(response.status_code, _bounded(response, MIB))
    except TooLargeError:
        return problem_of(response.status_code, b"")


def _bounded(response: httpx.Response, largest: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > largest:
            raise _too_large(largest)
    return bytes(body)


def _too_large(largest: int) -> TooLargeError:
    return TooLargeError(
        "answer_too_large", f"The answer is over {largest:,} bytes.", "Ask for less, or raise the limit of the call."
    )


def _read(shape: type[W], body: bytes) -> W:
    return _parse(TypeAdapter(shape), body)


def _parse(adapter: TypeAdapter[P], body: bytes) -> P:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        # The message of the validation quotes what came, so it stays out of ours.
        raise UnavailableError(
            "answer_unreadable",
            "The server's answer is not in the form that this version reads.",
            "Check that the URL leads to secure-jobs, and that both sides have the same version.",
        ) from error
