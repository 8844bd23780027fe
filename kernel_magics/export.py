"""Files that a notebook writes: whole or not at all, for their owner alone, never over another by accident."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import ConflictError, InvalidError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO


def write_file(target: str | Path, fill: Callable[[BinaryIO], object], *, overwrite: bool) -> Path:
    """Let `fill` write the file `target` (mode 0600); it appears only when `fill` has come to its end.

    Raises:
        ConflictError: there is such a file, and `overwrite` is false.
        InvalidError: its folder does not exist or cannot be written.
    """
    path = Path(target).expanduser()
    reserved = False
    try:
        if not overwrite:
            # Creating the file reserves the name: nobody's file that appears meanwhile is lost.
            path.touch(mode=0o600, exist_ok=False)
            reserved = True
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
    except FileExistsError as error:
        raise ConflictError(
            "file_exists", f"There is a file {path.name!r} already.", "Choose another name, or say --overwrite."
        ) from error
    except OSError as error:
        raise InvalidError(
            "file_refused", f"The file {path.name!r} cannot be made there.", "Check that the folder exists."
        ) from error
    part = Path(name)
    done = False
    try:
        with os.fdopen(descriptor, "wb") as sink:
            fill(sink)
        part.replace(path)
        done = True
    finally:
        if not done:
            part.unlink(missing_ok=True)
            if reserved:
                path.unlink(missing_ok=True)
    return path
