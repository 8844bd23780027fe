"""One member on one machine: keys, pins, and a logged-in connection to the workspace server."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.client.facade import Client
from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.errors import NotAllowedError, RefusedError
from jupyter_secure_jobs.member.identity import KEY_FILE, Card, card_of
from jupyter_secure_jobs.member.kept import Kept
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.protocol.log import LogProof
from jupyter_secure_jobs.trust.log import TrustedLog, verify_log
from jupyter_secure_jobs.trust.roster import TrustedRosters, verify_rosters, verify_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jupyter_secure_jobs.crypto.checkpoint import Checkpoint
    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.wire.base import EnvelopeWire
    from jupyter_secure_jobs.wire.log import LogProofWire

PINS_FILE: Final = "pins.json"
# Each further try answers another thread that went on meanwhile; a server that proves nothing runs out of them.
_TRIES: Final = 5


def envelope_of(wire: EnvelopeWire) -> Envelope:
    """Return the envelope that came over the wire, unverified."""
    return Envelope.from_json(wire.model_dump())


def envelopes_of(wires: Sequence[EnvelopeWire]) -> tuple[Envelope, ...]:
    """Return several."""
    return tuple(envelope_of(wire) for wire in wires)


def log_proof_of(wire: LogProofWire) -> LogProof:
    """Return the proof of the log that came over the wire, unverified."""
    return codec.from_json(LogProof, wire.model_dump())


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
        self.pins.saw(workspace, rosters=[each.hash for each in chain], workers=[each.hash for each in lists])
        self.kept.keep_rosters(workspace, chain)
        return rosters

    def checkpoint(self, workspace: str, rosters: TrustedRosters, *, also: Checkpoint | None = None) -> str:
        """Return the newest checkpoint of the log, to stand in a statement; proven to continue what was seen.

        `also` is one that this side was shown a moment ago and has not followed yet.

        Raises:
            RefusedError: the log was rolled back or forked; the evidence is kept.
        """
        for _ in range(_TRIES):
            wire = self.client.checkpoint(
                workspace, from_size=self.pins.log_size(workspace), also=also.size if also is not None else 0
            )
            log = verify_log(log_proof_of(wire), rosters, ())
            if also is not None:
                log.follows(also)
            if self.pins.follow_log(workspace, log):
                return log.note
        raise RefusedError(
            "log_fork",
            "The server does not prove that the log continues what this side has seen.",
            "Tell the other members over another channel; do not sign anything until it is explained.",
        )

    def follow_log(self, workspace: str, rosters: TrustedRosters, log: TrustedLog) -> None:
        """Remember the log as it was shown with other statements.

        Raises:
            RefusedError: as `checkpoint`.
        """
        if not self.pins.follow_log(workspace, log):
            self.checkpoint(workspace, rosters, also=log.newest)

    @property
    def kept(self) -> Kept:
        """What this machine keeps for the time when the server does not answer."""
        return Kept(self.folder)


def act(folder: Path, passphrase: str, workspace_url: str, *, ca_file: Path | None = None) -> Acting:
    """Unlock the member in `folder` and connect; with a `ca_file` its certificates alone count.

    Raises:
        WrongPassphraseError: the passphrase is another.
        NotFoundError: there is no key store.
    """
    ring = keyfile.load(folder / KEY_FILE, passphrase)
    return acting(folder, ring, workspace_url, ca_file=ca_file)


def acting(folder: Path, ring: KeyRing, workspace_url: str, *, ca_file: Path | None = None) -> Acting:
    """Connect an unlocked member."""
    login = LoggedIn(workspace_url, ring.signing, ca_file=ca_file)
    return Acting(
        card=card_of(ring), ring=ring, client=Client(login.connection), pins=Pins(folder / PINS_FILE), folder=folder
    )
