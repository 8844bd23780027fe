"""The enclave's process: `python -m jupyter_secure_jobs.enclave.main KEY_FILE [WHEELS]`; frames on standard streams.

The loop around it brings the passphrase of the platform key in the first frame. When the input ends, everything is
wiped.
"""

from __future__ import annotations

import ctypes
import os
import queue
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.enclave import frames
from jupyter_secure_jobs.enclave.enclave import Enclave
from jupyter_secure_jobs.enclave.measurement import measure
from jupyter_secure_jobs.enclave.pool import READY, Sandboxes
from jupyter_secure_jobs.enclave.task import SyntheticTask
from jupyter_secure_jobs.enclave.wheels import WheelHouse
from jupyter_secure_jobs.engines import bytecode
from jupyter_secure_jobs.flow import reading
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.envelope import Envelope
from jupyter_secure_jobs.trust.dossier import Dossier

if TYPE_CHECKING:
    from jupyter_secure_jobs.enclave.frames import Frame
    from jupyter_secure_jobs.enclave.outcome import Ended

_PR_SET_DUMPABLE: Final = 4


def _harden() -> None:
    """Keep other processes of this account from reading this one's memory, and no core files."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise UnavailableError("not_hardened", "This process cannot be protected from its neighbours.", "Use Linux.")
    os.umask(0o077)


class Process:
    """Reads frames, performs them one at a time, and listens for `cancel` meanwhile."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """Listen."""
        self._incoming, self._outgoing = incoming, outgoing
        self._waiting: queue.Queue[Frame | None] = queue.Queue()
        self._writing = threading.Lock()
        self._enclave: Enclave | None = None

    def serve(self, folder: Path, wheels: Path | None = None) -> None:
        """Serve until the input ends; `wheels` is the worker's wheel house."""
        _harden()
        threading.Thread(target=self._listen, daemon=True).start()
        memory = Memory()
        sandboxes: Sandboxes | None = None
        try:
            first = self._waiting.get()
            if first is None:
                return
            # They come up while the key store is opened, which takes its time on purpose.
            threading.Thread(target=reading.rehearse, daemon=True).start()
            bytecode.provide()
            sandboxes = Sandboxes(memory, ready=int(first.get("ready_sandboxes", READY)))
            sandboxes.fill()
            ring = keyfile.load(folder, str(first.get("passphrase", "")))
            self._enclave = Enclave(
                platform=ring.signing,
                name=ring.label["name"],
                measurement=measure(),
                memory=memory,
                sandboxes=sandboxes,
                wheels=WheelHouse(wheels),
            )
            self._send({"ready": True})
            while (frame := self._waiting.get()) is not None:
                self._send(self._answer(self._enclave, frame))
        except SecureJobsError as error:
            self._send(_problem(error))
        finally:
            if self._enclave is not None:
                self._enclave.close()
            if sandboxes is not None:
                sandboxes.close()
            memory.remove()

    def _send(self, frame: Frame) -> None:
        with self._writing:
            frames.write(self._outgoing, frame)

    def _listen(self) -> None:
        try:
            while (frame := frames.read(self._incoming)) is not None:
                if frame.get("do") == "cancel":
                    if self._enclave is not None:
                        self._enclave.cancelled.set()
                else:
                    self._waiting.put(frame)
        except frames.FrameError:
            pass  # handled as the end of the input, below
        if self._enclave is not None:
            self._enclave.cancelled.set()
        self._waiting.put(None)

    def _answer(self, enclave: Enclave, frame: Frame) -> Frame:
        try:
            return _PERFORM[str(frame.get("do"))](self, enclave, frame)
        except KeyError:
            return _problem(RefusedError("frame", "A frame asks for something unknown, or a part is missing."))
        except SecureJobsError as error:
            return _problem(error)
        except OSError:
            # A full memory file system ends here; the operating system's words could name data.
            return _problem(UnavailableError("storage", "The enclave could not write.", "Free memory on the worker."))
        except Exception:  # noqa: BLE001 -- its words could name data, and unsaid it would end the process in their place
            return _problem(UnavailableError("enclave_failed", "The enclave failed.", "Run it again."))

    def _prepare(self, enclave: Enclave, frame: Frame) -> Frame:
        owners = enclave.prepare(Dossier.from_json(frame["dossier"]))
        return {"owners": list(owners), "files": enclave.files, "seconds": enclave.seconds}

    def _ask(self, enclave: Enclave, frame: Frame) -> Frame:
        nonces = {str(owner): str(nonce) for owner, nonce in dict(frame["nonces"]).items()}
        request, evidence = enclave.ask(nonces)
        return {"request": request.to_json(), "evidence": evidence.to_json(), "sandbox_ms": enclave.waited_ms}

    def _phase(self, name: str) -> None:
        self._send({"phase": name})

    def _run(self, enclave: Enclave, frame: Frame) -> Frame:
        grants = [Envelope.from_json(each) for each in frame["grants"]]
        ended = enclave.run(grants, _paths(frame), Path(frame["outbox"]), phase=self._phase)
        return _ended(ended)

    def _test(self, enclave: Enclave, frame: Frame) -> Frame:
        task = codec.from_json(SyntheticTask, frame["task"])
        return _ended(enclave.test(task, _paths(frame), Path(frame["outbox"]), phase=self._phase))

    def _offer(self, enclave: Enclave, _frame: Frame) -> Frame:
        return enclave.offer()

    def _forget(self, enclave: Enclave, _frame: Frame) -> Frame:
        enclave.forget()
        enclave.warm()
        return {"forgotten": True}


_PERFORM: Final = {
    "prepare": Process._prepare,  # noqa: SLF001 -- the table of this class's own methods
    "ask": Process._ask,  # noqa: SLF001 -- as above
    "run": Process._run,  # noqa: SLF001 -- as above
    "test": Process._test,  # noqa: SLF001 -- as above
    "offer": Process._offer,  # noqa: SLF001 -- as above
    "forget": Process._forget,  # noqa: SLF001 -- as above
}


def _paths(frame: Frame) -> dict[str, Path]:
    return {str(digest): Path(str(path)) for digest, path in dict(frame["files"]).items()}


def _ended(ended: Ended) -> Frame:
    def statement(envelope: Envelope | None) -> Any:  # noqa: ANN401 -- a JSON value
        return envelope.to_json() if envelope is not None else None

    return {
        "status": str(ended.status),
        "error_class": ended.error_class,
        "error_line": ended.error_line,
        "error_text": ended.error_text,
        "rows": ended.rows,
        "receipt": statement(ended.receipt),
        "evidence": statement(ended.evidence),
        "test": statement(ended.test),
        "result": str(ended.result) if ended.result is not None else None,
        "log": str(ended.log) if ended.log is not None else None,
    }


def _problem(error: SecureJobsError) -> Frame:
    kind = "unavailable" if isinstance(error, UnavailableError) else "refused"
    return {"problem": {"kind": kind, "code": error.code, "detail": error.detail, "next_step": error.next_step}}


def main() -> None:
    """Serve on standard input and output; whatever else prints goes to standard error."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Process(incoming, outgoing).serve(*(Path(each) for each in sys.argv[1:3]))


if __name__ == "__main__":
    main()
