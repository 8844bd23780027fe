"""The operating-system users of the parts: one for each where the machine allows it, made up for the occasion.

No account is created: a number without an entry in the list of users is enough for the kernel to keep parts apart.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from demo.apart.ground import WORKER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
_FIRST: Final = 61_001
_LAST: Final = 64_000
_PROBE_SECONDS: Final = 120
_LAST_WORDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Under which user each part runs; a part that is not in `users` runs under the one who runs the demonstration.

    `view` is a shell script, if not empty: what a part's own mount namespace must show it, because the interpreter or
    the code lies below a folder that only root may enter. `notes` say plainly what is not apart, and why.
    """

    users: Mapping[str, int]
    view: str
    notes: tuple[str, ...]

    @property
    def apart(self) -> bool:
        """Whether no two parts have the same user."""
        return bool(self.users) and not self.notes

    def own(self, part: str, folder: Path) -> None:
        """Make a folder, with what is in it, the part's alone."""
        folder.chmod(0o700)
        if part in self.users:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.users[part], self.users[part], follow_symlinks=False)

    def line(self, part: str, words: Sequence[str]) -> list[str]:
        """Return the command line that runs `words` as a part's user."""
        if part not in self.users:
            return list(words)
        return _as_user(self.users[part], self.view, words)


def _as_user(uid: int, view: str, words: Sequence[str]) -> list[str]:
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all", "--", *words]
    if not view:
        return become
    script = f'{view}\ncd {shlex.quote(str(ROOT))}\nexec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-ec", script, "sh", *become]


def find_accounts(parts: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Accounts:
    """Return a user for each part if this machine allows it; `folder` is the demonstration's."""
    everybody = "All parts run under one user: what separates them here is processes and folders, not accounts."
    if os.geteuid() != 0:
        return Accounts(users={}, view="", notes=(f"{everybody} Only root may start processes under other users.",))
    if not all(shutil.which(tool) for tool in ("setpriv", "unshare")):
        return Accounts(users={}, view="", notes=(f"{everybody} setpriv and unshare (util-linux) are missing.",))
    users = dict(zip(parts, _free(len(parts)), strict=True))
    view = _view((Path(sys.prefix), Path(sys.base_prefix), ROOT, folder), folder / "hold")
    tried = [sys.executable, "-c", "import jupyter_secure_jobs.cli.main"]
    said = _probe(_as_user(users[parts[0]], view, tried), environment)
    if said:
        return Accounts(users={}, view="", notes=(f"{everybody} Another user cannot run this Python: {said}",))
    notes: list[str] = []
    check = [sys.executable, "-m", "jupyter_secure_jobs.cli.main", "worker", "check"]
    said = _probe(_as_user(users[WORKER], view, check), environment)
    if said:
        del users[WORKER]
        notes.append(f"The worker runs as root, since another user cannot make the sandbox here: {said}")
    return Accounts(users=users, view=view, notes=tuple(notes))


def _free(count: int) -> list[int]:
    taken = {user.pw_uid for user in pwd.getpwall()} | {group.gr_gid for group in grp.getgrall()}
    return [number for number in range(_FIRST, _LAST) if number not in taken][:count]


def _probe(line: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return nothing if the command works, else its last words."""
    try:
        done = subprocess.run(
            line,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr.strip() or f"exit code {done.returncode}")[-_LAST_WORDS:] if done.returncode else ""


def _view(needed: Iterable[Path], hold: Path) -> str:
    """Return mounts that show `needed` although a folder above may be entered by root alone; nothing if none is."""
    closed: dict[Path, list[Path]] = {}
    for path in sorted({each.resolve() for each in needed}):
        for above in reversed(path.parents):
            if not above.stat().st_mode & 0o001:
                below = closed.setdefault(above, [])
                if not any(path.is_relative_to(known) for known in below):
                    below.append(path)
                break
    lines: list[str] = []
    for above, below in closed.items():
        kept: list[tuple[str, str]] = []
        for path in below:
            place = hold / str(len(lines))
            place.mkdir(parents=True)
            kept.append((shlex.quote(str(place)), shlex.quote(str(path))))
            lines.append(f"mount --rbind {kept[-1][1]} {kept[-1][0]}")
        lines.append(f"mount -t tmpfs -o mode=755,size=1m tmpfs {shlex.quote(str(above))}")
        lines += [f"mkdir -p {path} && mount --move {place} {path}" for place, path in kept]
    return "\n".join(lines)
