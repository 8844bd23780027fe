"""What leaves the enclave at the end of a run: sealed files and signed statements, and a few words for everybody."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_secure_jobs.crypto import files, sealing
from jupyter_secure_jobs.domain.errors import RefusedError
from jupyter_secure_jobs.domain.run import RunStatus
from jupyter_secure_jobs.protocol import canonical, codec, places
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import SealedKey
from jupyter_secure_jobs.protocol.order import Receipt, SealedOutput, SyntheticRead, TestResult
from jupyter_secure_jobs.protocol.plan_flow import PlanFlow
from jupyter_secure_jobs.trust.evidence import salted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from jupyter_secure_jobs.crypto.signing import SigningKey
    from jupyter_secure_jobs.domain.inputs import Value
    from jupyter_secure_jobs.enclave.task import SyntheticTask
    from jupyter_secure_jobs.engines.spec import JobOutcome
    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.trust.dossier import AuthorisedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: what may be told to anybody, the signed statements, and the sealed files to carry."""

    status: RunStatus
    error_class: str | None
    error_line: int | None
    rows: int | None
    receipt: Envelope | None
    evidence: Envelope | None
    test: Envelope | None
    result: Path | None
    log: Path | None
    error_text: str | None = None


def seal(
    run: AuthorisedRun,
    outcome: JobOutcome,
    *,
    signing: SigningKey,
    evidence: Envelope,
    grants: Sequence[Envelope],
    outbox: Path,
    times: tuple[datetime, datetime],
) -> Ended:
    """Seal result and log to the accepted recipients, write the receipt, and sign it with the enclave's attested key.

    `times` are start and end.
    """
    salt, result_key, log_key = os.urandom(32), files.new_key(), files.new_key()
    result = _sealed(outcome.result, outbox / "result.sealed", result_key, run.order_hash, "result")
    log = _sealed(outcome.log, outbox / "log.sealed", log_key, run.order_hash, "log")
    secret = canonical.encode(
        {
            "result": result_key.hex(),
            "log": log_key.hex(),
            "salt": salt.hex(),
            "logical": outcome.logical_digest,
            "withheld": codec.to_json(outcome.withheld),
        }
    )
    status = RunStatus(outcome.status.capitalize())
    receipt = Receipt(
        workspace=run.rosters.workspace,
        genesis=run.rosters.genesis,
        order=run.order_hash,
        version=run.version_hash,
        evidence=evidence.hash,
        manifests=tuple(read.manifest for read in run.version.datasets),
        grants=tuple(sorted(grant.hash for grant in grants)),
        status=status,
        error_class=outcome.error_class,
        error_line=outcome.error_line,
        result=result,
        rows=outcome.rows,
        log=log,
        logical=salted(outcome.logical_digest, salt) if outcome.logical_digest is not None else None,
        keys=tuple(
            SealedKey(
                recipient=who.sealing_key,
                sealed=sealing.seal(
                    who.sealing_key, secret, info=places.outcome_keys(order=run.order_hash, recipient=who.sealing_key)
                ),
            )
            for who in run.version.recipients
        ),
        started=times[0],
        finished=times[1],
    )
    return Ended(
        status=status,
        error_class=outcome.error_class,
        error_line=outcome.error_line,
        rows=outcome.rows,
        receipt=envelopes.sign(receipt, signing),
        evidence=evidence,
        test=None,
        result=outbox / "result.sealed" if result is not None else None,
        log=outbox / "log.sealed" if log is not None else None,
    )


def _sealed(source: Path | None, target: Path, key: bytes, order: str, kind: str) -> SealedOutput | None:
    if source is None or not source.stat().st_size:
        return None
    # It is sent at once; if the machine fails before, the run is lost with it.
    files.encrypt(source, target, key=key, place=places.outcome_file(order=order, kind=kind), synced=False)
    with target.open("rb") as file:
        digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    return SealedOutput(digest=digest, bytes=target.stat().st_size)


def sign_test(
    task: SyntheticTask,
    values: Mapping[str, Value],
    outcome: JobOutcome,
    outbox: Path,
    *,
    platform: SigningKey,
    worker: str,
    measurement: str,
    now: datetime,
) -> Ended:
    """Copy out what a test gave, in the clear since it is synthetic, and sign it with the platform key."""
    status = RunStatus(outcome.status.capitalize())
    said = TestResult(
        workspace=task.workspace,
        genesis=task.genesis,
        run=task.run,
        text=task.text_hash,
        synthetic=tuple(
            SyntheticRead(dataset=task.datasets[table], digest=digest) for table, digest in sorted(task.tables.items())
        ),
        inputs=dict(values),
        status=status,
        error_class=outcome.error_class,
        error_line=outcome.error_line,
        rows=outcome.rows,
        result=outcome.logical_digest,
        withheld=outcome.withheld,
        flow=_flow(outcome.flow, task) if outcome.result is not None else None,
        worker=worker,
        measurement=measurement,
        time=now,
    )
    result = log = None
    if outcome.result is not None:
        result = outbox / "result.parquet"
        shutil.copyfile(outcome.result, result)
    if outcome.log.stat().st_size:
        log = outbox / "log.txt"
        shutil.copyfile(outcome.log, log)
    text = outcome.log.read_text(errors="replace")[-2000:] if status is RunStatus.FAILED else None
    return Ended(
        status=status,
        error_class=outcome.error_class,
        error_line=outcome.error_line,
        rows=outcome.rows,
        receipt=None,
        evidence=None,
        test=envelopes.sign(said, platform),
        result=result,
        log=log,
        error_text=text,
    )


def _flow(said: Path | None, task: SyntheticTask) -> PlanFlow | None:
    """Return what the sandbox says of the flow of columns, if it keeps to the form and to the tables of the test.

    The sandbox may be hostile; a flow that does not keep to the form is left out, and the test stands without it.
    """
    if said is None:
        return None
    try:
        flow = PlanFlow.from_bytes(said.read_bytes())
    except RefusedError:
        return None
    return flow if {each.table for each in flow.sources} <= set(task.tables) else None
