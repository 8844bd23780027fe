"""Generates every generated file anew beside the old one and fails if any differs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMANDS = {
    "docs/openapi.json": [sys.executable, "-m", "jupyter_secure_jobs.rest.openapi"],
    "docs/engines.md": [sys.executable, "-m", "tests.support.engines_page"],
    "docs/lifecycle.md": [sys.executable, "-m", "jupyter_secure_jobs.domain.lifecycle_page"],
}
TYPES = "labextension/src/api/schema.d.ts"


def main() -> None:
    """Compare; exit with 1 and the names of those that are stale."""
    stale = []
    for name, command in COMMANDS.items():
        made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        if made != (ROOT / name).read_text():
            stale.append(name)
    before = (ROOT / TYPES).read_text()
    tools = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        [tools / "jlpm", "generate:api"], cwd=ROOT / "labextension", check=True, capture_output=True, env=environment
    )
    if (ROOT / TYPES).read_text() != before:
        (ROOT / TYPES).write_text(before)
        stale.append(TYPES)
    if stale:
        sys.exit(f"Stale: {', '.join(stale)}. Run `make generate` and commit what changed.")


if __name__ == "__main__":
    main()
