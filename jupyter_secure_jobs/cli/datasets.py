"""`dataset`: publish and withdraw your organisation's datasets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from jupyter_secure_jobs.cli import folders, passphrase, stopping
from jupyter_secure_jobs.cli.visible import one_line
from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from jupyter_secure_jobs.wire.output import OutputPolicyWire

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Callable
    from typing import Any

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.member.stopping import Alone
    from jupyter_secure_jobs.protocol.notice import Notice
    from jupyter_secure_jobs.wire.member_side import DatasetProposal

    Groups = _SubParsersAction[Any]


def add(groups: Groups) -> None:
    """Add the command group."""
    dataset = groups.add_parser("dataset", help="your organisation's datasets").add_subparsers(required=True)
    publish = dataset.add_parser("publish", help="encrypt files here and publish them as one dataset")
    publish.add_argument("files", nargs="+", help="CSV or Parquet files that form one table")
    publish.add_argument("--name", required=True, help="the table's name in jobs")
    publish.add_argument("--description", default="")
    publish.add_argument("--public", default="", metavar="COLUMN,…", help="columns whose common values may be shown")
    publish.add_argument("--key-group", action="append", default=[], metavar="COLUMN=GROUP", help="columns that join")
    publish.add_argument("--rename", action="append", default=[], metavar="OLD=NEW")
    publish.add_argument("--bounds", action="append", default=[], metavar="COLUMN=LOW..HIGH")
    publish.add_argument("--smallest-group", type=int, metavar="N", help="rows that count fewer are withheld")
    publish.add_argument("--round-counts", type=int, metavar="N", help="counts are rounded to multiples of N")
    publish.add_argument("--most-rows", type=int, metavar="N", help="a result with more rows fails")
    publish.add_argument("--withhold", default="", metavar="COLUMN,…", help="columns that must not leave in a result")
    publish.add_argument(
        "--no-output-policy", action="store_true", help="ask nothing of results, whatever the version before asked"
    )
    publish.add_argument("--yes", action="store_true", help="publish without asking")
    listed = dataset.add_parser("list", help="list the workspace's datasets")
    withdraw = dataset.add_parser("withdraw", help="take a dataset back: no key for it is released any more")
    withdraw.add_argument("name")
    stopping.add_ways(withdraw)
    withdraw.set_defaults(run=_withdraw)
    for parser, run in ((publish, _publish), (listed, _list)):
        parser.add_argument("--workspace")
        folders.add_key_store(parser)
        folders.add_server(parser)
        passphrase.add_arguments(parser)
        parser.set_defaults(run=run)


def _pairs(given: list[str], what: str) -> dict[str, str]:
    pairs = {}
    for text in given:
        left, found, right = text.partition("=")
        if not found or not left or not right:
            raise InvalidError("option", f"{what} cannot be read.", f"Write {what} as NAME=VALUE.")
        pairs[left] = right
    return pairs


def _policy(arguments: Namespace) -> OutputPolicyWire | None:
    """Return what is asked of results; None, if no option says anything, keeps what the version before asked."""
    asked = OutputPolicyWire(
        smallest_group=arguments.smallest_group,
        round_counts_to=arguments.round_counts,
        most_rows=arguments.most_rows,
        withheld_columns=[column for column in arguments.withhold.split(",") if column],
    )
    given = asked != OutputPolicyWire()
    if given and arguments.no_output_policy:
        raise InvalidError("option", "--no-output-policy contradicts the other options.", "Give one or the other.")
    asked.policy()
    return asked if given or arguments.no_output_policy else None


def _publish(arguments: Namespace) -> None:
    from jupyter_secure_jobs.member import publishing  # noqa: PLC0415 -- its imports take a second, which other commands do not owe

    console = Console()
    acting = folders.acting(arguments, passphrase.read(arguments))
    workspace = folders.workspace(acting, arguments.workspace)
    bounds = {column: text.split("..", 1) for column, text in _pairs(arguments.bounds, "--bounds").items()}
    asked = DatasetAsked(
        name=arguments.name,
        files=arguments.files,
        description=arguments.description,
        public=[column for column in arguments.public.split(",") if column],
        key_groups=_pairs(arguments.key_group, "--key-group"),
        rename=_pairs(arguments.rename, "--rename"),
        bounds=bounds,
        output_policy=_policy(arguments),
        confirm=True,
    )

    def agree(proposal: DatasetProposal) -> bool:
        table = Table(
            "column", "type", "what its synthetic twin reveals", title=f"{proposal.name}: {proposal.rows:,} rows"
        )
        for line in proposal.twin:
            table.add_row(Text(line.column), Text(line.type), Text(line.reveals))
        console.print(table)
        for sentence in proposal.output or ["nothing"]:
            console.print(Text(f"Asked of every result: {sentence}."))
        if arguments.yes:
            return True
        if not sys.stdin.isatty():
            raise InvalidError("not_asked", "There is no terminal to ask.", "Read what is revealed, then give --yes.")
        return input("Publish with these to all members? [y/N] ").strip().lower() in ("y", "yes")

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        bar.stop()
        made = publishing.publish(acting, workspace, asked, agree=agree, progress=progress)
    console.print(Text(f"Published {made.name}." if made.dataset else "Nothing was published."))


def _list(arguments: Namespace) -> None:
    acting = folders.acting(arguments, passphrase.read(arguments))
    for each in acting.client.datasets(folders.workspace(acting, arguments.workspace)):
        state = ", withdrawn" if each.withdrawn else ""
        size = f"{each.rows:,} rows, {len(each.columns)} columns"
        asked = each.output_policy.words()
        print(one_line(f"{each.name} ({each.owner}): {size}, version {each.version}{state}; output policy: {asked}"))


def _withdraw(arguments: Namespace) -> None:
    from jupyter_secure_jobs.member import publishing  # noqa: PLC0415 -- its imports take a second, which other commands do not owe
    from jupyter_secure_jobs.member import stopping as signing  # noqa: PLC0415 -- as above

    def sign(member: Acting, workspace: str) -> tuple[Notice, Callable[[], str]]:
        notice = signing.withdrawal(member, workspace, arguments.name)

        def hand_in() -> str:
            made = publishing.hand_in(member, workspace, signing.statement_of(notice))
            return f"Withdrew {one_line(made.name)}. Its key service releases nothing any more once it has heard."

        return notice, hand_in

    def sign_alone(alone: Alone, workspace: str) -> Notice:
        return signing.withdrawal_alone(alone, workspace, arguments.name, now=utc_now())

    stopping.stop(
        arguments, sign=sign, sign_alone=sign_alone, effect="The owner's releases no key of the dataset any more."
    )
