"""What the server tells of a job and its runs over the real parts, so that no client has to find words or rules."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.domain.job import Scope
from jupyter_secure_jobs.domain.run import Phase
from jupyter_secure_jobs.member import deciding
from jupyter_secure_jobs.wire.job import ActionWire, DraftChange, JobDetailWire, VersionWire
from jupyter_secure_jobs.wire.member_side import RevocationAsked
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from tests.support.parts import ANA, BEN, REVIEWERS, WEI, Draft, Parts

TWO_OWNERS = Draft(
    code="SELECT f.month, max(w.wind) AS wind FROM flights f JOIN weather w ON f.month = w.month GROUP BY f.month",
    tables=("flights", "weather"),
    inputs=(),
)


def action(job: JobDetailWire, name: str) -> ActionWire:
    return next(each for each in job.actions if each.name == name)


def primary(job: JobDetailWire) -> list[str]:
    return [each.name for each in job.actions if each.primary]


def activate(parts: Parts, job: str, who: str = ANA) -> dict[int, ActionWire | None]:
    versions: list[VersionWire] = parts.acting(who).client.versions(parts.workspace, job)
    return {each.number: each.activate for each in versions}


def test_a_job_on_its_way(parts: Parts) -> None:
    client, workspace = parts.ana.client, parts.workspace
    job = parts.draft(Draft(code=" "))
    assert (job.stage, job.query_status, job.test_status) == ("Draft", "Draft, no code yet", "No test run yet")
    assert primary(job) == ["edit"]
    job = client.change_draft(workspace, job.id, DraftChange(code=Draft().code), revision=job.revision)
    assert (job.query_status, primary(job)) == ("Draft", ["submit", "test"])
    test = parts.ended(client.test(workspace, job.id, {"low": 11}))
    assert test.status == "Succeeded", test.error_text
    assert [(step.label, step.at is not None) for step in test.steps] == [("Queued", True), ("Running", True)]
    assert (test.active, test.place, test.waits_until) == (False, None, None)
    rows = "1 row" if test.rows == 1 else f"{test.rows} rows"
    assert parts.job(job.id).test_status == f"Succeeded on exactly this text, {rows}"
    job = parts.job(job.id)
    changed = client.change_draft(workspace, job.id, DraftChange(code="SELECT 1 AS one", inputs=[]),
                                  revision=job.revision)  # fmt: skip
    assert changed.test_status == "Tested before the last change, not since"

    assert "3 other members" in action(changed, "submit").effect
    deciding.submit(parts.ana, workspace, job.id)
    seen = parts.job(job.id, WEI)
    assert (seen.stage, seen.query_status, primary(seen)) == ("Review", "Ready for review", ["accept", "decline"])
    assert action(seen, "accept").body == {"decision": "accept"}
    assert action(seen, "decline").body == {"decision": "decline"}
    for who in REVIEWERS:
        parts.decide(who, job.id)
    accepted = parts.job(job.id)
    assert (accepted.stage, accepted.query_status) == ("Execution", "Ready for execution")
    assert primary(accepted) == ["run"]
    assert "one of the 3 runs left" in action(accepted, "run").effect


def test_a_run_shows_its_steps_and_its_place(parts: Parts) -> None:
    parts.parts["worker"].stop()
    first, second = parts.accepted(TWO_OWNERS), parts.accepted()
    ahead, behind = parts.order(first.id), parts.order(second.id)
    assert (parts.run(ahead.id).place, parts.run(behind.id).place) == (1, 2)
    assert parts.run(ahead.id).active
    assert parts.run(ahead.id).waits_until is not None
    queued = parts.job(first.id)
    assert (queued.stage, queued.query_status, primary(queued)) == ("Execution", "In execution", ["cancel"])
    assert "queue" in action(queued, "cancel").effect
    assert "The queued run is cancelled." in action(queued, "archive").effect
    # A test overtakes both: it is what a worker takes next.
    draft = parts.draft()
    test = parts.ana.client.test(parts.workspace, draft.id, {"low": 2})
    assert (parts.run(test.id).place, parts.run(ahead.id).place) == (1, 2)
    steps = {step.phase: step for step in parts.run(ahead.id).steps}
    assert list(steps) == [Phase.QUEUED, Phase.EVIDENCE, Phase.KEYS, Phase.DECRYPT, Phase.RUN, Phase.SEAL]
    assert [step.phase for step in steps.values() if step.at is not None] == [Phase.QUEUED]
    assert steps[Phase.KEYS].detail == "0 of 2 owners: waits for Airline, Weather Service"
    parts.start("worker")
    ended = parts.ended(ahead)
    assert ended.status == "Succeeded", ended.error_text
    assert all(step.at is not None for step in ended.steps)
    assert [step.at for step in ended.steps] == sorted(step.at for step in ended.steps if step.at is not None)
    assert {step.phase: step.detail for step in ended.steps}[Phase.KEYS] == "2 of 2 owners"
    outcome = parts.job(first.id)
    assert (outcome.stage, primary(outcome)) == ("Outcome", ["run", "view_results"])
    assert primary(parts.job(first.id, BEN)) == ["view_results"]
    assert primary(parts.job(first.id, WEI)) == []
    parts.ended(behind)


@pytest.mark.parametrize(("name", "scope"), [("revoke", Scope.RERUNS), ("withdraw", Scope.ALL)])
def test_what_stops_a_version_says_which_scope(parts: Parts, name: str, scope: Scope) -> None:
    offered = action(parts.job(parts.accepted().id, WEI), name)
    assert RevocationAsked.model_validate(offered.body).scope is scope
    assert "cannot be taken back" in offered.effect


def test_an_earlier_version_is_activated_as_it_is_offered(parts: Parts) -> None:
    job = parts.accepted()
    parts.ended(parts.order(job.id))
    parts.ana.client.act(parts.workspace, job.id, "new-draft")
    deciding.submit(parts.ana, parts.workspace, job.id)
    for who in REVIEWERS:
        parts.decide(who, job.id)
    assert activate(parts, job.id) == {1: None, 2: None}, "the table offers it once the live version has run"
    parts.ended(parts.order(job.id))
    offered = activate(parts, job.id)
    assert offered[2] is not None
    assert (offered[2].allowed, offered[2].reason) == (False, "This version is live already.")
    assert offered[1] is not None
    assert (offered[1].allowed, offered[1].label) == (True, "Activate Version 1")
    assert activate(parts, job.id, BEN) == {1: None, 2: None}, "the author alone"
    with parts.http(ANA) as http:
        done = http.request(offered[1].method, offered[1].href, json=offered[1].body)
    assert done.status_code == 200, done.text
    assert done.json()["live_version"] == 1
    assert done.json()["live"]["activate"]["allowed"] is False


def test_an_owners_rules_are_told_in_sentences(parts: Parts) -> None:
    policy = OutputPolicyWire(smallest_group=10, withheld_columns=["captain"])
    parts.publish(ANA, "guarded", "month,captain\n1,a\n2,b\n", output_policy=policy)
    found = parts.ana.client.dataset(parts.workspace, parts.datasets["guarded"])
    assert found.rules == ["Rows that count fewer than 10 are withheld.", "Column captain is left out."]
    assert parts.ana.client.dataset(parts.workspace, parts.datasets["planes"]).rules == []
