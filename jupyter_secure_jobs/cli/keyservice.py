"""`keyservice`: an organisation's key service: its keys, what it trusts, what it hears, and its run.

What it is made of is imported when it is needed: other commands do not owe the time.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.parts import run_loops, until_stopped
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError, SecureJobsError
from jupyter_secure_jobs.member.identity import CARD_FILE, KEY_FILE, create
from jupyter_secure_jobs.protocol.clock import utc_now

if TYPE_CHECKING:
    import threading
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Callable

    Groups = _SubParsersAction[Any]

TRUSTED_FILE = "trusted.json"


def add(groups: Groups) -> None:
    """Add the command group."""
    service = groups.add_parser("keyservice", help="your organisation's key service").add_subparsers(required=True)
    make = service.add_parser("create", help="make its keys and card")
    make.add_argument("--organisation", required=True)
    trust = service.add_parser("trust", help="trust a workspace by the genesis of the invitation")
    trust.add_argument("--workspace", required=True)
    trust.add_argument("--genesis", required=True)
    inbox = service.add_parser("inbox", help="hear revocations, withdrawals and rosters that reached you in files")
    inbox.add_argument("files", nargs="+", type=Path, metavar="FILE")
    restored = service.add_parser("restored", help="take a memory that was restored from a backup, or lost")
    restored.add_argument("--yes", action="store_true", help="take it without asking")
    for parser, run_one in ((make, _create), (trust, _trust), (inbox, _hear), (restored, _restored)):
        folders.add_key_store(parser, "keyservice")
        parser.set_defaults(run=run_one)
    run = service.add_parser("run", help="answer until stopped")
    run.add_argument("--key-store", type=Path, action="append", required=True, help="may be given several times")
    folders.add_server(run)
    run.set_defaults(run=_run)
    for parser in (make, inbox, run):
        passphrase.add_arguments(parser)


def _create(arguments: Namespace) -> None:
    secret = passphrase.read(arguments, prompt="New passphrase: ", again=True)
    card = create(
        arguments.key_store,
        kind="keyservice",
        name=arguments.organisation,
        organisation=arguments.organisation,
        passphrase=secret,
    )
    print(f"Card: {arguments.key_store / CARD_FILE}\nFingerprint: {card.fingerprint}")


def _trust(arguments: Namespace) -> None:
    from jupyter_secure_jobs.keyservice.state import STATE_FILE, State  # noqa: PLC0415 -- as said at the top

    state = State(arguments.key_store / STATE_FILE)
    state.pin(arguments.workspace, arguments.genesis)
    state.close()
    print("Trusted. The key service follows the roster from this genesis on.")


def _hear(arguments: Namespace) -> None:
    from jupyter_secure_jobs.keyservice.inbox import Inbox, read_notice  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.keyservice.service import KeyService  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.keyservice.state import STATE_FILE, State  # noqa: PLC0415 -- as said at the top

    ring = keyfile.load(arguments.key_store / KEY_FILE, passphrase.read(arguments))
    state = State(arguments.key_store / STATE_FILE)
    inbox = Inbox(KeyService(ring, state), arguments.key_store)
    refused = 0
    for path in arguments.files:
        try:
            word = inbox.hear(read_notice(path), now=utc_now())
        except SecureJobsError as error:
            refused += 1
            print(f"Refused {path.name}: {error.code}: {error}", file=sys.stderr)
            continue
        heard = "The key service heeds it from now on." if word else "The key service follows this roster from now on."
        print(f"Heard {path.name}. {heard}")
    state.close()
    if refused:
        raise InvalidError(
            "notices_refused",
            f"{refused} of {len(arguments.files)} files were refused; nothing of them is remembered.",
            "Ask who sent them for the notice again.",
        )
    print("The workspace server is told when the key service runs.")


def _restored(arguments: Namespace) -> None:
    from jupyter_secure_jobs.keyservice.state import STATE_FILE, State  # noqa: PLC0415 -- as said at the top

    if not (arguments.key_store / KEY_FILE).is_file():
        raise NotFoundError("no_key_store", "There is no key store of a key service.", "Give --key-store.")
    print(
        "What this memory has forgotten is not known: runs that were counted, revocations and withdrawals that were "
        "heard.\nSo nothing that was accepted before now is good for a key any more: every job must be submitted and "
        "accepted again.\nGive withdrawals of your datasets to `keyservice inbox` again, and trust your workspaces "
        "again if the file was lost."
    )
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise InvalidError("not_asked", "There is no terminal to ask.", "Read this, then give --yes.")
        if input("Take the restored memory? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing was changed.")
            return
    State(arguments.key_store / STATE_FILE, restored=utc_now()).close()
    print("Taken. The key service can run again.")


def _run(arguments: Namespace) -> None:
    from jupyter_secure_jobs.keyservice.loop import Loop  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.keyservice.service import KeyService  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.keyservice.state import STATE_FILE, State  # noqa: PLC0415 -- as said at the top
    from jupyter_secure_jobs.keyservice.watch import Watch  # noqa: PLC0415 -- as said at the top

    stopped = until_stopped()
    secret = passphrase.read(arguments)
    loops: list[Callable[[threading.Event], None]] = []
    for folder in arguments.key_store:
        ring = keyfile.load(folder / KEY_FILE, secret)
        state = State(folder / STATE_FILE)
        trusted = folder / TRUSTED_FILE
        for workspace, genesis in (json.loads(trusted.read_text()) if trusted.exists() else {}).items():
            state.pin(workspace, genesis)
        loop = Loop(KeyService(ring, state), ring, arguments.workspace_url, ca_file=arguments.ca_file)
        # A connection to the file serves one thread, so the watch has one of its own.
        watch = Watch(
            KeyService(ring, State(folder / STATE_FILE)),
            ring,
            folder,
            arguments.workspace_url,
            ca_file=arguments.ca_file,
        )
        loops += [loop.run, watch.run]
    logging.getLogger(__name__).info("answering for %d organisations", len(arguments.key_store))
    run_loops(stopped, *loops)
