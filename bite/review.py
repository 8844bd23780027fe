"""Versions, decisions and revocations: what was accepted, by whom, and whether it still is."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_VERSION: Final = "jupyter_secure_jobs/trust/version.py"
_APPROVAL: Final = "jupyter_secure_jobs/trust/approval.py"
_VERSIONS: Final = "tests/adversarial/test_version_attacks.py"
_APPROVALS: Final = "tests/adversarial/test_approval_attacks.py"
_SIGNED: Final = "signatures.require(envelope, member.keys.signing, who=member.email)"

DEFENCES: Final = (
    Defence(
        name="a version is of this workspace",
        stops="what was accepted elsewhere runs here",
        edits=(never(_VERSION, "(version.workspace, version.genesis) != (rosters.workspace, rosters.genesis)"),),
        tests=(f"{_VERSIONS}::test_version_of_another_workspace", f"{_VERSIONS}::test_version_under_another_genesis"),
    ),
    Defence(
        name="a version is for the members as they are now",
        stops="a run for members who left, without those who joined",
        edits=(never(_VERSION, "(version.epoch, version.roster) != (rosters.newest.epoch, rosters.hash)"),),
        tests=(
            f"{_VERSIONS}::test_version_of_a_stale_epoch",
            "tests/adversarial/test_roster_attacks.py::test_run_on_a_stale_epoch",
        ),
    ),
    Defence(
        name="the author signs the version",
        stops="the server submits code of its own",
        edits=(
            changed(
                _VERSION,
                'signatures.require(envelope, author.keys.signing, who=f"the author, {author.email}")',
                "pass",
            ),
        ),
        tests=(
            f"{_VERSIONS}::test_version_not_signed_by_its_author",
            f"{_VERSIONS}::test_changed_by_the_server_under_the_old_signature",
        ),
    ),
    Defence(
        name="results go to the author's organisation alone",
        stops="a recipient is added or swapped",
        edits=(not_raised(_VERSION, 'RefusedError("recipients"'),),
        tests=(f"{_VERSIONS}::test_extra_or_swapped_recipient_key",),
    ),
    Defence(
        name="each table's manifest is of the dataset it names",
        stops="another dataset is read under an accepted name",
        edits=(changed(_VERSION, "manifest is None or manifest.dataset != read.dataset", "manifest is None"),),
        tests=(f"{_VERSIONS}::test_manifest_of_another_dataset",),
    ),
    Defence(
        name="a decision is of this workspace",
        stops="an acceptance from another workspace counts",
        edits=(never(_APPROVAL, "(decision.workspace, decision.genesis) != (rosters.workspace, rosters.genesis)"),),
        tests=(
            f"{_APPROVALS}::test_decision_reused_from_another_workspace",
            f"{_APPROVALS}::test_decision_reused_under_another_genesis",
        ),
    ),
    Defence(
        name="a decision names the version's hash",
        stops="an acceptance of another version or submission counts; code is changed after acceptance",
        edits=(never(_APPROVAL, "decision.version != version_hash"),),
        tests=(
            f"{_APPROVALS}::test_cross_submission_decision",
            f"{_VERSIONS}::test_changed_after_acceptance_by_the_author",
        ),
    ),
    Defence(
        name="a decision is of this epoch",
        stops="an acceptance from before the members changed counts",
        edits=(not_raised(_APPROVAL, 'RefusedError("stale_epoch"'),),
        tests=(f"{_APPROVALS}::test_decision_of_an_earlier_epoch",),
    ),
    Defence(
        name="the author's own decision counts for nothing",
        stops="the author stands in for a reviewer",
        edits=(not_raised(_APPROVAL, 'RefusedError("own_decision"'),),
        tests=(f"{_APPROVALS}::test_author_decides_as_well",),
    ),
    Defence(
        name="the member signs the decision",
        stops="the server accepts for a member",
        edits=(changed(_APPROVAL, f"{_SIGNED}\n    if decision.time", "pass\n    if decision.time"),),
        tests=(
            f"{_APPROVALS}::test_decision_signed_by_somebody_else",
            f"{_APPROVALS}::test_declined_turned_into_accept_under_the_old_signature",
        ),
    ),
    Defence(
        name="a decision is not from the future",
        stops="a clock that runs ahead prolongs an acceptance",
        edits=(not_raised(_APPROVAL, 'RefusedError("from_the_future"'),),
        tests=(f"{_APPROVALS}::test_decision_from_the_future",),
    ),
    Defence(
        name="a member decides once",
        stops="a decline is hidden behind a later acceptance",
        edits=(not_raised(_APPROVAL, 'RefusedError("decided_twice"'),),
        tests=(f"{_APPROVALS}::test_decline_hidden_behind_a_later_acceptance",),
    ),
    Defence(
        name="a decline is no acceptance",
        stops="declined counts as accepted",
        edits=(
            changed(
                _APPROVAL,
                "kind = Standing.ACCEPTED if decision.verdict is Verdict.ACCEPT else Standing.DECLINED",
                "kind = Standing.ACCEPTED",
            ),
        ),
        tests=(f"{_APPROVALS}::test_declined_counted_as_accepted",),
    ),
    Defence(
        name="nobody's acceptance may be missing",
        stops="a run that somebody never accepted",
        edits=(never(_APPROVAL, "result.missing"),),
        tests=(
            f"{_APPROVALS}::test_missing_decision_of_a_reviewer",
            f"{_APPROVALS}::test_missing_decision_of_a_colleague",
        ),
    ),
    Defence(
        name="all members count, not most of them",
        stops="a run that one member never accepted",
        edits=(
            changed(
                "jupyter_secure_jobs/domain/review.py",
                "others = [member for member in members if member != author]",
                "others = [member for member in members if member != author][:-1]",
            ),
        ),
        tests=(f"{_APPROVALS}::test_missing_decision_of_a_reviewer",),
    ),
    Defence(
        name="an acceptance ends when it says",
        stops="an acceptance is used for ever",
        edits=(changed(_APPROVAL, "votes=votes, now=now - CLOCK_SKEW)", "votes=votes)"),),
        tests=(f"{_APPROVALS}::test_expired_decision",),
    ),
    Defence(
        name="a withdrawn acceptance stops every run",
        stops="a run after a member took the acceptance back",
        edits=(never(_APPROVAL, "revocation.scope is Scope.ALL"),),
        tests=(f"{_APPROVALS}::test_withdrawn_acceptance",),
    ),
    Defence(
        name="revoked repeatability is told to who counts",
        stops="further runs after a member revoked them",
        edits=(changed(_APPROVAL, "revoked = revocation.scope", "revoked = None"),),
        tests=(f"{_APPROVALS}::test_revoked_repeatability_is_told_to_whoever_counts_runs",),
    ),
    Defence(
        name="a revocation names its version",
        stops="a revocation of one job stops another",
        edits=(never(_APPROVAL, "version_hash is not None and revocation.version != version_hash"),),
        tests=(f"{_APPROVALS}::test_revocation_of_another_version",),
    ),
    Defence(
        name="a revocation is of this workspace",
        stops="a revocation from elsewhere stops a job",
        edits=(never(_APPROVAL, "(revocation.workspace, revocation.genesis) != (rosters.workspace, rosters.genesis)"),),
        tests=(f"{_APPROVALS}::test_revocation_of_another_workspace",),
    ),
    Defence(
        name="the member signs the revocation",
        stops="the server revokes in a member's name",
        edits=(changed(_APPROVAL, f"{_SIGNED}\n    return revocation", "return revocation"),),
        tests=(f"{_APPROVALS}::test_revocation_forged_by_the_server",),
    ),
)
