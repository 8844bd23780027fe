"""How a test says that something is refused: by its stable code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def refused(code: str, *, kind: type[SecureJobsError] = RefusedError, saying: str | None = None) -> Iterator[None]:
    """Expect an error of `kind` with exactly this code, whose message matches the pattern `saying`."""
    with pytest.raises(kind, match=saying) as caught:
        yield
    assert caught.value.code == code, f"{caught.value.code}: {caught.value}"
