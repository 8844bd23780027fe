"""`reseal`: seal the outcomes of runs again, for a colleague who joined later or for one's own new keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.member.identity import KEY_FILE

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from typing import Any

    Groups = _SubParsersAction[Any]


def add(groups: Groups) -> None:
    """Add the command."""
    reseal = groups.add_parser("reseal", help="let a colleague who joined later, or your new keys, open old results")
    reseal.add_argument("job", nargs="?", help="one job's name; otherwise all jobs of your organisation")
    reseal.add_argument("--for", dest="recipient", required=True, metavar="EMAIL")
    reseal.add_argument(
        "--old-key-store", type=Path, help="your key store from before you changed keys; asks for its passphrase too"
    )
    reseal.add_argument("--workspace")
    folders.add_key_store(reseal)
    folders.add_server(reseal)
    passphrase.add_arguments(reseal)
    reseal.set_defaults(run=_reseal)


def _reseal(arguments: Namespace) -> None:
    from jupyter_secure_jobs.member import resealing  # noqa: PLC0415 -- as in `decide`: its imports take a while

    secret = passphrase.read(arguments)
    acting = folders.acting(arguments, secret)
    workspace = folders.workspace(acting, arguments.workspace)
    job = acting.client.find_job(workspace, arguments.job).id if arguments.job else None
    old = None
    if arguments.old_key_store:
        # A file descriptor can be read once; where nobody is asked, both key stores have one passphrase.
        once = arguments.passphrase_fd is not None
        old_secret = secret if once else passphrase.read(arguments, prompt="Passphrase of the old key store: ")
        old = keyfile.load(arguments.old_key_store / KEY_FILE, old_secret)
    done = resealing.reseal(acting, workspace, arguments.recipient, job=job, old_keys=old)
    print(f"{done.sealed} outcomes sealed again for {arguments.recipient}; {done.open_already} were open to them.")
    if done.not_mine:
        print(f"{done.not_mine} are not sealed to this key store; somebody else must do those.")
