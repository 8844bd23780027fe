"""`key`, `workspace`: a member's own keys, and founding a workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.visible import one_line
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.member import founding
from jupyter_secure_jobs.member.identity import CARD_FILE, KEY_FILE, Card, create

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from typing import Any

    Groups = _SubParsersAction[Any]


def add(groups: Groups) -> None:
    """Add the command groups."""
    key = groups.add_parser("key", help="your own keys").add_subparsers(required=True)
    make = key.add_parser("create", help="make a key store and your card")
    make.add_argument("--email", required=True)
    make.add_argument("--organisation", required=True)
    folders.add_key_store(make)
    passphrase.add_arguments(make)
    make.set_defaults(run=_create)
    show = key.add_parser("show", help="print your card and fingerprint")
    folders.add_key_store(show)
    show.set_defaults(run=_show)
    recovery = key.add_parser("recovery", help="make your organisation's offline recovery key, printed once")
    recovery.add_argument("--organisation", required=True)
    recovery.add_argument("--card", type=Path, required=True, help="where to write its public card")
    recovery.set_defaults(run=_recovery)

    space = groups.add_parser("workspace", help="found and list workspaces").add_subparsers(required=True)
    found = space.add_parser("found", help="found a workspace of the people and parts on these cards")
    found.add_argument("name")
    found.add_argument("cards", type=Path, nargs="+", help="cards of members, key services, recovery keys, workers")
    listed = space.add_parser("list", help="list your workspaces")
    for parser, run in ((found, _found), (listed, _list)):
        folders.add_key_store(parser)
        folders.add_server(parser)
        passphrase.add_arguments(parser)
        parser.set_defaults(run=run)


def _create(arguments: Namespace) -> None:
    secret = passphrase.read(arguments, prompt="New passphrase: ", again=True)
    card = create(
        arguments.key_store, kind="member", name=arguments.email, organisation=arguments.organisation, passphrase=secret
    )
    print(f"Key store: {arguments.key_store / KEY_FILE}\nCard: {arguments.key_store / CARD_FILE}")
    print(f"Fingerprint: {card.fingerprint}\nGive the card to who invites you, and the fingerprint by another way.")


def _show(arguments: Namespace) -> None:
    card = Card.read(arguments.key_store / CARD_FILE)
    print(f"Fingerprint: {card.fingerprint}")
    print("If this and the key service's keys are lost, datasets must be published again.")


def _recovery(arguments: Namespace) -> None:
    from jupyter_secure_jobs.crypto.keyfile import ring_of_seed  # noqa: PLC0415 -- the one command that needs it
    from jupyter_secure_jobs.member.identity import card_of  # noqa: PLC0415 -- as above

    if arguments.card.exists():
        raise InvalidError("card_exists", "There is a file of that name.", "Choose another for the card.")
    seed = os.urandom(32)
    label = {"kind": "recovery", "name": arguments.organisation, "organisation": arguments.organisation}
    card = card_of(ring_of_seed(seed, label))
    arguments.card.write_text(card.to_text())
    words = seed.hex()
    print("Write this seed down and lock it away. It is shown once and stored nowhere:")
    print("  " + " ".join(words[i : i + 8] for i in range(0, 64, 8)))
    print(f"Fingerprint: {card.fingerprint}")
    print("If this and the key service's keys are lost, datasets must be published again.")


def _found(arguments: Namespace) -> None:
    acting = folders.acting(arguments, passphrase.read(arguments))
    made = founding.found(acting, arguments.name, [Card.read(path) for path in arguments.cards])
    print("Send this to everyone invited, by a way other than the server:")
    print(
        f"  workspace: {made.workspace}\n  genesis:   {made.genesis}\n  inviter:   {made.inviter}, {made.fingerprint}"
    )


def _list(arguments: Namespace) -> None:
    acting = folders.acting(arguments, passphrase.read(arguments))
    for each in acting.client.workspaces():
        state = "active" if each.active else f"waits for {', '.join(each.waiting_for)}"
        print("\n  ".join(one_line(said) for said in (each.name, f"id: {each.id}", f"genesis: {each.genesis}", state)))
