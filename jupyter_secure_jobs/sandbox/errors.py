"""The one error of this floor: a sandbox cannot be made here."""

from __future__ import annotations


class SandboxUnavailableError(Exception):
    """The sandbox cannot be made on this machine; raised before anything is decrypted.

    Attributes:
        reason: what is missing, in a sentence.
        next_step: what the operator of the worker can do about it.
    """

    def __init__(self, reason: str, next_step: str) -> None:
        """Keep both parts; `str()` joins them."""
        super().__init__(f"{reason} {next_step}")
        self.reason = reason
        self.next_step = next_step
