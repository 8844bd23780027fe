"""One member on one machine: keys, pins, and a logged-in connection to the workspace server."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.facade import Client
from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.errors import NotAllowedError
from jupyter_secure_jobs.member.identity import KEY_FILE, Card, card_of
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.trust.roster import TrustedRosters, verify_rosters, verify_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.wire.base import EnvelopeWire

PINS_FILE: Final = "pins.json"


def envelope_of(wire: EnvelopeWire) -> Envelope:
    """Return the envelope that came over the wire, unverified."""
    return Envelope.from_json(wire.model_dump())


def envelopes_of(wires: Sequence[EnvelopeWire]) -> tuple[Envelope, ...]:
    """Return several."""
    return tuple(envelope_of(wire) for wire in wires)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder for plaintext that is gone afterwards; in memory where the system has such a place."""
    memory = Memory(anywhere=True)
    try:
        yield memory.folder
    finally:
        memory.remove()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """An unlocked member with a connection."""

    card: Card
    ring: KeyRing
    client: Client
    pins: Pins
    folder: Path

    @property
    def email(self) -> str:
        """The member's e-mail address."""
        return self.card.name

    def rosters(self, workspace: str) -> TrustedRosters:
        """Return the verified roster chain of a workspace whose genesis this machine has pinned.

        Raises:
            RefusedError: another genesis, an older epoch than seen before, or a signature that does not verify.
        """
        wire = self.client.roster(workspace)
        return self.follow(workspace, envelopes_of(wire.rosters), envelopes_of(wire.workers))

    def follow(self, workspace: str, chain: Sequence[Envelope], lists: Sequence[Envelope]) -> TrustedRosters:
        """Return the chain as verified, and remember how far it and the worker lists go.

        Raises:
            RefusedError: as `rosters`.
        """
        rosters = verify_rosters(chain, genesis=self.pins.genesis(workspace))
        if rosters.workspace != workspace:
            raise NotAllowedError("other_workspace", "The server answered for another workspace.", "Warn the others.")
        verify_workers(lists, rosters)
        self.pins.saw(workspace, epoch=rosters.newest.epoch, workers=len(lists))
        return rosters

    def checkpoint(self, workspace: str) -> str | None:
        """Return the newest checkpoint of the log, to stand in a statement."""
        return self.client.checkpoint(workspace).checkpoint


def act(folder: Path, passphrase: str, workspace_url: str) -> Acting:
    """Unlock the member in `folder` and connect.

    Raises:
        WrongPassphraseError: the passphrase is another.
        NotFoundError: there is no key store.
    """
    ring = keyfile.load(folder / KEY_FILE, passphrase)
    return acting(folder, ring, workspace_url)


def acting(folder: Path, ring: KeyRing, workspace_url: str) -> Acting:
    """Connect an unlocked member."""
    login = LoggedIn(workspace_url, ring.signing)
    return Acting(
        card=card_of(ring), ring=ring, client=Client(login.connection), pins=Pins(folder / PINS_FILE), folder=folder
    )
