"""Attacks on output policies: loosened, rolled back, evaded by a job without counts or with a forged count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto.memory import Memory
from jupyter_secure_jobs.domain.output import Bound, OutputPolicy
from jupyter_secure_jobs.enclave.gate import Gate
from jupyter_secure_jobs.enclave.pool import Sandboxes
from jupyter_secure_jobs.member.review import describe
from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from jupyter_secure_jobs.protocol.output import rules_of
from jupyter_secure_jobs.protocol.version import Version
from jupyter_secure_jobs.sandbox.limits import Limits
from jupyter_secure_jobs.trust.manifest import verify_manifest
from tests.support.refusal import refused
from tests.support.world import AUTHOR, REVIEWER, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_secure_jobs.wire.member_side import ReviewStatement

STRICT = OutputPolicy(smallest_group=10, withheld_columns=("captain",))
BETA = "Beta for flights_beta"


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = Memory()
    yield made
    made.remove()


def strict(world: World, **changes: object) -> World:
    """Give Beta's dataset a strict policy, in its second version, and let everybody accept a job that names it."""
    manifest = world.manifest("Beta", version=2, previous=world.manifests[1].hash, output_policy=STRICT)
    world.manifests[1] = world.sign(manifest, REVIEWER)
    world.accept(world.sign(world.version_statement(**changes), AUTHOR))
    return world


def test_what_the_owner_asks_holds_whatever_the_author_wishes(world: World) -> None:
    mild = OutputPolicy(smallest_group=2, most_rows=1_000_000)
    run = strict(world, output_policy=mild, counts=("n",)).authorised()
    rules = rules_of(run.version, run.manifests)
    assert rules.smallest_group == Bound(value=10, asked_by=(BETA, "the job"))
    assert [(each.name, each.asked_by) for each in rules.withheld_columns] == [("captain", (BETA,))]


def test_policy_of_an_older_manifest(world: World) -> None:
    """The server brings the dataset's earlier version, signed by its owner, which asked for nothing."""
    older = world.manifests[1]
    assert envelopes.read(Manifest, older).output_policy.empty
    strict(world, counts=("n",)).manifests[1] = older
    with refused("manifest_missing", saying="'b'"):
        world.authorised()


def test_policy_of_an_older_manifest_that_the_author_names_himself(world: World) -> None:
    """Then it is what every member accepts, the owner included, whose review shows that nothing is asked."""
    older = world.manifests[1]
    strict(world, counts=("n",))
    named = envelopes.read(Version, world.version)
    back = replace(named.datasets[1], manifest=older.hash)
    changed = world.sign(replace(named, datasets=(named.datasets[0], back)), AUTHOR)
    world.version, world.manifests[1] = changed, older
    with refused("other_version"):
        world.authorised()
    assert rules_of(envelopes.read(Version, changed), {each.hash: envelopes.read(Manifest, each)
                                                       for each in world.manifests}).empty  # fmt: skip


def test_policy_loosened_by_the_server(world: World) -> None:
    loose = world.sign(world.manifest("Beta", output_policy=OutputPolicy()))
    tight = world.sign(world.manifest("Beta", output_policy=STRICT), REVIEWER)
    with refused("bad_signature"):
        verify_manifest(replace(loose, signatures=tight.signatures), world.trusted())


def test_job_without_counts_is_refused_before_a_key_is_asked_for(world: World, memory: Memory) -> None:
    run = strict(world).authorised()
    with refused("no_counts", saying=BETA):
        Gate.start(Sandboxes(memory), rules_of(run.version, run.manifests), Limits())


def test_without_rules_no_gate_is_started_and_the_log_policy_stays(world: World, memory: Memory) -> None:
    run = world.authorised()
    gate = Gate.start(Sandboxes(memory), rules_of(run.version, run.manifests), Limits())
    assert (gate.sandbox, gate.form, gate.log_policy("full")) == (None, "parquet", "full")


def test_printed_text_is_held_back_where_a_rule_holds(world: World, memory: Memory) -> None:
    run = strict(world, counts=("n",)).authorised()
    gate = Gate.start(Sandboxes(memory), rules_of(run.version, run.manifests), Limits())
    try:
        assert (gate.form, gate.log_policy("full"), gate.log_policy("standard")) == ("arrow", "errors", "errors")
    finally:
        gate.close()


def reviewed(world: World) -> ReviewStatement:
    run = world.authorised()
    return describe(
        run.version,
        run.version_hash,
        manifests=run.manifests,
        previous=None,
        organisation="Beta",
        author_organisation="Alpha",
        members=4,
    )


def texts_of(seen: ReviewStatement) -> list[str]:
    """Return the notes without the lines that they are about."""
    return [note.text for note in seen.notes]


FORGED = {
    "a number": ("SELECT carrier, 1000 AS n FROM a GROUP BY carrier", "no count of rows: it is made as 1000"),
    "a sum": ("SELECT carrier, sum(month) AS n FROM a GROUP BY carrier", "no count of rows"),
    "a product": ("SELECT carrier, 100 * count(*) AS n FROM a GROUP BY carrier", "no count of rows"),
    "a window": ("SELECT carrier, count(*) OVER () AS n FROM a", "no count of rows"),
    "another alias": ("SELECT carrier, count(*) AS m FROM a GROUP BY carrier", "no column of this name"),
    "a star": ("SELECT * FROM (SELECT carrier, 99 AS n FROM a)", "it may come in by *"),
    "two of a name": ("SELECT count(*) AS n, 99 AS N FROM a", "two columns have this name"),
    "a union": ("SELECT 99 AS n UNION SELECT count(*) FROM a", "no plain SELECT"),
    "rows multiplied by a join": ("SELECT count(*) AS n FROM a CROSS JOIN b", "join, a subquery or an earlier"),
    "rows multiplied in a subquery": ("SELECT count(*) AS n FROM (SELECT * FROM a, b)", "join, a subquery or an"),
    "rows multiplied by a name": ("WITH a AS (SELECT * FROM b, b) SELECT count(*) AS n FROM a", "join, a subquery or"),
    "rows multiplied before": ("CREATE TEMP VIEW v AS SELECT 1 AS x; SELECT count(*) AS n FROM v", "join, a subquery"),
    "rows multiplied by a function": ("SELECT count(*) AS n FROM range(1000)", "join, a subquery or an earlier"),
    "rows multiplied sideways": ("SELECT count(*) AS n FROM a LATERAL VIEW explode(xs) AS x", "join, a subquery"),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_forged_count_is_shown_to_the_reviewer(world: World, forgery: str) -> None:
    code, words = FORGED[forgery]
    notes = texts_of(reviewed(strict(world, code=code, counts=("n",))))
    assert any(note.startswith("Declared count n") and words in note for note in notes), notes
    assert any("cannot know what they count" in note for note in notes)


HONEST = {
    "SELECT carrier, count(*) AS n FROM a GROUP BY carrier": "count(*) of each group",
    "SELECT carrier, COUNT(1) AS N FROM a GROUP BY carrier": "count(1) of each group",
    "SELECT count(DISTINCT person) AS n FROM a": "count(DISTINCT person) of all rows",
    "SELECT count(person) n FROM a": "count(person) of all rows",
    "SELECT sum(1) AS n FROM a GROUP BY carrier": "sum(1) of each group",
}


@pytest.mark.parametrize("code", HONEST)
def test_honest_count_is_confirmed(world: World, code: str) -> None:
    assert f"Declared count n is {HONEST[code]}." in texts_of(reviewed(strict(world, code=code, counts=("n",))))


def test_count_of_a_python_job_is_not_confirmed(world: World) -> None:
    code = "spark.table('a').groupBy('carrier').count().withColumnRenamed('count', 'n')"
    notes = texts_of(reviewed(strict(world, code=code, language="python", counts=("n",))))
    assert "Declared count n could not be confirmed for Python: look at how it is made." in notes


def test_review_names_every_rule_and_who_asked(world: World) -> None:
    seen = reviewed(strict(world, counts=("n",), output_policy=OutputPolicy(most_rows=9)))
    facts = {fact.name: fact.value for fact in seen.facts}
    for words in (f"fewer than 10 are withheld (asked by {BETA})", "more than 9 rows fails (asked by the job)"):
        assert words in facts["Output rules"]
        assert words in seen.sentence
    assert any("printed text and messages of errors stay in the enclave" in note for note in texts_of(seen))
