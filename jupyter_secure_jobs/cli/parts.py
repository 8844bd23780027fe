"""`serve`, `member`, `worker`, `migrate`: the parts, each a process of its own.

What a part is made of is imported when it is started: all parts together take seconds, which no other command owes.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import sysconfig
import threading
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.memory import swap_is_on
from jupyter_secure_jobs.domain.compute import EngineName
from jupyter_secure_jobs.domain.errors import InvalidError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.domain.text import clean_email
from jupyter_secure_jobs.member.identity import CARD_FILE, KEY_FILE, Card, card_of, create

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from collections.abc import Callable

    Groups = _SubParsersAction[Any]

_MOST_BODY: Final = 9 * 1024 * 1024


def add(groups: Groups) -> None:
    """Add the command groups."""
    serve = groups.add_parser("serve", help="run the workspace server")
    # What is not given here is left to the traits of `SecureJobs`, and so to the environment.
    serve.add_argument("--data-dir", type=Path, help="default: secure_jobs/server in Jupyter's data folder")
    serve.add_argument("--ip", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8899)
    serve.add_argument("--certfile", default="", help="TLS certificate; needed where it is not this machine alone")
    serve.add_argument("--keyfile", default="")
    serve.add_argument("--audience", help="host:port under which members reach it; default: --ip and --port")
    serve.add_argument("--database-url", help="SQLAlchemy URL; default: SQLite in the data directory")
    serve.add_argument("--lease-seconds", type=float, help="how long a worker may be silent; default: 60")
    serve.add_argument("--heartbeat-seconds", type=float, help="how often it gives a sign of life; default: 15")
    serve.add_argument(
        "--results-days",
        type=float,
        help="after so many days a run's result and log are removed; statements stay; 0: never; default: 90",
    )
    serve.add_argument(
        "--workspace-creators",
        type=_emails,
        metavar="EMAIL,…",
        help="who may found workspaces; default: everybody who reaches this server",
    )
    serve.set_defaults(run=_serve)
    member = groups.add_parser("member", help="run the member side without JupyterLab")
    member.add_argument("--port", type=int, default=8898)
    member.add_argument("--token", default=None, help="token of this server; one is made and printed if not given")
    member.add_argument("--passphrase-file", type=Path)
    member.add_argument(
        "--kernel-env", type=Path, help="write here what kernels need to reach this side: JSON, renewed, mode 0600"
    )
    folders.add_key_store(member)
    folders.add_server(member)
    member.set_defaults(run=_member)

    _add_worker(groups)
    wheel = groups.add_parser("wheel", help="print the line by which a compute profile names a wheel")
    wheel.add_argument("file", type=Path, metavar="FILE")
    wheel.set_defaults(run=_wheel)
    migrate = groups.add_parser("migrate", help="bring a workspace server's database to this version, with a backup")
    migrate.add_argument("--data-dir", type=Path, default=folders.default("server"))
    migrate.add_argument("--database-url", default="")
    migrate.set_defaults(run=_migrate)


def _add_worker(groups: Groups) -> None:
    worker = groups.add_parser("worker", help="the worker with its enclave").add_subparsers(required=True)
    enroll = worker.add_parser("enroll", help="make its platform key and card, with the enclave's measurement")
    enroll.add_argument("--name", required=True)
    folders.add_key_store(enroll, "worker")
    passphrase.add_arguments(enroll)
    enroll.set_defaults(run=_enroll)
    work = worker.add_parser("run", help="take runs until stopped")
    folders.add_key_store(work, "worker")
    folders.add_server(work)
    passphrase.add_arguments(work)
    _add_wheel_house(work)
    work.add_argument(
        "--ready-sandboxes",
        type=_number_of_sandboxes,
        default=2,
        help="how many sandboxes wait for runs, 0 to 16; each holds a started engine, about 200 MB",
    )
    work.add_argument(
        "--keep-ciphertext",
        type=_gibibytes,
        default=10,
        metavar="GIB",
        help="how much encrypted data to keep on the disk for later runs that read the same; 0 for none",
    )
    work.add_argument(
        "--workspace",
        action="append",
        type=_workspace_id,
        default=[],
        metavar="ID",
        help="take runs of this workspace alone, or of several if given again; default: of every one that lists it",
    )
    work.set_defaults(run=_work)
    added = worker.add_parser("add-wheel", help="put a Python package into this worker's wheel house, for jobs to use")
    added.add_argument("file", type=Path, metavar="FILE")
    _add_wheel_house(added)
    added.set_defaults(run=_add_wheel)
    card = worker.add_parser("card", help="write its card anew after an upgrade, with the measurement of now")
    folders.add_key_store(card, "worker")
    card.set_defaults(run=_card)
    measured = worker.add_parser("measure", help="print the measurement of the enclave as it is installed")
    measured.set_defaults(run=_measure)
    tried = worker.add_parser(
        "check", help="try whether the sandbox can be made here, and tell which engines there are"
    )
    tried.set_defaults(run=_check)


def _add_wheel_house(parser: ArgumentParser) -> None:
    given = os.environ.get("SECURE_JOBS_WHEEL_HOUSE", "")
    parser.add_argument(
        "--wheel-house",
        type=Path,
        default=Path(given) if given else folders.default("wheels"),
        help="folder with the wheels that jobs may name",
    )


def _add_wheel(arguments: Namespace) -> None:
    from jupyter_secure_jobs.enclave.wheels import add_wheel  # noqa: PLC0415 -- as said at the top

    package = add_wheel(arguments.file, arguments.wheel_house)
    print(f"In the wheel house {arguments.wheel_house}, for jobs that name it:\n{package.line}")


def _wheel(arguments: Namespace) -> None:
    from jupyter_secure_jobs.enclave.wheels import read_wheel  # noqa: PLC0415 -- as said at the top

    wheel = read_wheel(arguments.file)
    print(wheel.package.line)
    if wheel.left_out:
        # Beside the line, which goes into a file or a draft as it is.
        print(f"Left out in a run, since they are no modules: {', '.join(wheel.left_out[:5])}", file=sys.stderr)


def _number_of_sandboxes(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 16:  # noqa: PLR2004 -- said in the message
        raise ArgumentTypeError("a number from 0 to 16")
    return int(text)


def _emails(text: str) -> list[str]:
    try:
        return [clean_email(each) for each in text.split(",")]
    except InvalidError as error:
        raise ArgumentTypeError(error.detail) from error


def _workspace_id(text: str) -> str:
    # An empty variable of a script must not come to mean every workspace.
    if not text.strip():
        raise ArgumentTypeError("a workspace's id")
    return text.strip()


def _gibibytes(text: str) -> int:
    if not text.isdigit() or len(text) > 6:  # noqa: PLR2004 -- a petabyte is enough
        raise ArgumentTypeError("a number of GiB")
    return int(text)


def _serve(arguments: Namespace) -> None:
    if arguments.ip not in ("127.0.0.1", "::1", "localhost") and not (arguments.certfile and arguments.keyfile):
        raise InvalidError("tls_needed", "Beyond this machine the server needs TLS.", "Give --certfile and --keyfile.")
    settings = {
        "mode": "server",
        "data_dir": str(arguments.data_dir.resolve()) if arguments.data_dir else None,
        "audience": arguments.audience,
        "database_url": arguments.database_url,
        "lease_seconds": arguments.lease_seconds,
        "heartbeat_seconds": arguments.heartbeat_seconds,
        "results_days": arguments.results_days,
        "workspace_creators": arguments.workspace_creators,
    }
    from jupyter_secure_jobs.cli.server_app import launch  # noqa: PLC0415 -- as said at the top

    launch(arguments.port, settings, ip=arguments.ip, certfile=arguments.certfile,
            keyfile=arguments.keyfile, max_body_size=_MOST_BODY, max_buffer_size=2 * _MOST_BODY)  # fmt: skip


def _member(arguments: Namespace) -> None:
    settings = {
        "mode": "member",
        "key_store": str(arguments.key_store.resolve()),
        "workspace_url": arguments.workspace_url,
        "ca_file": str(arguments.ca_file.resolve()) if arguments.ca_file else None,
        "passphrase_file": str(arguments.passphrase_file.resolve()) if arguments.passphrase_file else None,
        "kernel_environment_file": str(arguments.kernel_env.resolve()) if arguments.kernel_env else None,
    }
    more = {"token": arguments.token} if arguments.token is not None else {}
    from jupyter_secure_jobs.cli.server_app import launch  # noqa: PLC0415 -- as said at the top

    launch(arguments.port, settings, identity=more, ip="127.0.0.1")


def until_stopped() -> threading.Event:
    """Return what is set when this process is asked to end; what it does is logged from now on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stopped = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopped.set())
    return stopped


def run_loops(
    stopped: threading.Event, *loops: Callable[[threading.Event], None], leave: Callable[[], None] = lambda: None
) -> None:
    """Run each loop in a thread of its own until `stopped`, then `leave`.

    A loop that ends by itself stops the others: nobody would start a process again that is there and serves nothing.

    Raises:
        UnavailableError: a loop ended by itself; its last words are in the log.
    """
    ended = threading.Event()

    def guarded(loop: Callable[[threading.Event], None]) -> None:
        try:
            loop(stopped)
        except Exception:
            # Said before the process is told to end, which would cut it short.
            logging.getLogger(__name__).exception("a loop of this process failed")
        finally:
            if not stopped.is_set():
                ended.set()
                stopped.set()

    for each in loops:
        threading.Thread(target=guarded, args=(each,), daemon=True).start()
    stopped.wait()
    leave()
    if ended.is_set():
        raise UnavailableError(
            "part_ended",
            "A part of this process ended by itself.",
            "Look at the log above, then start the process again, or let the system do so.",
        )


def _enroll(arguments: Namespace) -> None:
    from jupyter_secure_jobs.enclave.measurement import measure  # noqa: PLC0415 -- as said at the top

    secret = passphrase.read(arguments, prompt="New passphrase: ", again=True)
    create(arguments.key_store, kind="worker", name=arguments.name, organisation="", passphrase=secret)
    ring = keyfile.load(arguments.key_store / KEY_FILE, secret)
    card = card_of(ring, measurement=measure())
    (arguments.key_store / CARD_FILE).write_text(card.to_text())
    print(f"Card: {arguments.key_store / CARD_FILE}\nFingerprint: {card.fingerprint}\nMeasurement: {card.measurement}")


def _card(arguments: Namespace) -> None:
    from jupyter_secure_jobs.enclave.measurement import measure  # noqa: PLC0415 -- as said at the top

    path = arguments.key_store / CARD_FILE
    card = replace(Card.read(path), measurement=measure())
    path.write_text(card.to_text())
    print(
        f"Card: {path}\nFingerprint: {card.fingerprint}\nMeasurement: {card.measurement}\n"
        f"Next: a member proposes it with `jupyter secure-jobs roster propose --worker {CARD_FILE}`; runs are refused "
        "until every member has signed."
    )


def _work(arguments: Namespace) -> None:
    from jupyter_secure_jobs.worker.enclave_process import EnclaveProcess  # noqa: PLC0415 -- as said at the top

    stopped = until_stopped()
    secret = passphrase.read(arguments)
    key_file = arguments.key_store / KEY_FILE
    if not key_file.is_file():
        keyfile.load(key_file, secret)  # says what is missing

    # The enclave opens the key store on its own and comes up meanwhile, with the first sandbox.
    def start() -> EnclaveProcess:
        return EnclaveProcess(key_file, secret, ready_sandboxes=arguments.ready_sandboxes, wheels=arguments.wheel_house)

    enclave = start()
    from jupyter_secure_jobs.worker.loop import Worker  # noqa: PLC0415 -- as said at the top

    try:
        worker = Worker(
            keyfile.load(key_file, secret),
            arguments.workspace_url,
            arguments.key_store / "carried",
            start=start,
            enclave=enclave,
            ca_file=arguments.ca_file,
            keep_bytes=arguments.keep_ciphertext * 1024**3,
            workspaces=arguments.workspace,
        )
    except SecureJobsError:
        enclave.close()
        raise
    run_loops(stopped, worker.run, leave=lambda: worker.leave(30))


def _measure(_arguments: Namespace) -> None:
    from jupyter_secure_jobs.enclave.measurement import measure  # noqa: PLC0415 -- as said at the top

    print(measure())


def _check(_arguments: Namespace) -> None:
    from jupyter_secure_jobs.enclave.measurement import measure  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.engines import bytecode, found  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.engines.run import HARNESS, arguments  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.sandbox.report import check  # noqa: PLC0415 -- as said at the top

    report = check(module=HARNESS, arguments=arguments())
    if not report.available:
        raise InvalidError("no_sandbox", report.problem, report.next_step)
    print(f"The sandbox works, with {report.bubblewrap}. Measurement of the enclave: {measure()}")
    for engine in EngineName:
        told = found.find(engine)
        print(f"Engine {engine}: {told.version or f'{told.problem} {told.next_step}'}")
    if swap_is_on():
        print(
            "This machine swaps: what lies in its memory, plaintext while a run lasts too, can come to its disk. "
            "Next: turn swap off (`swapoff -a`), or encrypt it with a key that is made at each start."
        )
    bytecode.provide()
    if slow := bytecode.missing():
        print(
            f"Sandboxes start slowly: Python has no bytecode for {', '.join(slow)} and may not write it here "
            "(PYTHONDONTWRITEBYTECODE, or files of another account). Next: run, as their owner, "
            f"`python -m compileall -q {sysconfig.get_path('purelib')}`"
        )


def _migrate(arguments: Namespace) -> None:
    from jupyter_secure_jobs.store.database import Database  # noqa: PLC0415 -- as said at the top

    url = arguments.database_url or f"sqlite:///{arguments.data_dir / 'workspace.sqlite'}"
    print(f"The database is at revision {Database(url).migrate()}.")
