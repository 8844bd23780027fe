"""What owners publish and take back, and what comes over a member's own side: nobody else's word decides it."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_PUBLISHING: Final = "jupyter_secure_jobs/member/publishing.py"
_STOPPING: Final = "jupyter_secure_jobs/member/stopping.py"
_CHANGING: Final = "jupyter_secure_jobs/member/changing.py"
_OPENING: Final = "jupyter_secure_jobs/member/opening.py"
_ROUTES: Final = "jupyter_secure_jobs/rest/member_routes.py"
_PASSING: Final = "jupyter_secure_jobs/rest/member_handlers.py"
_HANDLERS: Final = "jupyter_secure_jobs/rest/handlers.py"
_LIED_TO: Final = "tests/integration/test_owner_is_lied_to.py"
_SIDE: Final = "tests/integration/test_member_side.py"
_BAD: Final = "tests/integration/test_bad_input.py"

DEFENCES: Final = (
    Defence(
        name="what was published from a machine is not hidden from it",
        stops="the server leaves a dataset out of its list, and its owner publishes it anew without the output policy",
        edits=(not_raised(_PUBLISHING, 'RefusedError(\n            "stale_dataset"'),),
        tests=(f"{_LIED_TO}::test_policy_is_not_lost_by_hiding_what_was_published",),
        slow=True,
    ),
    Defence(
        name="what is published is what was shown",
        stops="between looking and confirming, the server or a file changes what is asked of results",
        edits=(not_raised(_ROUTES, 'RefusedError(\n                "other_proposal"'),),
        tests=(f"{_SIDE}::test_what_was_shown_is_published_or_nothing",),
        slow=True,
    ),
    Defence(
        name="a withdrawal is of the dataset that was named",
        stops="the server has another dataset withdrawn for good, and the one that was meant stays",
        edits=(not_raised(_PUBLISHING, 'RefusedError(\n            "other_dataset"'),),
        tests=(f"{_LIED_TO}::test_withdrawal_is_of_the_dataset_that_was_named",),
        slow=True,
    ),
    Defence(
        name="a revocation is of the version that was named",
        stops="the server shows another version as live, and the one that was meant stays",
        edits=(changed(_STOPPING, "scope, version_hash=version_hash)", "scope, version_hash=None)"),),
        tests=(f"{_LIED_TO}::test_revocation_is_of_the_version_that_was_named",),
        slow=True,
    ),
    Defence(
        name="who proposed a change is a name and no more",
        stops="the server writes another change over the one that is signed",
        edits=(changed(_CHANGING, "return proposer if proposer in known else", "return proposer if True else"),),
        tests=(f"{_LIED_TO}::test_proposer_says_nothing_but_who",),
        slow=True,
    ),
    Defence(
        name="the server takes no version of a withdrawn dataset",
        stops="a dataset is published, accepted and read by jobs that never get a key",
        edits=(never("jupyter_secure_jobs/services/datasets.py", "row is not None and row.withdrawn is not None"),),
        tests=(f"{_LIED_TO}::test_withdrawn_dataset_gets_no_new_version",),
        slow=True,
    ),
    Defence(
        name="a file that a dataset has is no old result",
        stops="a test that gives a synthetic table's own bytes has it removed with the results of then",
        edits=(
            changed(
                "jupyter_secure_jobs/services/retention.py",
                'statements.of_kind(unit.session, workspace, "dataset")',
                'statements.of_kind(unit.session, workspace, "manifest")',
            ),
        ),
        tests=("tests/unit/services/test_retention.py::test_a_file_that_a_dataset_has_stays",),
    ),
    Defence(
        name="text is text in every layout of an exported table",
        stops="a cell of a column of categories runs as a formula in a spreadsheet",
        edits=(changed(_OPENING, "_csv_column(_unwrapped(column))", "_csv_column(column)"),
               changed(_OPENING, "harmless(value) if isinstance(value, str) else value",
                       "harmless(value) if pa.types.is_string(column.type) else value")),
        tests=("tests/adversarial/test_opened_result_attacks.py::test_formulas_are_neutralised_in_every_kind_of_text",),
    ),
    Defence(
        name="a login is answered once, and its token kept nowhere",
        stops="who overheard a login sends it again and gets the session",
        edits=(changed(_HANDLERS, 'kept = route.method == "POST" and route.caller is not Caller.ANYBODY', 'kept = route.method == "POST"'),),
        tests=(f"{_BAD}::test_login_is_answered_once_and_its_token_is_kept_nowhere",),
        slow=True,
    ),
    Defence(
        name="a wait is a number of seconds",
        stops="one question holds up everybody's",
        edits=(changed(_HANDLERS, "MOST_WAIT if math.isnan(seconds) else min", "min"),),
        tests=("tests/unit/rest/test_patience.py::test_patience_is_bounded",),
    ),
    Defence(
        name="a revision that cannot be read is none",
        stops="one person's change of a draft undoes another's unseen",
        edits=(changed(_HANDLERS, 'raise InvalidError("if_match", "If-Match is no revision.", "Send the ETag of what you read.")',
                       "return None"),),
        tests=(f"{_BAD}::test_numbers_are_plain_digits",),
        slow=True,
    ),
    Defence(
        name="the server's answers are not unpacked",
        stops="a small answer fills the memory of a member's whole JupyterLab",
        edits=(changed(_PASSING, "answer.aiter_raw()", "answer.aiter_bytes()"),),
        tests=(f"{_SIDE}::test_answer_that_would_fill_the_memory_is_not_taken",),
        slow=True,
    ),
    Defence(
        name="the server's answers have an end",
        stops="an endless answer fills the memory of a member's whole JupyterLab",
        edits=(never(_PASSING, "len(body) > MOST_ANSWER"),),
        tests=(f"{_SIDE}::test_answer_that_would_fill_the_memory_is_not_taken",),
        slow=True,
    ),
    Defence(
        name="the server's answers are no pages of JupyterLab",
        stops="a page of the server's runs in JupyterLab's name",
        edits=(changed(_PASSING, 'kind if known else "application/octet-stream"', "kind"),),
        tests=(f"{_SIDE}::test_servers_page_is_no_page_of_jupyter",),
        slow=True,
    ),
    Defence(
        name="a link of another page opens nothing",
        stops="following a link decrypts a result into the downloads, in the member's name",
        edits=(never(_PASSING, 'self.request.headers.get("Sec-Fetch-Site", "none") in _ELSEWHERE'),),
        tests=(f"{_SIDE}::test_links_of_other_pages_export_nothing",),
        slow=True,
    ),
)  # fmt: skip
