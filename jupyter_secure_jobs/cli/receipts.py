"""`receipt` and `verify`: write everything about a run into a file, and check such a file anywhere, offline."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.text import Text

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.verdict import Exit, Found, as_json, refusal_as_json, show, visible
from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError, SecureJobsError
from jupyter_secure_jobs.domain.run import ENDED, RunKind
from jupyter_secure_jobs.member.context import PINS_FILE
from jupyter_secure_jobs.member.pins import Pins
from jupyter_secure_jobs.member.proof import PINNED
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.protocol.roster import Roster
from jupyter_secure_jobs.trust.bundle import MOST_BYTES, Bundle, verify_bundle
from jupyter_secure_jobs.trust.trail import Step

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.trust.bundle import VerifiedBundle

    Groups = _SubParsersAction[Any]

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def add(groups: Groups) -> None:
    """Add the two commands."""
    receipt = groups.add_parser("receipt", help="write everything about a job run into a file that others can verify")
    receipt.add_argument("which", metavar="RUN_OR_JOB", help="the id of a job run, or the name of a job")
    receipt.add_argument("--run", dest="number", type=int, help="which run of the job; else the newest that ended")
    receipt.add_argument("--out", type=Path, required=True, help="the file to write; it must not exist")
    receipt.add_argument(
        "--opened",
        action="store_true",
        help="add the salt and the digest of the rows, so that others can check them (author's organisation alone)",
    )
    receipt.add_argument("--workspace")
    folders.add_key_store(receipt)
    folders.add_server(receipt)
    passphrase.add_arguments(receipt)
    receipt.set_defaults(run=_receipt)
    verify = groups.add_parser(
        "verify",
        help="check such a file: offline, without a server and without keys",
        epilog="Exit code 0: verified. 1: refused. 2: the file or the command cannot be read. 3: everything follows "
        "from a genesis that nobody here has confirmed.",
    )
    verify.add_argument("bundle", type=Path)
    verify.add_argument("--genesis", help="from the invitation to the workspace, which reached you outside the server")
    verify.add_argument("--key-store", type=Path, help="folder of a member's key store: its pins count")
    verify.add_argument("--result", type=Path, help="an exported Parquet file: are its rows those of the receipt?")
    verify.add_argument("--sealed", type=Path, help="a sealed result or log: is it the one of the receipt?")
    verify.add_argument("--json", action="store_true", help="print JSON")
    verify.set_defaults(run=_verify)


def _receipt(arguments: Namespace) -> None:
    from jupyter_secure_jobs.member import bundles  # noqa: PLC0415 -- its imports take a second, which `verify` does not owe

    acting = folders.acting(arguments, passphrase.read(arguments))
    workspace = folders.workspace(acting, arguments.workspace)
    run = _which(acting, workspace, arguments.which, arguments.number)
    made = bundles.bundle(acting, workspace, run, opened=arguments.opened)
    try:
        write_private(arguments.out, made.to_bytes(), replace=False)
    except FileExistsError as error:
        raise ConflictError("file_exists", "There is such a file already.", "Choose another name.") from error
    except OSError as error:
        raise InvalidError("file_refused", "The file cannot be written there.", "Check its folder.") from error
    print(f"Verified and written: {arguments.out}\nAnyone can check it: jupyter secure-jobs verify {arguments.out}")
    print(f"Give them the genesis by another way: {acting.pins.genesis(workspace)}")


def _which(acting: Acting, workspace: str, named: str, number: int | None) -> str:
    if _ID.match(named) and number is None:
        return named
    job = acting.client.find_job(workspace, named)
    runs = acting.client.runs(workspace, job.id, kind=RunKind.JOB)
    fitting = [each for each in runs if (each.status in ENDED if number is None else each.number == number)]
    if not fitting:
        raise NotFoundError("no_run", "The job has no such job run that ended.", "See its run history.")
    return fitting[0].id


def _verify(arguments: Namespace) -> int:
    try:
        found = _found(arguments)
    except RefusedError as error:
        return _refused(arguments, error, Exit.REFUSED, "REFUSED. Believe nothing that this file says.")
    except SecureJobsError as error:
        return _refused(arguments, error, Exit.UNREADABLE, "NOT READ. Nothing was verified.")
    if arguments.json:
        print(json.dumps(as_json(found), indent=1, ensure_ascii=False))
    else:
        show(found, Console(highlight=False))
    return found.exit


def _refused(arguments: Namespace, error: SecureJobsError, code: Exit, verdict: str) -> int:
    if arguments.json:
        print(json.dumps(refusal_as_json(code.name.lower(), error), indent=1, ensure_ascii=False))
        return code
    console = Console(highlight=False)
    for line in (error.detail, error.next_step, f"Code: {error.code}"):
        if line:
            console.print(Text(visible(line)), soft_wrap=True)
    console.print(Text(verdict, style="bold red"))
    return code


def _found(arguments: Namespace) -> Found:
    """Return what the file and the files beside it show.

    Raises:
        RefusedError: a check failed.
        InvalidError: a file cannot be read.
    """
    bundle = _read(arguments.bundle)
    genesis, known_from = _genesis(arguments, bundle)
    verified = verify_bundle(bundle, genesis=genesis, now=utc_now())
    files: list[Step] = []
    if arguments.sealed is not None:
        files.append(_check_sealed(arguments.sealed, verified))
    if arguments.result is not None:
        files.append(_check_rows(arguments.result, verified))
    return Found(verified=verified, known_from=known_from, files=tuple(files))


def _read(path: Path) -> Bundle:
    try:
        with path.open("rb") as file:
            # One byte over the limit is enough to know that it is too large.
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidError("bundle_file", "The bundle's file cannot be read.", "Check its path.") from error
    try:
        return Bundle.from_bytes(data)
    except RefusedError as error:
        raise InvalidError(error.code, error.detail, error.next_step) from error


def _genesis(arguments: Namespace, bundle: Bundle) -> tuple[str, str | None]:
    """Return the genesis to check against, and who vouches for it: the person, a key store, or nobody."""
    first = bundle.dossier.rosters[0] if bundle.dossier.rosters else None
    folder = arguments.key_store or folders.default("member")
    if arguments.key_store is not None and not (folder / PINS_FILE).is_file():
        raise InvalidError("no_pins", "That folder has no pinned workspace.", "Give the key store of a member.")
    pins = Pins(folder / PINS_FILE)
    workspace = envelopes.read(Roster, first).workspace if first is not None else ""
    if workspace in pins.workspaces():
        pinned = pins.genesis(workspace)
        if arguments.genesis not in (None, pinned):
            raise RefusedError(
                "other_genesis",
                "The genesis that you gave is not the one that the key store has pinned for this workspace.",
                "Find out where each comes from.",
            )
        return pinned, PINNED
    if arguments.genesis is not None:
        return arguments.genesis, "as you gave it"
    return (first.hash if first is not None else ""), None


def _check_sealed(path: Path, verified: VerifiedBundle) -> Step:
    receipt = verified.receipt
    try:
        with path.open("rb") as file:
            digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidError("sealed_file", "The sealed file cannot be read.", "Check its path.") from error
    for kind, output in (("result", receipt.result), ("log", receipt.log)):
        if output is not None and (output.digest, output.bytes) == (digest, path.stat().st_size):
            found = f"It is the {kind} that the enclave sealed, byte for byte."
            return Step(subject="Sealed file", found=found, by=(), time=None, statement=None, index=None)
    raise RefusedError(
        "outcome_digest", "The sealed file is neither the result nor the log of this receipt.", "Ask for it again."
    )


def _check_rows(path: Path, verified: VerifiedBundle) -> Step:
    if verified.logical is None:
        raise InvalidError(
            "not_opened",
            "This bundle does not say which digest the rows have.",
            "Ask a member of the author's organisation for one that was written with --opened.",
        )
    if path.suffix.lower() == ".csv":
        raise InvalidError("result_csv", "A CSV file does not keep the types of its columns.", "Export Parquet.")
    import pyarrow as pa  # noqa: PLC0415 -- it takes long, and no other use of the command needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    from jupyter_secure_jobs.protocol.result_digest import UnsupportedTypeError  # noqa: PLC0415 -- as above
    from jupyter_secure_jobs.protocol.result_stream import file_has_digest  # noqa: PLC0415 -- as above

    try:
        # A file alone: pyarrow would take a folder, or an address, for a dataset.
        with path.open("rb") as file, pq.ParquetFile(file) as result:
            rows = result.metadata.num_rows
            same = file_has_digest(result, verified.logical)
    except UnsupportedTypeError:
        same = False
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InvalidError(
            "result_file", "The result's file is no Parquet file that can be read.", "Export it again."
        ) from error
    if not same:
        raise RefusedError("result_digest", "The rows are not those of the receipt.", "Ask for the result again.")
    found = f"The {rows:,} rows have exactly this digest, types and all."
    return Step(subject="Result file", found=found, by=(), time=None, statement=None, index=None)
