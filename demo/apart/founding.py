"""Founding with the parts apart: every key is made where it stays, cards travel, everybody compares and signs."""

from __future__ import annotations

import re
import shutil
from functools import partial
from typing import TYPE_CHECKING, Final

from demo import split
from demo.apart.ground import PARTS, SERVER, WORKER, key_service, publisher
from demo.founding import all_of
from demo.nycflights import DATASETS
from demo.place import ANA, MEMBERS, ORGANISATIONS
from demo.summary import DemoError

if TYPE_CHECKING:
    from collections.abc import Collection

    from demo.apart.ground import Ground
    from demo.apart.parts import Apart
    from demo.nycflights import DemoDataset

WORKSPACE: Final = "New York flights, apart"


class Founding:
    """The steps in their order; each returns in words what happened."""

    def __init__(self, ground: Ground, parts: Apart, *, only: Collection[str] = ()) -> None:
        """Use the parts; `only` names the datasets, all of the demo's if empty."""
        self._ground, self._parts = ground, parts
        self._datasets = [each for each in DATASETS if not only or each.name in only]
        self.workspace = ""
        self.genesis = ""

    def raw_files(self) -> str:
        """Put every organisation's files into its publisher's own folder."""
        together = self._ground.folder / "raw"
        split.write_files(together)
        for dataset in DATASETS:
            own = self._ground.raw(dataset.organisation)
            own.mkdir(mode=0o700, exist_ok=True)
            for path in split.paths(dataset, together):
                path.rename(own / path.name)
        together.rmdir()
        for part in PARTS:
            self._parts.accounts.own(part, self._ground.part(part))
        return f"{len(DATASETS)} tables in {len(ORGANISATIONS)} folders"

    def keys(self) -> str:
        """Let every part make its own keys, in its own folder; only the cards leave it."""
        parts = self._parts
        members = [
            partial(
                parts.command,
                *(member.email, "key", "create", "--email", member.email, "--organisation", member.organisation),
                *parts.own(member.email),
            )
            for member in MEMBERS
        ]
        services = [
            partial(
                parts.command,
                *(key_service(name), "keyservice", "create", "--organisation", name),
                *parts.own(key_service(name)),
            )
            for name in ORGANISATIONS
        ]
        enroll = partial(parts.command, WORKER, "worker", "enroll", "--name", "worker-1", *parts.own(WORKER))
        all_of([*members, *services, enroll])
        holders = [part for part in PARTS if part != SERVER]
        for part in holders:
            card = self._ground.cards / f"{part}.json"
            shutil.copyfile(self._ground.keys(part) / "card.json", card)
            card.chmod(0o644)
        return f"{len(list(self._ground.cards.iterdir()))} cards of {len(holders)} holders of keys"

    def server(self) -> str:
        """Start the workspace server; it knows nobody yet."""
        self._parts.start_server()
        return f"{len(self._parts.running)} part runs"

    def accept(self) -> str:
        """Found the workspace; everybody compares the genesis with the invitation, and signs."""
        parts = self._parts
        cards = [str(self._ground.cards / f"{part}.json") for part in PARTS if part not in (SERVER, ANA.email)]
        said = parts.command(ANA.email, "workspace", "found", WORKSPACE, *cards, *parts.at_server(ANA.email))
        self.workspace, self.genesis = _found(r"workspace: (\S+)", said), _found(r"genesis: +(\S+)", said)
        invitation = ("--workspace", self.workspace, "--genesis", self.genesis)
        last = ""
        for member in MEMBERS[1:]:
            words = ("roster", "accept", *invitation, "--yes", *parts.at_server(member.email))
            last = parts.command(member.email, *words).strip().splitlines()[-1]
        for name in ORGANISATIONS:
            part = key_service(name)
            parts.command(part, "keyservice", "trust", *invitation, "--key-store", str(self._ground.keys(part)))
        return last

    def start(self) -> str:
        """Start key services, worker and member sides."""
        parts = self._parts
        for name in ORGANISATIONS:
            parts.start(key_service(name), "keyservice", "run", *parts.at_server(key_service(name)))
        parts.start(WORKER, "worker", "run", *parts.at_server(WORKER))
        for member in MEMBERS:
            parts.start_side(member)
        for member in MEMBERS:
            parts.client(member)
        return f"{len(parts.running)} parts run"

    def publish(self) -> str:
        """Let every owner encrypt and publish."""
        all_of([partial(self._publish, dataset) for dataset in self._datasets])
        listed = self._parts.client(ANA).datasets(self.workspace)
        return ", ".join(f"{each.name} {each.rows:,}" for each in sorted(listed, key=lambda each: each.name))

    @property
    def expected_tables(self) -> str:
        """What `publish` must say."""
        return ", ".join(f"{each.name} {each.rows:,}" for each in sorted(self._datasets, key=lambda each: each.name))

    def _publish(self, dataset: DemoDataset) -> None:
        who = publisher(dataset.organisation).email
        files = [str(path) for path in split.paths(dataset, self._ground.raw(dataset.organisation))]
        groups = [word for pair in dataset.key_groups.items() for word in ("--key-group", "=".join(pair))]
        about = ("--description", dataset.description, "--public", ",".join(sorted(dataset.public)))
        words = ("dataset", "publish", *files, "--name", dataset.name, *about, *groups, "--yes")
        self._parts.command(who, *words, *self._parts.at_server(who))


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise DemoError(f"a command printed something else than expected: {text[-300:]}")
    return found[1]
