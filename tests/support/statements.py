"""One statement of every kind, always the same: what the vectors are made of.

`python -m tests.support.statements > tests/vectors/statements.json` writes them anew, after a format was changed on
purpose.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.compute import Compute
from jupyter_secure_jobs.domain.inputs import InputType, InputVariable
from jupyter_secure_jobs.domain.job import Language, Scope
from jupyter_secure_jobs.domain.output import OutputPolicy, OutputRule, Withheld
from jupyter_secure_jobs.domain.plan_flow import Making
from jupyter_secure_jobs.protocol.decision import Acknowledgement
from jupyter_secure_jobs.protocol.login import Login
from jupyter_secure_jobs.protocol.plan_flow import PlanColumn, PlanFlow, PlanSource
from jupyter_secure_jobs.protocol.version import TestedText
from tests.support.keys import digest
from tests.support.world import AUTHOR, COLLEAGUE, NOW, REVIEWER, WORKSPACE, World

if TYPE_CHECKING:
    from jupyter_secure_jobs.protocol.envelope import Statement


def every_kind(world: World) -> dict[str, tuple[Statement, str]]:
    """Return, by type name, a statement and who signs it."""
    sealed = b"a sealed key, of fixed bytes"
    inputs = (
        InputVariable(name="month", type=InputType.INTEGER, default=1, low="1", high="12", description="of departure"),
        InputVariable(name="big", type=InputType.INTEGER, default=2**60),
        InputVariable(name="ratio", type=InputType.NUMBER, default=1e20),
        InputVariable(name="flag", type=InputType.BOOLEAN, default=False),
        InputVariable(name="tail", type=InputType.STRING, pattern="N[0-9]+", default="N1"),
        InputVariable(name="carriers", type=InputType.MULTIPLE_CHOICE, choices=("AA", "Ü"), default=("Ü",)),
    )
    values = {"month": 7, "big": 2**60, "ratio": 1.5, "flag": True, "tail": "N1", "carriers": ("AA", "Ü")}
    acknowledged = Acknowledgement(
        workspace=WORKSPACE, genesis=world.genesis, organisation="Beta", revocation=digest("revocation"), time=NOW
    )
    login = Login(audience="https://jobs.example", nonce="nonce", key=world.keys[AUTHOR].signing.public, time=NOW)
    asked = OutputPolicy(smallest_group=10, withheld_columns=("tailnum",))
    told = Withheld(rule=OutputRule.SMALLEST_GROUP, asked_by=("Beta for b", "the job"), what="3 rows were withheld.")
    flow = PlanFlow(
        unknown=None,
        sources=(PlanSource(table="a", column="month"),),
        columns=(PlanColumn(name="n", making=Making.FUNCTION, functions=("count",), sources=(0,), python=True),),
        conditions=(0,),
        python=False,
        actions=1,
    )
    text = TestedText(
        language=Language.PYTHON,
        code="spark.table('a')",
        tables=("a",),
        inputs=inputs,
        compute=Compute(),
        output_policy=OutputPolicy(most_rows=100),
        counts=("n",),
    )
    made: list[tuple[Statement, str]] = [
        (world.roster(), AUTHOR),
        (world.worker_list(), AUTHOR),
        (world.manifest("Beta", output_policy=asked), REVIEWER),
        (world.withdrawal(REVIEWER), REVIEWER),
        (world.version_statement(inputs=inputs, output_policy=OutputPolicy(round_counts_to=5), counts=("n",)), AUTHOR),
        (world.decision(REVIEWER), REVIEWER),
        (world.revocation(REVIEWER, Scope.RERUNS), REVIEWER),
        (acknowledged, "key service of Beta"),
        (world.run_order(inputs=values), AUTHOR),
        (world.evidence_statement(), "platform"),
        (world.key_request(), "enclave"),
        (world.key_grant("Beta", keys=(world.granted_key("Beta", sealed=sealed),)), "key service of Beta"),
        (world.receipt(), "enclave"),
        (world.reseal(AUTHOR), COLLEAGUE),
        (world.test_result(inputs=values, withheld=(told,), flow=flow), "platform"),
        (login, AUTHOR),
        (text, AUTHOR),
    ]
    return {statement.TYPE: (statement, signer) for statement, signer in made}


def vectors() -> str:
    """Return the vectors of every kind as JSON text."""
    world = World()
    made = {}
    for name, (statement, signer) in every_kind(world).items():
        envelope = world.sign(statement, signer)
        made[name] = {
            "payload": envelope.payload.decode(),
            "payloadType": envelope.payloadType,
            "hash": envelope.hash,
            "keyid": envelope.signatures[0].keyid,
            "sig": envelope.signatures[0].sig.hex(),
        }
    return json.dumps(made, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    print(vectors())  # noqa: T201 -- what the command is for
