"""The demo's first half: raw files, keys, the workspace, the parts, the published datasets."""

from __future__ import annotations

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from demo import split
from demo.nycflights import DATASETS
from demo.place import ANA, MEMBERS, ORGANISATIONS, WEI
from demo.raw import RawTables
from demo.summary import DemoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from demo.nycflights import DemoDataset
    from demo.parts import Parts
    from demo.place import Place
    from demo.summary import Summary

WORKSPACE: Final = "New York flights"
_AT_ONCE: Final = 2


def found(place: Place, parts: Parts, summary: Summary) -> RawTables:
    """Do the steps up to a workspace with published datasets and every part running; return the raw tables.

    Raises:
        DemoError: a step failed.
    """
    rows = sum(dataset.rows for dataset in DATASETS)
    summary.step("The workspace server starts; it knows nobody yet", "1 part runs", lambda: _server(parts))
    tables: list[RawTables] = []
    summary.step(
        "Three organisations have files on their own disks",
        f"{len(DATASETS)} tables, {rows:,} rows",
        lambda: _raw_files(place, tables),
    )
    summary.step(
        "Members, key services and the worker make their keys",
        f"{len(MEMBERS)} members, {len(ORGANISATIONS)} key services, 1 worker",
        lambda: _keys(place, parts),
    )
    summary.step(
        "Ana founds the workspace; everyone invited compares the genesis and accepts",
        "Signed. The workspace is active.",
        lambda: _workspace(place, parts),
    )
    summary.step(
        "Key services, worker and member sides start, each a process of its own",
        f"{1 + len(ORGANISATIONS) + 1 + len(MEMBERS)} parts run",
        lambda: _start(place, parts),
    )
    summary.step(
        "Owners encrypt their datasets and publish them",
        ", ".join(f"{dataset.name} {dataset.rows:,}" for dataset in sorted(DATASETS, key=lambda each: each.name)),
        lambda: _publish(place, parts),
    )
    return tables[0]


def all_of(doing: Iterable[Callable[[], object]]) -> None:
    """Do things that do not wait for each other, two at a time; raise what the first failing one raised."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        for done in [pool.submit(each) for each in doing]:
            done.result()


def _raw_files(place: Place, tables: list[RawTables]) -> str:
    together = place.runtime / "raw"
    split.write_files(together)
    for dataset in DATASETS:
        own = place.raw(dataset.organisation)
        own.mkdir(parents=True, exist_ok=True)
        for path in split.paths(dataset, together):
            path.rename(own / path.name)
    together.rmdir()
    tables.append(RawTables(place))
    return f"{len(DATASETS)} tables, {tables[0].rows:,} rows"


def _keys(place: Place, parts: Parts) -> str:
    members = [
        partial(
            parts.command,
            *("key", "create", "--email", member.email, "--organisation", member.organisation),
            *("--key-store", str(place.member(member)), *parts.secret),
        )
        for member in MEMBERS
    ]
    services = [
        partial(
            parts.command,
            *("keyservice", "create", "--organisation", name, "--key-store", str(place.key_service(name))),
            *parts.secret,
        )
        for name in ORGANISATIONS
    ]
    enroll = ("worker", "enroll", "--name", "demo", "--key-store", str(place.worker), *parts.secret)
    all_of([*members, *services, partial(parts.command, *enroll)])
    now = time.time()
    for later, member in enumerate(MEMBERS):
        # JupyterLab offers the demo members in the order of their cards, the author first.
        os.utime(place.member(member) / "card.json", (now + later, now + later))
    made = [len(list(place.folder.glob(f"{part}/*/card.json"))) for part in ("members", "keyservices")]
    return f"{made[0]} members, {made[1]} key services, {int((place.worker / 'card.json').is_file())} worker"


def _server(parts: Parts) -> str:
    parts.start_server()
    return f"{parts.running()} part runs"


def _workspace(place: Place, parts: Parts) -> str:
    parts.wait_for_server()
    cards = [place.member(member) for member in MEMBERS[1:]]
    cards += [*(place.key_service(name) for name in ORGANISATIONS), place.worker]
    said = parts.as_member(ANA, "workspace", "found", WORKSPACE, *(str(folder / "card.json") for folder in cards))
    workspace, genesis = _found(r"workspace: (\S+)", said), _found(r"genesis: +(\S+)", said)
    invitation = ("--workspace", workspace, "--genesis", genesis)
    last = ""
    for member in MEMBERS[1:]:
        last = parts.as_member(member, "roster", "accept", *invitation, "--yes").strip().splitlines()[-1]
    for name in ORGANISATIONS:
        parts.command("keyservice", "trust", *invitation, "--key-store", str(place.key_service(name)))
    return last


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise DemoError(f"a command printed something else than expected: {text[-300:]}")
    return found[1]


def _start(place: Place, parts: Parts) -> str:
    server = ("--workspace-url", parts.url, *parts.secret)
    for name in ORGANISATIONS:
        folder = place.key_service(name)
        parts.start(f"key service of {name}", "keyservice", "run", "--key-store", str(folder), *server)
    parts.start("worker", "worker", "run", "--key-store", str(place.worker), *server)
    parts.start_member_sides(MEMBERS)
    return f"{parts.running()} parts run"


def _publish(place: Place, parts: Parts) -> str:
    all_of([partial(_publish_one, dataset, place, parts) for dataset in DATASETS])
    listed = parts.as_member(WEI, "dataset", "list")
    found = re.findall(r"^(\w+) \(.*\): ([\d,]+) rows", listed, re.MULTILINE)
    return ", ".join(f"{name} {rows}" for name, rows in sorted(found))


def _publish_one(dataset: DemoDataset, place: Place, parts: Parts) -> None:
    owner = next(member for member in MEMBERS if member.organisation == dataset.organisation)
    files = [str(path) for path in split.paths(dataset, place.raw(dataset.organisation))]
    groups = [word for pair in dataset.key_groups.items() for word in ("--key-group", "=".join(pair))]
    about = ("--description", dataset.description, "--public", ",".join(sorted(dataset.public)))
    parts.as_member(owner, "dataset", "publish", *files, "--name", dataset.name, *about, *groups, "--yes")
