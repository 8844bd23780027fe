"""Serves the member side: its own routes with the member's keys, and everything else by passing it on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import httpx
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from tornado.ioloop import IOLoop

from jupyter_secure_jobs.client import tls
from jupyter_secure_jobs.domain.errors import (
    InvalidError,
    NotAllowedError,
    NotFoundError,
    SecureJobsError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from jupyter_secure_jobs.rest.handlers import MOST_BODY, ProblemHandler, pattern
from jupyter_secure_jobs.rest.member_routes import MEMBER_ROUTES, Desk
from jupyter_secure_jobs.rest.route import BASE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from jupyter_secure_jobs.rest.member_host import MemberHost
    from jupyter_secure_jobs.rest.route import Route

KERNEL_HEADER: Final = "X-Secure-Jobs-Token"
MEMBER_HEADER: Final = "X-Secure-Jobs-Member"
_PASSED_ON: Final = ("Content-Type", "Idempotency-Key", "If-Match")
_PASSED_BACK: Final = ("ETag", "Content-Disposition")
_TYPES: Final = ("application/json", "application/problem+json", "application/octet-stream", "text/csv")
MOST_ANSWER: Final = 64 * 1024 * 1024
# A browser says so of links and pictures too, which need no XSRF token: an export by such a link would be a download
# that nobody asked for. Other ports of one machine are the same site.
_ELSEWHERE: Final = ("cross-site", "same-site")
_SECONDS: Final = 60.0


class MemberHandler(ProblemHandler):
    """Admits the Jupyter server's own user, or a kernel by its scoped token."""

    host: MemberHost
    pool: Executor
    SUPPORTED_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")

    def check_xsrf_cookie(self) -> None:
        """Demand the XSRF token of browsers; a kernel comes without cookies."""
        if not self._kernel():
            APIHandler.check_xsrf_cookie(self)

    def _kernel(self) -> bool:
        token = self.request.headers.get(KERNEL_HEADER)
        return token is not None and self.host.tokens.valid(token)

    def admit(self, *, kernel: bool) -> None:
        """Return if the caller may come in.

        Raises:
            UnauthenticatedError: neither the server's user nor a kernel with a valid token.
            NotAllowedError: a kernel asks for what only a person may do.
        """
        if self._kernel():
            if not kernel:
                raise NotAllowedError(
                    "kernel_cannot_decide",
                    "A kernel cannot decide or unlock keys: anything in a notebook could do it for you.",
                    "Decide on the review page, or with `jupyter secure-jobs decide`.",
                )
            return
        if self.request.headers.get("Sec-Fetch-Site", "none") in _ELSEWHERE:
            raise NotAllowedError(
                "cross_site",
                "Another site's page asked for this.",
                "Do it in JupyterLab, or open the address yourself.",
            )
        if self.request.headers.get(KERNEL_HEADER) is not None:
            raise UnauthenticatedError(
                "token_expired", "The kernel's token is not valid any more.", "Restart the kernel."
            )
        if self.current_user is None:
            raise UnauthenticatedError("login_needed", "You are not logged in to this Jupyter server.", "Log in.")

    @property
    def email(self) -> str | None:
        """The member that the request wants to act as."""
        return self.request.headers.get(MEMBER_HEADER) or None


class OwnHandler(MemberHandler):
    """All operations of one of the member side's own paths."""

    routes: Sequence[Route]

    def initialize(self, routes: Sequence[Route], host: MemberHost, pool: Executor) -> None:
        """Keep what the application gave."""
        self.routes, self.host, self.pool = routes, host, pool

    async def _serve(self, path: dict[str, str]) -> None:
        route = next((route for route in self.routes if route.method == self.request.method), None)
        if route is None:
            self.write_error(405)
            return
        try:
            self.admit(kernel=route.kernel)
            call = self.read_call(route, path)
            desk = Desk(host=self.host, email=self.email)
            answer = await IOLoop.current().run_in_executor(self.pool, route.run, desk, call)
            await self.send(route, answer)
        except SecureJobsError as error:
            self.problem(error)

    @allow_unauthenticated
    async def get(self, **path: str) -> None:
        """Serve a GET."""
        await self._serve(path)

    @allow_unauthenticated
    async def post(self, **path: str) -> None:
        """Serve a POST."""
        await self._serve(path)


def _check_path(rest: str) -> None:
    """Return if the path is one that every reader of it takes for the same, and not one of this side's own.

    Raises:
        NotFoundError: it has `.`, `..` or empty segments or a backslash, also percent-encoded, or leads to `member/`.
    """
    plain, before = unquote(rest), rest
    while plain != before:
        plain, before = unquote(plain), plain
    segments = plain.split("/")
    if "\\" in plain or segments[0] == "member" or any(segment in ("", ".", "..") for segment in segments):
        raise NotFoundError("path", "The workspace server has no such path.", "Write it without dots and escapes.")


def _check_body(body: bytes) -> None:
    """Return if the body holds no passphrase: it is for this side's own routes, and never for the server.

    Raises:
        InvalidError: it is a JSON object with a passphrase.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(said, dict) and "passphrase" in said:
        raise InvalidError(
            "passphrase_passed",
            "The request carries a passphrase, which the workspace server must never see; it was not passed on.",
            "Send it to a path below member/ alone.",
        )


class PassingHandler(MemberHandler):
    """Passes a request on to the workspace server under the acting member's session."""

    http: httpx.AsyncClient

    def initialize(self, host: MemberHost, pool: Executor, http: httpx.AsyncClient) -> None:
        """Keep what the application gave."""
        self.host, self.pool, self.http = host, pool, http

    async def _pass(self, rest: str) -> None:
        try:
            self.admit(kernel=True)
            _check_path(rest)
            if len(self.request.body) > MOST_BODY:
                raise TooLargeError("body_large", "The request is over 2 MiB.", "Send less at once.")
            _check_body(self.request.body)
            connection = self.host.acting(self.email).client.connection
            answer, body = await self._ask(connection, rest)
            if answer.status_code == UnauthenticatedError.status:
                await IOLoop.current().run_in_executor(self.pool, connection.renew)
                answer, body = await self._ask(connection, rest)
            self.set_status(answer.status_code)
            for name in _PASSED_BACK:
                if name in answer.headers:
                    self.set_header(name, answer.headers[name])
            kind = answer.headers.get("Content-Type", "application/json")
            # Nothing that a browser would show as a page of this Jupyter server.
            known = kind.partition(";")[0].strip().lower() in _TYPES
            self.finish(body, set_content_type=kind if known else "application/octet-stream")
        except SecureJobsError as error:
            self.problem(error)
        except httpx.HTTPError as error:
            away = UnavailableError("server_away", "The workspace server does not answer.",
                                    "Check that it runs; what you see may be old.")  # fmt: skip
            self.problem(tls.problem(error, urlsplit(self.host.workspace_url).netloc) or away)

    async def _ask(self, connection: Any, rest: str) -> tuple[httpx.Response, bytes]:  # noqa: ANN401 -- client.Connection
        headers = await IOLoop.current().run_in_executor(self.pool, connection.headers)
        passed = {name: self.request.headers[name] for name in _PASSED_ON if name in self.request.headers}
        query = f"?{self.request.query}" if self.request.query else ""
        body = bytearray()
        async with self.http.stream(
            self.request.method or "GET",
            connection.base_url + rest + query,
            # Packed, a small answer could become one that fills the memory of this whole Jupyter server.
            headers={**passed, **headers, "Accept-Encoding": "identity"},
            content=self.request.body or None,
        ) as answer:
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MOST_ANSWER:
                    raise TooLargeError(
                        "answer_too_large", f"The server's answer is over {MOST_ANSWER:,} bytes.", "Ask for less."
                    )
        return answer, bytes(body)

    @allow_unauthenticated
    async def get(self, rest: str) -> None:
        """Pass a GET on."""
        await self._pass(rest)

    @allow_unauthenticated
    async def post(self, rest: str) -> None:
        """Pass a POST on."""
        await self._pass(rest)

    @allow_unauthenticated
    async def patch(self, rest: str) -> None:
        """Pass a PATCH on."""
        await self._pass(rest)

    @allow_unauthenticated
    async def put(self, rest: str) -> None:
        """Pass a PUT on."""
        await self._pass(rest)

    @allow_unauthenticated
    async def delete(self, rest: str) -> None:
        """Pass a DELETE on."""
        await self._pass(rest)


def member_handlers(
    base_url: str, host: MemberHost, pool: Executor
) -> list[tuple[str, type[MemberHandler], dict[str, Any]]]:
    """Return tornado's handler list of a member side."""
    paths: dict[str, list[Route]] = {}
    for route in MEMBER_ROUTES:
        paths.setdefault(route.path, []).append(route)
    made: list[tuple[str, type[MemberHandler], dict[str, Any]]] = [
        (pattern(base_url, path), OwnHandler, {"routes": tuple(found), "host": host, "pool": pool})
        for path, found in paths.items()
    ]
    http = httpx.AsyncClient(timeout=_SECONDS, trust_env=False, verify=tls.context(host.ca_file))
    rest = base_url.rstrip("/") + BASE + r"(?P<rest>(?!member/)[A-Za-z0-9_./:%@+~-]*)"
    made.append((rest, PassingHandler, {"host": host, "pool": pool, "http": http}))
    return made
