"""The folder of the demonstration with parts apart: one folder for each part, which is that part's alone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from demo.place import MEMBERS, ORGANISATIONS, folder_name, make_anew

if TYPE_CHECKING:
    from pathlib import Path

    from demo.place import Member

SERVER: Final = "workspace server"
WORKER: Final = "worker"


def key_service(organisation: str) -> str:
    """Return the name of an organisation's key service as a part."""
    return f"key service of {organisation}"


PARTS: Final = (
    SERVER,
    *(member.email for member in MEMBERS),
    *(key_service(name) for name in ORGANISATIONS),
    WORKER,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """The folder and what is in it."""

    folder: Path

    def clear(self) -> None:
        """Make the folder anew; an older one is removed if a demonstration made it.

        Raises:
            DemoError: something else is in it.
        """
        make_anew(self.folder)
        # Others may pass through to the folder that is theirs, and see no more than the names of the parts.
        self.folder.chmod(0o711)
        self.cards.mkdir(mode=0o755)
        self.cards.chmod(0o755)
        for private in (self.logs, self.opened):
            private.mkdir(mode=0o700)
        (self.folder / "parts").mkdir(mode=0o711)
        (self.folder / "parts").chmod(0o711)
        for part in PARTS:
            own = self.part(part)
            own.mkdir(mode=0o700)
            self.passphrase(part).touch(mode=0o600)
            self.passphrase(part).write_text(f"demo-{secrets.token_hex(8)}\n")

    def part(self, part: str) -> Path:
        """Return a part's own folder."""
        return self.folder / "parts" / folder_name(part)

    def keys(self, part: str) -> Path:
        """Return a part's key store."""
        return self.part(part) / "keys"

    def passphrase(self, part: str) -> Path:
        """Return where a part's own passphrase lies; each has another one."""
        return self.part(part) / "passphrase"

    def raw(self, organisation: str) -> Path:
        """Return where an organisation has its files: with its first member, who publishes them."""
        return self.part(publisher(organisation).email) / "raw"

    @property
    def cards(self) -> Path:
        """Cards and invitations, as they would go by e-mail: public."""
        return self.folder / "cards"

    @property
    def logs(self) -> Path:
        """What the parts print."""
        return self.folder / "logs"

    @property
    def opened(self) -> Path:
        """What was opened for a comparison with the direct computation."""
        return self.folder / "opened"

    @property
    def summary(self) -> Path:
        """Steps, digests and attacks."""
        return self.folder / "summary.json"


def publisher(organisation: str) -> Member:
    """Return the member who publishes an organisation's datasets."""
    return next(member for member in MEMBERS if member.organisation == organisation)
