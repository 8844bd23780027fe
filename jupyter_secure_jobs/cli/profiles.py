"""`profile`: the compute profiles of a workspace, listed, created and deleted."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.visible import visible
from jupyter_secure_jobs.domain.compute import EngineName, Package
from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.domain.profile import NEVER_REACHES
from jupyter_secure_jobs.domain.text import folded
from jupyter_secure_jobs.wire.compute import ComputeWire, PackageWire, SettingWire
from jupyter_secure_jobs.wire.job import LimitsWire
from jupyter_secure_jobs.wire.profile import ProfileNew

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from collections.abc import Iterator
    from typing import Any

    from jupyter_secure_jobs.client.facade import Client
    from jupyter_secure_jobs.wire.profile import ProfileWire

    Groups = _SubParsersAction[Any]

_MIB = 1024**2


def add(groups: Groups) -> None:
    """Add the command group."""
    group = groups.add_parser("profile", help="compute profiles: what jobs are computed with").add_subparsers(
        required=True
    )
    listing = group.add_parser("list", help="list the workspace's profiles")
    listing.set_defaults(run=_list)
    made = group.add_parser("create", help="keep a profile for the workspace")
    made.add_argument("name")
    made.add_argument("--engine", type=EngineName, choices=list(EngineName), default=EngineName.SAIL)
    made.add_argument("--cores", type=int)
    for what in ("memory", "scratch", "result"):
        made.add_argument(f"--{what}-mib", type=int, metavar="MIB")
    made.add_argument("--seconds", type=int)
    made.add_argument("--package", action="append", default=[], metavar="LINE",
                      help="as `jupyter secure-jobs wheel FILE` prints it; once for each")  # fmt: skip
    made.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE", help="of the engine")
    made.set_defaults(run=_create)
    gone = group.add_parser("delete", help=f"delete a profile. {NEVER_REACHES}")
    gone.add_argument("name")
    gone.set_defaults(run=_delete)
    for parser in (listing, made, gone):
        _add_member(parser)


def _add_member(parser: ArgumentParser) -> None:
    parser.add_argument("--workspace")
    folders.add_key_store(parser)
    folders.add_server(parser)
    passphrase.add_arguments(parser)


def line(profile: ProfileWire) -> str:
    """Return a profile as a line: its name, what it says, and who made it."""
    limits, compute = profile.limits, profile.compute
    parts = [
        profile.name,
        str(compute.engine),
        f"{limits.cores} {'core' if limits.cores == 1 else 'cores'}",
        f"{limits.memory_bytes // _MIB:,} MiB memory",
        f"{limits.scratch_bytes // _MIB:,} MiB temporary files",
        f"{limits.seconds:,} s",
        f"{limits.result_bytes // _MIB:,} MiB result",
        *(f"{each.name}=={each.version} --hash={each.wheel}" for each in compute.packages),
        *(f"{each.name}={each.value}" for each in compute.settings),
        f"made by {profile.made_by}" if profile.made_by else "built in",
        *profile.unfit,
    ]
    return visible("  ".join(parts))


@contextmanager
def _member(arguments: Namespace) -> Iterator[tuple[Client, str]]:
    """Give the member's client and the workspace that is meant."""
    acting = folders.acting(arguments, passphrase.read(arguments))
    with closing(acting.client.connection):
        yield acting.client, folders.workspace(acting, arguments.workspace)


def _list(arguments: Namespace) -> None:
    with _member(arguments) as (client, workspace):
        for profile in client.profiles(workspace):
            print(line(profile))


def _setting(text: str) -> SettingWire:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidError("setting", f"{text!r} is no setting.", "Write it as NAME=VALUE.")
    return SettingWire(name=name, value=value)


def _create(arguments: Namespace) -> None:
    packages = [Package.read(each) for each in arguments.package]
    sizes = {"cores": arguments.cores, "seconds": arguments.seconds}
    for what in ("memory", "scratch", "result"):
        given = getattr(arguments, f"{what}_mib")
        sizes[f"{what}_bytes"] = given * _MIB if given is not None else None
    new = ProfileNew(
        name=arguments.name,
        compute=ComputeWire(
            engine=arguments.engine,
            packages=[PackageWire(name=each.name, version=each.version, wheel=each.wheel) for each in packages],
            settings=[_setting(each) for each in arguments.setting],
        ),
        limits=LimitsWire(**{name: value for name, value in sizes.items() if value is not None}),
    )
    with _member(arguments) as (client, workspace):
        print(line(client.create_profile(workspace, new)))


def _delete(arguments: Namespace) -> None:
    with _member(arguments) as (client, workspace):
        found = {folded(each.name): each for each in client.profiles(workspace)}.get(folded(arguments.name))
        if found is None:
            raise NotFoundError("no_profile", f"There is no compute profile {arguments.name!r}.", "List the profiles.")
        client.delete_profile(workspace, found.id)
        print(visible(f"Deleted the profile {found.name}; what was made with it keeps its copy."))
