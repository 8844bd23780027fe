"""An answer that is no success, as the error that people read."""

from __future__ import annotations

import json
from typing import Final

from jupyter_secure_jobs.domain.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    SecureJobsError,
    StaleError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)

LONGEST_TEXT: Final = 2000
_SERVER_FAILED: Final = 500
_REDIRECTS: Final = range(300, 400)

_KINDS: Final[tuple[type[SecureJobsError], ...]] = (
    InvalidError,
    NotAllowedError,
    NotFoundError,
    ConflictError,
    StaleError,
    UnauthenticatedError,
    TooLargeError,
    UnavailableError,
)
_CLASSES: Final[dict[int, type[SecureJobsError]]] = {
    **{kind.status: kind for kind in _KINDS},
    429: UnavailableError,
}

_WITHOUT_PROBLEM: Final[dict[int, tuple[str, str, str]]] = {
    401: ("not_logged_in", "The member side did not accept the token.", "Restart the kernel, or connect again."),
    403: ("not_allowed", "The server refused the request.", "Check the token; restart the kernel, or connect again."),
    404: ("no_such_route", "There is no secure-jobs API at this address.", "Check the URL and the server's version."),
    413: ("too_large", "The server refused the size of the request.", "Send less at once."),
}


def problem_of(status: int, body: bytes) -> SecureJobsError:
    """Return the domain's error for an answer with `status`, read from RFC 9457 `body` where it is one.

    A body that is no problem document is never quoted: it may come from a proxy, and may hold anything.
    """
    if status in _REDIRECTS:
        return UnauthenticatedError(
            "redirected", "The server sent the request elsewhere, as login pages do.", "Check the URL and the token."
        )
    kind = _CLASSES.get(status, UnavailableError if status >= _SERVER_FAILED else SecureJobsError)
    said = _parts(body)
    if said is not None:
        return kind(*said)
    code, detail, next_step = _WITHOUT_PROBLEM.get(
        status,
        ("unexpected_answer", f"The server answered with status {status} and no reason.", "Look at the server's log."),
    )
    return kind(code, detail, next_step)


def _parts(body: bytes) -> tuple[str, str, str] | None:
    try:
        parsed = json.loads(body)
    except ValueError:
        return None
    if not isinstance(parsed, dict):
        return None
    code, detail, next_step = (parsed.get(key, "") for key in ("code", "detail", "next_step"))
    if not (isinstance(code, str) and isinstance(detail, str) and isinstance(next_step, str) and code):
        return None
    return code[:LONGEST_TEXT], detail[:LONGEST_TEXT], next_step[:LONGEST_TEXT]
