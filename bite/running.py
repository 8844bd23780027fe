"""Orders, the log, evidence, key requests, grants, receipts: from an accepted version to its outcome."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_DOSSIER: Final = "jupyter_secure_jobs/trust/dossier.py"
_LOG: Final = "jupyter_secure_jobs/trust/log.py"
_EVIDENCE: Final = "jupyter_secure_jobs/trust/evidence.py"
_ORDERS: Final = "tests/adversarial/test_order_attacks.py"
_LOGS: Final = "tests/adversarial/test_log_attacks.py"
_EVIDENCES: Final = "tests/adversarial/test_evidence_attacks.py"
_GRANTS: Final = "tests/adversarial/test_grant_and_receipt_attacks.py"

ORDERS: Final = (
    Defence(
        name="an order names version, epoch and workspace",
        stops="an order of an earlier version runs a later one",
        edits=(never(_DOSSIER, "named != (rosters.workspace, rosters.genesis, rosters.newest.epoch, version_hash)"),),
        tests=(f"{_ORDERS}::test_run_order_of_another_place", f"{_ORDERS}::test_run_order_of_an_earlier_version"),
    ),
    Defence(
        name="the author orders",
        stops="another member starts a run",
        edits=(not_raised(_DOSSIER, 'RefusedError("not_the_author"'),),
        tests=(f"{_ORDERS}::test_run_order_by_another_member",),
    ),
    Defence(
        name="the author signs the order",
        stops="the server starts runs",
        edits=(
            changed(
                _DOSSIER,
                'signatures.require(envelope, author.keys.signing, who=f"the author, {author.email}")',
                "pass",
            ),
        ),
        tests=(
            f"{_ORDERS}::test_run_order_forged_by_the_server",
            f"{_ORDERS}::test_run_order_forged_under_the_authors_signature",
        ),
    ),
    Defence(
        name="an order is not from the future",
        stops="an order is kept for later",
        edits=(not_raised(_DOSSIER, 'RefusedError("from_the_future"'),),
        tests=(f"{_ORDERS}::test_run_order_from_the_future",),
    ),
    Defence(
        name="an order ends when it says",
        stops="an old order is used when it suits the server",
        edits=(changed(_DOSSIER, "if now > order.expires + CLOCK_SKEW or ", "if "),),
        tests=(f"{_ORDERS}::test_expired_run_order",),
    ),
    Defence(
        name="no order holds for more than seven days",
        stops="an order without an end",
        edits=(changed(_DOSSIER, " or (order.expires - order.time).total_seconds() > ORDER_DAYS * _DAY_SECONDS", ""),),
        tests=(f"{_ORDERS}::test_run_order_that_holds_for_too_long",),
    ),
    Defence(
        name="input values keep to the accepted constraints",
        stops="a value that nobody accepted reaches the code",
        edits=(
            changed(_DOSSIER, "values = check_values(version.inputs, order.inputs)", "values = dict(order.inputs)"),
        ),
        tests=(f"{_ORDERS}::test_input_outside_its_constraint", f"{_ORDERS}::test_input_that_was_not_declared"),
    ),
    Defence(
        name="input values have one spelling",
        stops="enclave, key service and page read different values",
        edits=(not_raised(_DOSSIER, 'RefusedError("inputs_not_canonical"'),),
        tests=(f"{_ORDERS}::test_input_in_another_spelling",),
    ),
)

LOG: Final = (
    Defence(
        name="a run's log continues what its statements carry",
        stops="a run is shown with another history than the reviewers saw",
        edits=(changed(_DOSSIER, "(*approval.checkpoints, order.checkpoint)", "()"),),
        tests=(f"{_LOGS}::test_run_shown_with_another_log_than_the_reviewers_saw",),
    ),
    Defence(
        name="the reviewers' checkpoints count as well as the author's",
        stops="one reviewer is shown a log of their own",
        edits=(changed(_DOSSIER, "(*approval.checkpoints, order.checkpoint)", "(order.checkpoint,)"),),
        tests=(f"{_LOGS}::test_member_who_was_shown_another_log_decided",),
    ),
    Defence(
        name="the genesis names the log's key",
        stops="anybody signs checkpoints",
        edits=(
            changed(
                _LOG,
                "checkpoints.verify(log.checkpoint, origin=origin, public=rosters.newest.log_key)",
                "checkpoints.parse(log.checkpoint, origin=origin)",
            ),
        ),
        tests=(f"{_LOGS}::test_log_signed_by_a_key_that_the_genesis_does_not_name",),
    ),
    Defence(
        name="the log does not become shorter",
        stops="a revocation that was seen is rolled back",
        edits=(
            changed(
                _LOG,
                "if seen.size > self.newest.size:\n            raise",
                "if seen.size > self.newest.size:\n            return\n            raise",
            ),
        ),
        tests=(f"{_LOGS}::test_run_shown_with_a_log_rolled_back_behind_the_order",),
    ),
    Defence(
        name="the log has one history",
        stops="a revocation that was seen is gone from the history that is shown now",
        edits=(
            changed(
                _LOG,
                "merkle.check_consistency(seen.size, self.newest.size, proof, seen.root, self.newest.root)",
                "del proof",
            ),
        ),
        tests=(f"{_LOGS}::test_run_shown_with_another_log_than_the_reviewers_saw",),
    ),
)

ENCLAVES: Final = (
    Defence(
        name="an enrolled platform signs the evidence",
        stops="an enclave of the server's own gets keys",
        edits=(
            changed(
                _EVIDENCE,
                "worker = next((w for key, w in run.workers.items() if any(s.keyid == key for s in "
                "envelope.signatures)), None)",
                "worker = next(iter(run.workers.values()))",
            ),
            changed(
                _EVIDENCE,
                'signatures.require(envelope, worker.platform_key, who=f"the worker {worker.name}")\n    '
                "if evidence.eat",
                "if evidence.eat",
            ),
        ),
        tests=(f"{_EVIDENCES}::test_other_platform_key", f"{_EVIDENCES}::test_unsigned_evidence"),
    ),
    Defence(
        name="the platform's signature is verified",
        stops="the server puts its own sealing key into an enclave's evidence",
        edits=(
            changed(
                _EVIDENCE,
                'signatures.require(envelope, worker.platform_key, who=f"the worker {worker.name}")\n    '
                "if evidence.eat",
                "if evidence.eat",
            ),
        ),
        tests=(f"{_EVIDENCES}::test_evidence_altered_by_the_server",),
    ),
    Defence(
        name="evidence is of a known kind and of its own worker",
        stops="one worker's evidence is passed off as another's",
        edits=(not_raised(_EVIDENCE, 'RefusedError("evidence_profile"'),),
        tests=(f"{_EVIDENCES}::test_evidence_of_an_unknown_kind_or_of_another_worker",),
    ),
    Defence(
        name="software is never called hardware",
        stops="a software enclave claims to be more",
        edits=(not_raised(_EVIDENCE, 'RefusedError("evidence_assurance"'),),
        tests=(f"{_EVIDENCES}::test_debug_or_hardware_claims",),
    ),
    Defence(
        name="the measurement is on the members' list",
        stops="other code runs in an enrolled worker",
        edits=(never(_EVIDENCE, "evidence.measurement not in worker.measurements"),),
        tests=(f"{_EVIDENCES}::test_other_measurement", f"{_EVIDENCES}::test_measurement_of_another_worker"),
    ),
    Defence(
        name="a pinned measurement is that one",
        stops="a version that pins an enclave runs in another",
        edits=(never(_EVIDENCE, "pinned not in (ANY_ENROLLED, evidence.measurement)"),),
        tests=(f"{_EVIDENCES}::test_other_measurement_than_the_version_pins",),
    ),
    Defence(
        name="evidence names the run and the roster",
        stops="evidence of one run gets the keys of another",
        edits=(not_raised(_EVIDENCE, 'RefusedError("evidence_binding"'),),
        tests=(
            f"{_EVIDENCES}::test_evidence_replayed_for_another_order",
            f"{_EVIDENCES}::test_evidence_of_another_run",
        ),
    ),
    Defence(
        name="the enclave is as strong as asked",
        stops="data for hardware alone run in software",
        edits=(not_raised(_EVIDENCE, 'RefusedError("assurance"'),),
        tests=(f"{_EVIDENCES}::test_weaker_enclave_than_the_version_asks",),
    ),
    Defence(
        name="every owner's lowest assurance counts",
        stops="an owner's wish is passed over",
        edits=(
            changed(
                _EVIDENCE,
                "asked += [run.manifests[read.manifest].lowest_assurance for read in run.version.datasets]",
                "pass",
            ),
        ),
        tests=(f"{_EVIDENCES}::test_weaker_enclave_than_an_owner_asks",),
    ),
    Defence(
        name="the attested key signs the key request",
        stops="somebody else asks in an enclave's name",
        edits=(changed(_EVIDENCE, 'signatures.require(request, seen.signing_key, who="the enclave")', "pass"),),
        tests=(f"{_EVIDENCES}::test_key_request_not_by_the_attested_enclave",),
    ),
    Defence(
        name="a key request names its run",
        stops="a request of another run is replayed",
        edits=(not_raised(_EVIDENCE, 'RefusedError("key_request", "The key request is for another run'),),
        tests=(f"{_EVIDENCES}::test_key_request_of_another_run",),
    ),
    Defence(
        name="a key request names the version's datasets",
        stops="keys of other datasets are asked for",
        edits=(not_raised(_EVIDENCE, 'RefusedError("key_request", "The key request names other datasets'),),
        tests=(f"{_EVIDENCES}::test_key_request_for_other_datasets",),
    ),
    Defence(
        name="a request carries this key service's own nonce",
        stops="an old request is replayed",
        edits=(changed(_EVIDENCE, "if own != [nonce] or nonce not in seen.eat_nonce:", "if False:"),),
        tests=(f"{_EVIDENCES}::test_replayed_nonce", f"{_EVIDENCES}::test_nonce_of_another_key_service"),
    ),
    Defence(
        name="the evidence carries the nonce too",
        stops="old evidence is used with a new request",
        edits=(changed(_EVIDENCE, " or nonce not in seen.eat_nonce", ""),),
        tests=(f"{_EVIDENCES}::test_nonce_in_the_request_but_not_in_the_evidence",),
    ),
    Defence(
        name="evidence is fresh",
        stops="evidence is kept for later",
        edits=(not_raised(_EVIDENCE, 'RefusedError("evidence_stale"'),),
        tests=(f"{_EVIDENCES}::test_stale_evidence",),
    ),
)

OUTCOMES: Final = (
    Defence(
        name="the key service signs its grant",
        stops="the server hands the enclave keys of its own",
        edits=(
            changed(
                _EVIDENCE,
                "signatures.require(grant, organisation.key_service.signing, "
                'who=f"the key service of {organisation.name}")',
                "pass",
            ),
        ),
        tests=(f"{_GRANTS}::test_forged_key_grant", f"{_GRANTS}::test_unsigned_key_grant"),
    ),
    Defence(
        name="a grant names the run and the enclave",
        stops="a grant is replayed to another enclave",
        edits=(not_raised(_EVIDENCE, 'RefusedError("key_grant", "A key grant is for another run'),),
        tests=(f"{_GRANTS}::test_replayed_key_grant", f"{_GRANTS}::test_key_grant_replayed_to_another_enclave"),
    ),
    Defence(
        name="a grant holds the owner's datasets and no others",
        stops="one organisation grants keys of another's data",
        edits=(not_raised(_EVIDENCE, 'RefusedError("key_grant", "A key grant holds keys of other'),),
        tests=(f"{_GRANTS}::test_key_grant_for_another_organisations_dataset",),
    ),
    Defence(
        name="a granted key is the one that the manifest names",
        stops="own key over own ciphertext",
        edits=(not_raised(_EVIDENCE, 'RefusedError("key_grant", "A key grant holds another key'),),
        tests=(f"{_GRANTS}::test_own_key_over_own_ciphertext",),
    ),
    Defence(
        name="a receipt comes with an enrolled enclave's evidence",
        stops="the server runs an enclave of its own and shows its result",
        edits=(
            changed(
                _EVIDENCE,
                "seen = verify_evidence(evidence, run)\n    done",
                "seen = envelopes.read(Evidence, evidence)\n    done",
            ),
        ),
        tests=(f"{_GRANTS}::test_receipt_with_the_servers_own_evidence",),
    ),
    Defence(
        name="the attested key signs the receipt",
        stops="a forged receipt",
        edits=(changed(_EVIDENCE, 'signatures.require(receipt, seen.signing_key, who="the enclave")', "pass"),),
        tests=(f"{_GRANTS}::test_forged_receipt",),
    ),
    Defence(
        name="a receipt names its run",
        stops="the result of another run is shown",
        edits=(not_raised(_EVIDENCE, 'RefusedError("receipt", "The receipt is of another run'),),
        tests=(f"{_GRANTS}::test_receipt_of_another_run", f"{_GRANTS}::test_receipt_of_another_place"),
    ),
    Defence(
        name="a receipt names the datasets that were read",
        stops="a run on other data is passed off",
        edits=(not_raised(_EVIDENCE, 'RefusedError("receipt", "The receipt names other datasets'),),
        tests=(f"{_GRANTS}::test_receipt_that_read_other_datasets",),
    ),
    Defence(
        name="a result is sealed to the accepted recipients",
        stops="a result is sealed to somebody else too",
        edits=(not_raised(_EVIDENCE, 'RefusedError("recipients"'),),
        tests=(f"{_GRANTS}::test_recipients_in_a_receipt",),
    ),
    Defence(
        name="a receipt's digest is salted",
        stops="a count is guessed from the receipt",
        edits=(changed(_EVIDENCE, "hmac.new(salt, logical.encode()", 'hmac.new(b"", logical.encode()'),),
        tests=(f"{_GRANTS}::test_guessing_a_result_from_a_receipt",),
    ),
    Defence(
        name="a worker signs its test results",
        stops="the server says that a text was tested",
        edits=(
            changed(
                _EVIDENCE,
                'signatures.require(envelope, worker.platform_key, who=f"the worker {worker.name}")\n    '
                "if result.measurement",
                "if result.measurement",
            ),
        ),
        tests=(f"{_EVIDENCES}::test_test_result_forged_by_the_server",),
    ),
    Defence(
        name="a test ran in an enrolled enclave",
        stops="a test in other code is passed off",
        edits=(not_raised(_EVIDENCE, 'RefusedError("test_worker", "A test result names an enclave'),),
        tests=(f"{_EVIDENCES}::test_test_result_of_a_worker_or_enclave_that_nobody_enrolled",),
    ),
)
