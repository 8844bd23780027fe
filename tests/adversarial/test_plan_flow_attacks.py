"""Lies about which columns flow where: from the author's code, from a broken sandbox, and from a server."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.domain.compute import Compute
from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.job import JobLimits, Language
from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.domain.plan_flow import MOST_BYTES, MOST_COLUMNS, Making, PlanUnknown
from jupyter_secure_jobs.enclave.outcome import sign_test
from jupyter_secure_jobs.enclave.task import SyntheticTask
from jupyter_secure_jobs.engines.spec import JobOutcome
from jupyter_secure_jobs.member import tested as tests
from jupyter_secure_jobs.member.planned import claimed
from jupyter_secure_jobs.member.review import describe
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol import order
from jupyter_secure_jobs.protocol import version as versions
from jupyter_secure_jobs.protocol.order import SyntheticRead
from jupyter_secure_jobs.protocol.plan_flow import PlanColumn, PlanFlow, PlanSource
from jupyter_secure_jobs.protocol.version import tables_of
from jupyter_secure_jobs.wire.run import RunWire
from tests.support.keys import digest
from tests.support.world import MEASUREMENT, NOW, World

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_secure_jobs.protocol.version import Version
    from tests.support.attack import Attack

# The author's code takes the place of what writes the plans down: it runs in the same process.
FORGE = """
import base64, gc, json, os
from pyspark.sql.connect.proto import Plan
from pyspark.sql import functions as F
def plan(frame):
    made = Plan()
    made.root.CopyFrom(frame._plan.to_proto(spark.client).root)
    return base64.b64encode(made.SerializeToString()).decode()
def forge(words):
    for each in gc.get_objects():
        if type(each).__name__ == 'Recorder':
            type(each).write = lambda self, descriptor: os.write(descriptor, words)
t = spark.table('t')
"""


def flow_of(attack: Attack, code: str) -> PlanFlow | None:
    outcome = attack.run(FORGE + code, flow=True)
    assert outcome.status == "succeeded", outcome.log.read_text()
    return PlanFlow.from_bytes(outcome.flow.read_bytes()) if outcome.flow is not None else None


def test_honest_job_tells_its_flow_in_the_sandbox(attack: Attack) -> None:
    flow = flow_of(attack, "t.filter('x > 0').select(F.sum('x').alias('y'))")
    assert flow is not None
    assert flow.columns == (
        PlanColumn(name="y", making=Making.FUNCTION, functions=("sum",), sources=(0,), python=False),
    )
    assert (flow.sources, flow.conditions) == ((PlanSource(table="t", column="x"),), (0,))
    assert attack.run("spark.table('t')").flow is None


FORGED = {
    "no JSON": ("b'\\xff{'", PlanUnknown.NOT_SEEN),
    "nothing": ("b''", PlanUnknown.NOT_SEEN),
    "another form": ("b'[1]'", PlanUnknown.NOT_SEEN),
    "no plans": ('b\'{"whole": true, "before": 0, "plans": []}\'', PlanUnknown.NOT_SEEN),
    "no plan": ('b\'{"whole": true, "before": 0, "plans": ["/////w=="]}\'', PlanUnknown.TOO_LARGE),
    "nested without end": ("b'[' * 100000", PlanUnknown.NOT_SEEN),
    "a plan of other columns": (
        "json.dumps({'whole': True, 'before': 0, 'plans': [plan(t.select('x', 'x'))]}).encode()",
        PlanUnknown.OTHER_COLUMNS,
    ),
    "a plan of another table": (
        "json.dumps({'whole': True, 'before': 0, 'plans': [plan(spark.table('secret'))]}).encode()",
        PlanUnknown.NOT_FOLLOWED,
    ),
}


@pytest.mark.parametrize("forged", FORGED)
def test_forged_record_is_unknown_and_the_test_goes_on(attack: Attack, forged: str) -> None:
    words, why = FORGED[forged]
    flow = flow_of(attack, f"forge({words})\nt")
    assert flow is not None
    assert flow.unknown is why


def test_plan_that_makes_star_upon_star_is_too_much(attack: Attack) -> None:
    code = "w = t.select(*[F.col('x').alias(f'c{n}') for n in range(2001)])\nw"
    flow = flow_of(attack, code)
    assert flow is not None
    assert flow.unknown is PlanUnknown.TOO_LARGE


def test_well_forged_plan_is_told_and_that_is_why_it_is_never_called_known(attack: Attack) -> None:
    """The limit of the defence, on record: the code can show one plan and use another."""
    shown = "json.dumps({'whole': True, 'before': 0, 'plans': [plan(t.select(F.lit(1).alias('x')))]}).encode()"
    flow = flow_of(attack, f"forge({shown})\nt.select('x')")
    assert flow is not None
    assert (flow.columns[0].making, flow.sources) == (Making.CONSTANT, ())


GOOD = PlanFlow(
    unknown=None,
    sources=(PlanSource(table="b", column="carrier"),),
    columns=(PlanColumn(name="c", making=Making.FUNCTION, functions=("max",), sources=(0,), python=True),),
    conditions=(0,),
    python=False,
    actions=1,
)


def changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(GOOD.to_bytes()), **changes}).encode()


COLUMN = {"name": "c", "making": "computed", "functions": [], "sources": [], "python": False}
HOSTILE = {
    "no JSON": b"{",
    "another form": b"[]",
    "nested without end": b"[" * 60_000,
    "too long": GOOD.to_bytes() + b" " * MOST_BYTES,
    "a field more": changed(verified=True),
    "a place that is none": changed(conditions=[1]),
    "a place before the first": changed(conditions=[-1]),
    "too many places": changed(conditions=[0] * 20_001),
    "a making of its own": changed(columns=[{**COLUMN, "making": "harmless, says Beta"}]),
    "a function that is a sentence": changed(columns=[{**COLUMN, "functions": ["verified by beta"]}]),
    "too many functions": changed(columns=[{**COLUMN, "functions": ["sum"] * 9}]),
    "a name that turns round": changed(columns=[{**COLUMN, "name": "a\u202eb"}]),
    "a name of many lines": changed(columns=[{**COLUMN, "name": "a\nb"}]),
    "a name without end": changed(columns=[{**COLUMN, "name": "a" * 201}]),
    "no name": changed(columns=[{**COLUMN, "name": ""}]),
    "a table that is markup": changed(sources=[{"table": "<b>", "column": "x"}]),
    "a sentence for a reason": changed(unknown="all is well"),
    "unknown and yet columns": changed(unknown="not_seen"),
    "very many actions": changed(actions=10**9),
}


@pytest.mark.parametrize("attack_on_form", HOSTILE)
def test_flow_that_does_not_keep_to_the_form_is_refused(attack_on_form: str) -> None:
    assert PlanFlow.from_bytes(GOOD.to_bytes()) == GOOD
    with pytest.raises(RefusedError):
        PlanFlow.from_bytes(HOSTILE[attack_on_form])


def test_flow_of_very_many_columns_is_refused() -> None:
    assert len(replace(GOOD, columns=GOOD.columns * MOST_COLUMNS).columns) == MOST_COLUMNS
    with pytest.raises(InvalidError):
        replace(GOOD, columns=GOOD.columns * (MOST_COLUMNS + 1))


def signed(world: World, place: Path, said: bytes) -> order.TestResult:
    """Return what the enclave signs when its sandbox says this of the flow."""
    for name in ("result", "log.txt", "flow"):
        (place / name).write_bytes(said if name == "flow" else b"text")
    task = SyntheticTask(
        workspace="w", genesis=world.genesis, run="r", text_hash=digest("text"), language=Language.PYTHON, code="b",
        tables={"b": digest("twin")}, datasets={"b": "dataset-beta"}, inputs={}, declarations=(), limits=JobLimits(),
        compute=Compute(),
        output_policy=OutputPolicy(), counts=(), owners=(),
    )  # fmt: skip
    outcome = JobOutcome(
        status="succeeded", error_class=None, error_line=None, rows=1, result=place / "result",
        log=place / "log.txt", logical_digest=digest("rows"), flow=place / "flow",
    )  # fmt: skip
    (out := place / "out").mkdir()
    key = world.keys["platform"].signing
    ended = sign_test(task, {}, outcome, out, platform=key, worker="worker-1", measurement=MEASUREMENT, now=NOW)
    assert ended.test is not None
    return envelopes.read(order.TestResult, ended.test)


def test_enclave_leaves_out_what_is_malformed_and_the_test_stands(world: World, tmp_path: Path) -> None:
    for number, said in enumerate((b"{", changed(conditions=[7]), b"[" * 60_000)):
        (place := tmp_path / str(number)).mkdir()
        assert signed(world, place, said).flow is None


def test_enclave_leaves_out_tables_that_the_test_did_not_read(world: World, tmp_path: Path) -> None:
    for name, flow in (("b", GOOD), ("a", None)):
        (place := tmp_path / name).mkdir()
        said = changed(sources=[{"table": name, "column": "carrier"}])
        assert signed(world, place, said).flow == flow


# -- the member side -----------------------------------------------------------------------------------------------


def job(world: World) -> Version:
    return replace(world.authorised().version, language=Language.PYTHON, code="spark.table('b')")


def trial(world: World, version: Version, **changes: Any) -> tests.Tested:
    datasets = {read.table: read.dataset for read in version.datasets}
    text = versions.TestedText(
        language=version.language, code=version.code, tables=tables_of(datasets), inputs=version.inputs,
        compute=version.compute, output_policy=version.output_policy, counts=version.counts,
    )  # fmt: skip
    read = tuple(SyntheticRead(dataset=each, digest=digest("twin")) for each in datasets.values())
    result = world.test_result(**{"text": text.hash, "synthetic": read, "flow": GOOD, **changes})
    return tests.Tested(result=result, replaced=(), since=())


RUN = RunWire.model_construct(number=3, member="ana@alpha.example")


def test_claim_is_shown_with_its_source_and_never_as_known(world: World) -> None:
    version, run = job(world), world.authorised()
    plan = claimed(trial(world, version), RUN, version, run.manifests)
    assert plan is not None
    seen = describe(
        version, run.version_hash, manifests=run.manifests, previous=None, organisation="Beta",
        author_organisation="Alpha", members=4, plan=plan,
    )  # fmt: skip
    assert not seen.flow.known
    assert "It proves nothing" in seen.flow.why
    assert "worker-1" in seen.flow.why
    assert "test run 3 by ana@alpha.example, on synthetic data, inputs: month=7" in seen.flow.why
    assert "Before the result Python read data once" in seen.flow.why
    (column,) = seen.flow.columns
    assert (column.output, column.how) == ("c", "max, in part made in Python")
    assert [(each.table, each.column, each.owner, each.yours) for each in column.sources] == [
        ("b", "carrier", "Beta", True)
    ]


LIES = {
    "of another text": {"text": digest("another text")},
    "of other data": {"synthetic": (SyntheticRead(dataset="dataset-alpha", digest=digest("twin")),)},
    "of another workspace": {"workspace": "another"},
    "of another genesis": {"genesis": digest("another")},
    "without a flow": {"flow": None},
    "of a column that the owner did not sign": {"flow": replace(GOOD, sources=(PlanSource(table="b", column="no"),))},
    "of a table that is not read": {"flow": replace(GOOD, sources=(PlanSource(table="z", column="carrier"),))},
}


@pytest.mark.parametrize("lie", LIES)
def test_claim_that_does_not_fit_what_was_verified_is_not_used(world: World, lie: str) -> None:
    version, manifests = job(world), world.authorised().manifests
    assert claimed(trial(world, version, **LIES[lie]), RUN, version, manifests) is None


def test_claim_on_data_published_anew_since_is_not_used(world: World) -> None:
    version, manifests = job(world), world.authorised().manifests
    assert claimed(replace(trial(world, version), replaced=("b",)), RUN, version, manifests) is None
    altered = replace(version, code="spark.table('a')")
    assert claimed(trial(world, version), RUN, altered, manifests) is None


@pytest.fixture
def world() -> World:
    return World()
