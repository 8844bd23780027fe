"""Who takes part: members, organisations, and what a roster must satisfy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.text import check_lengths, clean_email, clean_name, folded

MOST_MEMBERS: Final = 500
MOST_ORGANISATIONS: Final = 500
MOST_WORKERS: Final = 500
MOST_MEASUREMENTS: Final = 20
# Base64 of 32 bytes has 44 characters, that of an X-Wing key 1,624.
SIGNING_KEY_LENGTH: Final = 64
SEALING_KEY_LENGTH: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """The public halves that one holder is known by: Ed25519 to verify, X-Wing to seal to; both base64 text."""

    signing: str
    sealing: str

    def __post_init__(self) -> None:
        """Refuse texts that are longer than any key; whoever uses a key checks the rest."""
        check_lengths(self, signing=SIGNING_KEY_LENGTH, sealing=SEALING_KEY_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person: belongs to one organisation, known by an e-mail address and public keys."""

    email: str
    organisation: str
    keys: KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation: its key service if it owns data, and its offline recovery key."""

    name: str
    key_service: KeyPair | None
    recovery: KeyPair | None


def check_people(members: tuple[Member, ...], organisations: tuple[Organisation, ...]) -> None:  # noqa: C901 -- one check after the other
    """Refuse a roster that is ambiguous.

    Raises:
        InvalidError: no members, too many of them or of organisations, doubled e-mail addresses, names or keys, or an
            unknown organisation.
    """
    if not 1 <= len(members) <= MOST_MEMBERS:
        raise InvalidError("roster_size", f"A roster has 1 to {MOST_MEMBERS} members.", "Change the invitations.")
    if len(organisations) > MOST_ORGANISATIONS:
        raise InvalidError("roster_size", f"A roster has up to {MOST_ORGANISATIONS} organisations.", "Name fewer.")
    names = [organisation.name for organisation in organisations]
    if len({folded(name) for name in names}) != len(names):
        raise InvalidError("roster_organisations", "Two organisations have the same name.", "Rename one.")
    if len({member.email for member in members}) != len(members):
        raise InvalidError("roster_members", "Two members have the same e-mail address.", "Invite each once.")
    keys: list[str] = []
    for member in members:
        if clean_email(member.email) != member.email:
            raise InvalidError("roster_email", "An e-mail address is not in lower case.", "Write it in lower case.")
        if member.organisation not in names:
            raise InvalidError("roster_organisation", f"{member.email} has no listed organisation.", "Add it.")
        keys += [member.keys.signing, member.keys.sealing]
    for organisation in organisations:
        if clean_name(organisation.name, what="organisation's name") != organisation.name:
            raise InvalidError("roster_name", "An organisation's name is not in normal form.", "Write it plainly.")
        for pair in (organisation.key_service, organisation.recovery):
            keys += [pair.signing, pair.sealing] if pair else []
    if len(set(keys)) != len(keys):
        raise InvalidError("roster_keys", "One public key stands for two holders.", "Make a key for each.")
