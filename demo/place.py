"""The demo's folder: where each part keeps what it holds, laid out as the embedded mode of JupyterLab expects."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from demo.summary import DemoError

if TYPE_CHECKING:
    from pathlib import Path

_MARK: Final = ".made-by-the-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of the demo workspace."""

    email: str
    organisation: str


ANA: Final = Member(email="ana@airline.example", organisation="Airline")
BEN: Final = Member(email="ben@airline.example", organisation="Airline")
WEI: Final = Member(email="wei@weather.example", organisation="Weather Service")
MIA: Final = Member(email="mia@registry.example", organisation="Aircraft Registry")
MEMBERS: Final = (ANA, BEN, WEI, MIA)
ORGANISATIONS: Final = tuple(dict.fromkeys(member.organisation for member in MEMBERS))


def make_anew(folder: Path) -> None:
    """Make a demonstration's folder anew; an older one is removed if a demonstration made it.

    Raises:
        DemoError: something else is in it.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise DemoError(f"{folder} holds something that the demo did not make. Give --folder another one.")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / _MARK).touch()


@dataclass(frozen=True, slots=True)
class Place:
    """The folder and what is in it."""

    folder: Path

    def clear(self) -> None:
        """Make the folder anew; an older one is removed if a demo made it.

        Raises:
            DemoError: something else is in it.
        """
        make_anew(self.folder)
        for part in (self.logs, self.exports, self.runtime):
            part.mkdir(mode=0o700)
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text(f"demo-{secrets.token_hex(4)}\n")

    @property
    def server(self) -> Path:
        """All that the workspace server holds."""
        return self.folder / "server"

    @property
    def worker(self) -> Path:
        """The worker's key store."""
        return self.folder / "worker"

    @property
    def passphrase(self) -> Path:
        """The demonstration's one passphrase; in earnest everybody has their own."""
        return self.folder / "passphrase"

    @property
    def logs(self) -> Path:
        """What the parts print."""
        return self.folder / "logs"

    @property
    def exports(self) -> Path:
        """What the author and the author's colleague export: opened results, on their own machine."""
        return self.folder / "exports"

    @property
    def runtime(self) -> Path:
        """What is only needed while the demo runs."""
        return self.folder / "runtime"

    @property
    def summary(self) -> Path:
        """Steps and digests."""
        return self.folder / "summary.json"

    def raw(self, organisation: str) -> Path:
        """Return where an organisation has its files before it publishes them."""
        return self.folder / "raw" / folder_name(organisation)

    def member(self, member: Member) -> Path:
        """Return a member's key store."""
        return self.folder / "members" / member.email

    def key_service(self, organisation: str) -> Path:
        """Return the key store of an organisation's key service."""
        return self.folder / "keyservices" / folder_name(organisation)

    def kernel_environment(self, member: Member) -> Path:
        """Return the file in which a member's side says how kernels reach it."""
        return self.runtime / f"{member.email}.json"

    def notebook(self, member: Member) -> Path:
        """Return where a member's executed notebook is saved."""
        return self.folder / f"{member.email.partition('@')[0]}.ipynb"


def folder_name(organisation: str) -> str:
    """Return a folder's name for an organisation."""
    return organisation.lower().replace(" ", "-")
