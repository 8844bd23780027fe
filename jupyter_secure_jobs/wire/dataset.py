"""Datasets and uploads."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from jupyter_secure_jobs.wire.base import EnvelopeWire, Wire
from jupyter_secure_jobs.wire.output import OutputPolicyWire


class ColumnWire(Wire):
    """A column as published."""

    name: str
    type: str
    nullable: bool
    public: bool
    key_group: str


class DatasetWire(Wire):
    """The newest version of a dataset; `output_policy` is what its owner asks of results, `rules` the same in words.

    Once it is withdrawn, `heard_by` names whose key services have said that they heard, `waiting_for` whose have not.
    """

    id: str
    name: str
    description: str
    owner: str
    publisher: str
    version: int
    manifest: str
    columns: list[ColumnWire]
    rows: int
    bytes: int
    synthetic_rows: int
    output_policy: OutputPolicyWire = OutputPolicyWire()
    published: datetime
    withdrawn: datetime | None
    heard_by: list[str] = []
    waiting_for: list[str] = []
    declaration_sql: str
    declaration_python: str
    rules: list[str] = []


class UploadNew(Wire):
    """A file to come: where it belongs, how long it is, and its digest."""

    bytes: int = Field(ge=1)
    digest: str


class UploadWire(Wire):
    """An upload: `received` bytes are on disk; send the rest in parts of at most 8 MiB."""

    id: str
    bytes: int
    received: int
    part_bytes: int


class DatasetNew(Wire):
    """A signed manifest and the uploads that hold its files, by path; `synthetic` is the twin's."""

    manifest: EnvelopeWire
    files: dict[str, str]
    synthetic: str


class WithdrawalNew(Wire):
    """A signed withdrawal."""

    withdrawal: EnvelopeWire


class ManifestWire(Wire):
    """A signed manifest, for those who verify."""

    manifest: EnvelopeWire
