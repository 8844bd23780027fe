"""The folder in which a key service hears what any channel but the server brought: notices, each a file."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import secrets
import stat
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.crypto.keyfile import write_private
from jupyter_secure_jobs.domain.errors import RefusedError, SecureJobsError, UnavailableError
from jupyter_secure_jobs.protocol.notice import MOST_NOTICE_BYTES, Notice

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from jupyter_secure_jobs.keyservice.service import KeyService
    from jupyter_secure_jobs.protocol.envelope import Envelope

log: Final = logging.getLogger(__name__)
INBOX: Final = "inbox"
HEARD, REFUSED, ACKNOWLEDGED = "heard", "refused", "acknowledged"
# How long a file that cannot be read yet may still be on its way, since it was last seen to change.
PATIENCE: Final = timedelta(seconds=60)
_MOST_AT_ONCE: Final = 100
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A file that could not be read: how it looked, and since when it has looked so."""

    looks: tuple[int, int, int]
    since: datetime


def read_notice(path: Path) -> Notice:
    """Return the notice in a file; a link is not followed, and no more than 16 MiB are read.

    Raises:
        RefusedError: it is no ordinary file, too large, or no notice.
        UnavailableError: it cannot be read.
    """
    try:
        # Without O_NONBLOCK a pipe in the folder would stop everything until somebody writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _no_file() from error
        raise UnavailableError("notice_unreadable", "The file cannot be read.", "Check who may read it.") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise _no_file()
        if found.st_size > MOST_NOTICE_BYTES:
            raise RefusedError("notice_too_large", "The file is larger than any notice.")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # It may have grown since: what is read is bounded too.
            data = file.read(MOST_NOTICE_BYTES + 1)
    except OSError as error:
        raise UnavailableError("notice_unreadable", "The file cannot be read.", "Check the disk.") from error
    finally:
        os.close(descriptor)
    return Notice.from_bytes(data)


def _no_file() -> RefusedError:
    return RefusedError("not_a_file", "It is no ordinary file: links, folders and pipes are not heard.")


class Inbox:
    """`inbox/` in a key store: files to hear, and the folders `heard`, `refused` and `acknowledged`."""

    def __init__(self, service: KeyService, key_store: Path) -> None:
        """Use the service; make the folders."""
        self._service = service
        self.folder = key_store / INBOX
        for name in (HEARD, REFUSED, ACKNOWLEDGED):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._waiting: dict[str, _Waiting] = {}
        self._stuck: set[str] = set()

    def hear(self, notice: Notice, *, now: datetime) -> Envelope | None:
        """Hear a notice, and lay the acknowledgement into `acknowledged` for people to see.

        Raises:
            RefusedError: with the check that failed; nothing is remembered.
        """
        word = self._service.hear(notice, now=now)
        if word is not None:
            text = json.dumps(word.to_json(), indent=1) + "\n"
            write_private(self.folder / ACKNOWLEDGED / f"{notice.name}.json", text.encode())
        return word

    def look(self, *, now: datetime) -> int:
        """Hear every file that lies here, move each where it belongs, and return how many were heard.

        Names that begin with a dot are of files still being written.
        """
        try:
            with os.scandir(self.folder) as entries:
                names = sorted(each.name for each in entries if not each.name.startswith("."))
        except OSError as error:
            log.warning("the inbox cannot be read: %s", error.strerror)
            return 0
        here = [name for name in names if name not in (HEARD, REFUSED, ACKNOWLEDGED)]
        self._waiting = {name: waits for name, waits in self._waiting.items() if name in here}
        self._stuck &= set(here)
        fresh = [name for name in here if name not in self._stuck]
        return sum(self._take(name, now=now) for name in fresh[:_MOST_AT_ONCE])

    def _take(self, name: str, *, now: datetime) -> bool:
        path = self.folder / name
        try:
            notice = read_notice(path)
        except SecureJobsError as error:
            if not self._on_its_way(path, error, now=now):
                self._refuse(path, error, now=now)
            return False
        try:
            self.hear(notice, now=now)
        except RefusedError as error:
            self._refuse(path, error, now=now)
            return False
        self._move(path, self.folder / HEARD / f"{notice.name}.json")
        log.info("%s heard %s", self._service.organisation, notice.name)
        return True

    def _on_its_way(self, path: Path, error: SecureJobsError, *, now: datetime) -> bool:
        """Tell whether a file may still be incomplete: until it has looked the same for a while."""
        if error.code in ("not_a_file", "notice_too_large"):
            return False
        try:
            found = path.lstat()
        except OSError:
            return True  # it is gone, or comes again
        looks = (found.st_ino, found.st_size, found.st_mtime_ns)
        known = self._waiting.get(path.name)
        if known is None or known.looks != looks:
            self._waiting[path.name] = _Waiting(looks=looks, since=now)
            return True
        return now - known.since < PATIENCE

    def _refuse(self, path: Path, error: SecureJobsError, *, now: datetime) -> None:
        # A name that somebody else chose may be of any length and of any characters.
        plain = _NOT_PLAIN.sub("_", path.name)[:60]
        target = self.folder / REFUSED / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}-{plain}"
        log.warning("%s refuses a file of its inbox: %s", self._service.organisation, error)
        reason = f"{error.code}: {error}\n"
        try:
            write_private(target.with_name(f"{target.name}.reason.txt"), reason.encode())
        except OSError as failed:
            log.warning("the reason cannot be written: %s", failed.strerror)
        self._move(path, target)

    def _move(self, path: Path, target: Path) -> None:
        try:
            # The entry itself moves: of a link, the link; nothing is opened.
            path.rename(target)
        except OSError as error:
            # It was heard or refused all the same; it is not looked at again until this service starts anew.
            self._stuck.add(path.name)
            log.warning("a file of the inbox cannot be moved: %s", error.strerror)
