"""Serves the route table of the workspace server: parse, call, write."""

from __future__ import annotations

import hashlib
import math
import re
import time
import urllib.parse
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError
from tornado.ioloop import IOLoop

from jupyter_secure_jobs.domain.errors import (
    ConflictError,
    InvalidError,
    SecureJobsError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from jupyter_secure_jobs.rest.route import BASE, Call, Caller, Download, Route
from jupyter_secure_jobs.services import sessions
from jupyter_secure_jobs.store.caller_tables import AnswerRow
from jupyter_secure_jobs.wire.base import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from jupyter_secure_jobs.rest.notifier import Notifier
    from jupyter_secure_jobs.services.unit import Server, Unit

MOST_BODY: Final = 2 * 1024 * 1024
MOST_WAIT: Final = 25.0
CHUNK: Final = 1024 * 1024


def pattern(base_url: str, path: str) -> str:
    """Return the regular expression of a route's path below the server's base URL."""
    return base_url.rstrip("/") + BASE + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)


def patience(asked: str) -> float:
    """Return how many seconds a question waits for its answer: 0 to `MOST_WAIT`, which no number means as well."""
    try:
        seconds = float(asked)
    except ValueError:
        return MOST_WAIT
    # NaN passes every bound, and a timer with it has no order among others.
    return MOST_WAIT if math.isnan(seconds) else min(max(seconds, 0.0), MOST_WAIT)


def revision_of(match: str) -> int | None:
    """Return the revision in an If-Match header; None where there is none, or any will do (`*`).

    Raises:
        InvalidError: it is no revision; passed over, it would let one person's change undo another's.
    """
    if match.strip() in ("", "*"):
        return None
    found = re.fullmatch(r'"?([0-9]{1,9})"?', match.strip())
    if found is None:
        raise InvalidError("if_match", "If-Match is no revision.", "Send the ETag of what you read.")
    return int(found[1])


def parse_body(route: Route, body: bytes) -> BaseModel | None:
    """Return the body as the route's request model.

    Raises:
        TooLargeError: over 2 MiB.
        InvalidError: not JSON, or of another shape; the message names the field, never its value.
    """
    if route.request is None:
        return None
    if len(body) > MOST_BODY:
        raise TooLargeError("body_large", "The request is over 2 MiB.", "Send less at once.")
    try:
        return route.request.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise InvalidError("request_shape", f"In the request, {where}: {first['msg']}.", "Change it.") from error


class ProblemHandler(APIHandler):
    """Writes answers and problems; errors never carry more than their own words."""

    def check_xsrf_cookie(self) -> None:
        """Accept without: no cookie gives a right here, a bearer token in a header does."""

    def problem(self, error: SecureJobsError) -> None:
        """Write a problem (RFC 9457)."""
        made = Problem(
            title=error.code.replace("_", " ").capitalize(),
            status=error.status,
            code=error.code,
            detail=error.detail,
            next_step=error.next_step,
        )
        self.set_status(error.status)
        # The base class puts its own content type over any that was set before.
        self.finish(made.model_dump_json(), set_content_type="application/problem+json")

    def write_error(self, status_code: int, **_: Any) -> None:  # noqa: ANN401 -- tornado's signature
        """Write a problem for what tornado itself refuses, and for our own defects."""
        if status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            made = SecureJobsError("server_error", "The server failed.", "Look at the server's log.")
        else:
            made = SecureJobsError("request_refused", "The server refuses this request.", "Check the address.")
        made.status = status_code
        self.problem(made)

    async def send(self, route: Route, answer: Any) -> None:  # noqa: ANN401 -- a wire shape or a download
        """Write a wire shape as JSON, or stream a download."""
        if isinstance(answer, Download):
            await self._stream(answer)
            return
        revision = getattr(answer, "revision", None)
        if isinstance(revision, int):
            self.set_header("ETag", f'"{revision}"')
        self.set_status(201 if route.created else 200)
        self.set_header("Content-Type", "application/json")
        self.finish(answer if isinstance(answer, bytes) else answer.model_dump_json())

    async def _stream(self, file: Download) -> None:
        self.set_header("Content-Type", file.media_type)
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{urllib.parse.quote(file.name)}")
        self.set_header("X-Content-Type-Options", "nosniff")
        try:
            self.set_header("Content-Length", str(file.path.stat().st_size))
            with file.path.open("rb") as source:
                while chunk := source.read(CHUNK):
                    self.write(chunk)
                    await self.flush()
        finally:
            if file.forget is not None:
                file.forget()
        self.finish(set_content_type=file.media_type)

    def read_call(self, route: Route, path: dict[str, str]) -> Call:
        """Return the request, parsed."""
        decoded = {name: urllib.parse.unquote(value) for name, value in path.items()}
        if "n" in decoded and not re.fullmatch(r"[0-9]{1,9}", decoded["n"]):
            raise InvalidError("version_number", "That is no version number.", "Use 1, 2, 3 …")
        query = {name: self.get_query_argument(name) for name in route.query if self.get_query_argument(name, None)}
        body: Any = self.request.body if route.upload else parse_body(route, self.request.body)
        return Call(
            path=decoded, query=query, body=body, revision=revision_of(self.request.headers.get("If-Match", ""))
        )


class WorkspaceHandler(ProblemHandler):
    """All operations of one path. Login is by bearer token; the Jupyter server's own login gives no right here."""

    routes: Sequence[Route]
    server: Server
    notifier: Notifier
    pool: Executor
    SUPPORTED_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")

    def initialize(self, routes: Sequence[Route], server: Server, notifier: Notifier, pool: Executor) -> None:
        """Keep what the application gave."""
        self.routes, self.server, self.notifier, self.pool = routes, server, notifier, pool

    _gone = False

    def on_connection_close(self) -> None:
        """Note that the caller has gone, so that a long poll ends."""
        self._gone = True
        super().on_connection_close()

    async def _serve(self, path: dict[str, str]) -> None:
        route = next((route for route in self.routes if route.method == self.request.method), None)
        if route is None:
            self.write_error(405)
            return
        try:
            loop = IOLoop.current()
            deadline = time.monotonic() + self._patience(route)
            mark = self.notifier.mark(route.waits)
            answer, call, key = await loop.run_in_executor(self.pool, self._begin, route, path)
            while True:
                left = deadline - time.monotonic()
                if route.ready is None or isinstance(answer, bytes) or route.ready(answer, call) or left <= 0:
                    break
                await self.notifier.wait(mark, left)
                if self._gone:
                    # Nobody listens any more: a run must not be handed to a worker that is dead.
                    return
                mark = self.notifier.mark(route.waits)
                last = time.monotonic() >= deadline
                answer = await loop.run_in_executor(self.pool, self._again, route, call, key, None if last else answer)
            await self.send(route, answer)
        except SecureJobsError as error:
            self.problem(error)
        except OperationalError:
            self.log.exception("the database refused")
            self.problem(UnavailableError("database", "The server's database does not answer.",
                                          "Check its disk and the server's log, then try again."))  # fmt: skip

    def _begin(self, route: Route, path: dict[str, str]) -> tuple[Any, Call, str | None]:
        """Find out who calls, read the request, and perform it once: one turn of a thread for all three."""
        key = sessions.authenticate(self.server, self._token())
        if key is None and route.caller is not Caller.ANYBODY:
            raise UnauthenticatedError("login_needed", "There is no valid session.", "Log in again.")
        call = self.read_call(route, path)
        return self._perform(route, call, key), call, key

    def _again(self, route: Route, call: Call, key: str | None, answer: Any) -> Any:  # noqa: ANN401 -- as `_perform`
        """Perform a long poll's operation again, or return the last answer if a look shows that nothing is there.

        Without a last answer there is no look: what is sent when the wait is over is how things stand then.
        """
        if route.peek is not None and answer is not None:
            with self.server.unit(key, reading=True) as unit:
                if not route.peek(unit, call):
                    return answer
                if route.reading:
                    return route.run(unit, call)
        return self._perform(route, call, key)

    def _token(self) -> str | None:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else None

    def _patience(self, route: Route) -> float:
        if route.ready is None:
            return 0.0
        return patience(self.get_query_argument("wait", str(MOST_WAIT)))

    def _perform(self, route: Route, call: Call, key: str | None) -> Any:  # noqa: ANN401 -- a wire shape or a download
        # What is answered to somebody who has not logged in is a challenge or a token: neither is kept or given twice.
        kept = route.method == "POST" and route.caller is not Caller.ANYBODY
        retry_key = self.request.headers.get("Idempotency-Key", "")[:200] if kept else ""
        with self.server.unit(key, reading=route.reading) as unit:
            if not retry_key or route.ready is not None:
                return route.run(unit, call)
            return _once(
                unit, retry_key, key or "", self.request.uri or "", self.request.body, lambda: route.run(unit, call)
            )

    @allow_unauthenticated
    async def get(self, **path: str) -> None:
        """Serve a GET."""
        await self._serve(path)

    @allow_unauthenticated
    async def post(self, **path: str) -> None:
        """Serve a POST."""
        await self._serve(path)

    @allow_unauthenticated
    async def patch(self, **path: str) -> None:
        """Serve a PATCH."""
        await self._serve(path)

    @allow_unauthenticated
    async def put(self, **path: str) -> None:
        """Serve a PUT."""
        await self._serve(path)

    @allow_unauthenticated
    async def delete(self, **path: str) -> None:
        """Serve a DELETE."""
        await self._serve(path)


def _once(unit: Unit, retry_key: str, caller: str, address: str, body: bytes, perform: Any) -> Any:  # noqa: ANN401 -- a thunk, and what makes a request
    # The answer is kept in the same transaction as the change, so that a retry can never do it twice.
    asked = "sha256:" + hashlib.sha256(address.encode() + b"\n" + body).hexdigest()
    known = unit.session.get(AnswerRow, (retry_key, caller))
    if known is not None:
        if known.request != asked:
            raise ConflictError(
                "idempotency_key", "This Idempotency-Key was used for another request.", "Use a new one."
            )
        return known.body
    answer = perform()
    data = answer.model_dump_json().encode()
    unit.session.add(AnswerRow(key=retry_key, caller=caller, request=asked, status=200, body=data, created=unit.now))
    return answer


def handlers_for(
    base_url: str,
    routes: Sequence[Route],
    **shared: Any,  # noqa: ANN401 -- forwarded to `initialize`
) -> list[tuple[str, type[WorkspaceHandler], dict[str, Any]]]:
    """Return tornado's handler list for a route table: one entry a path."""
    paths: dict[str, list[Route]] = {}
    for route in routes:
        paths.setdefault(route.path, []).append(route)
    return [
        (pattern(base_url, path), WorkspaceHandler, {"routes": tuple(found), **shared}) for path, found in paths.items()
    ]
