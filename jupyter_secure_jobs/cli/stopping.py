"""`revoke`, `notice`, and the way of a withdrawal: stopping, with the server or without it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.visible import one_line
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.domain.errors import InvalidError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.domain.job import STOPPED, Scope
from jupyter_secure_jobs.member.identity import KEY_FILE
from jupyter_secure_jobs.protocol.clock import utc_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from collections.abc import Callable
    from typing import Any

    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.stopping import Alone
    from jupyter_secure_jobs.protocol.notice import Notice

    Groups = _SubParsersAction[Any]


def add(groups: Groups) -> None:
    """Add the commands."""
    revoke = groups.add_parser("revoke", help="revoke repeatability, or withdraw your acceptance")
    revoke.add_argument("job", help="the job's name")
    revoke.add_argument(
        "--all", action="store_true", help="withdraw the acceptance: no further key, not even the first"
    )
    revoke.add_argument("--version-hash", help="the version's hash from your review, for when the server is silent")
    add_ways(revoke)
    revoke.set_defaults(run=_revoke)
    notice = groups.add_parser("notice", help="write the members' roster for key services to hear without the server")
    add_ways(notice, save_needed=True)
    notice.set_defaults(run=_notice)


def add_ways(parser: ArgumentParser, *, save_needed: bool = False) -> None:
    """Add the options of a command that can also write a notice, or do no more than that."""
    parser.add_argument(
        "--save", type=Path, metavar="FILE", required=save_needed, help="write a notice to carry to key services"
    )
    parser.add_argument("--offline", action="store_true", help="do not call the server; only write the notice")
    parser.add_argument("--workspace")
    folders.add_key_store(parser)
    folders.add_server(parser, required=False)
    passphrase.add_arguments(parser)


def check_ways(arguments: Namespace) -> None:
    """Return if the options say where the statement goes.

    Raises:
        InvalidError: they do not, or the notice's file is there already.
    """
    if arguments.offline and arguments.save is None:
        raise InvalidError("save_needed", "Without the server there is nowhere to put it.", "Give --save FILE.")
    if not arguments.offline and not arguments.workspace_url:
        raise InvalidError("which_server", "The server's address is missing.", "Give --workspace-url, or --offline.")
    if arguments.save is not None and arguments.save.exists():
        raise InvalidError("file_exists", f"There is a file {arguments.save.name!r} already.", "Choose another name.")


def stop(
    arguments: Namespace,
    *,
    sign: Callable[[Acting, str], tuple[Notice, Callable[[], str]]],
    sign_alone: Callable[[Alone, str], Notice],
    effect: str,
) -> None:
    """Sign with the server if it answers, without it if it does not; say exactly what was done.

    `sign` returns the notice and what hands it in, which returns the words about what it did.

    Raises:
        SecureJobsError: it could not be signed; or the server refused it, in which case a notice that was asked for
            is written nevertheless.
    """
    from jupyter_secure_jobs.member import stopping  # noqa: PLC0415 -- its imports take a second, which other commands do not owe

    check_ways(arguments)
    ring = keyfile.load(arguments.key_store / KEY_FILE, passphrase.read(arguments))
    alone = stopping.Alone.of(arguments.key_store, ring)
    if arguments.offline:
        workspace = alone.workspace(arguments.workspace)
        _save_alone(arguments, alone, workspace, sign_alone(alone, workspace), effect)
        return
    try:
        workspace, notice, hand_in = _signed(arguments, ring, sign)
    except UnavailableError as error:
        if arguments.save is None:
            raise UnavailableError(
                error.code, error.detail, "To stop it nevertheless, give --save FILE and carry that to key services."
            ) from error
        print(error.detail)
        workspace = alone.workspace(arguments.workspace)
        _save_alone(arguments, alone, workspace, sign_alone(alone, workspace), effect)
        return
    if arguments.save is not None:
        stopping.save(notice, arguments.save)
        print(f"Signed; the notice is in {arguments.save.name}.")
    try:
        print(hand_in())
    except SecureJobsError as error:
        if arguments.save is None:
            raise
        print(f"The server did not take it: {error.detail}")
        _say_alone(arguments, alone, workspace, effect)
        return
    if arguments.save is not None:
        print("Key services hear it from the server, or from the notice if it reaches them first.")


def _signed(
    arguments: Namespace, ring: KeyRing, sign: Callable[[Acting, str], tuple[Notice, Callable[[], str]]]
) -> tuple[str, Notice, Callable[[], str]]:
    member = folders.acting_by(arguments, ring)
    workspace = folders.workspace(member, arguments.workspace)
    return workspace, *sign(member, workspace)


def _save_alone(arguments: Namespace, alone: Alone, workspace: str, notice: Notice, effect: str) -> None:
    from jupyter_secure_jobs.member import stopping  # noqa: PLC0415 -- as above

    stopping.save(notice, arguments.save)
    print(f"Signed; the notice is in {arguments.save.name}.")
    _say_alone(arguments, alone, workspace, effect)


def _say_alone(arguments: Namespace, alone: Alone, workspace: str, effect: str) -> None:
    from jupyter_secure_jobs.member import stopping  # noqa: PLC0415 -- as above

    services = ", ".join(stopping.key_services(alone, workspace)) or "none"
    print(
        f"The server does not have it, and it stops nothing yet. Carry the file to the key services: {services}.\n"
        f"There: `jupyter secure-jobs keyservice inbox {arguments.save.name}`, or lay it into the folder `inbox`.\n"
        f"Once a key service has heard it: {effect}\n"
        "A run needs every key service whose data it reads, so one that has heard is enough to stop it; a run that "
        "has its keys already finishes."
    )


def _revoke(arguments: Namespace) -> None:
    from jupyter_secure_jobs.member import deciding, stopping  # noqa: PLC0415 -- as above

    scope = Scope.ALL if arguments.all else Scope.RERUNS
    effect = STOPPED[scope]

    def sign(member: Acting, workspace: str) -> tuple[Notice, Callable[[], str]]:
        job = member.client.find_job(workspace, arguments.job)
        notice = stopping.revocation(member, workspace, job.id, scope, version_hash=arguments.version_hash)

        def hand_in() -> str:
            made = deciding.hand_in(member, workspace, job.id, stopping.statement_of(notice))
            return f"Signed. {effect} The job is now {one_line(made.status_text)}."

        return notice, hand_in

    def sign_alone(alone: Alone, workspace: str) -> Notice:
        if arguments.version_hash is None:
            raise InvalidError(
                "version_hash",
                "Without the server it is not known which version is live.",
                "Give --version-hash sha256:…, as your review showed it.",
            )
        return stopping.revocation_alone(alone, workspace, arguments.version_hash, scope, now=utc_now())

    stop(arguments, sign=sign, sign_alone=sign_alone, effect=effect)


def _notice(arguments: Namespace) -> None:
    from jupyter_secure_jobs.member import stopping  # noqa: PLC0415 -- as above

    check_ways(arguments)
    ring = keyfile.load(arguments.key_store / KEY_FILE, passphrase.read(arguments))
    alone = stopping.Alone.of(arguments.key_store, ring)
    if arguments.offline:
        workspace = alone.workspace(arguments.workspace)
    else:
        member = folders.acting_by(arguments, ring)
        workspace = folders.workspace(member, arguments.workspace)
        member.rosters(workspace)
    _, trusted = alone.rosters(workspace)
    stopping.save(stopping.roster(alone, workspace), arguments.save)
    services = ", ".join(stopping.key_services(alone, workspace)) or "none"
    print(f"The roster of epoch {trusted.newest.epoch} is in {arguments.save.name}. Key services: {services}.")
