"""A notice: what a key service must hear, with the roster chain that proves it, to be carried without the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.protocol import canonical, codec
from jupyter_secure_jobs.protocol.envelope import Envelope  # noqa: TC001 -- the codec reads the annotations at run time

NOTICE_TYPE: Final = "jupyter-secure-jobs/notice/v1"
MOST_NOTICE_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A revocation or a withdrawal (with the dataset's manifest), or with neither the roster chain alone.

    Nothing in it is verified; any channel may carry it, since whoever hears it checks every signature.
    """

    type: str = NOTICE_TYPE
    rosters: tuple[Envelope, ...]
    statement: Envelope | None
    manifest: Envelope | None

    def __post_init__(self) -> None:
        """Refuse another type or version of file.

        Raises:
            RefusedError: so.
        """
        if self.type != NOTICE_TYPE:
            raise RefusedError("not_a_notice", "The file is no notice, or one of another version.")

    @property
    def name(self) -> str:
        """What a file of it may be called: the hash of what it brings."""
        brings = self.statement or self.rosters[-1]
        return brings.hash.removeprefix("sha256:")

    def to_bytes(self) -> bytes:
        """Return it as canonical JSON with a line's end."""
        return canonical.encode(codec.to_json(self)) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Notice:
        """Read a notice; white space around it, which mail adds, does not matter.

        Raises:
            RefusedError: it is too large, no canonical JSON, or of another shape.
        """
        return codec.from_json(cls, canonical.decode(data.strip(), most=MOST_NOTICE_BYTES))
