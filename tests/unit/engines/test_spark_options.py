"""What the virtual machine makes of its options: the machine itself is asked, without starting Spark."""

from __future__ import annotations

import subprocess

import pytest

from jupyter_secure_jobs.engines import java, spark
from jupyter_secure_jobs.sandbox.limits import MEBIBYTE, Limits

CEILING = Limits(memory_bytes=2048 * MEBIBYTE, cores=1)


@pytest.fixture(scope="module")
def flags() -> dict[str, str]:
    """Give the virtual machine's flags under the options of a job."""
    runtime = java.find()
    if runtime is None:
        pytest.skip("There is no Java runtime that Spark runs on.")
    heap = f"-Xmx{spark._configuration(CEILING)['spark.driver.memory']}"
    words = [str(runtime.home / "bin" / "java"), heap, *spark._java_options(CEILING)]
    done = subprocess.run(
        [*words, "-XX:+PrintFlagsFinal", "-version"], capture_output=True, text=True, check=True, env={}, timeout=60
    )
    lines = [line.split() for line in done.stdout.splitlines() if "=" in line]
    return {line[1]: line[3] for line in lines if len(line) > 3}


def test_no_door_of_the_virtual_machine_is_open(flags: dict[str, str]) -> None:
    """Nothing attaches, nothing writes what others read, and no agent or manager listens."""
    assert flags["DisableAttachMechanism"] == "true"
    assert flags["UsePerfData"] == "false"
    assert flags["ManagementServer"] == "false"
    assert flags["StartAttachListener"] == "false"
    assert flags["HeapDumpOnOutOfMemoryError"] == "false"


def test_memory_of_the_virtual_machine_is_bounded(flags: dict[str, str]) -> None:
    """Objects, buffers and compiled code together stay below what the run may use, and want of memory is its end."""
    parts = [int(flags[name]) for name in ("MaxHeapSize", "MaxDirectMemorySize", "ReservedCodeCacheSize")]
    assert all(parts)
    assert sum(parts) < CEILING.memory_bytes
    assert flags["ExitOnOutOfMemoryError"] == "true"
    assert int(flags["ActiveProcessorCount"]) == 1


def test_no_listener_but_on_the_loopback_and_no_page() -> None:
    made = spark._configuration(CEILING)
    assert {made["spark.driver.host"], made["spark.driver.bindAddress"]} == {"127.0.0.1"}
    assert made["spark.ui.enabled"] == "false"
    assert made["spark.master"] == "local[1]"
