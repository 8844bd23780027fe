"""What keeps the parts apart, shown by trying: each part's user tries the other parts' folders and processes."""

from __future__ import annotations

import subprocess
from functools import partial
from typing import TYPE_CHECKING, Final

import psutil

from demo.apart.accounts import ROOT
from demo.apart.ground import PARTS, SERVER
from demo.place import MEMBERS
from demo.summary import DemoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.apart.parts import Apart

    # What is expected, and how to find out what is; the two are compared in words.
    Wall = tuple[str, Callable[[], str]]

_SHARED: Final = "the parts share a user"

# Prints what it can read of what is named, one a line; a folder is read by listing it.
_TRY: Final = """
for what in "$@"; do
    if [ -d "$what" ]; then ls -- "$what"; else head -c 1 -- "$what"; fi >/dev/null 2>&1 && echo "$what"
done
exit 0
"""
_NOT_SERVED: Final = ("api/kernels", "api/terminals", "api/contents", "api/sessions", "terminals/websocket/1", "tree")


def readable(parts: Apart, part: str, what: list[str]) -> list[str]:
    """Return which of these folders and files a part's user can read."""
    done = subprocess.run(
        parts.accounts.line(part, ["/bin/sh", "-c", _TRY, "sh", *what]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def folders(parts: Apart) -> Wall:
    """Let every part's user try all folders, keys, passphrases and processes."""
    # With one user for several parts there is nothing to show; it is said instead.
    expected = _words(len(PARTS), 0) if parts.accounts.apart else _SHARED
    return expected, partial(_tried, parts)


def _tried(parts: Apart) -> str:
    known = {part: _private(parts, part) for part in PARTS}
    own = foreign = 0
    for part in PARTS:
        everything = [path for paths in known.values() for path in paths]
        found = set(readable(parts, part, everything))
        own += found.issuperset(known[part])
        foreign += len(found - set(known[part]))
    return _SHARED if foreign and not parts.accounts.apart else _words(own, foreign)


def _words(own: int, foreign: int) -> str:
    return f"{own} of {len(PARTS)} users read their own; {foreign} read another's"


def _private(parts: Apart, part: str) -> list[str]:
    own = parts.ground.part(part)
    keys = own / "data" / "log.key" if part == SERVER else parts.ground.keys(part) / "keys.locked"
    return [str(own), str(parts.ground.passphrase(part)), str(keys), f"/proc/{parts.pid(part)}/environ"]


def not_served(parts: Apart) -> Wall:
    """Ask the workspace server for what a Jupyter server usually serves."""

    def asked() -> str:
        return ", ".join(str(parts.bare_answer(f"http://{parts.address}/{path}")) for path in _NOT_SERVED)

    return ", ".join(["404"] * len(_NOT_SERVED)), asked


def listening(parts: Apart) -> Wall:
    """See where the parts listen."""
    wanted = {SERVER: {("127.0.0.1", parts.port)}, "members": set[tuple[str, int]](), "others": set[tuple[str, int]]()}
    wanted["members"] = {("127.0.0.1", parts.side_port(member)) for member in MEMBERS}
    return _ports(wanted), partial(_listened, parts)


def _listened(parts: Apart) -> str:
    found: dict[str, set[tuple[str, int]]] = {SERVER: set(), "members": set(), "others": set()}
    emails = {member.email for member in MEMBERS}
    for part in parts.running:
        kind = SERVER if part == SERVER else "members" if part in emails else "others"
        process = psutil.Process(parts.pid(part))
        for each in (process, *process.children(recursive=True)):
            found[kind] |= {
                (place.laddr.ip, place.laddr.port)
                for place in each.net_connections("inet")
                if place.status == psutil.CONN_LISTEN
            }
    return _ports(found)


def _ports(places: dict[str, set[tuple[str, int]]]) -> str:
    said = []
    for kind, found in places.items():
        loopback = sum(ip == "127.0.0.1" for ip, _ in found)
        said.append(f"{kind}: {loopback} on loopback, {len(found) - loopback} elsewhere")
    return "; ".join(said)


def outbound(parts: Apart) -> Wall:
    """See to whom key services and worker talk."""
    return parts.address, partial(_talked, parts)


def _talked(parts: Apart) -> str:
    emails = {member.email for member in MEMBERS}
    talked: set[str] = set()
    for part in parts.running:
        if part == SERVER or part in emails:
            continue
        process = psutil.Process(parts.pid(part))
        for each in (process, *process.children(recursive=True)):
            talked |= {f"{place.raddr.ip}:{place.raddr.port}" for place in each.net_connections("inet") if place.raddr}
    return ", ".join(sorted(talked)) or "nobody"


def plain_http(parts: Apart) -> Wall:
    """Try what would let a token travel in the clear, at a member's side and at the workspace server."""
    return (
        "The workspace server's address is plain http on another machine. Beyond this machine the server needs TLS.",
        partial(_plainly, parts),
    )


def _plainly(parts: Apart) -> str:
    said = []
    for part, words in (
        (MEMBERS[0].email, ("workspace", "list", "--workspace-url", "http://secure-jobs.example/secure-jobs/api/v1/")),
        (SERVER, ("serve", "--ip", "0.0.0.0", "--port", "1")),  # noqa: S104 -- it is refused, which is shown
    ):
        more = parts.own(part) if part != SERVER else ("--data-dir", str(parts.ground.part(SERVER) / "other"))
        done = parts.attempt(part, *words, *more)
        if not done.returncode:
            raise DemoError(f"`{words[0]}` was not refused.")
        said.append(done.stderr.strip().splitlines()[0])
    return " ".join(said)
