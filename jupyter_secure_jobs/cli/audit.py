"""`audit`: who did what, when; as a list, as a CSV file, or checked against the log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.cli import folders, passphrase
from jupyter_secure_jobs.cli.visible import visible
from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError
from jupyter_secure_jobs.wire.audit import AuditFilter

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from typing import Any

    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.wire.audit import AuditWire

    Groups = _SubParsersAction[Any]


def add(groups: Groups) -> None:
    """Add the command."""
    audit = groups.add_parser("audit", help="list, export or check the workspace's audit log")
    audit.add_argument("--job", help="events of the job of that name or id, also of a deleted one")
    audit.add_argument("--kind", action="append", default=[], choices=list(Event), metavar="KIND",
                       help=f"may be given several times: {', '.join(Event)}")  # fmt: skip
    audit.add_argument("--member", help="events of that actor, such as an e-mail address")
    audit.add_argument("--organisation")
    audit.add_argument("--since", help="a date, or a time in RFC 3339")
    audit.add_argument("--until", help="a date (its end is meant), or a time in RFC 3339")
    audit.add_argument("--most", type=int, default=100, help="how many events to list (100)")
    what = audit.add_mutually_exclusive_group()
    what.add_argument("--export", type=Path, metavar="FILE", help="write a CSV file instead")
    what.add_argument("--check", action="store_true", help="compute every event's leaf and compare with the log")
    audit.add_argument("--workspace")
    folders.add_key_store(audit)
    folders.add_server(audit)
    passphrase.add_arguments(audit)
    audit.set_defaults(run=_audit)


def line(event: AuditWire) -> str:
    """Return an event as a line: local time, who, what, about what."""
    about = f'"{event.job_name}"' if event.job_name else ""
    version = f"v{event.version}" if event.version is not None else ""
    who = f"{event.actor} ({event.organisation})" if event.organisation else event.actor
    when = event.time.astimezone().isoformat(sep=" ", timespec="seconds")
    return visible("  ".join(part for part in (when, who, event.label, about, version, event.detail) if part))


def _audit(arguments: Namespace) -> None:
    if arguments.most < 1:
        raise InvalidError("audit_most", "That is no number of events.", "Write --most 100, for example.")
    acting = folders.acting(arguments, passphrase.read(arguments))
    workspace = folders.workspace(acting, arguments.workspace)
    if arguments.check:
        _check(acting, workspace)
        return
    wanted = AuditFilter(
        kinds=arguments.kind,
        member=arguments.member,
        organisation=arguments.organisation,
        job=arguments.job,
        since=arguments.since,
        until=arguments.until,
    )
    if arguments.export is not None:
        _export(acting, workspace, wanted, arguments.export)
        return
    events = acting.client.audit(workspace, wanted, most=arguments.most)
    for event in reversed(events):
        print(line(event))
    if not events:
        print("No such events.")


def _export(acting: Acting, workspace: str, wanted: AuditFilter, target: Path) -> None:
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConflictError("file_exists", "There is a file of that name.", "Choose another.") from error
    except OSError as error:
        raise InvalidError("file_refused", "The file cannot be made there.", "Check that the folder exists.") from error
    try:
        with os.fdopen(descriptor, "wb") as sink:
            size = acting.client.export_audit(workspace, sink, wanted)
    except BaseException:
        target.unlink()
        raise
    print(f"Wrote {target} ({size:,} bytes).")


def _check(acting: Acting, workspace: str) -> None:
    from jupyter_secure_jobs.member import auditing  # noqa: PLC0415 -- the one option that needs it

    found = auditing.check(acting, workspace)
    print(
        f"The log's signed checkpoint covers {found.entries} entries; {found.events} events are as they were written."
    )
    if found.older:
        print(f"{found.older} events are older than the audit log: the log does not cover them.")
