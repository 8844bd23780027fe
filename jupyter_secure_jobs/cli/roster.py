"""`roster`: who takes part and which workers run; show, propose, accept, refuse, recover."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.visible import one_line
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.encoding import fingerprint
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member import changing, founding
from jupyter_secure_jobs.member.identity import Card
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.roster import WorkerList

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from typing import Any

    from jupyter_secure_jobs.member.changing import Seen
    from jupyter_secure_jobs.member.context import Acting

    Groups = _SubParsersAction[Any]

_SEED_BYTES = 32


def add(groups: Groups) -> None:
    """Add the command group."""
    roster = groups.add_parser("roster", help="the members and workers of a workspace").add_subparsers(required=True)
    show = roster.add_parser("show", help="who is in force, and the change that waits for signatures")
    show.set_defaults(run=_show)
    propose = roster.add_parser("propose", help="propose a change and sign it; everybody concerned must sign")
    _add_wishes(propose)
    propose.set_defaults(run=_propose)
    accept = roster.add_parser("accept", help="sign the roster of your invitation, or the change that waits")
    accept.add_argument("--genesis", help="from the invitation, which reached you outside the server")
    accept.add_argument(
        "--change", "--roster", dest="change", help="hash of the change, from the invitation or from `roster show`"
    )
    accept.add_argument("--yes", action="store_true", help="sign without asking; needs the hash")
    accept.set_defaults(run=_accept)
    refuse = roster.add_parser("refuse", help="refuse the change that waits, or take it back")
    refuse.add_argument("--reason", required=True)
    refuse.set_defaults(run=_refuse)
    for parser in (show, propose, accept, refuse):
        parser.add_argument("--workspace")
        folders.add_key_store(parser)
        folders.add_server(parser)
        passphrase.add_arguments(parser)
    _add_recover(roster)


def _add_wishes(parser: ArgumentParser) -> None:
    cards = (
        ("add", "a member who joins"),
        ("replace", "a member with new keys"),
        ("key-service", "an organisation's key service"),
        ("recovery", "an organisation's recovery key"),
        ("worker", "a worker to enroll, or to enroll again after an upgrade"),
    )
    for name, what in cards:
        parser.add_argument(f"--{name}", type=Path, action="append", default=[], metavar="CARD", help=f"card of {what}")
    parser.add_argument("--remove", action="append", default=[], metavar="EMAIL", help="a member who leaves")
    parser.add_argument("--drop-worker", action="append", default=[], metavar="NAME", help="a worker to drop")


def _add_recover(roster: Groups) -> None:
    recover = roster.add_parser("recover", help="sign for a lost key with your organisation's printed recovery seed")
    recover.add_argument("--card", type=Path, required=True, help="the member's new card")
    recover.add_argument("--seed-file", type=Path, help="read the seed from this file; otherwise it is typed")
    recover.add_argument("--workspace", required=True)
    recover.add_argument("--genesis", required=True, help="from the invitation of then, or from a colleague")
    recover.add_argument("--yes", action="store_true", help="sign without asking")
    folders.add_key_store(recover)
    folders.add_server(recover)
    recover.set_defaults(run=_recover)


def _agreed(question: str, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InvalidError("not_asked", "There is no terminal to ask.", "Compare what is shown, then give --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _print_change(seen: Seen) -> None:
    print(f"A change proposed by {seen.proposer}, {seen.hash}:")
    for line in seen.lines:
        print(f"  {line}")
    print(f"Still to sign: {', '.join(seen.missing) or 'nobody'}.")


def _show(arguments: Namespace) -> None:
    acting = folders.acting(arguments, passphrase.read(arguments))
    workspace = folders.workspace(acting, arguments.workspace)
    now = changing.in_force(acting, workspace)
    newest = now.rosters.newest
    listed = envelopes.read(WorkerList, now.lists[-1])
    print(f"Workspace {newest.name!r}, {workspace}\n  genesis: {now.rosters.genesis}")
    print(f"  roster {newest.epoch}, worker list {listed.epoch}")
    for member in newest.members:
        print(f"  {member.email} ({member.organisation}): {fingerprint(member.keys.signing)}")
    for organisation in newest.organisations:
        for what, keys in (("key service", organisation.key_service), ("recovery key", organisation.recovery)):
            print(f"  {what} of {organisation.name}: {fingerprint(keys.signing) if keys else 'none'}")
    for worker in listed.workers:
        print(f"  worker {worker.name}: {fingerprint(worker.platform_key)}")
    if now.wire.pending is not None:
        _print_change(changing.look_at_change(acting, workspace))
    for ended in now.wire.ended:
        reason = f": {ended.reason}" if ended.reason else ""
        words = f"{ended.ended:%Y-%m-%d %H:%M} a change by {ended.proposer}: {ended.outcome}, {ended.ended_by}{reason}"
        print(one_line(words))


def _read(paths: list[Path]) -> tuple[Card, ...]:
    return tuple(Card.read(path) for path in paths)


def _propose(arguments: Namespace) -> None:
    acting = folders.acting(arguments, passphrase.read(arguments))
    workspace = folders.workspace(acting, arguments.workspace)
    wish = changing.Wish(
        add=_read(arguments.add),
        remove=tuple(arguments.remove),
        replace=_read(arguments.replace),
        key_services=_read(arguments.key_service),
        recoveries=_read(arguments.recovery),
        workers=_read(arguments.worker),
        drop_workers=tuple(arguments.drop_worker),
    )
    seen = changing.propose(acting, workspace, wish)
    if seen is None:
        print("Signed. The change is in force.")
        return
    _print_change(seen)
    print("Send this to everyone who must sign, by a way other than the server:")
    print(f"  workspace: {workspace}\n  genesis:   {seen.genesis}\n  change:    {seen.hash}")
    print(f"  inviter:   {acting.email}, {acting.card.fingerprint}")


def _accept(arguments: Namespace) -> None:
    acting = folders.acting(arguments, passphrase.read(arguments))
    if arguments.genesis and not arguments.change:
        _accept_genesis(arguments, acting)
        return
    if arguments.genesis and not arguments.workspace:
        raise InvalidError("which_workspace", "Who joins names the workspace.", "Give --workspace of the invitation.")
    workspace = arguments.workspace if arguments.genesis else folders.workspace(acting, arguments.workspace)
    seen = changing.look_at_change(acting, workspace, genesis=arguments.genesis)
    _print_change(seen)
    if arguments.change not in (None, seen.hash):
        raise InvalidError("other_change", "Another change waits than that hash names; nothing was signed.",
                           "Compare with the proposer over another channel.")  # fmt: skip
    if arguments.yes and not arguments.change:
        raise InvalidError("change_unnamed", "--yes needs the hash of the change.", "Give --change.")
    if not _agreed("Do you sign exactly this?", yes=arguments.yes):
        print("Nothing was signed.")
        return
    missing = changing.accept_change(acting, workspace, shown=seen.hash, genesis=arguments.genesis)
    print("Signed. " + (f"Waits for {', '.join(missing)}." if missing else "The change is in force."))


def _accept_genesis(arguments: Namespace, acting: Acting) -> None:
    if not arguments.workspace:
        raise InvalidError("which_workspace", "The invitation names a workspace.", "Give --workspace.")
    offer = founding.look(acting, arguments.workspace)
    print(f"Workspace {offer.roster.name!r}, genesis {offer.genesis}")
    print("Members, key services and workers, with the fingerprints of their keys:")
    for line in offer.lines:
        print(f"  {line}")
    same = offer.genesis == arguments.genesis
    if same and not _agreed("Do the fingerprints match the invitation?", yes=arguments.yes):
        print("Nothing was signed.")
        return
    made = founding.accept(acting, arguments.workspace, genesis=arguments.genesis)
    print("Signed. " + ("The workspace is active." if made.active else f"Waits for {', '.join(made.waiting_for)}."))


def _refuse(arguments: Namespace) -> None:
    acting = folders.acting(arguments, passphrase.read(arguments))
    # One who was invited is no member yet, and names the workspace.
    workspace = arguments.workspace or folders.workspace(acting, None)
    print(f"Refused: {changing.refuse_change(acting, workspace, reason=arguments.reason)}")


def _seed(path: Path | None) -> bytes:
    if path is None and not sys.stdin.isatty():
        raise InvalidError("no_seed", "There is no terminal to ask for the seed.", "Give --seed-file.")
    try:
        typed = path.read_text() if path is not None else getpass.getpass("Recovery seed (64 hex digits): ")
        seed = bytes.fromhex("".join(typed.split()))
    except (OSError, ValueError) as error:
        raise InvalidError("seed", "The seed cannot be read.", "Type the 64 hex digits as they are printed.") from error
    if len(seed) != _SEED_BYTES:
        raise InvalidError("seed", "The seed does not have 64 hex digits.", "Type it as it is printed.")
    return seed


def _recover(arguments: Namespace) -> None:
    card = Card.read(arguments.card)
    label = {"kind": "recovery", "name": card.organisation, "organisation": card.organisation}
    ring = keyfile.ring_of_seed(_seed(arguments.seed_file), label)
    recovery = folders.acting_by(arguments, ring)

    def agree(seen: Seen) -> bool:
        _print_change(seen)
        return _agreed("Do you sign exactly this with the recovery key?", yes=arguments.yes)

    missing = changing.recover(recovery, arguments.workspace, card, genesis=arguments.genesis, agree=agree)
    if missing is None:
        print("Nothing was signed.")
        return
    print("Signed with the recovery key. " + (f"Waits for {', '.join(missing)}." if missing else "It is in force."))
