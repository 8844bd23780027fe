"""Opening a run's outcome: receipt, evidence and digests are checked first, then the file is decrypted."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jupyter_secure_jobs.crypto import files
from jupyter_secure_jobs.domain.audit import Purpose
from jupyter_secure_jobs.domain.errors import NotFoundError, RefusedError
from jupyter_secure_jobs.domain.output import Withheld
from jupyter_secure_jobs.domain.run import REMOVED_STEP, RunKind, removed_words
from jupyter_secure_jobs.domain.text import harmless
from jupyter_secure_jobs.member import receipts, tested
from jupyter_secure_jobs.member.asked import same_run
from jupyter_secure_jobs.member.context import private_folder
from jupyter_secure_jobs.protocol import codec, places
from jupyter_secure_jobs.protocol.result_stream import file_has_digest
from jupyter_secure_jobs.trust.evidence import salted
from jupyter_secure_jobs.wire.member_side import WITHHELD, LogText, Preview

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.tested import Tested
    from jupyter_secure_jobs.protocol.order import Receipt
    from jupyter_secure_jobs.wire.at_once import OpeningWire
    from jupyter_secure_jobs.wire.run import RunWire

PREVIEW_ROWS: Final = 100
MOST_CELL: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A run's opened file: where the plaintext is while the context lasts, what was checked, what rules withheld."""

    run: RunWire
    path: Path
    synthetic: bool
    verified: list[str]
    withheld: list[str]


@contextmanager
def opened(
    acting: Acting, workspace: str, run_id: str, kind: str, *, purpose: Purpose = Purpose.OPEN, form: str = ""
) -> Iterator[Opened]:
    """Give the plaintext of a run's `result` or `log`, in a folder that is gone afterwards.

    `purpose` and `form` are what the audit log says of it: opened here, or exported as `csv`, `parquet` or `txt`.

    Order of checks for a job run: the newest roster and worker list, to the pinned genesis; every statement behind the
    order and the enclave's evidence, as of then; its receipt; size and digest of the ciphertext; decryption, which
    authenticates; for a result its salted logical digest. For a test run: the worker's signature, the synthetic tables
    that it read, and the logical digest.

    Raises:
        NotFoundError: the run has no such file.
        NotAllowedError: the member is not of the author's organisation.
        RefusedError: a check failed; nothing is opened.
    """
    why = {"purpose": str(purpose), "form": form}
    said = acting.client.opening(workspace, run_id, seen=acting.pins.log_size(workspace))
    run = same_run(said.run, workspace, run_id)
    if (run.has_result if kind == "result" else run.has_log) is False:
        if run.outputs_removed is not None:
            raise NotFoundError("removed", removed_words(kind, run.outputs_removed), REMOVED_STEP)
        reason = f" It ended as {run.status} ({run.error_class})." if run.error_class else f" It is {run.status}."
        step = (run.next_step if kind == "result" else None) or "See the run's status."
        raise NotFoundError(f"no_{kind}", f"The run has no {kind}.{reason}", step)
    with private_folder() as folder:
        fetched = folder / "fetched"
        if run.kind is RunKind.TEST:
            found_test = tested.tested(acting, run, said.outcome)
            _fetch(acting, said, kind, fetched, largest=2**31, why=why)
            yield _open_test(run, found_test, kind, fetched)
            return
        found = receipts.checked(acting, run, said.outcome, dossier=said.dossier)
        receipt, order = found.receipt, found.run.order_hash
        sealed = receipt.result if kind == "result" else receipt.log
        if sealed is None:
            raise NotFoundError(f"no_{kind}", f"The enclave sealed no {kind} for this run.", "See the run's status.")
        _fetch(acting, said, kind, fetched, largest=sealed.bytes, why=why)
        with fetched.open("rb") as file:
            digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        if (fetched.stat().st_size, digest) != (sealed.bytes, sealed.digest):
            raise RefusedError(
                "outcome_digest", f"The stored {kind} is not the one of the receipt.", "Warn the others."
            )
        keys = receipts.outcome_keys(acting, found, said.outcome)
        plain = folder / ("result.parquet" if kind == "result" else "log.txt")
        place = places.outcome_file(order=order, kind=kind)
        files.decrypt(fetched, plain, key=bytes.fromhex(keys[kind]), place=place)
        checked = [
            "Every decision behind this run, up to the pinned genesis of the workspace.",
            "The evidence of the enclave: software, not hardware; its measurement is on the members' list.",
            "The enclave's receipt, and that the file is the one it sealed.",
        ]
        if kind == "result":
            _check_logical(plain, keys, receipt)
            checked.append("The digest of the result's rows.")
        checked.append(f"The version that ran: {found.run.version_hash[7:19]}, by {found.run.version.author}.")
        checked += found.since
        yield Opened(run=run, path=plain, synthetic=False, verified=checked, withheld=_withheld(keys))


def _withheld(keys: dict[str, Any]) -> list[str]:
    return [codec.from_json(Withheld, each).words() for each in keys["withheld"]]


def _check_logical(plain: Path, keys: dict[str, Any], receipt: Receipt) -> None:
    expected = str(keys["logical"])
    with pq.ParquetFile(plain) as file:
        right = salted(expected, bytes.fromhex(keys["salt"])) == receipt.logical and file_has_digest(file, expected)
    if not right:
        raise RefusedError("result_digest", "The rows are not those of the receipt.", "Warn the others.")


def _fetch(acting: Acting, said: OpeningWire, kind: str, fetched: Path, *, largest: int, why: dict[str, str]) -> None:
    with fetched.open("wb") as sink:
        acting.client.download_sealed(said.run.workspace, said.run.id, kind, sink, largest=largest, **why)


def _open_test(run: RunWire, found: Tested, kind: str, fetched: Path) -> Opened:
    said = found.result
    if kind == "result":
        with pq.ParquetFile(fetched) as file:
            right = file_has_digest(file, said.result)
        if not right:
            raise RefusedError("result_digest", "The rows are not those that the worker signed.", "Test again.")
    checked = ["Signed by an enrolled worker; from the synthetic tables that the owners signed.", *found.since]
    withheld = [each.words() for each in said.withheld]
    return Opened(run=run, path=fetched, synthetic=True, verified=checked, withheld=withheld)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        text = value.hex()
    elif isinstance(value, list | dict):
        text = json.dumps(value, default=str, ensure_ascii=False)
    else:
        text = str(value)
    return text if len(text) <= MOST_CELL else text[:MOST_CELL] + f"… ({len(text):,} characters)"


def preview(acting: Acting, workspace: str, run_id: str) -> Preview:
    """Return at most the first 100 rows as text, with the true total."""
    with opened(acting, workspace, run_id, "result") as found:
        with pq.ParquetFile(found.path) as file:
            total, schema = file.metadata.num_rows, file.schema_arrow
            first = next(file.iter_batches(batch_size=PREVIEW_ROWS), None)
        columns = [] if first is None else [column.to_pylist() for column in first.columns]
        rows = [[_text(cell) for cell in row] for row in zip(*columns, strict=True)]
        return Preview(
            columns=schema.names,
            types=[str(field.type) for field in schema],
            rows=rows,
            total=total,
            synthetic=found.synthetic,
            verified=found.verified,
            withheld=found.withheld,
        )


def log_text(acting: Acting, workspace: str, run_id: str) -> LogText:
    """Return a run's log."""
    with opened(acting, workspace, run_id, "log") as found:
        text = found.path.read_text(encoding="utf-8", errors="replace")
    return LogText(text=text, empty_because=None if text.strip() else "The job printed nothing.")


def export(
    acting: Acting, workspace: str, run_id: str, kind: str, folder: Path, *, purpose: Purpose = Purpose.EXPORT
) -> Path:
    """Write a run's `csv`, `parquet` or `txt` into `folder`; return the file.

    A notebook that shows the rows takes them as a file too, with the purpose to open them. What output rules withheld
    then stands in the Parquet file's metadata, so that the result need not be opened twice to know it.

    Raises:
        SecureJobsError: as `opened`.
    """
    target = folder / f"export.{kind}"
    what = "log" if kind == "txt" else "result"
    with opened(acting, workspace, run_id, what, purpose=purpose, form=kind) as found:
        if kind == "csv":
            write_csv(found.path, target)
        elif kind == "parquet" and purpose is Purpose.OPEN and found.withheld:
            _write_noted(found, target)
        else:
            shutil.copyfile(found.path, target)
    return target


def _write_noted(found: Opened, target: Path) -> None:
    reader = pq.ParquetFile(found.path)
    words = json.dumps(found.withheld)
    schema = reader.schema_arrow.with_metadata({**(reader.schema_arrow.metadata or {}), WITHHELD: words})
    with pq.ParquetWriter(target, schema) as writer:
        for batch in reader.iter_batches():
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))


def write_csv(source: Path, target: Path) -> None:
    """Write a result as CSV (RFC 4180, UTF-8), text cells that look like formulas neutralised; streams."""
    reader = pq.ParquetFile(source)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([harmless(name) for name in reader.schema_arrow.names])
        for batch in reader.iter_batches(batch_size=65_536):
            columns = [_csv_column(_unwrapped(column)) for column in batch.columns]
            writer.writerows(zip(*columns, strict=True))


def _unwrapped(column: Any) -> Any:  # noqa: ANN401 -- pyarrow has no types
    # Text is text also behind a dictionary or a type of somebody's own.
    if isinstance(column.type, pa.BaseExtensionType):
        return _unwrapped(column.storage)
    return _unwrapped(column.dictionary_decode()) if pa.types.is_dictionary(column.type) else column


def _csv_column(column: Any) -> list[object]:  # noqa: ANN401 -- pyarrow has no types
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return [_text(value) if value is not None else "" for value in column.to_pylist()]
    if pa.types.is_timestamp(column.type):
        return ["" if value is None else value for value in pc.cast(column, pa.string()).to_pylist()]
    values = column.to_pylist()
    return ["" if value is None else harmless(value) if isinstance(value, str) else value for value in values]
