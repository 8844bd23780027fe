"""Rosters, worker lists, datasets: who takes part, and with what."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_ROSTER: Final = "jupyter_secure_jobs/trust/roster.py"
_SIGNATURES: Final = "jupyter_secure_jobs/trust/signatures.py"
_MANIFEST: Final = "jupyter_secure_jobs/trust/manifest.py"
_ROSTERS: Final = "tests/adversarial/test_roster_attacks.py"
_VERSIONS: Final = "tests/adversarial/test_version_attacks.py"

DEFENCES: Final = (
    Defence(
        name="a roster chain starts at the pinned genesis",
        stops="the server shows a workspace of its own making",
        edits=(not_raised(_ROSTER, 'RefusedError("other_genesis"'),),
        tests=(f"{_ROSTERS}::test_other_genesis",),
    ),
    Defence(
        name="the first roster is a genesis",
        stops="a chain starts in the middle",
        edits=(not_raised(_ROSTER, 'RefusedError("roster_genesis"'),),
        tests=(f"{_ROSTERS}::test_chain_that_starts_in_the_middle",),
    ),
    Defence(
        name="every member signs the genesis",
        stops="a member is named who never agreed",
        edits=(changed(_ROSTER, "for member in first.members:", "for member in first.members[:1]:"),),
        tests=(f"{_ROSTERS}::test_genesis_without_a_members_signature",),
    ),
    Defence(
        name="each roster names the one before",
        stops="rosters are left out, or come from another chain",
        edits=(never(_ROSTER, "named != (first.workspace, genesis, last.epoch + 1, before)"),),
        tests=(f"{_ROSTERS}::test_roster_that_does_not_follow", f"{_ROSTERS}::test_roster_left_out_of_the_chain"),
    ),
    Defence(
        name="the log's key stays that of the genesis",
        stops="a later roster brings a log of its own",
        edits=(never(_ROSTER, "roster.log_key != first.log_key"),),
        tests=("tests/adversarial/test_log_attacks.py::test_roster_that_names_another_key_for_the_log",),
    ),
    Defence(
        name="all members of the last roster sign the next",
        stops="the server adds or removes a member",
        edits=(changed(_ROSTER, "for member in last.members:", "for member in last.members[:0]:"),),
        tests=(f"{_ROSTERS}::test_member_added_by_the_server",),
    ),
    Defence(
        name="really all of them sign",
        stops="a majority changes the members",
        edits=(changed(_ROSTER, "for member in last.members:", "for member in last.members[:-1]:"),),
        tests=(f"{_ROSTERS}::test_member_added_without_everybodys_signature",),
    ),
    Defence(
        name="who joins signs too",
        stops="keys are listed that nobody holds",
        edits=(
            changed(
                _ROSTER,
                "    for member in roster.members:\n        old",
                "    for member in roster.members[:0]:\n        old",
            ),
        ),
        tests=(f"{_ROSTERS}::test_joining_member_does_not_sign",),
    ),
    Defence(
        name="a recovery key speaks only for lost keys",
        stops="an organisation's printed seed votes for its members",
        edits=(
            changed(
                _ROSTER,
                "lost = now is not None and now.organisation == member.organisation and now.keys != member.keys",
                "lost = True",
            ),
        ),
        tests=(
            f"{_ROSTERS}::test_recovery_key_removes_a_member",
            f"{_ROSTERS}::test_recovery_key_signs_for_a_member_whose_keys_do_not_change",
        ),
    ),
    Defence(
        name="a recovery key leaves a member in the organisation",
        stops="a member is moved to another organisation without a word",
        edits=(changed(_ROSTER, " and now.organisation == member.organisation", ""),),
        tests=(f"{_ROSTERS}::test_recovery_key_moves_a_member_to_another_organisation",),
    ),
    Defence(
        name="a recovery key is for its own organisation",
        stops="one organisation replaces another's keys",
        edits=(
            changed(
                _ROSTER,
                "allowed.append(organisation.recovery.signing)",
                "allowed += [each.recovery.signing for each in last.organisations if each.recovery]",
            ),
        ),
        tests=(f"{_ROSTERS}::test_recovery_key_of_another_organisation",),
    ),
    Defence(
        name="all members sign the worker list",
        stops="the server enrols a worker of its own",
        edits=(
            changed(
                _ROSTER,
                "for needed in signers_of_workers(rosters.newest):",
                "for needed in signers_of_workers(rosters.newest)[:0]:",
            ),
        ),
        tests=(f"{_ROSTERS}::test_worker_added_by_the_server",),
    ),
    Defence(
        name="worker lists follow one another",
        stops="a worker that was dropped comes back",
        edits=(never(_ROSTER, "named != (rosters.workspace, rosters.genesis, number, before)"),),
        tests=(f"{_ROSTERS}::test_worker_list_of_another_place", f"{_ROSTERS}::test_worker_list_left_out_of_the_chain"),
    ),
    Defence(
        name="one key stands for one holder",
        stops="somebody with two names accepts twice",
        edits=(not_raised("jupyter_secure_jobs/domain/workspace.py", 'InvalidError("roster_keys"'),),
        tests=(f"{_ROSTERS}::test_one_key_for_two_members",),
    ),
    Defence(
        name="a signature that is asked for must be there",
        stops="whatever is unsigned counts",
        edits=(
            changed(
                _SIGNATURES,
                "    for signature in envelope.signatures:\n        if signature.keyid == public:\n",
                "    if not any(each.keyid == public for each in envelope.signatures):\n        return\n"
                "    for signature in envelope.signatures:\n        if signature.keyid == public:\n",
            ),
        ),
        tests=("tests/adversarial/test_order_attacks.py::test_run_order_forged_by_the_server",),
    ),
    Defence(
        name="a verified signature is remembered with its length",
        stops="other bytes of key and signature pass for those that were verified",
        edits=(changed("jupyter_secure_jobs/trust/verified.py", "len(signature.sig).to_bytes(8) + ", ""),),
        tests=("tests/adversarial/test_signature_memory_attacks.py::test_key_and_signature_that_run_into_each_other",),
    ),
    Defence(
        name="a signature is verified",
        stops="anything under a member's key id counts",
        edits=(changed(_SIGNATURES, "VERIFIED.check(envelope, signature)", "pass"),),
        tests=(
            "tests/adversarial/test_approval_attacks.py::test_decision_signed_by_the_server_under_the_members_key_id",
        ),
    ),
    Defence(
        name="a manifest is of this workspace",
        stops="a dataset of another workspace is passed off",
        edits=(never(_MANIFEST, "(manifest.workspace, manifest.genesis) != (rosters.workspace, rosters.genesis)"),),
        tests=(f"{_VERSIONS}::test_manifest_of_another_workspace",),
    ),
    Defence(
        name="a manifest names a file",
        stops="runs that end only once they have used up their keys",
        edits=(not_raised(_MANIFEST, 'RefusedError("no_files"'),),
        tests=(f"{_VERSIONS}::test_manifest_without_a_file",),
    ),
    Defence(
        name="a manifest's publisher belongs to its owner",
        stops="somebody publishes in the name of another organisation",
        edits=(changed(_MANIFEST, " and member.organisation == manifest.owner", ""),),
        tests=(f"{_VERSIONS}::test_manifest_published_by_another_organisations_member",),
    ),
    Defence(
        name="the publisher signs the manifest",
        stops="the server lowers the assurance that an owner asks",
        edits=(
            changed(
                _MANIFEST,
                'signatures.require_any(envelope, publishers, who=f"{manifest.publisher}, of the dataset\'s owner")',
                "pass",
            ),
        ),
        tests=(f"{_VERSIONS}::test_manifest_altered_by_the_server",),
    ),
    Defence(
        name="a manifest's paths stay below the dataset",
        stops="a file is written anywhere on the worker",
        edits=(never("jupyter_secure_jobs/protocol/dataset.py", "not _PATH.match(self.path)"),),
        tests=(f"{_VERSIONS}::test_path_traversal_in_a_manifest",),
    ),
    Defence(
        name="a withdrawal names its dataset",
        stops="another dataset is taken back with it",
        edits=(never(_MANIFEST, "named != (rosters.workspace, rosters.genesis, manifest.dataset)"),),
        tests=(f"{_VERSIONS}::test_withdrawal_of_another_dataset",),
    ),
    Defence(
        name="a withdrawal is by the owner",
        stops="another organisation stops a dataset for good",
        edits=(not_raised(_MANIFEST, 'RefusedError("not_the_owner"'),),
        tests=(f"{_VERSIONS}::test_withdrawal_by_somebody_who_does_not_own_the_dataset",),
    ),
    Defence(
        name="a withdrawal is signed",
        stops="the server stops a dataset for good",
        edits=(changed(_MANIFEST, "signatures.require(envelope, member.keys.signing, who=member.email)", "pass"),),
        tests=(f"{_VERSIONS}::test_withdrawal_forged_by_the_server",),
    ),
)
