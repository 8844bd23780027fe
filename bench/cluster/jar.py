"""The KMS client for Spark, compiled against PySpark's own jars; nothing compiled is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pyspark

SOURCE: Final = Path(__file__).with_name("DoorKmsClient.java")
CLASS: Final = "securejobs.bench.DoorKmsClient"
_JARS: Final = Path(pyspark.__file__).parent / "jars"


def missing() -> str:
    """Return what is missing for the parts with a JVM, in a sentence; nothing if all is there."""
    absent = [name for name in ("java", "javac") if shutil.which(name) is None]
    if absent:
        return f"Not measured: {' and '.join(absent)} not installed; a JDK 17 has both."
    return ""


def compile_into(folder: Path) -> Path:
    """Compile the client into `folder` and return the folder, as a class path."""
    folder.mkdir()
    subprocess.run(["javac", "-cp", f"{_JARS}{os.sep}*", "-d", str(folder), str(SOURCE)], check=True)
    return folder
