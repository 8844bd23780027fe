"""Results sealed again, notices without the server, memories put back, output policies."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_RESEAL: Final = "jupyter_secure_jobs/trust/reseal.py"
_SERVICE: Final = "jupyter_secure_jobs/keyservice/service.py"
_STATE: Final = "jupyter_secure_jobs/keyservice/state.py"
_WITHHOLDING: Final = "jupyter_secure_jobs/engines/withholding.py"
_WITHHOLDINGS: Final = "tests/unit/engines/test_withholding.py"
_WITHHELD: Final = "tests/adversarial/test_withheld_values.py"
_CHANGES: Final = "tests/adversarial/test_change_attacks.py"
_COUNTS: Final = "tests/adversarial/test_count_attacks.py"
_NOTICES: Final = "tests/adversarial/test_notice_attacks.py"

DEFENCES: Final = (
    Defence(
        name="a recipient alone seals a result again",
        stops="another organisation hands itself a result's keys",
        edits=(not_raised(_RESEAL, 'RefusedError("reseal_signer"'),),
        tests=(
            f"{_CHANGES}::test_sealed_again_by_one_to_whom_it_was_not_sealed",
            f"{_CHANGES}::test_sealed_again_by_another_organisation",
        ),
    ),
    Defence(
        name="who seals a result again signs it",
        stops="the server puts keys of its own in the place of a result's",
        edits=(changed(_RESEAL, "signatures.require(envelope, signer.keys.signing, who=signer.email)", "pass"),),
        tests=(f"{_CHANGES}::test_sealed_again_by_the_server", f"{_CHANGES}::test_sealed_again_and_altered"),
    ),
    Defence(
        name="a result is sealed again to the author's organisation alone",
        stops="a reader is added after the acceptance",
        edits=(
            never(
                _RESEAL,
                "recipient is None or (recipient.organisation, recipient.keys.sealing) != (organisation, said.sealing_key)",
            ),
        ),
        tests=(f"{_CHANGES}::test_sealed_again_to_another_organisation",),
    ),
    Defence(
        name="a withdrawal is of one's own dataset",
        stops="another organisation names a dataset as its own and stops it for good",
        edits=(not_raised(_SERVICE, 'RefusedError("not_our_dataset"'),),
        tests=(f"{_NOTICES}::test_withdrawal_under_a_manifest_that_names_anothers_dataset",),
    ),
    Defence(
        name="a revocation stops in its own workspace",
        stops="a member of one workspace stops another's jobs at a key service of both",
        edits=(
            changed(
                _STATE,
                "SELECT scope FROM revoked WHERE version = ? AND (workspace = ? OR workspace IS NULL)",
                "SELECT scope FROM revoked WHERE version = ? AND (workspace = ? OR TRUE)",
            ),
        ),
        tests=(
            f"{_NOTICES}::test_revocation_of_a_version_of_another_workspace",
            f"{_NOTICES}::test_revocation_of_a_version_of_another_workspace_beside_a_run",
        ),
    ),
    Defence(
        name="a withdrawal stops in its own workspace",
        stops="a member of one workspace stops another's datasets at a key service of both",
        edits=(
            changed(
                _STATE,
                "SELECT 1 FROM withdrawn WHERE dataset = ? AND (workspace = ? OR workspace IS NULL)",
                "SELECT 1 FROM withdrawn WHERE dataset = ? AND (workspace = ? OR TRUE)",
            ),
        ),
        tests=(f"{_NOTICES}::test_withdrawal_of_a_dataset_of_another_workspace",),
    ),
    Defence(
        name="a stop whose workspace was not written down stops everywhere",
        stops="an update forgets what was revoked and withdrawn before it",
        edits=(
            changed(_STATE, "INSERT INTO stop SELECT NULL, version, scope, statement FROM revoked;\n", ""),
            changed(_STATE, "INSERT INTO taken_back SELECT NULL, dataset, time FROM withdrawn;\n", ""),
        ),
        tests=(f"{_COUNTS}::test_memory_of_the_first_form_opens_with_all_it_knew",),
    ),
    Defence(
        name="a key service notices that its memory is an old one",
        stops="a backup makes counted runs and stops undone",
        edits=(never(_STATE, "self._remembered() < marked"),),
        tests=(f"{_COUNTS}::test_lost_memory_is_noticed",),
    ),
    Defence(
        name="after a restore older acceptances count no more",
        stops="runs that were counted before a restore run again",
        edits=(never(_SERVICE, "min(signed) <= restored"),),
        tests=(f"{_COUNTS}::test_one_signature_from_before_the_restore_is_too_old",),
    ),
    Defence(
        name="groups below the smallest size do not leave",
        stops="a row that stands for one person",
        edits=(changed(_WITHHOLDING, "keep &= good & (values >= rules.smallest_group.value)", "keep &= good"),),
        tests=(f"{_WITHHOLDINGS}::test_rows_that_do_not_count_enough_are_withheld_whatever_the_type",),
    ),
    Defence(
        name="counts are rounded as was asked",
        stops="the difference of two results tells of one person",
        edits=(never(_WITHHOLDING, "rules.round_counts_to is not None"),),
        tests=(f"{_WITHHOLDINGS}::test_counts_are_rounded_within_their_type",),
    ),
    Defence(
        name="no more rows leave than was asked",
        stops="a table leaves row by row",
        edits=(never(_WITHHOLDING, "rules.most_rows is not None and rows > rules.most_rows.value"),),
        tests=(f"{_WITHHOLDINGS}::test_most_rows_counts_what_leaves",),
    ),
    Defence(
        name="no dictionary leaves, in whatever it is nested",
        stops="a withheld row's value stands in the dictionary of the file that leaves",
        edits=(changed(_WITHHOLDING, "return _plain(kind.value_type)", "return kind"),),
        tests=(f"{_WITHHELD}::test_withheld_value_is_nowhere_in_what_leaves",),
    ),
    Defence(
        name="only types that can be made plain leave",
        stops="a view of a list carries the items of rows that were withheld",
        edits=(never(_WITHHOLDING, "not is_simple(kind)"),),
        tests=(f"{_WITHHELD}::test_type_that_cannot_be_made_plain_does_not_leave",),
    ),
    Defence(
        name="an owner's output policy holds whatever the author wishes",
        stops="the author's milder policy takes its place",
        edits=(
            changed(
                "jupyter_secure_jobs/protocol/output.py",
                "combine([*asked, (THE_JOB, version.output_policy)], counts",
                "combine([(THE_JOB, version.output_policy)], counts",
            ),
        ),
        tests=(
            "tests/adversarial/test_output_policy_attacks.py::test_what_the_owner_asks_holds_whatever_the_author_wishes",
        ),
    ),
)
