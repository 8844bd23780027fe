"""Takes runs from the workspace server, carries them to the enclave, and reports how they ended."""

from __future__ import annotations

import base64
import logging
import shutil
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.client.login import LoggedIn
from jupyter_secure_jobs.client.mailbox import WorkerMailbox
from jupyter_secure_jobs.domain.digest import file_name
from jupyter_secure_jobs.domain.errors import (
    ConflictError,
    InvalidError,
    RefusedError,
    SecureJobsError,
    UnauthenticatedError,
    UnavailableError,
)
from jupyter_secure_jobs.domain.job import MOST_TEST_SECONDS
from jupyter_secure_jobs.domain.run import MOST_GRANTS_PER_ORDER, NONCE_SECONDS, RunKind, RunStatus
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from jupyter_secure_jobs.wire.base import EnvelopeWire
from jupyter_secure_jobs.wire.mailbox import Finished, KeysAnswer, KeysAsked, LeaseWire
from jupyter_secure_jobs.wire.profile import OfferWire
from jupyter_secure_jobs.worker.ciphertext import MOST_BYTES, Ciphertext
from jupyter_secure_jobs.worker.life import Life
from jupyter_secure_jobs.worker.patience import Patience
from jupyter_secure_jobs.worker.served import check_served
from jupyter_secure_jobs.worker.task import task_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.wire.mailbox import Dossier
    from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess

log: Final = logging.getLogger(__name__)
GRANT_SECONDS: Final = 60.0
_PAUSES: Final = (0.2, 0.3, 0.5, 0.5, 1.0, 2.0, 5.0, 10.0)
_LARGEST_FILE: Final = 11 * 1024**3
_FETCHERS: Final = 2
_FETCHED_FIRST: Final = 256 * 1024**2
_COMES_ALONG: Final = 256 * 1024
_LEAST_FREE: Final = 16 * 1024**2
_NO_NONCE: Final = "nonce:"


class _ReleasedError(Exception):
    """The run goes back to the queue; nothing was used up."""


class Worker:
    """One slot: one run at a time, in one enclave. `folder` holds ciphertext and sealed results, and nothing else."""

    def __init__(
        self,
        ring: KeyRing,
        workspace_url: str,
        folder: Path,
        *,
        start: Callable[[], EnclaveProcess],
        enclave: EnclaveProcess,
        ca_file: Path | None = None,
        keep_bytes: int = MOST_BYTES,
        workspaces: Collection[str] = (),
    ) -> None:
        """Connect with the platform key. `enclave` was started already; `start` starts the next one if it is lost.

        `keep_bytes`: how much ciphertext is kept for later runs. `workspaces`: the ids of those whose runs are taken;
        without any, of every one that lists this worker.
        """
        self._login = LoggedIn(workspace_url, ring.signing, ca_file=ca_file)
        self._mailbox = WorkerMailbox(self._login.connection, workspaces=workspaces)
        self._workspaces = frozenset(workspaces)
        self._start = start
        self._folder = folder / "runs"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ciphertext = Ciphertext(folder / "ciphertext", most=keep_bytes)
        self._enclave = enclave
        self._waited = False
        self._unheard: Counter[str] = Counter()
        self._at_work = threading.Lock()

    def leave(self, seconds: float) -> None:
        """End: wait for the run in hand, at most `seconds`, and begin no other. Waiting for work ends at once."""
        self._at_work.acquire(timeout=seconds)  # never given back, so that no other run begins
        self._enclave.close()

    def run(self, stopped: threading.Event) -> None:
        """Serve until stopped; a server that is away is asked again, less and less often."""
        for left in self._folder.iterdir():
            shutil.rmtree(left, ignore_errors=True)
        failures = 0
        try:
            while not stopped.is_set():
                try:
                    self._turn()
                    failures = 0
                except (UnavailableError, UnauthenticatedError) as error:
                    if failures == 0:
                        log.warning("%s", error)
                    stopped.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                    failures += 1
                except SecureJobsError as error:
                    log.warning("%s", error)
                    stopped.wait(_PAUSES[0])
                except OSError as error:
                    # A full disk passes; a worker that has ended would never know.
                    if failures == 0:
                        log.warning("the worker waits: %s", error.strerror or type(error).__name__)
                    stopped.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                    failures += 1
        finally:
            self._enclave.close()
            self._login.close()

    def _ready(self) -> EnclaveProcess:
        if not self._enclave.alive:
            self._enclave.close()
            self._enclave, self._waited = self._start(), False
        if not self._waited:
            self._enclave.wait()
            self._waited = True
        return self._enclave

    def _turn(self) -> None:
        enclave = self._ready()
        # A worker that could only fail them leaves runs to others.
        self._ciphertext.make_room(_LEAST_FREE)
        lease = self._mailbox.lease(OfferWire.model_validate(enclave.ask({"do": "offer"})))
        if lease is None:
            return
        try:
            check_served(lease, self._workspaces)
        except RefusedError:
            self._mailbox.release(lease)
            raise
        with self._at_work:
            self._carry(lease, enclave)

    def _carry(self, lease: LeaseWire, enclave: EnclaveProcess) -> None:
        log.info("run %s: taken", lease.run)
        with ExitStack() as held:
            try:
                with Life(self._mailbox, lease, enclave) as life:
                    outcome = self._perform(lease, enclave, held, life)
                self._finish(lease, outcome, life)
                log.info("run %s: %s", lease.run, outcome.status)
            except _ReleasedError as error:
                log.info("run %s: back to the queue: %s", lease.run, error)
                self._mailbox.release(lease)
            except ConflictError as error:
                log.warning("run %s: dropped: %s", lease.run, error)
        if enclave.alive:
            try:
                enclave.ask({"do": "forget"})
            except UnavailableError as error:
                # One that cannot write any more, its memory being gone or full, gives way to a fresh one.
                log.warning("the enclave is started again: %s", error)
                enclave.close()

    def _finish(self, lease: LeaseWire, outcome: Finished, life: Life) -> None:
        def tell() -> None:
            # When a phase was is told by how long ago that is, so that each attempt says it anew.
            self._mailbox.finish(lease, outcome.model_copy(update={"phases": life.untold()}))

        Patience(self._mailbox, lease).ask(tell)
        del self._unheard[lease.run]

    def _perform(self, lease: LeaseWire, enclave: EnclaveProcess, held: ExitStack, life: Life) -> Finished:
        try:
            # Thrown away with `held`, once the server has what came of the run.
            made = tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True)
            folder = Path(held.enter_context(made))
            if lease.kind is RunKind.TEST:
                return self._test(lease, enclave, folder, life)
            return self._job(lease, enclave, folder, life)
        except (RefusedError, InvalidError) as error:
            log.warning("run %s: refused: %s", lease.run, error)
            return _failed(lease, "Refused", f"{error.code}: {error.detail} {error.next_step}".strip())
        except UnavailableError as error:
            if not enclave.alive:
                return _failed(lease, "EnclaveLost", None)
            if error.code in CLASSES:
                log.warning("run %s: %s", lease.run, error)
                return _failed(lease, CLASSES[error.code], f"{error.detail} {error.next_step}")
            raise
        except OSError as error:
            log.warning("run %s: no room on the disk: %s", lease.run, type(error).__name__)
            return _failed(
                lease, "DiskFull", "The worker could not write to its disk. Free space there, then run it again."
            )

    def _test(self, lease: LeaseWire, enclave: EnclaveProcess, folder: Path, life: Life) -> Finished:
        task = lease.test
        if task is None:
            raise RefusedError("task", "The test's text is missing.")
        files = {digest: self._fetch(lease, digest, folder) for digest in sorted(set(task.tables.values()))}
        outbox = _outbox(folder)
        if life.cancelled:
            return _cancelled(lease)
        frame = task_frame(lease, task, files, outbox)
        return self._finished(
            lease, self._ended(enclave, frame, life, files, seconds=min(task.limits.seconds, MOST_TEST_SECONDS))
        )

    def _job(self, lease: LeaseWire, enclave: EnclaveProcess, folder: Path, life: Life) -> Finished:
        if lease.dossier is None:
            raise RefusedError("task", "The statements about the run are missing.")
        prepared = enclave.ask({"do": "prepare", "dossier": lease.dossier.model_dump(mode="json")})
        with self._fetching(lease, lease.dossier, set(prepared["files"]), folder) as fetched:
            nonces = self._keys(lease, KeysAsked(lease=lease.lease), NONCE_SECONDS, life)
            if nonces is None:
                return _cancelled(lease)
            if nonces.waiting:
                raise _ReleasedError(f"no answer from the key service of {', '.join(nonces.waiting)}")
            asked = enclave.ask({"do": "ask", "nonces": nonces.nonces})
            # No key is asked for before all the ciphertext is here: one that cannot be had uses up no run.
            files, outbox = fetched(), _outbox(folder)
        if life.cancelled:
            return _cancelled(lease)
        request = KeysAsked(
            lease=lease.lease,
            request=EnvelopeWire.model_validate(asked["request"]),
            evidence=EnvelopeWire.model_validate(asked["evidence"]),
            sandbox_ms=asked["sandbox_ms"],
        )
        granted = self._keys(lease, request, GRANT_SECONDS, life)
        if granted is None:
            return _cancelled(lease)
        if set(granted.grants) != set(granted.nonces):
            raise _ReleasedError("not every key service has granted in time")
        frame = {
            "do": "run",
            "grants": [grant.model_dump(mode="json") for grant in granted.grants.values()],
            "files": files,
            "outbox": outbox,
        }
        return self._finished(lease, self._ended(enclave, frame, life, files, seconds=prepared["seconds"]))

    def _ended(
        self, enclave: EnclaveProcess, frame: dict[str, Any], life: Life, files: Mapping[str, str], *, seconds: float
    ) -> dict[str, Any]:
        try:
            return enclave.ask(frame, phase=life.tell, seconds=seconds)
        except RefusedError as error:
            if error.code == "file_altered":
                # Kept, they would spoil every later run as well.
                for digest in files:
                    self._ciphertext.forget(digest)
            raise

    def _keys(self, lease: LeaseWire, asked: KeysAsked, seconds: float, life: Life) -> KeysAnswer | None:
        """Return what the key services said, after `seconds` at the latest; None if the run was cancelled.

        Nonces are waited for no longer than the lease's patience if there is another run to take.

        Raises:
            RefusedError: a key service refused.
            _ReleasedError: its nonce alone was no longer good.
        """
        began = time.monotonic()
        while True:
            answer = Patience(self._mailbox, lease).ask(
                lambda: self._mailbox.keys(lease, asked, wait=3.0), seconds=seconds
            )
            if answer.cancel:
                return None
            if answer.refusals:
                self._again(lease, answer.refusals)
                organisation, reason = min(answer.refusals.items())
                raise RefusedError("key_service", f"The key service of {organisation} refused: {reason}")
            complete = set(answer.grants) == set(answer.nonces) if asked.request else True
            waited = time.monotonic() - began
            if (complete and not answer.waiting) or waited > seconds:
                return answer
            if asked.request is None and answer.others and waited > lease.patience_seconds:
                # A key service that is there and silent must not keep the worker from what others have ordered.
                return answer
            if life.cancelled:
                return None

    def _again(self, lease: LeaseWire, refusals: Mapping[str, str]) -> None:
        """Give a run back whose nonces alone are not good any more: nothing was said against it.

        A key service whose reply was lost is asked the same once more, and has used its nonce up. With a new one the
        order is granted again, counted by the key service and as often as that allows; one that refuses every nonce
        is not asked for ever.
        """
        if all(reason.startswith(_NO_NONCE) for reason in refusals.values()):
            self._unheard[lease.run] += 1
            if self._unheard[lease.run] < MOST_GRANTS_PER_ORDER:
                raise _ReleasedError(f"no nonce is open at the key service of {', '.join(sorted(refusals))}")

    @contextmanager
    def _fetching(
        self, lease: LeaseWire, dossier: Dossier, needed: set[str], folder: Path
    ) -> Iterator[Callable[[], dict[str, str]]]:
        """Fetch the ciphertext while other things are done; what is given waits for it and returns the files' paths.

        `needed`: the digests of the files that the enclave has asked for.
        """
        read = [envelopes.read(Manifest, envelopes.Envelope.from_json(each.model_dump())) for each in dossier.manifests]
        sizes = {file.digest: file.bytes for manifest in read for file in manifest.files if file.digest in needed}
        with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="fetch") as pool:
            coming = {digest: pool.submit(self._fetch, lease, digest, folder, size) for digest, size in sizes.items()}

            def fetched() -> dict[str, str]:
                return {digest: each.result() for digest, each in coming.items()}

            try:
                if sum(sizes.values()) > _FETCHED_FIRST:
                    # A nonce is good for two minutes, in which this much may not arrive.
                    fetched()
                yield fetched
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _fetch(self, lease: LeaseWire, digest: str, folder: Path, size: int | None = None) -> str:
        target = folder / file_name(digest)
        if not target.exists():
            self._ciphertext.bring(
                digest,
                target,
                lambda sink: self._mailbox.fetch(lease.workspace, digest, sink, largest=_LARGEST_FILE),
                size=size,
            )
        return str(target)

    def _finished(self, lease: LeaseWire, answer: dict[str, Any]) -> Finished:
        uploads = dict(self._handed(lease, kind, Path(answer[kind])) for kind in ("result", "log") if answer[kind])
        statements = {name: answer[name] for name in ("receipt", "evidence", "test")}
        return Finished.model_validate(
            {
                "lease": lease.lease,
                "status": answer["status"],
                "error_class": answer["error_class"],
                "error_line": answer["error_line"],
                "error_text": answer["error_text"],
                "rows": answer["rows"],
                **uploads,
                **statements,
            }
        )

    def _handed(self, lease: LeaseWire, kind: str, path: Path) -> tuple[str, str | bytes]:
        """Upload a file, or let a small one come along with the outcome."""
        if path.stat().st_size <= _COMES_ALONG:
            return f"{kind}_file", base64.b64encode(path.read_bytes())
        return kind, Patience(self._mailbox, lease).ask(lambda: self._mailbox.upload(lease.workspace, path))


CLASSES: Final = {
    "no_sandbox": "SandboxUnavailable",
    "no_tmpfs": "SandboxUnavailable",
    "data_too_large": "DataTooLarge",
    "storage": "DiskFull",
    "enclave_failed": "EnclaveLost",
    "no_engine": "EngineMissing",
    "profile_too_large": "ProfileTooLarge",
    "profile_too_small": "ProfileTooSmall",
}


def _outbox(folder: Path) -> str:
    # Made before keys are asked for: where not even this can be had, no run is used up.
    outbox = folder / "outbox"
    outbox.mkdir(mode=0o700)
    return str(outbox)


def _failed(lease: LeaseWire, error_class: str, reason: str | None) -> Finished:
    # Before the author's code has run there is nothing of the data in a reason, so that it may be shown.
    return Finished(lease=lease.lease, status=RunStatus.FAILED, error_class=error_class, error_text=reason)


def _cancelled(lease: LeaseWire) -> Finished:
    return Finished(lease=lease.lease, status=RunStatus.CANCELLED, error_class="Cancelled")
