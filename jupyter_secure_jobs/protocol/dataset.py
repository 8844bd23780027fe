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
from jupyter_secure_jobs.domain.text import clean_identifier

_PATH: Final = re.compile(r"(?!\.)[A-Za-z0-9._=-]{1,100}(?:/(?!\.)[A-Za-z0-9._=-]{1,100}){0,9}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """One encrypted file: its path within the dataset, size in bytes and digest, both of the ciphertext."""

    path: str
    bytes: int
    digest: str

    def __post_init__(self) -> None:
        """Refuse a path that could lead out of the dataset's folder, and a size that no file has.

        Raises:
            InvalidError: so.
        """
        if not _PATH.match(self.path):
            raise InvalidError("file_path", "A dataset's file has a path that is not plain.", "Publish it again.")
        if self.bytes < 0:
            raise InvalidError("file_size", "A dataset's file has a negative size.", "Publish it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticTable:
    """The synthetic twin: a Parquet file in the clear, named by its digest."""

    digest: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A key sealed to one recipient: `recipient` is its sealing key (base64), `sealed` the HPKE ciphertext."""

    recipient: str
    sealed: bytes


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
        """Refuse columns and names that no job could use, and two files in one place.

        Raises:
            InvalidError: with the part that is wrong.
        """
        check_columns(self.columns)
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
