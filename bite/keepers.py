"""Key services and enclaves: what each refuses on its own, whoever brings it."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, does_nothing, never, not_raised

_SERVICE: Final = "jupyter_secure_jobs/keyservice/service.py"
_STATE: Final = "jupyter_secure_jobs/keyservice/state.py"
_JOB: Final = "jupyter_secure_jobs/domain/job.py"
_ENCLAVE: Final = "jupyter_secure_jobs/enclave/enclave.py"
_PLACES: Final = "jupyter_secure_jobs/protocol/places.py"
_SERVICES: Final = "tests/adversarial/test_key_service_attacks.py"
_ENCLAVES: Final = "tests/adversarial/test_enclave_attacks.py"
_LOGS: Final = "tests/adversarial/test_log_attacks.py"

KEY_SERVICES: Final = (
    Defence(
        name="the pin decides which genesis it is",
        stops="a workspace of the server's own making under the pinned name",
        edits=(
            changed(
                _SERVICE,
                "run = verify_run(dossier, genesis=pin.genesis, now=now)",
                "run = verify_run(dossier, genesis=dossier.rosters[0].hash, now=now)",
            ),
        ),
        tests=(f"{_SERVICES}::test_workspace_of_the_servers_own_making_under_the_pinned_name",),
    ),
    Defence(
        name="a pin is not replaced",
        stops="another genesis is pinned over the first",
        edits=(not_raised(_STATE, 'RefusedError("other_genesis"'),),
        tests=(f"{_SERVICES}::test_another_genesis_is_not_pinned_over_the_first",),
    ),
    Defence(
        name="the roster is no older than the newest seen",
        stops="one who has left still decides, one who joined is not asked",
        edits=(never(_SERVICE, "len(chain) < pin.epoch or chain[pin.epoch - 1].hash != pin.roster"),),
        tests=(f"{_SERVICES}::test_stale_roster_after_a_newer_one_was_shown",),
    ),
    Defence(
        name="the worker list is no older than the newest seen",
        stops="a worker that was dropped gets keys",
        edits=(not_raised(_SERVICE, 'RefusedError("stale_workers"'),),
        tests=(f"{_SERVICES}::test_stale_worker_list_after_a_newer_one_was_shown",),
    ),
    Defence(
        name="what was seen of rosters and worker lists is kept",
        stops="the server goes back to old members after a restart",
        edits=(
            does_nothing(
                _STATE, "    def advance(self, workspace: str, *, epoch: int, roster: str, workers: int) -> None:"
            ),
        ),
        tests=(
            f"{_SERVICES}::test_stale_roster_after_a_newer_one_was_shown",
            f"{_SERVICES}::test_stale_worker_list_after_a_newer_one_was_shown",
        ),
    ),
    Defence(
        name="it answers only where the roster names it",
        stops="a key service that was replaced goes on",
        edits=(not_raised(_SERVICE, 'RefusedError("not_this_service"'),),
        tests=(f"{_SERVICES}::test_key_service_that_the_roster_does_not_name",),
    ),
    Defence(
        name="a withdrawn acceptance that was heard stops everything",
        stops="a hidden revocation is unheeded by who has it",
        edits=(not_raised(_SERVICE, 'RefusedError("withdrawn"'),),
        tests=(f"{_SERVICES}::test_hidden_withdrawal_of_an_acceptance",),
    ),
    Defence(
        name="a revocation of reruns that was heard counts",
        stops="the server hides it and orders again",
        edits=(
            changed(
                _SERVICE,
                "revoked = self._state.revoked(run.rosters.workspace, run.version_hash) or run.rerun_revoked",
                "revoked = run.rerun_revoked",
            ),
        ),
        tests=(f"{_SERVICES}::test_hidden_revocation_of_reruns",),
    ),
    Defence(
        name="a revocation that came with a run is remembered",
        stops="the server shows it once and hides it with the next run",
        edits=(changed(_SERVICE, "        self._heed(dossier, workspace=workspace)\n", ""),),
        tests=(f"{_SERVICES}::test_revocation_shown_with_one_run_and_hidden_with_the_next",),
    ),
    Defence(
        name="revocations are kept on disk",
        stops="a restart forgets them",
        edits=(
            does_nothing(
                _STATE, "    def revoke(self, workspace: str, version: str, scope: Scope, statement: str) -> None:"
            ),
        ),
        tests=(
            f"{_SERVICES}::test_hidden_withdrawal_of_an_acceptance",
            f"{_SERVICES}::test_hidden_revocation_of_reruns",
        ),
    ),
    Defence(
        name="a withdrawn dataset's key stays shut",
        stops="data are read that their owner took back",
        edits=(not_raised(_SERVICE, 'RefusedError("dataset_withdrawn"'),),
        tests=(f"{_SERVICES}::test_withdrawn_dataset",),
    ),
    Defence(
        name="the log continues the one that it saw",
        stops="the server shows a key service another history than before",
        edits=(changed(_SERVICE, "run.log.follows(seen)", "pass"),),
        tests=(f"{_LOGS}::test_key_service_refuses_a_log_that_is_not_the_one_it_saw",),
    ),
    Defence(
        name="what it saw of the log is kept",
        stops="the server rolls the log back",
        edits=(does_nothing(_STATE, "    def saw_log(self, workspace: str, note: str) -> None:"),),
        tests=(f"{_LOGS}::test_key_service_refuses_a_log_that_is_not_the_one_it_saw",),
    ),
    Defence(
        name="a nonce is good once",
        stops="a key request is replayed",
        edits=(changed(_STATE, 'self._connection.execute("DELETE FROM nonce WHERE run_order = ?", (order,))', "pass"),),
        tests=(f"{_SERVICES}::test_request_replayed_to_the_key_service",),
    ),
    Defence(
        name="a release that comes of a nonce waits for the disk",
        stops="a machine that fails forgets a release, and a nonce that was used",
        edits=(changed(_STATE, 'self._connection.execute("PRAGMA synchronous=FULL")', "pass"),),
        tests=("tests/adversarial/test_count_attacks.py::test_what_is_released_after_a_nonce_waits_for_the_disk",),
    ),
    Defence(
        name="a change that failed is undone",
        stops="releases are counted in a transaction that never ends, and are forgotten with the process",
        edits=(does_nothing(_STATE, "    def _roll_back(self) -> None:"),),
        tests=("tests/adversarial/test_count_attacks.py::test_mark_never_runs_ahead_of_the_memory",),
    ),
    Defence(
        name="a nonce is good for two minutes",
        stops="a request is kept until it suits",
        edits=(changed(_STATE, "row is None or now - datetime.fromisoformat(row[1]) > NONCE_LIFE", "row is None"),),
        tests=(f"{_SERVICES}::test_nonce_of_two_minutes_ago",),
    ),
    Defence(
        name="runs are counted",
        stops="a second run of a single-run job, a run past the most runs",
        edits=(changed(_SERVICE, "used=self._state.used(run.version_hash)", "used=0"),),
        tests=(f"{_SERVICES}::test_second_run_of_a_single_run_job", f"{_SERVICES}::test_run_past_the_most_runs"),
    ),
    Defence(
        name="the release is on disk before the grant exists",
        stops="a release is forgotten and granted again",
        edits=(changed(_SERVICE, "self._state.release(run.order_hash, run.version_hash, now=now)", "pass"),),
        tests=(f"{_SERVICES}::test_same_order_after_crashes",),
    ),
    Defence(
        name="runs are counted again when the key goes out",
        stops="two orders at once share one accepted run",
        edits=(changed(_SERVICE, "attempt = self._countable(run, now=now)", "attempt = 1"),),
        tests=(f"{_SERVICES}::test_orders_in_two_places_at_once_are_counted_when_keys_are_released",),
    ),
    Defence(
        name="one order gets keys three times at most",
        stops="one run becomes as many as the server likes",
        edits=(changed(_SERVICE, "known.times >= MOST_GRANTS_PER_ORDER or ", ""),),
        tests=(f"{_SERVICES}::test_same_order_after_crashes",),
    ),
    Defence(
        name="and within a day",
        stops="an order that ran long ago runs again",
        edits=(changed(_SERVICE, " or now - known.first > timedelta(hours=REGRANT_HOURS)", ""),),
        tests=(f"{_SERVICES}::test_same_order_a_day_later",),
    ),
    Defence(
        name="without reruns an acceptance is good for one run",
        stops="reruns that nobody accepted",
        edits=(never(_JOB, "not grant.reruns and used >= 1"),),
        tests=(f"{_SERVICES}::test_second_run_of_a_single_run_job",),
    ),
    Defence(
        name="the accepted count is the most",
        stops="a run past the bound",
        edits=(never(_JOB, "grant.most_runs is not None and used >= grant.most_runs"),),
        tests=(f"{_SERVICES}::test_run_past_the_most_runs",),
    ),
    Defence(
        name="reruns end when it was accepted that they end",
        stops="a run past the expiry",
        edits=(never(_JOB, "grant.until is not None and now > grant.until"),),
        tests=(f"{_SERVICES}::test_run_past_the_expiry_of_the_reruns",),
    ),
    Defence(
        name="revoked repeatability leaves the first run alone",
        stops="reruns after a member revoked them",
        edits=(never(_JOB, "revoked is Scope.RERUNS and used >= 1"),),
        tests=(f"{_SERVICES}::test_hidden_revocation_of_reruns",),
    ),
    Defence(
        name="a dataset key opens for its version alone",
        stops="a sealed key is carried over from another manifest",
        edits=(
            changed(
                _PLACES,
                '_place("dataset-key", workspace=workspace, dataset=dataset, version=version, key_id=key_id)',
                '_place("dataset-key", key_id=key_id)',
            ),
        ),
        tests=(f"{_SERVICES}::test_sealed_key_carried_over_from_another_version",),
    ),
    Defence(
        name="it releases the key that the manifest names",
        stops="another key under a dataset's name",
        edits=(
            changed(
                _SERVICE, "if places.key_id(key) != manifest.key_id:\n            raise", "if False:\n            raise"
            ),
        ),
        tests=(f"{_SERVICES}::test_sealed_key_that_is_not_the_one_it_is_called",),
    ),
    Defence(
        name="it releases its own organisation's keys",
        stops="it is asked for another's",
        edits=(changed(_SERVICE, " if run.manifests[read.manifest].owner == self.organisation", ""),),
        tests=(f"{_SERVICES}::test_each_key_service_gives_its_own_keys_alone",),
    ),
)

ENCLAVES: Final = (
    Defence(
        name="the enclave takes signed grants alone",
        stops="the server hands it keys of its own",
        edits=(
            changed(
                _ENCLAVE,
                "grant = verify_grant(envelope, run, evidence_hash=evidence_hash)",
                "from jupyter_secure_jobs.protocol.order import KeyGrant\n"
                "            grant = envelopes.read(KeyGrant, envelope)",
            ),
        ),
        tests=(f"{_ENCLAVES}::test_grant_signed_by_the_server",),
    ),
    Defence(
        name="every owner must have granted",
        stops="a run on a part of the data",
        edits=(not_raised(_ENCLAVE, 'RefusedError("key_grant", "The grant of an owner'),),
        tests=(f"{_ENCLAVES}::test_grant_of_an_owner_is_missing",),
    ),
    Defence(
        name="a key is what it is called",
        stops="a key service seals a key of the server's under the right name",
        edits=(not_raised(_ENCLAVE, 'RefusedError("key_grant", "A granted key'),),
        tests=(f"{_ENCLAVES}::test_granted_key_that_is_not_the_one_it_is_called",),
    ),
    Defence(
        name="no key is asked for before all have answered",
        stops="a count is used up for a run that cannot start",
        edits=(not_raised(_ENCLAVE, 'RefusedError("nonces"'),),
        tests=(f"{_ENCLAVES}::test_key_service_that_has_not_answered",),
    ),
    Defence(
        name="an enclave that is not enrolled asks for nothing",
        stops="nonces are spent on a worker that nobody lists",
        edits=(changed(_ENCLAVE, "verify_evidence(session.evidence, run)", "pass"),),
        tests=(f"{_ENCLAVES}::test_worker_that_is_not_enrolled_asks_for_nothing",),
    ),
    Defence(
        name="each run has keys of its own",
        stops="grants of an earlier run open in a later one",
        edits=(
            changed(
                _ENCLAVE,
                "signing=SigningKey.generate(), sealing=SealingKey.generate()",
                "signing=SigningKey.from_seed(bytes(32)), sealing=SealingKey.from_seed(bytes(96))",
            ),
        ),
        tests=(f"{_ENCLAVES}::test_keys_are_new_for_each_run",),
    ),
    Defence(
        name="keys and plaintext are forgotten when a run ends",
        stops="they wait in memory for whoever comes",
        edits=(
            changed(
                _ENCLAVE,
                "            # Plaintext and keys go now, not when the loop outside says so.\n            self.forget()",
                "            pass",
            ),
        ),
        tests=(f"{_ENCLAVES}::test_refused_run_is_forgotten",),
    ),
    Defence(
        name="the next run forgets the one before",
        stops="a run that was left half-way stays open",
        edits=(changed(_ENCLAVE, "        self.forget()\n        genesis =", "        genesis ="),),
        tests=(f"{_ENCLAVES}::test_next_run_forgets_the_one_before",),
    ),
    Defence(
        name="a synthetic table is the one that its owner published",
        stops="a reviewer's test shows rows of the server's own",
        edits=(not_raised(_ENCLAVE, 'RefusedError("file_altered"'),),
        tests=(f"{_ENCLAVES}::test_synthetic_table_that_was_swapped",),
    ),
)

_MACHINE: Final = (
    "tests/adversarial/test_hostile_server_machine.py::test_no_sequence_opens_data_without_all_acceptances",
)

SEQUENCES: Final = (
    Defence(
        name="in any sequence: what was shown of the members counts",
        stops="new members are shown once, then the old ones again",
        edits=(changed(_SERVICE, "self._go_on(run.rosters, workers=len(dossier.workers))", "pass"),),
        tests=_MACHINE,
        slow=True,
    ),
    Defence(
        name="in any sequence: what was shown of revocations counts",
        stops="a revocation is shown with one run and hidden with the next",
        edits=(
            changed(
                _SERVICE,
                "said = verify_revocation(envelope, rosters, None)\n                if",
                "continue\n                if",
            ),
        ),
        tests=_MACHINE,
        slow=True,
    ),
    Defence(
        name="in any sequence: decisions are signed",
        stops="the server makes the acceptance that is missing",
        edits=(
            changed(
                "jupyter_secure_jobs/trust/approval.py",
                "signatures.require(envelope, member.keys.signing, who=member.email)\n    if decision.time > now",
                "if decision.time > now",
            ),
        ),
        tests=_MACHINE,
        slow=True,
    ),
    Defence(
        name="in any sequence: all must have accepted",
        stops="a missing acceptance is passed over",
        edits=(not_raised("jupyter_secure_jobs/trust/approval.py", 'RefusedError(\n            "not_accepted"'),),
        tests=_MACHINE,
        slow=True,
    ),
    Defence(
        name="in any sequence: runs are counted",
        stops="more runs than were accepted",
        edits=(not_raised(_SERVICE, 'RefusedError("no_runs_left"'),),
        tests=_MACHINE,
        slow=True,
    ),
    Defence(
        name="in any sequence: one order is used three times at most",
        stops="an order without end",
        edits=(
            never(
                _SERVICE, "known.times >= MOST_GRANTS_PER_ORDER or now - known.first > timedelta(hours=REGRANT_HOURS)"
            ),
        ),
        tests=_MACHINE,
        slow=True,
    ),
    Defence(
        name="in any sequence: the log goes on",
        stops="a key service is led from one fork to another",
        edits=(changed(_SERVICE, "        if seen is not None:\n            run.log.follows(seen)\n", ""),),
        tests=_MACHINE,
        slow=True,
    ),
    Defence(
        name="in any sequence: the enclave is enrolled",
        stops="keys are sealed to an enclave of the server's own",
        edits=(
            changed(
                "jupyter_secure_jobs/trust/evidence.py",
                "worker = next((w for key, w in run.workers.items() if any(s.keyid == key for s in "
                "envelope.signatures)), None)\n",
                "worker = next((w for w in run.workers.values() if w.name == evidence.worker), None)\n",
            ),
            changed(
                "jupyter_secure_jobs/trust/evidence.py",
                'signatures.require(envelope, worker.platform_key, who=f"the worker {worker.name}")\n    '
                "if evidence.eat_profile",
                "if evidence.eat_profile",
            ),
        ),
        tests=_MACHINE,
        slow=True,
    ),
)
