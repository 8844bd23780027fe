"""Who a member is on this machine: a key store, and the public card that others invite by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.encoding import fingerprint
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError, RefusedError
from jupyter_secure_jobs.domain.text import clean_email, clean_name
from jupyter_secure_jobs.domain.workspace import KeyPair
from jupyter_secure_jobs.protocol import codec

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE: Final = "keys.locked"
CARD_FILE: Final = "card.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What others need to know: `kind` is member, keyservice, recovery or worker; `name` whom it stands for.

    For a member `name` is the e-mail address; `organisation` is empty for a worker. `measurement` is a worker's.
    """

    kind: str
    name: str
    organisation: str
    keys: KeyPair
    measurement: str = ""

    @property
    def fingerprint(self) -> str:
        """A short form of the signing key, in groups that people can compare over the telephone."""
        return fingerprint(self.keys.signing)

    def to_text(self) -> str:
        """Return the card as JSON."""
        return json.dumps(codec.to_json(self), indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read a card file.

        Raises:
            NotFoundError: there is none.
            InvalidError: the file is no card.
        """
        if not path.is_file():
            raise NotFoundError("no_card", f"There is no card file {path.name!r}.", "Ask its owner for it.")
        try:
            return codec.from_json(cls, json.loads(path.read_text()))
        except (ValueError, RecursionError, RefusedError) as error:
            raise InvalidError("not_a_card", f"{path.name!r} is no card.", "Ask its owner for it again.") from error


def create(
    folder: Path, *, kind: str, name: str, organisation: str, passphrase: str, seed: bytes | None = None
) -> Card:
    """Make a key store and its card in `folder`; with `seed` the keys are derived from it.

    Raises:
        ConflictError: there is a key store already.
        InvalidError: the name, organisation or passphrase is not usable.
    """
    who = clean_email(name) if kind == "member" else clean_name(name, what="name", longest=100)
    label = {
        "kind": kind,
        "name": who,
        "organisation": clean_name(organisation, what="organisation's name") if organisation else "",
    }
    ring = keyfile.ring_of_seed(seed, label) if seed is not None else keyfile.new_ring(label)
    keyfile.save(folder / KEY_FILE, ring, passphrase)
    card = card_of(ring)
    (folder / CARD_FILE).write_text(card.to_text())
    return card


def card_of(ring: keyfile.KeyRing, *, measurement: str = "") -> Card:
    """Return the card of an unlocked key store."""
    keys = KeyPair(signing=ring.signing.public, sealing=ring.sealing.public)
    return Card(
        kind=ring.label["kind"],
        name=ring.label["name"],
        organisation=ring.label["organisation"],
        keys=keys,
        measurement=measurement,
    )
