"""The one error that people read: a stable code, what happened, and what to do next."""

from __future__ import annotations


class SecureJobsError(Exception):
    """Something was refused or went wrong, said so that the reader can act on it.

    Attributes:
        code: stable, lower case with underscores; clients and tests may rely on it.
        detail: what happened, in a sentence. Never quotes private data.
        next_step: what the reader can do about it.
        status: the HTTP status that carries it (RFC 9110).
    """

    status = 400

    def __init__(self, code: str, detail: str, next_step: str = "") -> None:
        """Keep the three parts; `str()` joins what happened and what to do."""
        super().__init__(f"{detail} {next_step}".strip())
        self.code = code
        self.detail = detail
        self.next_step = next_step


class InvalidError(SecureJobsError):
    """What was sent cannot be used as it is."""

    status = 422


class NotAllowedError(SecureJobsError):
    """The lifecycle table or a role says no; `detail` is its reason."""

    status = 403


class NotFoundError(SecureJobsError):
    """It does not exist, or not for this caller: the two are not told apart."""

    status = 404


class ConflictError(SecureJobsError):
    """It collides with what is there now."""

    status = 409


class StaleError(SecureJobsError):
    """Somebody else changed it first (RFC 9110, 412)."""

    status = 412


class UnauthenticatedError(SecureJobsError):
    """No valid session; log in again."""

    status = 401


class TooLargeError(SecureJobsError):
    """Over a limit that the message names."""

    status = 413


class UnavailableError(SecureJobsError):
    """A part that is needed does not answer; the same call may work later."""

    status = 503


class BusyError(UnavailableError):
    """So much waits already that no more is taken in now (RFC 6585, 429)."""

    status = 429


class RefusedError(SecureJobsError):
    """A check of the protocol failed: what cannot be verified is refused."""

    status = 422
