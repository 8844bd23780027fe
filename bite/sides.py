"""Members' sides and the workspace server's own word: who may see, decide, open and send what."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_DECIDING: Final = "jupyter_secure_jobs/member/deciding.py"
_OPENING: Final = "jupyter_secure_jobs/member/opening.py"
_PINS: Final = "jupyter_secure_jobs/member/pins.py"
_HANDLERS: Final = "jupyter_secure_jobs/rest/member_handlers.py"
_SESSIONS: Final = "jupyter_secure_jobs/services/sessions.py"
_BLOBS: Final = "jupyter_secure_jobs/store/blobs.py"
_CIPHERTEXT: Final = "jupyter_secure_jobs/worker/ciphertext.py"
_DIGEST: Final = "jupyter_secure_jobs/domain/digest.py"
_MEMBERS: Final = "tests/adversarial/test_member_side_attacks.py"
_OPENED: Final = "tests/adversarial/test_opened_result_attacks.py"
_LOGS: Final = "tests/adversarial/test_log_attacks.py"
_SIDES: Final = "tests/integration/test_member_side.py"
_VISIBLE: Final = "tests/integration/test_who_may_see_what.py"
_LOGINS: Final = "tests/unit/services/test_sessions.py"
_FILES: Final = "tests/unit/store/test_blobs.py"

MEMBERS: Final = (
    Defence(
        name="a member's side keeps to the pinned genesis",
        stops="another genesis is pinned over the first",
        edits=(not_raised(_PINS, 'RefusedError("other_genesis"'),),
        tests=(f"{_MEMBERS}::test_genesis_is_not_pinned_over_another",),
    ),
    Defence(
        name="a member's side follows the roster forwards alone",
        stops="the server shows the old members again",
        edits=(changed(_PINS, "            if not older:", "            if True:"),),
        tests=(f"{_MEMBERS}::test_older_roster_than_was_seen", f"{_LOGS}::test_stale_roster_leaves_a_warning"),
    ),
    Defence(
        name="a member's side follows one log",
        stops="each member is shown a log of their own",
        edits=(changed(_PINS, "                log.follows(seen)\n", "                pass\n"),),
        tests=(
            f"{_LOGS}::test_member_side_refuses_a_log_that_is_not_the_one_it_saw",
            f"{_MEMBERS}::test_nothing_is_signed_on_a_log_that_was_forked",
        ),
    ),
    Defence(
        name="a lie about the log leaves evidence",
        stops="nobody hears that the server was caught",
        edits=(
            changed(_PINS, '                self._warn(workspace, error, seen=before or "", shown=log.note)\n', ""),
        ),
        tests=(f"{_LOGS}::test_member_side_refuses_a_log_that_is_not_the_one_it_saw",),
    ),
    Defence(
        name="what was looked at is what is signed",
        stops="the version is swapped before the passphrase is typed",
        edits=(never(_DECIDING, "seen.hash != version_hash"),),
        tests=(f"{_MEMBERS}::test_version_swapped_after_it_was_looked_at",),
    ),
    Defence(
        name="the version is of the job that was asked for",
        stops="a decision on one job is given to another",
        edits=(not_raised(_DECIDING, 'RefusedError("other_job"'),),
        tests=(f"{_MEMBERS}::test_version_of_another_job_or_number",),
    ),
    Defence(
        name="the version that a review compares with is an earlier one of the same job",
        stops="another job's version makes the code look unchanged",
        edits=(
            not_raised("jupyter_secure_jobs/member/previous.py", 'RefusedError(\n            "previous_version", "The'),
        ),
        tests=(f"{_MEMBERS}::test_forged_version_is_not_compared_with",),
    ),
    Defence(
        name="a run's record is of the run that was asked for",
        stops="the server answers with whichever run it likes",
        edits=(not_raised("jupyter_secure_jobs/member/asked.py", 'RefusedError("other_run"'),),
        tests=(f"{_OPENED}::test_record_of_another_run_in_the_place_of_this_one",),
    ),
    Defence(
        name="the words shown are those that were signed",
        stops="the server rewrites a comment or moves it to another line",
        edits=(not_raised("jupyter_secure_jobs/trust/approval.py", 'RefusedError(\n            "comment_altered"'),),
        tests=("tests/adversarial/test_approval_attacks.py::test_comments_that_were_not_signed",),
    ),
    Defence(
        name="the decisions shown are verified",
        stops="the server shows an acceptance that nobody signed",
        edits=(
            changed(
                "jupyter_secure_jobs/member/decided.py",
                "verify_decision(envelope, rosters, version, version_hash, utc_now())",
                "envelopes.read(Decision, envelope)",
            ),
        ),
        tests=("tests/integration/test_line_comments.py::test_decision_that_nobody_signed_is_not_shown",),
        slow=True,
    ),
    Defence(
        name="a test read the synthetic data that the owners signed",
        stops="a reviewer's test runs on tables that make the job look harmless",
        edits=(
            not_raised("jupyter_secure_jobs/member/tested.py", 'RefusedError(\n                "synthetic_altered"'),
        ),
        tests=("tests/integration/test_comparison.py::test_test_on_tables_that_the_owner_did_not_sign",),
        slow=True,
    ),
    Defence(
        name="a worker signs for the text that it tested",
        stops="other code is tested under the hash of the text under review",
        edits=(not_raised("jupyter_secure_jobs/enclave/enclave.py", 'RefusedError("tested_text"'),),
        tests=("tests/integration/test_comparison.py::test_worker_that_is_told_another_hash_of_the_text_refuses",),
        slow=True,
    ),
    Defence(
        name="the stored result is the one of the receipt",
        stops="the server puts another file in its place",
        edits=(never(_OPENING, "(fetched.stat().st_size, digest) != (sealed.bytes, sealed.digest)"),),
        tests=(f"{_OPENED}::test_stored_result_is_not_the_one_of_the_receipt",),
    ),
    Defence(
        name="the receipt is of the job that was asked for",
        stops="another job's result is shown",
        edits=(
            not_raised(
                "jupyter_secure_jobs/member/receipts.py", 'RefusedError("receipt", "The server sent the outcome'
            ),
        ),
        tests=(f"{_OPENED}::test_outcome_of_another_job",),
    ),
    Defence(
        name="the outcome is of the run that is shown",
        stops="the result for other input values is shown",
        edits=(not_raised("jupyter_secure_jobs/member/receipts.py", 'RefusedError(\n            "other_run"'),),
        tests=(f"{_OPENED}::test_outcome_of_a_run_with_other_inputs",),
    ),
    Defence(
        name="the rows are those of the receipt",
        stops="rows that the enclave never sealed",
        edits=(not_raised(_OPENING, 'RefusedError("result_digest", "The rows are not those of the receipt'),),
        tests=(
            f"{_OPENED}::test_rows_that_are_not_those_of_the_receipt",
            f"{_OPENED}::test_rows_are_compared_with_the_digest",
        ),
    ),
    Defence(
        name="formulas in an exported table are neutralised",
        stops="a cell runs as a formula in a spreadsheet",
        edits=(
            changed(
                "jupyter_secure_jobs/domain/text.py",
                'return "\'" + cell if cell.startswith(_FORMULA) else cell',
                "return cell",
            ),
        ),
        tests=(f"{_OPENED}::test_formulas_in_text_cells_are_neutralised_and_numbers_are_not",),
    ),
    Defence(
        name="a kernel cannot decide",
        stops="code in a notebook accepts for its member",
        edits=(never(_HANDLERS, "not kernel"),),
        tests=(f"{_SIDES}::test_kernel_cannot_decide_or_unlock",),
        slow=True,
    ),
    Defence(
        name="only a kernel that was let in comes in",
        stops="whoever guesses a header reads a member's data",
        edits=(
            changed(
                _HANDLERS, "return token is not None and self.host.tokens.valid(token)", "return token is not None"
            ),
        ),
        tests=(f"{_SIDES}::test_unknown_kernel_token_is_no_way_in",),
        slow=True,
    ),
    Defence(
        name="a browser needs the XSRF token",
        stops="a page elsewhere acts as the member",
        edits=(changed(_HANDLERS, "            APIHandler.check_xsrf_cookie(self)", "            pass"),),
        tests=(f"{_SIDES}::test_browser_needs_the_xsrf_token",),
        slow=True,
    ),
)

SERVER: Final = (
    Defence(
        name="a login challenge is good once",
        stops="an overheard answer logs in again",
        edits=(changed("jupyter_secure_jobs/store/sessions.py", "    session.delete(row)\n", ""),),
        tests=(f"{_LOGINS}::test_answer_used_twice",),
    ),
    Defence(
        name="a login challenge ends",
        stops="an old answer logs in",
        edits=(changed("jupyter_secure_jobs/store/sessions.py", "return row.expires >= now", "return True"),),
        tests=(f"{_LOGINS}::test_challenge_that_is_too_old",),
    ),
    Defence(
        name="a login is for this server",
        stops="a hostile server passes a member's answer on",
        edits=(not_raised(_SESSIONS, 'UnauthenticatedError("audience"'),),
        tests=(f"{_LOGINS}::test_answer_that_another_server_passed_on",),
    ),
    Defence(
        name="the key's holder signs the login",
        stops="anybody logs in under a public key",
        edits=(changed(_SESSIONS, 'signatures.require(envelope, answer.key, who="the key\'s holder")', "pass"),),
        tests=(f"{_LOGINS}::test_answer_signed_by_somebody_else",),
    ),
    Defence(
        name="a session ends",
        stops="a stolen token is good for ever",
        edits=(changed(_SESSIONS, " and found.expires >= server.clock()", ""),),
        tests=(f"{_LOGINS}::test_session_that_is_over",),
    ),
    Defence(
        name="a token is stored as its hash",
        stops="whoever reads the database is logged in",
        edits=(changed(_SESSIONS, 'return "sha256:" + hashlib.sha256(token.encode()).hexdigest()', "return token"),),
        tests=(f"{_LOGINS}::test_token_is_not_stored",),
    ),
    Defence(
        name="a workspace of others looks as if it did not exist",
        stops="a stranger reads a workspace",
        edits=(
            changed(
                "jupyter_secure_jobs/services/unit.py",
                '            raise NotFoundError(\n                "no_workspace", "There is no such workspace.", "Check the address, or ask to be invited."',
                '            NotFoundError(\n                "no_workspace", "There is no such workspace.", "Check the address, or ask to be invited."',
            ),
        ),
        tests=(f"{_LOGINS}::test_workspace_of_others_looks_as_if_it_did_not_exist",),
    ),
    Defence(
        name="a list of jobs is one workspace's",
        stops="a sort, a filter, a search or a count shows jobs of others",
        edits=(
            changed(
                "jupyter_secure_jobs/store/job_list.py", "query = query.where(JobRow.workspace == workspace)", "pass"
            ),
        ),
        tests=("tests/unit/services/test_job_list.py::test_no_list_shows_a_job_of_another_workspace",),
    ),
    Defence(
        name="a member is no worker and no key service",
        stops="a member takes runs or answers for a key service",
        edits=(never("jupyter_secure_jobs/services/dispatch.py", "not listed"),),
        tests=(f"{_LOGINS}::test_member_is_no_worker",),
    ),
    Defence(
        name="an upload is its sender's",
        stops="somebody else fills or reads it",
        edits=(
            changed(
                "jupyter_secure_jobs/services/uploads.py", "row is None or row.key != unit.caller()", "row is None"
            ),
        ),
        tests=(f"{_LOGINS}::test_upload_of_somebody_else",),
    ),
    Defence(
        name="a stored file's name is a digest",
        stops="a file is read from, or written to, anywhere on the server or the worker",
        edits=(changed(_DIGEST, "    if not _DIGEST.match(digest):", "    if False:"),),
        tests=(
            f"{_FILES}::test_path_traversal",
            "tests/unit/worker/test_ciphertext.py::test_server_cannot_choose_a_path",
        ),
    ),
    Defence(
        name="a worker keeps the file that was asked for, or none",
        stops="one wrong answer of the server spoils every later run",
        edits=(never(_CIPHERTEXT, "found != kept.name"),),
        tests=("tests/unit/worker/test_ciphertext.py::test_other_file_than_asked_for_is_refused_and_not_kept",),
    ),
    Defence(
        name="an enclave that fails says so and nothing else",
        stops="what failed is quoted, or the enclave ends and its run is lost without a word",
        edits=(
            changed(
                "jupyter_secure_jobs/enclave/main.py",
                "        except Exception:  # noqa: BLE001",
                "        except ZeroDivisionError:  # noqa: BLE001",
            ),
        ),
        tests=("tests/unit/worker/test_silent_enclave.py::test_enclave_that_fails_says_so_in_no_words_of_its_own",),
    ),
    Defence(
        name="a kept file is on the disk before it has a name",
        stops="after a power failure a run uses up its keys on a file that is cut",
        edits=(changed(_CIPHERTEXT, "                os.fsync(sink.fileno())\n", "                pass\n"),),
        tests=("tests/unit/worker/test_ciphertext.py::test_file_is_on_the_disk_before_it_is_kept",),
    ),
    Defence(
        name="a kept file has the size that its owner signed",
        stops="a run uses up its keys on a file that is cut",
        edits=(never(_CIPHERTEXT, "size is not None and kept.stat().st_size != size"),),
        tests=("tests/unit/worker/test_ciphertext.py::test_kept_file_of_another_size_is_fetched_anew",),
    ),
    Defence(
        name="a file that was changed after it was hashed is hashed again",
        stops="a file is stored under another one's name",
        edits=(never(_BLOBS, "mark != _Mark.of(source)"),),
        tests=(f"{_FILES}::test_bytes_that_are_changed_after_they_were_hashed",),
    ),
    Defence(
        name="a stored file has its digest",
        stops="a file is replaced under its name",
        edits=(never(_BLOBS, "found != digest"),),
        tests=(f"{_FILES}::test_content_with_another_digest_is_dropped",),
    ),
    Defence(
        name="no more arrives than was announced",
        stops="an upload fills the disk",
        edits=(not_raised(_BLOBS, 'InvalidError("upload_long"'),),
        tests=(f"{_FILES}::test_more_than_was_announced",),
    ),
    Defence(
        name="outcomes are served to the author's organisation",
        stops="another organisation fetches a result",
        edits=(
            not_raised("jupyter_secure_jobs/services/runs.py", 'NotAllowedError(\n            "not_your_organisation"'),
        ),
        tests=(f"{_VISIBLE}::test_other_organisation_gets_no_outcome",),
        slow=True,
    ),
    Defence(
        name="how a run ended is news for the author's organisation",
        stops="another organisation is told of a failure and its cause by a notice",
        edits=(
            changed(
                "jupyter_secure_jobs/store/concerning.py",
                "job.where(JobRow.organisation == member.organisation).exists()",
                "job.exists()",
            ),
            changed(
                "jupyter_secure_jobs/services/concerning.py",
                "job is not None and job.organisation == self.member.organisation",
                "job is not None",
            ),
        ),
        tests=("tests/integration/test_notices.py::test_other_organisations_learn_nothing_of_how_a_run_failed",),
        slow=True,
    ),
    Defence(
        name="nothing is served without a session",
        stops="a stranger without a key reads and writes",
        edits=(
            changed(
                "jupyter_secure_jobs/rest/handlers.py",
                "if key is None and route.caller is not Caller.ANYBODY:",
                "if False:",
            ),
        ),
        tests=(f"{_VISIBLE}::test_without_a_session_nothing_is_served",),
        slow=True,
    ),
)
