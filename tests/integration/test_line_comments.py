"""Comments beside lines: signed with the decision, read after a decline, and safe from the server that keeps them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.member import decided, deciding
from jupyter_secure_jobs.store.tables import DecisionRow, VersionRow
from jupyter_secure_jobs.wire.job import DraftChange
from tests.support import tampering
from tests.support.parts import ANA, BEN, MIA, REVIEWERS, STRANGER, WEI, Draft, Parts
from tests.support.process import clean_environment, command
from tests.support.refusal import refused

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.job import ApprovalWire, JobDetailWire

CODE = "SELECT month,\n  count(*) AS n\nFROM flights\nGROUP BY month"
JOB = Draft(code=CODE, inputs=())
BESIDE = {2: "Count flights, not rows.", 4: "Group by season."}
SAID = [(2, "Count flights, not rows."), (4, "Group by season.")]


def beside(said: ApprovalWire) -> list[tuple[int, str]]:
    return [(each.line, each.text) for each in said.line_comments]


@pytest.fixture
def declined(parts: Parts) -> JobDetailWire:
    """Give a job that Wei declined with two line comments, and whose review is still open."""
    job = parts.submitted(JOB)
    return parts.decide(WEI, job.id, Verdict.DECLINE, "See the lines.", BESIDE)


def test_every_member_reads_them_in_the_job_and_in_the_review(parts: Parts, declined: JobDetailWire) -> None:
    for who in (ANA, BEN, MIA):
        shown = {each.member: each for each in parts.job(declined.id, who).approval}
        assert (shown[WEI].comment, beside(shown[WEI])) == ("See the lines.", SAID)
        (verified,) = deciding.review(parts.acting(who), parts.workspace, declined.id).decisions
        assert (verified.member, verified.decision, verified.comment) == (WEI, "Declined", "See the lines.")
        assert (verified.organisation, beside(verified), verified.erased) == ("Weather Service", SAID, False)


def test_author_reads_them_beside_the_lines_of_then_while_revising(parts: Parts, declined: JobDetailWire) -> None:
    client = parts.ana.client
    draft = client.act(parts.workspace, declined.id, "cancel-review")
    change = DraftChange(code="SELECT 1 AS n FROM flights")
    draft = client.change_draft(parts.workspace, declined.id, change, revision=draft.revision)
    assert (draft.approval, draft.last_review_code) == ([], CODE)
    assert [(each.member, beside(each)) for each in draft.last_review] == [(WEI, SAID)]
    seen = decided.last_review(parts.ana, parts.workspace, declined.id)
    assert (seen.code, seen.version_hash) == (CODE, declined.version.hash)
    assert [(each.member, beside(each)) for each in seen.decisions] == [(WEI, SAID)]
    # The next review begins without decisions, and the reviewers still see what was asked for.
    deciding.submit(parts.ana, parts.workspace, declined.id)
    again = parts.job(declined.id, BEN)
    assert {each.decision for each in again.approval} == {"Pending"}
    assert [beside(each) for each in again.last_review] == [SAID]
    for who in REVIEWERS:
        parts.decide(who, declined.id)
    assert parts.job(declined.id).last_review == []


def test_archiving_closes_a_review_too(parts: Parts, declined: JobDetailWire) -> None:
    parts.ana.client.act(parts.workspace, declined.id, "archive")
    assert [beside(each) for each in parts.job(declined.id).last_review] == [SAID]


def test_no_review_was_closed(parts: Parts) -> None:
    job = parts.submitted(JOB)
    with pytest.raises(NotFoundError):
        decided.last_review(parts.ana, parts.workspace, job.id)
    assert job.last_review == []


def test_strangers_read_nothing(parts: Parts, declined: JobDetailWire) -> None:
    parts.ana.client.act(parts.workspace, declined.id, "cancel-review")
    for who, status in ((STRANGER, 404), (None, 401), (MIA, 200)):
        with parts.http(who) as http:
            assert http.get(f"workspaces/{parts.workspace}/jobs/{declined.id}/last-review").status_code == status


LIES = {
    "another line": [[3, BESIDE[2]], [4, BESIDE[4]]],
    "other words": [[2, "Fine as it is."], [4, BESIDE[4]]],
    "one left out": [[4, BESIDE[4]]],
    "one added": [[1, "Add every column."], [2, BESIDE[2]], [4, BESIDE[4]]],
    "all left out": [],
    "swapped": [[2, BESIDE[4]], [4, BESIDE[2]]],
}


@pytest.mark.parametrize("lie", LIES)
def test_server_that_changes_a_line_comment_is_caught(parts: Parts, declined: JobDetailWire, lie: str) -> None:
    version = declined.version.hash or ""
    with tampering.database(parts) as session:
        session.get_one(DecisionRow, (version, WEI)).line_comments = LIES[lie]
    with refused("comment_altered", saying=WEI):
        deciding.review(parts.acting(MIA), parts.workspace, declined.id)
    parts.ana.client.act(parts.workspace, declined.id, "cancel-review")
    with refused("comment_altered", saying=WEI):
        decided.last_review(parts.ana, parts.workspace, declined.id)


def test_server_that_changes_the_comment_is_caught(parts: Parts, declined: JobDetailWire) -> None:
    with tampering.database(parts) as session:
        session.get_one(DecisionRow, (declined.version.hash, WEI)).comment = "Looks good to me."
    with refused("comment_altered"):
        deciding.review(parts.ana, parts.workspace, declined.id)


def test_comments_of_one_member_shown_as_anothers(parts: Parts) -> None:
    job = parts.submitted(JOB)
    parts.decide(WEI, job.id, Verdict.DECLINE, "No.", {1: "By Wei."})
    parts.decide(MIA, job.id, Verdict.DECLINE, "No.", {1: "By Mia."})
    with tampering.database(parts) as session:
        one, two = (session.get_one(DecisionRow, (job.version.hash, who)) for who in (WEI, MIA))
        one.line_comments, two.line_comments = two.line_comments, one.line_comments
        one.salt, two.salt = two.salt, one.salt
    with refused("comment_altered"):
        deciding.review(parts.ana, parts.workspace, job.id)


def test_decision_that_nobody_signed_is_not_shown(parts: Parts, declined: JobDetailWire) -> None:
    version = declined.version.hash or ""
    forged = tampering.altered(tampering.decision(parts, version, WEI), member=MIA, verdict="accept")
    tampering.put_decision(parts, version, MIA, forged)
    with refused("signature_missing"):
        deciding.review(parts.ana, parts.workspace, declined.id)


def test_last_review_of_another_job(parts: Parts, declined: JobDetailWire) -> None:
    parts.ana.client.act(parts.workspace, declined.id, "cancel-review")
    other = parts.draft(JOB)
    with tampering.database(parts) as session:
        session.get_one(VersionRow, (other.id, 1)).reviewed = declined.version.hash
    with refused("other_job"):
        decided.last_review(parts.ana, parts.workspace, other.id)


def test_erased_comments_say_that_they_were_erased(parts: Parts, declined: JobDetailWire) -> None:
    """Words and salt can go from the server; the signed decision stays and still verifies."""
    with tampering.database(parts) as session:
        row = session.get_one(DecisionRow, (declined.version.hash, WEI))
        row.comment, row.line_comments, row.salt = "", [], ""
    (shown,) = deciding.review(parts.ana, parts.workspace, declined.id).decisions
    assert (shown.decision, shown.comment, shown.line_comments, shown.erased) == ("Declined", "", [], True)
    assert [each.erased for each in parts.job(declined.id).approval if each.member == WEI] == [True]


def test_server_takes_no_line_comments_that_were_not_signed(parts: Parts) -> None:
    """What the member's side sends is changed on the way; the server, honest, keeps none of it."""
    job = parts.submitted(JOB)
    acting = parts.acting(WEI)
    sent = acting.client.decide_signed
    changed = {
        "comment": [{"line": 1, "text": "Mine."}],
        "line_comment_line": [{"line": 5, "text": "Beside no line."}],
    }
    for code, lines in changed.items():

        def alter(workspace: str, of: str, new: object, lines: object = lines) -> JobDetailWire:
            body = json.loads(new.model_dump_json())  # type: ignore[attr-defined]
            return sent(workspace, of, type(new).model_validate({**body, "line_comments": lines}))  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(acting.client, "decide_signed", alter)
            with refused(code, kind=InvalidError):
                parts.decide(WEI, job.id, Verdict.DECLINE, "No.", {2: "Signed."})
    with refused("line_comment_line", kind=InvalidError):
        parts.decide(WEI, job.id, Verdict.DECLINE, "No.", {5: "Beside no line."})
    assert {each.decision for each in parts.job(job.id).approval} == {"Pending"}


def test_in_a_terminal(parts: Parts, declined: JobDetailWire) -> None:
    words = ("decide", declined.name, "--accept", "--comment", "Read.", "--line-comment", "3:Whose flights: all?",
             "--key-store", str(parts.folder / "members" / MIA), "--workspace-url", parts.url,
             "--passphrase-file", str(parts.passphrase_file))  # fmt: skip
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False, env=clean_environment())
    assert done.returncode == 0, done.stderr
    assert f"Declined by {WEI} (Weather Service): See the lines." in done.stdout
    assert "line 2: Count flights, not rows.\n         2    count(*) AS n" in done.stdout
    shown = {each.member: each for each in parts.job(declined.id).approval}
    assert beside(shown[MIA]) == [(3, "Whose flights: all?")]
