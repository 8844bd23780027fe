"""Errors as a notebook shows them: one short block, no stack, and still a failed cell."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import SecureJobsError
from kernel_magics.bundle import visible

if TYPE_CHECKING:
    from collections.abc import Generator


class JobsError(Exception):
    """What a magic raises: IPython prints its text alone, and nbclient and papermill see the cell fail.

    Attributes:
        code: the stable code of the error.
    """

    def __init__(self, code: str, text: str) -> None:
        """Keep the code and the text that is shown."""
        super().__init__(text)
        self.code = code

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def words(error: SecureJobsError) -> str:
    """Return what happened, what to do next, and the code, each on its line."""
    lines = [error.detail, f"Next: {error.next_step}" if error.next_step else "", f"({error.code})"]
    # Some are the server's words, which no terminal or page should obey.
    return visible("\n".join(line for line in lines if line), lines=True)


@contextmanager
def quietly() -> Generator[None]:
    """Turn the domain's errors into ones that show no stack.

    Raises:
        JobsError: for every `SecureJobsError` inside.
    """
    try:
        yield
    except SecureJobsError as error:
        raise JobsError(error.code, words(error)) from error
