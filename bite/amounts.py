"""How much one may say, and how much of what waits goes into one answer: nobody's much is everybody's loss."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, does_nothing, never, not_raised

_MAIL: Final = "jupyter_secure_jobs/services/keymail.py"
_PORTION: Final = "jupyter_secure_jobs/services/portion.py"
_DOSSIERS: Final = "jupyter_secure_jobs/services/dossiers.py"
_DATASETS: Final = "jupyter_secure_jobs/services/datasets.py"
_TEXT: Final = "jupyter_secure_jobs/domain/text.py"
_PEOPLE: Final = "jupyter_secure_jobs/domain/workspace.py"
_MANIFEST: Final = "jupyter_secure_jobs/protocol/dataset.py"
_ROSTER: Final = "jupyter_secure_jobs/protocol/roster.py"
_ENVELOPE: Final = "jupyter_secure_jobs/protocol/envelope.py"
_MAILS: Final = "tests/unit/services/test_key_mail.py"
_PAGES: Final = "tests/unit/services/test_dataset_pages.py"
_BOUNDS: Final = "tests/unit/protocol/test_statement_bounds.py"

ANSWERS: Final = (
    Defence(
        name="what a key service is sent has an end",
        stops="a workspace with much stops a key service for every other, for good",
        edits=(
            changed(
                _MAIL,
                "portion.portion([_waiting(unit, service, body.seen.get(service.workspace)) for service in services])",
                "list(chain(*(_waiting(unit, each, body.seen.get(each.workspace)) for each in services)))",
            ),
        ),
        tests=(f"{_MAILS}::test_one_workspace_with_much_keeps_nothing_of_anothers_out",),
    ),
    Defence(
        name="workspaces have their turns in an answer",
        stops="what one has much of keeps another's first out",
        edits=(changed(_PORTION, "        waiting.append(queue)\n", "        waiting.appendleft(queue)\n"),),
        tests=(f"{_MAILS}::test_each_has_its_turn", f"{_MAILS}::test_an_answer_has_an_end"),
    ),
    Defence(
        name="large things take no room of ordinary ones",
        stops="one huge chain of rosters delays another workspace's run",
        edits=(changed(_PORTION, "[*taken, *_fitting(large, ordinary)]", "[*_fitting(large, 0), *taken]"),),
        tests=(
            f"{_MAILS}::test_large_things_go_behind_and_one_alone_may_be_very_large",
            f"{_MAILS}::test_one_workspace_with_much_keeps_nothing_of_anothers_out",
        ),
    ),
    Defence(
        name="large things stay out where there is no room",
        stops="an answer that no client takes comes with every poll",
        edits=(changed(_PORTION, "if used + length <= room:", "if True:"),),
        tests=(f"{_MAILS}::test_large_things_go_behind_and_one_alone_may_be_very_large",),
    ),
    Defence(
        name="no more is made than can be needed",
        stops="a workspace keeps the server at work with what goes into no answer",
        edits=(changed(_PORTION, "while waiting and made < MOST_MADE:", "while waiting and made < 9 * MOST_MADE:"),),
        tests=(f"{_MAILS}::test_no_more_is_made_than_can_be_needed",),
    ),
    Defence(
        name="another workspace is first each time",
        stops="what is never acknowledged keeps the rest from coming for ever",
        edits=(changed(_MAIL, "    _CHANCE.shuffle(services)\n", ""),),
        tests=(f"{_MAILS}::test_many_worker_lists_of_one_workspace_keep_nothing_of_anothers_out",),
    ),
    Defence(
        name="other notices come each time",
        stops="twenty that are never acknowledged keep a revocation from being heard",
        edits=(
            changed(
                _MAIL,
                "_CHANCE.sample(unheard, min(len(unheard), runs.MOST_TASKS))",
                "unheard[: runs.MOST_TASKS]",
            ),
        ),
        tests=(f"{_MAILS}::test_notices_that_are_never_acknowledged_keep_no_other_from_being_heard",),
    ),
    Defence(
        name="what cannot be made is left out",
        stops="a broken statement of one workspace ends the answer to all",
        edits=(
            changed(
                _MAIL, "    except SecureJobsError:\n        return None", "    except KeyError:\n        return None"
            ),
        ),
        tests=(f"{_MAILS}::test_what_cannot_be_made_keeps_no_other_from_its_work",),
    ),
    Defence(
        name="a run whose statements fit into no answer is not ordered",
        stops="a run that nobody can fetch holds its workers",
        edits=(never(_DOSSIERS, "kept.length > MOST_BYTES"),),
        tests=(f"{_MAILS}::test_an_order_whose_statements_fit_into_no_answer_is_not_taken",),
    ),
    Defence(
        name="a page of datasets has an end",
        stops="some wide datasets keep every member from seeing any",
        edits=(never(_DATASETS, "items and used > portion.ENOUGH"),),
        tests=(f"{_PAGES}::test_wide_tables_make_short_pages",),
    ),
    Defence(
        name="a dataset's id is one that lists go by",
        stops="a dataset ends the list for everybody",
        edits=(not_raised(_DATASETS, 'InvalidError("dataset_id"'),),
        tests=(f"{_PAGES}::test_an_id_that_no_list_could_go_by_is_not_published",),
    ),
)

STATEMENTS: Final = (
    Defence(
        name="ids, hashes, keys and checkpoints in statements are short",
        stops="a statement fills everybody's answers where nobody looks at it",
        edits=(does_nothing(_TEXT, "def check_lengths(thing: object, **longest: int) -> None:"),),
        tests=(f"{_BOUNDS}::test_a_statement_says_so_much_and_no_more", f"{_BOUNDS}::test_nor_does_a_part_of_one"),
    ),
    Defence(
        name="a dataset's description is short",
        stops="a few manifests fill the list of datasets",
        edits=(
            changed(
                _MANIFEST,
                '        clean_text(self.description, what="description", longest=DATASET_DESCRIPTION_LENGTH)\n',
                "",
            ),
        ),
        tests=(f"{_BOUNDS}::test_a_statement_says_so_much_and_no_more",),
    ),
    Defence(
        name="a dataset's key is sealed to two at most",
        stops="a manifest carries megabytes as keys",
        edits=(never(_MANIFEST, "len(self.keys) > MOST_KEYS"),),
        tests=(f"{_BOUNDS}::test_a_statement_says_so_much_and_no_more",),
    ),
    Defence(
        name="a list names so many workers",
        stops="long worker lists fill the answers to key services and workers",
        edits=(never(_ROSTER, "len(self.workers) > MOST_WORKERS"),),
        tests=(f"{_BOUNDS}::test_a_statement_says_so_much_and_no_more",),
    ),
    Defence(
        name="a worker has so many measurements",
        stops="one worker's entry is as long as a list",
        edits=(not_raised(_ROSTER, 'InvalidError("workers_size", "A worker has'),),
        tests=(f"{_BOUNDS}::test_nor_does_a_part_of_one",),
    ),
    Defence(
        name="a roster names so many organisations",
        stops="organisations without members fill every answer with a roster",
        edits=(never(_PEOPLE, "len(organisations) > MOST_ORGANISATIONS"),),
        tests=(f"{_BOUNDS}::test_a_statement_says_so_much_and_no_more",),
    ),
    Defence(
        name="signatures that nobody asked for are short",
        stops="a signature under a key of a megabyte goes wherever its statement goes",
        edits=(never(_ENVELOPE, "len(self.keyid) > MOST_KEYID or len(self.sig) > MOST_SIG"),),
        tests=(f"{_BOUNDS}::test_a_signature_that_nobody_asked_for_is_no_longer_than_others",),
    ),
)
