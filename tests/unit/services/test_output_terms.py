"""The output policy of a draft: checked when it changes, part of what was tested and signed, absent in old drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from jupyter_secure_jobs.domain.errors import InvalidError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.output import OutputPolicy
from jupyter_secure_jobs.services import terms
from jupyter_secure_jobs.wire.job import DraftChange
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from tests.support.refusal import refused

if TYPE_CHECKING:
    from tests.support.world import World

ASKED = OutputPolicyWire(smallest_group=10, withheld_columns=["captain"])


def changed(**fields: Any) -> terms.Terms:
    return terms.changed(terms.blank(Language.SQL), DraftChange(**fields), known=())


def test_what_is_asked_is_kept_and_left_out_fields_stay() -> None:
    made = changed(output_policy=ASKED, counts=["n"])
    assert terms.output_policy_of(made) == OutputPolicy(smallest_group=10, withheld_columns=("captain",))
    assert terms.counts_of(made) == ("n",)
    again = terms.changed(made, DraftChange(code="SELECT 1"), known=())
    assert (terms.output_policy_of(again), terms.counts_of(again)) == (ASKED.policy(), ("n",))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"output_policy": {"smallest_group": 1}}, "output_policy"),
        ({"output_policy": {"withheld_columns": ["a b"]}}, "not_an_identifier"),
        ({"counts": ["n", "N"]}, "output_policy"),
    ],
)
def test_what_means_nothing_is_refused(fields: dict[str, Any], code: str) -> None:
    with refused(code, kind=InvalidError):
        changed(**fields)


def test_draft_of_before_there_were_policies_still_loads() -> None:
    old = {key: value for key, value in terms.blank(Language.SQL).items() if key not in {"output_policy", "counts"}}
    assert (terms.output_policy_of(old), terms.counts_of(old)) == (OutputPolicy(), ())
    assert terms.tested_text(old) == terms.tested_text(terms.blank(Language.SQL))
    assert terms.to_test(old) == terms.to_test(terms.blank(Language.SQL))


def test_test_of_another_policy_is_no_test_of_this_text() -> None:
    texts = {terms.tested_text(made) for made in (changed(), changed(counts=["n"]), changed(output_policy=ASKED))}
    assert len(texts) == 3


@pytest.mark.parametrize("fields", [{"output_policy": ASKED}, {"counts": ["n"]}])
def test_signed_version_says_what_the_draft_says(world: World, fields: dict[str, Any]) -> None:
    version = world.version_statement(datasets=())
    made = {
        **terms.blank(Language.SQL),
        "code": version.code,
        "inputs": [terms.input_wire(each).model_dump(mode="json") for each in version.inputs],
        "grant": {"reruns": True, "most_runs": 5, "until": str(version.grant.until)},
    }
    said = {"name": version.name, "description": version.description}
    terms.check_same(made, version, **said)
    with refused("draft_changed", kind=InvalidError):
        terms.check_same(terms.changed(made, DraftChange(**fields), known=()), version, **said)
