"""What the verify benchmark measures: among how many members, and what the processes have verified before the run."""

from __future__ import annotations

from typing import Final

MEMBERS: Final = (3, 30, 300)
STATES: Final = {
    "cold": "nothing: every process was just started",
    "new_version": "the members' signatures on roster and worker list",
    "rerun": "an earlier run of the same version",
}
