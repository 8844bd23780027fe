"""What an owner says of a dataset: its manifest, and its withdrawal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- the codec reads the annotations at run time
from typing import ClassVar, Final

from jupyter_secure_jobs.domain.dataset import Column, check_columns
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.job import Assurance  # noqa: TC001 -- the codec reads the annotations at run time
from jupyter_secure_jobs.domain.output import OutputPolicy  # noqa: TC001 -- as above
from jupyter_secure_jobs.domain.text import (
    DATASET_DESCRIPTION_LENGTH,
    HASH_LENGTH,
    ID_LENGTH,
    check_lengths,
    clean_identifier,
    clean_text,
)
from jupyter_secure_jobs.domain.workspace import SEALING_KEY_LENGTH

# A key service and a recovery key.
MOST_KEYS: Final = 2
# The key of an X-Wing exchange has 1,120 bytes; what is sealed with it are some keys.
SEALED_LENGTH: Final = 4096
_PATH: Final = re.compile(r"(?!\.)[A-Za-z0-9._=-]{1,100}(?:/(?!\.)[A-Za-z0-9._=-]{1,100}){0,9}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """One encrypted file: its path within the dataset, size in bytes and digest, both of the ciphertext."""

    path: str
    bytes: int
    digest: str

    def __post_init__(self) -> None:
        """Refuse a path that could lead out of the dataset's folder, a size that no file has, and what is no digest.

        Raises:
            InvalidError: so.
        """
        if not _PATH.match(self.path):
            raise InvalidError("file_path", "A dataset's file has a path that is not plain.", "Publish it again.")
        check_lengths(self, digest=HASH_LENGTH)
        if self.bytes < 0:
            raise InvalidError("file_size", "A dataset's file has a negative size.", "Publish it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticTable:
    """The synthetic twin: a Parquet file in the clear, named by its digest."""

    digest: str
    bytes: int
    rows: int

    def __post_init__(self) -> None:
        """Refuse what is longer than a digest."""
        check_lengths(self, digest=HASH_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A key sealed to one recipient: `recipient` is its sealing key (base64), `sealed` the HPKE ciphertext."""

    recipient: str
    sealed: bytes

    def __post_init__(self) -> None:
        """Refuse what is longer than any key, or than keys that are sealed."""
        check_lengths(self, recipient=SEALING_KEY_LENGTH, sealed=SEALED_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version of a dataset, signed by the member who published it for the owning organisation.

    `keys`: the dataset key, sealed to the owner's key service and to the offline recovery key. `output_policy`: what
    the owner asks of every result that was made from it.
    """

    TYPE: ClassVar[str] = "dataset.v1"
    workspace: str
    genesis: str
    dataset: str
    version: int
    previous: str | None
    name: str
    description: str
    owner: str
    publisher: str
    columns: tuple[Column, ...]
    rows: int
    files: tuple[SealedFile, ...]
    synthetic: SyntheticTable
    key_id: str
    keys: tuple[SealedKey, ...]
    lowest_assurance: Assurance
    output_policy: OutputPolicy
    time: datetime

    def __post_init__(self) -> None:
        """Refuse columns and names that no job could use, two files in one place, and more than anybody needs to say.

        Raises:
            InvalidError: with the part that is wrong.
        """
        check_columns(self.columns)
        check_lengths(self, dataset=ID_LENGTH, previous=HASH_LENGTH, key_id=HASH_LENGTH)
        clean_text(self.description, what="description", longest=DATASET_DESCRIPTION_LENGTH)
        if len(self.keys) > MOST_KEYS:
            raise InvalidError(
                "dataset_keys", f"A dataset's key is sealed to {MOST_KEYS} at most.", "Publish it again."
            )
        if len({file.path for file in self.files}) != len(self.files):
            raise InvalidError("file_path", "Two files of a dataset have one path.", "Publish it again.")
        clean_identifier(self.name, what="dataset name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The owner takes a dataset back: its key service releases nothing any more."""

    TYPE: ClassVar[str] = "withdrawal.v1"
    workspace: str
    genesis: str
    dataset: str
    member: str
    time: datetime

    def __post_init__(self) -> None:
        """Refuse what is longer than any id."""
        check_lengths(self, dataset=ID_LENGTH)
