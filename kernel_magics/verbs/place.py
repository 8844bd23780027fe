"""Verbs about where one is: member side, workspace, members, datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.wire.member_side import DatasetAsked
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from kernel_magics import cards
from kernel_magics.bundle import note, table
from kernel_magics.output import output_arguments, output_policy
from kernel_magics.showing import show
from kernel_magics.verbs.verb import Verb, nothing
from kernel_magics.wording import assurance_chip

if TYPE_CHECKING:
    import argparse

    from jupyter_secure_jobs.wire.member_side import StatusWire
    from kernel_magics.arguments import Arguments
    from kernel_magics.desk import Desk


def _datasets_arguments(parser: Arguments) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME")


def _datasets(desk: Desk, arguments: argparse.Namespace) -> None:
    session = desk.session
    if arguments.name is None:
        show(cards.datasets_table(session.datasets()))
    else:
        show(cards.dataset_card(session.dataset(arguments.name)))


def _publish_arguments(parser: Arguments) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--description", default="")
    parser.add_argument("--public", default="", metavar="COLUMN,COLUMN")
    parser.add_argument("--key-group", dest="groups", action="append", default=[], metavar="COLUMN=GROUP")
    parser.add_argument("--bounds", action="append", default=[], metavar="COLUMN=LOW..HIGH")
    parser.add_argument("--rename", action="append", default=[], metavar="COLUMN=NAME")
    output_arguments(parser)
    parser.add_argument("--no-output-policy", action="store_true")
    parser.add_argument("--yes", action="store_true")


def _columns(texts: list[str], *, form: str) -> dict[str, str]:
    read: dict[str, str] = {}
    for text in texts:
        column, equals, value = text.partition("=")
        if not (column and equals and value):
            raise InvalidError("magic_columns", f"{text!r} cannot be read.", f"Write {form}.")
        read[column] = value
    return read


def _ends(text: str) -> list[str]:
    low, dots, high = text.partition("..")
    if not dots:
        raise InvalidError("magic_bounds", f"{text!r} is no range.", "Write --bounds COLUMN=LOW..HIGH.")
    return [low, high]


def _asked(arguments: argparse.Namespace) -> OutputPolicyWire | None:
    """Return what is asked of results; None keeps what the version before asked."""
    policy = output_policy(arguments)
    if arguments.no_output_policy:
        if policy is not None:
            raise InvalidError(
                "magic_output", "--no-output-policy contradicts the other options.", "Give one or the other."
            )
        return OutputPolicyWire()
    return policy


def _publish(desk: Desk, arguments: argparse.Namespace) -> None:
    asked = DatasetAsked(
        name=arguments.name,
        files=arguments.files,
        description=arguments.description,
        public=[column.strip() for column in arguments.public.split(",") if column.strip()],
        key_groups=_columns(arguments.groups, form="--key-group COLUMN=GROUP"),
        rename=_columns(arguments.rename, form="--rename COLUMN=NAME"),
        bounds={
            column: _ends(text) for column, text in _columns(arguments.bounds, form="--bounds COLUMN=LOW..HIGH").items()
        },
        output_policy=_asked(arguments),
        confirm=arguments.yes,
    )
    proposal = desk.session.publish(asked)
    show(cards.proposal_card(proposal))
    if proposal.dataset is None:
        show(note("Nothing was published yet. Run the same line with --yes to publish it as shown."))
    else:
        show(note(f"Published {proposal.name}, encrypted here; {proposal.rows:,} rows."))


def _members(desk: Desk, _: argparse.Namespace) -> None:
    rows = [
        [member.email, member.organisation, member.fingerprint, "" if member.joined else "has not accepted yet"]
        for member in desk.session.members()
    ]
    show(table(["member", "organisation", "fingerprint", ""], rows, empty="No members."))


def _workspaces(desk: Desk, _: argparse.Namespace) -> None:
    rows = [
        [
            each.name,
            "active" if each.active else f"waits for {', '.join(each.waiting_for)}",
            str(each.members),
            ", ".join(each.organisations),
        ]
        for each in desk.session.workspaces()
    ]
    show(table(["workspace", "state", "members", "organisations"], rows, empty="You are in no workspace yet."))


def _use_arguments(parser: Arguments) -> None:
    parser.add_argument("workspace", metavar='"WORKSPACE"')


def _use(desk: Desk, arguments: argparse.Namespace) -> None:
    chosen = desk.session.use(arguments.workspace)
    show(note(f'Using workspace "{chosen.name}" ({", ".join(chosen.organisations)}).'))


def _as_arguments(parser: Arguments) -> None:
    parser.add_argument("email", metavar="EMAIL")


def _status_note(status: StatusWire) -> str:
    demonstration = " Demonstration: one machine holds every part." if status.demonstration else ""
    return f"Acting as {status.acting_as or 'nobody'} · {assurance_chip(status.assurance)}.{demonstration}"


def _as(desk: Desk, arguments: argparse.Namespace) -> None:
    show(note(_status_note(desk.session.act_as(arguments.email))))


def _status(desk: Desk, _: argparse.Namespace) -> None:
    status = desk.session.status()
    rows = [
        [identity.email, identity.organisation, identity.fingerprint, "unlocked" if identity.unlocked else "locked"]
        for identity in status.identities
    ]
    show(note(_status_note(status)))
    show(table(["member", "organisation", "fingerprint", "key store"], rows, empty="No key store here."))


def _connect_arguments(parser: Arguments) -> None:
    parser.add_argument("url", metavar="URL")
    parser.add_argument("--token")
    parser.add_argument("--workspace")


def _connect(desk: Desk, arguments: argparse.Namespace) -> None:
    status = desk.connect(arguments.url, arguments.token, workspace=arguments.workspace).status()
    show(note(_status_note(status)))


VERBS: Final = (
    Verb(
        name="datasets",
        form="[NAME]",
        summary="the datasets, or one with its columns",
        arguments=_datasets_arguments,
        do=_datasets,
    ),
    Verb(
        name="publish",
        form="NAME FILE… [--public a,b] [--key-group col=group] [--bounds col=1..9] [--rename a=b] "
        "[--smallest-group N] [--round-counts N] [--most-rows N] [--withhold a,b] [--no-output-policy] [--yes]",
        summary="encrypt and publish files; without --yes it shows what the synthetic twin reveals",
        arguments=_publish_arguments,
        do=_publish,
    ),
    Verb(name="members", form="", summary="the members", arguments=nothing, do=_members),
    Verb(name="workspaces", form="", summary="your workspaces", arguments=nothing, do=_workspaces),
    Verb(name="use", form='"WORKSPACE"', summary="use that workspace", arguments=_use_arguments, do=_use),
    Verb(name="status", form="", summary="the member side and its key stores", arguments=nothing, do=_status),
    Verb(name="as", form="EMAIL", summary="act as that member (demonstration)", arguments=_as_arguments, do=_as),
    Verb(
        name="connect",
        form="URL [--token TOKEN] [--workspace NAME]",
        summary="use another member side",
        arguments=_connect_arguments,
        do=_connect,
    ),
)
