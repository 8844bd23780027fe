"""Publishing a dataset: read, show what the twin reveals, encrypt here, upload, sign. All of it, or nothing."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto import files, sealing
from jupyter_secure_jobs.domain.dataset import withdrawn_for_good
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.job import Assurance
from jupyter_secure_jobs.domain.output import OutputPolicy, describe_policy
from jupyter_secure_jobs.domain.text import DATASET_DESCRIPTION_LENGTH, clean_identifier, clean_text, folded
from jupyter_secure_jobs.member import profile, synthetic
from jupyter_secure_jobs.member.context import envelope_of, private_folder
from jupyter_secure_jobs.member.tables import read_table
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import places
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.dataset import Manifest, SealedFile, SealedKey, SyntheticTable, Withdrawal
from jupyter_secure_jobs.trust.manifest import verify_manifest, verify_withdrawal
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.dataset import DatasetNew, WithdrawalNew
from jupyter_secure_jobs.wire.member_side import DatasetAsked, DatasetProposal, TwinLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_secure_jobs.domain.dataset import Column, Twin
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.tables import PlainTable
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.roster import TrustedRosters
    from jupyter_secure_jobs.wire.dataset import DatasetWire


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    path: str
    file: Path
    digest: str
    size: int


def publish(
    acting: Acting,
    workspace: str,
    asked: DatasetAsked,
    *,
    agree: Callable[[DatasetProposal], bool],
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> DatasetProposal:
    """Read the files, ask `agree` with what would be revealed, and publish if it says yes.

    `progress` is told what is done, how many bytes of it, and of how many.

    Raises:
        InvalidError: the files are no table, or an option names no column; nothing is published.
        NotAllowedError: the organisation has no key service.
    """
    name = clean_identifier(asked.name, what="dataset name")
    clean_text(asked.description, what="description", longest=DATASET_DESCRIPTION_LENGTH)
    rosters = acting.rosters(workspace)
    known = _known_before(acting, workspace, name)
    with private_folder() as folder:
        plain = folder / "plain"
        plain.mkdir(mode=0o700)
        table = read_table([Path(each) for each in asked.files], into=plain, rename=asked.rename)
        columns, twins = profile.propose_twin(table, public=asked.public, key_groups=asked.key_groups)
        for column, bounds in asked.bounds.items():
            low, high = [*bounds, "", ""][:2]
            twins = profile.with_bounds(twins, column, low or None, high or None)
        types = {column.name: column.type for column in columns}
        lines = [
            TwinLine(column=column, type=types[column], reveals=sentence)
            for column, sentence in profile.describe_twin(columns, twins)
        ]
        policy = _policy(acting, workspace, rosters, asked, known)
        proposal = DatasetProposal(name=name, rows=table.rows, twin=lines, output=describe_policy(policy), dataset=None)
        proposal = proposal.model_copy(update={"digest": _digest(proposal.model_dump_json(), policy)})
        if not agree(proposal):
            return proposal
        made = _send(acting, workspace, rosters, asked, table, columns, twins, policy, known, folder, progress)
        return proposal.model_copy(update={"dataset": made.id})


def _known(acting: Acting, workspace: str, name: str) -> DatasetWire | None:
    return next((d for d in acting.client.datasets(workspace) if folded(d.name) == folded(name)), None)


def _known_before(acting: Acting, workspace: str, name: str) -> DatasetWire | None:
    # The server's list is signed by nobody. What was published from this machine it can neither leave out nor set back.
    known = _known(acting, workspace, name)
    kept = acting.kept.newest(workspace, name)
    if kept is not None and (known is None or known.id != kept.dataset or known.version < kept.version):
        raise RefusedError(
            "stale_dataset",
            f"The server does not show version {kept.version} of {name!r}, which this machine published.",
            "Nothing was published; tell the others that the server leaves things out.",
        )
    if known is not None and known.withdrawn is not None:
        raise withdrawn_for_good(name)
    return known


def _digest(shown: str, policy: OutputPolicy) -> str:
    return f"sha256:{hashlib.sha256(f'{shown}{policy}'.encode()).hexdigest()}"


def _policy(
    acting: Acting, workspace: str, rosters: TrustedRosters, asked: DatasetAsked, known: DatasetWire | None
) -> OutputPolicy:
    """Return what the owner asks now; left open, what the version before asked, from its signed manifest.

    So nobody loosens a policy by forgetting it, and the server cannot make anybody do so.
    """
    if asked.output_policy is not None:
        return asked.output_policy.policy()
    if known is None:
        return OutputPolicy()
    envelope = envelope_of(acting.client.manifest(workspace, known.id).manifest)
    before = verify_manifest(envelope, rosters)
    if before.dataset != known.id or envelope.hash != known.manifest:
        raise RefusedError("manifest_missing", f"The server sent another manifest than that of {asked.name!r}.")
    return before.output_policy


def _send(  # noqa: PLR0913, PLR0917 -- everything that a dataset is made of
    acting: Acting,
    workspace: str,
    rosters: TrustedRosters,
    asked: DatasetAsked,
    table: PlainTable,
    columns: tuple[Column, ...],
    twins: tuple[Twin, ...],
    policy: OutputPolicy,
    known: DatasetWire | None,
    folder: Path,
    progress: Callable[[str, int, int], None],
) -> DatasetWire:
    owner = rosters.newest.organisation(acting.card.organisation)
    if owner is None or owner.key_service is None:
        raise InvalidError(
            "no_key_service",
            f"{acting.card.organisation} has no key service in this workspace, so nobody could release the key.",
            "Found a workspace whose roster names one.",
        )
    if known is not None and known.owner != owner.name:
        raise InvalidError("dataset_name", "Another organisation has a dataset of that name.", "Choose another name.")
    dataset = known.id if known is not None else str(uuid.uuid4())
    version = known.version + 1 if known is not None else 1
    twin_file = folder / "synthetic.parquet"
    rows = profile.propose_rows(table, columns)
    seed = bytes.fromhex(rosters.genesis.removeprefix("sha256:"))
    twin = synthetic.make_twin(columns, twins, seed=seed, dataset=asked.name, rows=rows)
    synthetic_digest = synthetic.write_twin(twin, twin_file)
    key = files.new_key()
    total = sum(part.stat().st_size for part in table.parts)
    done = 0
    sealed: list[_Upload] = []
    for number, part in enumerate(table.parts):
        path = f"part-{number:05d}.parquet"
        target = folder / f"{path}.sealed"
        place = places.dataset_file(workspace=workspace, dataset=dataset, version=version, path=path)
        files.encrypt(part, target, key=key, place=place)
        done += part.stat().st_size
        progress("encrypting", done, total)
        part.unlink()
        sealed.append(_upload_of(path, target))
    key_id = places.key_id(key)
    info = places.dataset_key(workspace=workspace, dataset=dataset, version=version, key_id=key_id)
    holders = [pair.sealing for pair in (owner.key_service, owner.recovery) if pair is not None]
    manifest = Manifest(
        workspace=workspace,
        genesis=rosters.genesis,
        dataset=dataset,
        version=version,
        previous=known.manifest if known is not None else None,
        name=asked.name,
        description=asked.description,
        owner=owner.name,
        publisher=acting.email,
        columns=columns,
        rows=table.rows,
        files=tuple(SealedFile(path=each.path, bytes=each.size, digest=each.digest) for each in sealed),
        synthetic=SyntheticTable(digest=synthetic_digest, bytes=twin_file.stat().st_size, rows=twin.num_rows),
        key_id=key_id,
        keys=tuple(SealedKey(recipient=holder, sealed=sealing.seal(holder, key, info=info)) for holder in holders),
        lowest_assurance=Assurance.SOFTWARE,
        output_policy=policy,
        time=utc_now(),
    )
    uploads = {each.path: _send_file(acting, workspace, each, progress) for each in sealed}
    twin_upload = _send_file(acting, workspace, _upload_of("synthetic", twin_file), progress)
    signed = envelopes.sign(manifest, acting.ring.signing)
    wire = EnvelopeWire.model_validate(signed.to_json())
    made = acting.client.add_dataset(workspace, DatasetNew(manifest=wire, files=uploads, synthetic=twin_upload))
    # With it this machine can withdraw the dataset although the server does not answer.
    acting.kept.keep_manifest(workspace, dataset, signed)
    return made


def _upload_of(path: str, file: Path) -> _Upload:
    with file.open("rb") as source:
        digest = "sha256:" + hashlib.file_digest(source, "sha256").hexdigest()
    return _Upload(path=path, file=file, digest=digest, size=file.stat().st_size)


def _send_file(acting: Acting, workspace: str, each: _Upload, progress: Callable[[str, int, int], None]) -> str:
    with each.file.open("rb") as source:
        state = acting.client.upload(
            workspace,
            source,
            size=each.size,
            digest=each.digest,
            progress=lambda received: progress(f"uploading {each.path}", received, each.size),
        )
    return state.id


def withdrawal(acting: Acting, workspace: str, name: str) -> tuple[Envelope, Envelope]:
    """Sign the withdrawal of a dataset of one's own organisation, and tell nobody yet.

    Returns:
        The withdrawal, and the manifest of what it withdraws.

    Raises:
        InvalidError: there is none of this name, or another organisation owns it.
        RefusedError: the roster or the manifest that the server sent does not verify, or is of another dataset.
    """
    known = _known(acting, workspace, name)
    if known is None or known.owner != acting.card.organisation:
        raise InvalidError("not_your_dataset", "Your organisation has no dataset of that name.", "See the datasets.")
    trusted = acting.rosters(workspace)
    envelope = envelope_of(acting.client.manifest(workspace, known.id).manifest)
    manifest = verify_manifest(envelope, trusted)
    if manifest.dataset != known.id or folded(manifest.name) != folded(name):
        raise RefusedError(
            "other_dataset",
            f"What the server shows as {name!r} was published as {manifest.name!r}; nothing was signed.",
            "Withdraw it on the machine that published it, with --offline, and tell the others.",
        )
    made = Withdrawal(
        workspace=workspace, genesis=trusted.genesis, dataset=manifest.dataset, member=acting.email, time=utc_now()
    )
    signed = envelopes.sign(made, acting.ring.signing)
    verify_withdrawal(signed, trusted, manifest)
    return signed, envelope


def withdraw(acting: Acting, workspace: str, name: str) -> DatasetWire:
    """Take a dataset of one's own organisation back; raises what `withdrawal` raises."""
    signed, _ = withdrawal(acting, workspace, name)
    return hand_in(acting, workspace, signed)


def hand_in(acting: Acting, workspace: str, signed: Envelope) -> DatasetWire:
    """Hand a signed withdrawal to the workspace server, which leaves it for the owner's key service."""
    wire = EnvelopeWire.model_validate(signed.to_json())
    dataset = envelopes.read(Withdrawal, signed).dataset
    return acting.client.withdraw_dataset(workspace, dataset, WithdrawalNew(withdrawal=wire))
