"""The form of a digest: what may be looked up, compared and used as a file's name."""

from __future__ import annotations

import re
from typing import Final

from jupyter_secure_jobs.domain.errors import InvalidError

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}\Z")


def check_digest(digest: str) -> str:
    """Return a digest that is safe as a file name.

    Raises:
        InvalidError: it is none.
    """
    if not _DIGEST.match(digest):
        raise InvalidError("digest", "That is not a digest.", "Give sha256: and 64 hex digits.")
    return digest


def file_name(digest: str) -> str:
    """Return the name of the file with this digest.

    Raises:
        InvalidError: it is no digest; a name that somebody else chose could lead anywhere.
    """
    return check_digest(digest).removeprefix("sha256:")
