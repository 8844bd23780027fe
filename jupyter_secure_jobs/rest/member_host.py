"""The member side inside a Jupyter server: whose keys it has, who is acting, and the tokens that kernels get."""

from __future__ import annotations

import hmac
import logging
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs._version import __version__
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.errors import (
    NotAllowedError,
    NotFoundError,
    RefusedError,
    SecureJobsError,
    UnauthenticatedError,
)
from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.member.context import PINS_FILE, Acting, acting
from jupyter_secure_jobs.member.identity import CARD_FILE, KEY_FILE, Card
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.wire.member_side import IdentityWire, StatusWire

if TYPE_CHECKING:
    from pathlib import Path

log: Final = logging.getLogger(__name__)
TOKEN_LIFE: Final = 12 * 3600.0
TOKEN_RENEWED: Final = 3600.0
LOG_WATCHED: Final = 60.0
ASSURANCE_TEXT: Final = (
    "Software enclave, not hardware. Protected from: the workspace server, other members, the network. Not protected "
    "from: root and the worker's account on the worker's host. Data are decrypted there for one run, in memory."
)


class KernelTokens:
    """Tokens that kernels inherit: good for 12 hours, for everything but deciding and unlocking."""

    def __init__(self) -> None:
        """Start with none."""
        self._issued: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self) -> str:
        """Return a new token; expired ones are dropped."""
        now = time.monotonic()
        with self._lock:
            self._issued = {token: at for token, at in self._issued.items() if now - at < TOKEN_LIFE}
            token = secrets.token_urlsafe(32)
            self._issued[token] = now
            return token

    def valid(self, token: str) -> bool:
        """Tell whether a token was issued here and still holds."""
        now = time.monotonic()
        with self._lock:
            return any(
                hmac.compare_digest(token.encode(), known.encode()) and now - at < TOKEN_LIFE
                for known, at in self._issued.items()
            )


@dataclass(slots=True)
class _Identity:
    folder: Path
    card: Card
    acting: Acting | None = field(default=None)


class MemberHost:
    """The key stores of this side: one in earnest, several in a demonstration."""

    def __init__(self, folders: list[Path], *, mode: str, workspace_url: str, ca_file: Path | None = None) -> None:
        """Look at each folder's card; keys stay locked.

        Raises:
            NotFoundError: a folder has no key store.
        """
        self.mode, self.workspace_url, self.ca_file = mode, workspace_url, ca_file
        self.tokens = KernelTokens()
        self._identities = {
            card.name: _Identity(folder=folder, card=card)
            for folder in folders
            for card in [Card.read(folder / CARD_FILE)]
        }
        self._lock = threading.Lock()

    @property
    def demonstration(self) -> bool:
        """One machine holds several members' keys."""
        return self.mode == "embedded"

    def _identity(self, email: str | None) -> _Identity:
        if not self._identities:
            raise NotFoundError(
                "no_key_store", "This member side has no key store.", "Make one: `jupyter secure-jobs key create`."
            )
        if email is None:
            return next(iter(self._identities.values()))
        found = self._identities.get(email.strip().lower())
        if found is None:
            raise NotFoundError("no_identity", "This member side does not have that member's keys.", "Choose another.")
        return found

    def unlock(self, email: str | None, passphrase: str) -> None:
        """Unlock a member's keys for this process.

        Raises:
            WrongPassphraseError: nothing is unlocked.
        """
        identity = self._identity(email)
        ring = keyfile.load(identity.folder / KEY_FILE, passphrase)
        with self._lock:
            if identity.acting is None:
                identity.acting = acting(identity.folder, ring, self.workspace_url, ca_file=self.ca_file)

    def acting(self, email: str | None) -> Acting:
        """Return the unlocked member.

        Raises:
            UnauthenticatedError: the keys are locked.
        """
        identity = self._identity(email)
        if identity.acting is None:
            raise UnauthenticatedError(
                "locked", f"The keys of {identity.card.name} are locked.", "Unlock them with the passphrase."
            )
        return identity.acting

    def confirmed(self, email: str | None, passphrase: str) -> Acting:
        """Return the member after the passphrase was typed again, as a decision demands.

        Raises:
            WrongPassphraseError: the passphrase is another; nothing was signed.
            NotAllowedError: it is empty.
        """
        if not passphrase:
            raise NotAllowedError("passphrase_needed", "A decision needs the passphrase.", "Type it.")
        identity = self._identity(email)
        keyfile.load(identity.folder / KEY_FILE, passphrase)
        self.unlock(email, passphrase)
        return self.acting(email)

    def status(self, email: str | None) -> StatusWire:
        """Return what this side is; works while everything is locked."""
        first = next(iter(self._identities), None)
        return StatusWire(
            mode=self.mode,
            demonstration=self.demonstration,
            acting_as=email if email in self._identities else first,
            identities=[
                IdentityWire(
                    email=each.card.name,
                    organisation=each.card.organisation,
                    fingerprint=each.card.fingerprint,
                    unlocked=each.acting is not None,
                    warnings=Pins(each.folder / PINS_FILE).warnings(),
                )
                for each in self._identities.values()
            ],
            assurance=str(Assurance.SOFTWARE),
            assurance_text=ASSURANCE_TEXT,
            workspace_url=self.workspace_url,
            version=__version__,
        )

    def watch_logs(self) -> None:
        """Ask, for every unlocked member and workspace, whether the log is still the one that was seen.

        A server that shows two histories should be found out even while nobody signs anything.
        """
        for identity in self._identities.values():
            if identity.acting is None:
                continue
            for workspace in identity.acting.pins.workspaces():
                try:
                    identity.acting.checkpoint(workspace, identity.acting.rosters(workspace))
                except RefusedError as error:
                    log.critical("%s, workspace %s: %s", identity.card.name, workspace, error)
                except SecureJobsError as error:
                    log.info("%s, workspace %s: %s", identity.card.name, workspace, error)
