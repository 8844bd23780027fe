"""The wheels of a run, as the process of the author's code finds them.

The enclave has checked and unpacked them: each is a folder below /packages. Process 1 of the sandbox and the examiner
never call this, so that nothing in a wheel is ever imported there.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

PACKAGES: Final = Path("/packages")
_COPIED: Final = Path("/tmp/packages")  # noqa: S108 -- the sandbox's own file system


def attach(packages: Path = PACKAGES, copied: Path = _COPIED) -> list[str]:
    """Append each package's folder to the module search path, and return the folders.

    Appended, never put in front: what the sandbox has already, the engine and Python's own modules among it, is found
    first. Folders that are added this way run no `.pth` file and no `sitecustomize`.
    """
    if not packages.is_dir():
        return []
    folders = sorted(each for each in packages.iterdir() if each.is_dir())
    if folders and os.statvfs(packages).f_flag & os.ST_NOEXEC:
        # Some hosts mount their memory file system so that no library in it can be loaded; the scratch is another one.
        if not copied.is_dir():  # a worker of Spark comes after the job's own process
            shutil.copytree(packages, copied)
        folders = [copied / each.name for each in folders]
    names = [str(each) for each in folders]
    sys.path.extend(name for name in names if name not in sys.path)
    return names
