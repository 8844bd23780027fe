"""Datasets: signed manifests over uploaded ciphertext, and the synthetic twin in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.dataset import withdrawn_for_good
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from jupyter_secure_jobs.domain.output import policy_sentences
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest, Withdrawal
from jupyter_secure_jobs.services import logbook, notices, portion, uploads, workspaces
from jupyter_secure_jobs.store import datasets, paging, runs, statements
from jupyter_secure_jobs.store.tables import DatasetRow
from jupyter_secure_jobs.trust.manifest import verify_manifest, verify_withdrawal
from jupyter_secure_jobs.wire.base import Page
from jupyter_secure_jobs.wire.dataset import (
    ColumnWire,
    DatasetNew,
    DatasetWire,
    ManifestWire,
    WithdrawalNew,
)
from jupyter_secure_jobs.wire.output import OutputPolicyWire

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.services.unit import Unit


def _row(unit: Unit, workspace: str, dataset: str) -> DatasetRow:
    unit.member(workspace)
    row = datasets.get(unit.session, workspace, dataset)
    if row is None:
        raise NotFoundError("no_dataset", "There is no such dataset.", "See the list of datasets.")
    return row


def manifest_of(unit: Unit, row: DatasetRow) -> tuple[Envelope, Manifest]:
    """Return the newest manifest of a dataset."""
    envelope = logbook.read(unit, row.workspace, row.manifest)
    return envelope, envelopes.read(Manifest, envelope)


def wire(unit: Unit, row: DatasetRow) -> DatasetWire:
    """Return a dataset as members see it."""
    _, manifest = manifest_of(unit, row)
    heard_by, waiting_for = _hearing(unit, row)
    return DatasetWire(
        id=row.id,
        name=manifest.name,
        description=manifest.description,
        owner=manifest.owner,
        publisher=manifest.publisher,
        version=manifest.version,
        manifest=row.manifest,
        columns=[
            ColumnWire(
                name=column.name,
                type=column.type,
                nullable=column.nullable,
                public=column.public,
                key_group=column.key_group,
            )
            for column in manifest.columns
        ],
        rows=manifest.rows,
        bytes=sum(file.bytes for file in manifest.files),
        synthetic_rows=manifest.synthetic.rows,
        output_policy=OutputPolicyWire.of(manifest.output_policy),
        published=row.published,
        withdrawn=row.withdrawn,
        heard_by=heard_by,
        waiting_for=waiting_for,
        declaration_sql=f"SELECT * FROM {manifest.name}",  # noqa: S608 -- text for an editor, not run here
        declaration_python=f'{manifest.name} = spark.table("{manifest.name}")',
        rules=policy_sentences(manifest.output_policy),
    )


def listed(unit: Unit, workspace: str, *, after: str | None, limit: int) -> Page[DatasetWire]:
    """Return a page of datasets, newest first; it ends early where they are wide, since no client takes any length."""
    unit.member(workspace)
    rows, cursor = datasets.listed(unit.session, workspace, after=after, limit=limit)
    items, used = list[DatasetWire](), 0
    for row in rows:
        made = wire(unit, row)
        used += portion.size(made)
        if items and used > portion.ENOUGH:
            return Page[DatasetWire](items=items, next=items[-1].id)
        items.append(made)
    return Page[DatasetWire](items=items, next=cursor)


def get(unit: Unit, workspace: str, dataset: str) -> DatasetWire:
    """Return one dataset."""
    return wire(unit, _row(unit, workspace, dataset))


def manifest(unit: Unit, workspace: str, dataset: str) -> ManifestWire:
    """Return the signed manifest."""
    envelope, _ = manifest_of(unit, _row(unit, workspace, dataset))
    return ManifestWire(manifest=logbook.wire_of(envelope))


def publish(unit: Unit, workspace: str, body: DatasetNew) -> DatasetWire:
    """Publish a dataset, or a new version of one: all of it or nothing.

    Raises:
        RefusedError: the manifest is not signed by a member of its owner, or is of another workspace.
        InvalidError: the uploads are not the files that the manifest names, or its id is none.
        ConflictError: the name is taken, the dataset was withdrawn, or the version does not follow the newest.
    """
    caller = unit.member(workspace)
    rosters = workspaces.trusted(unit, workspace)
    envelope = logbook.envelope_of(body.manifest)
    made = verify_manifest(envelope, rosters)
    if made.publisher != caller.email:
        raise NotAllowedError("not_the_publisher", "Somebody else signed this manifest.", "Publish it yourself.")
    if not paging.ID.fullmatch(made.dataset):
        # Lists go on from page to page by it.
        raise InvalidError("dataset_id", "The dataset's id is not one that lists can go by.", "Publish it anew.")
    organisation = rosters.newest.organisation(made.owner)
    if organisation is None or organisation.key_service is None:
        raise NotAllowedError("no_key_service", f"{made.owner} has no key service in the roster.", "Add one first.")
    row = datasets.get(unit.session, workspace, made.dataset)
    known = datasets.by_name(unit.session, workspace, folded(made.name))
    if known is not None and known.id != made.dataset:
        raise ConflictError("dataset_name", f"There is a dataset called {made.name!r} already.", "Choose another name.")
    if row is not None and row.manifest == envelope.hash:
        return wire(unit, row)
    _check_follows(row, made)
    if {file.path for file in made.files} != set(body.files):
        raise InvalidError("dataset_files", "The uploads are not the files of the manifest.", "Publish it again.")
    for file in made.files:
        uploads.claim(unit, workspace, body.files[file.path], digest=file.digest, size=file.bytes)
    uploads.claim(unit, workspace, body.synthetic, digest=made.synthetic.digest, size=made.synthetic.bytes)
    logbook.append(unit, workspace, "dataset", envelope)
    if row is None:
        row = DatasetRow(id=made.dataset, workspace=workspace, name=made.name, folded=folded(made.name),
                         owner=made.owner, version=0, manifest="", published=unit.now, withdrawn=None)  # fmt: skip
        unit.session.add(row)
    row.version, row.manifest, row.published = made.version, envelope.hash, unit.now
    row.name, row.folded = made.name, folded(made.name)
    unit.record(workspace=workspace, member=caller.email, action=Event.DATASET_PUBLISHED,
                detail=f"{made.name}, version {made.version}", statement=envelope.hash)  # fmt: skip
    unit.session.flush()
    unit.changes(workspace)
    return wire(unit, row)


def _check_follows(row: DatasetRow | None, made: Manifest) -> None:
    if row is not None and row.withdrawn is not None:
        # Its key service releases nothing of it any more, of whatever version.
        raise withdrawn_for_good(made.name)
    wanted = (row.version + 1, row.manifest) if row is not None else (1, None)
    if (made.version, made.previous) != wanted or (row is not None and row.owner != made.owner):
        raise ConflictError("dataset_version", "The manifest does not follow the newest version.", "Publish it again.")


def withdraw(unit: Unit, workspace: str, dataset: str, body: WithdrawalNew) -> DatasetWire:
    """Take a dataset back; its owner's key service is told.

    Raises:
        RefusedError: the withdrawal is not signed by a member of the owner.
    """
    row = _row(unit, workspace, dataset)
    envelope = logbook.envelope_of(body.withdrawal)
    _, made = manifest_of(unit, row)
    verify_withdrawal(envelope, workspaces.trusted(unit, workspace), made)
    record_withdrawal(unit, row, made.owner, envelope)
    unit.record(workspace=workspace, member=unit.member(workspace).email, action=Event.DATASET_WITHDRAWN,
                detail=made.name, statement=envelope.hash)  # fmt: skip
    unit.changes(workspace)
    return wire(unit, row)


def record_withdrawal(unit: Unit, row: DatasetRow, owner: str, envelope: Envelope) -> None:
    """Keep a verified withdrawal, and leave it for the owner's key service."""
    logbook.append(unit, row.workspace, "withdrawal", envelope)
    row.withdrawn = envelopes.read(Withdrawal, envelope).time
    notices.post(unit, row.workspace, envelope.hash, [owner])
    unit.session.flush()


def _hearing(unit: Unit, row: DatasetRow) -> tuple[list[str], list[str]]:
    """Return who has heard the newest withdrawal of a dataset, and who has not."""
    if row.withdrawn is None:
        return [], []
    for entry in reversed(statements.of_kind(unit.session, row.workspace, "withdrawal")):
        if envelopes.read(Withdrawal, envelopes.Envelope.from_bytes(entry.envelope)).dataset == row.id:
            return notices.hearing(runs.notices_of(unit.session, row.workspace, entry.hash))
    return [], []


def synthetic_path(unit: Unit, workspace: str, dataset: str) -> Path:
    """Return where the synthetic twin is."""
    _, made = manifest_of(unit, _row(unit, workspace, dataset))
    return unit.server.blobs.path(made.synthetic.digest)
