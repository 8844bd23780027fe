"""What one run may use at most."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

MEBIBYTE: Final = 2**20
GIBIBYTE: Final = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one run; going over any of them ends the run with its own error class.

    seconds: wall time of the author's code. memory_bytes: resident memory of all its processes together.
    processes: processes and threads at once. scratch_bytes: temporary files. result_bytes: the result as Parquet.
    log_bytes: printed output. cores: processors at once.
    """

    seconds: int = 3600
    memory_bytes: int = 4 * GIBIBYTE
    processes: int = 512
    scratch_bytes: int = 2 * GIBIBYTE
    result_bytes: int = GIBIBYTE
    log_bytes: int = MEBIBYTE
    cores: int = 256

    def __post_init__(self) -> None:
        """Refuse bounds that would stop every run.

        Raises:
            ValueError: a bound is not a positive integer.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value <= 0:
                message = f"The limit {field.name} must be a positive integer."
                raise ValueError(message)

    def within(self, ceiling: Limits) -> Limits:
        """Return these limits, each lowered to the ceiling's."""
        names = [field.name for field in fields(self)]
        return Limits(**{name: min(getattr(self, name), getattr(ceiling, name)) for name in names})
