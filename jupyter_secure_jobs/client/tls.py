"""TLS towards the workspace server: whose certificates count, and what is wrong with the one that was shown."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

import httpx

from jupyter_secure_jobs.domain.errors import InvalidError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OTHER_NAME: Final = frozenset({62, 64})  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH


class CertificateError(UnavailableError):
    """The server could not prove by a certificate that it is who it was asked for; nothing was sent to it."""


def context(ca_file: Path | None) -> ssl.SSLContext:
    """Return what a connection demands: TLS 1.2 or newer, a certificate for the name that was asked for.

    With a `ca_file` (PEM) its certificates alone count, and none of those that everybody trusts.

    Raises:
        InvalidError: the file cannot be read, or holds no certificate.
    """
    if ca_file is None:
        return httpx.create_ssl_context()
    try:
        made = ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise InvalidError(
            "ca_file",
            f"The CA file {ca_file.name!r} cannot be read, or holds no certificate.",
            "Give a PEM file with the certificate of the authority that signed the server's.",
        ) from error
    return made


def problem(error: BaseException, server: str) -> UnavailableError | None:
    """Return what was wrong with the TLS of `server`, or None if the error is of another kind."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in _OTHER_NAME:
                return CertificateError(
                    "certificate_name",
                    f"The certificate that {server} showed is not for that name.",
                    "Use the name that the certificate has, or tell the server's administrator.",
                )
            return CertificateError(
                "certificate_untrusted",
                f"The certificate that {server} showed is not trusted here: {cause.verify_message}.",
                "If your organisation has a certificate authority of its own, give its file as --ca-file.",
            )
        if isinstance(cause, ssl.SSLError):
            return CertificateError(
                "no_tls",
                f"What answers at {server} does not speak TLS as this side does.",
                "Check the address, its port, and that the server was started with its certificate.",
            )
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
