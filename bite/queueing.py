"""The queue and its leases, compute profiles on the server, and what a key service has still to tell."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_RULES: Final = "jupyter_secure_jobs/domain/queue.py"
_QUEUE: Final = "jupyter_secure_jobs/services/queue.py"
_LINES: Final = "jupyter_secure_jobs/store/queue.py"
_RUNS: Final = "jupyter_secure_jobs/services/runs.py"
_DISPATCH: Final = "jupyter_secure_jobs/services/dispatch.py"
_STATE: Final = "jupyter_secure_jobs/services/run_state.py"
_LIFE: Final = "jupyter_secure_jobs/worker/life.py"
_PROFILES: Final = "jupyter_secure_jobs/services/profiles.py"
_WATCH: Final = "jupyter_secure_jobs/keyservice/watch.py"
_TURNS: Final = "tests/unit/domain/test_queue.py"
_QUEUES: Final = "tests/unit/services/test_queue.py"
_LEASES: Final = "tests/unit/services/test_leases.py"
_LIVES: Final = "tests/unit/worker/test_life.py"
_KEPT: Final = "tests/unit/services/test_profiles.py"
_WHOSE: Final = "tests/unit/domain/test_profile.py"
_NOTICES: Final = "tests/adversarial/test_notice_attacks.py"

QUEUE: Final = (
    Defence(
        name="an organisation's runs that wait have a bound",
        stops="one organisation fills the queue of all",
        edits=(never(_RULES, "own >= bounds.organisation"),),
        tests=(f"{_TURNS}::test_a_full_line_is_refused_with_how_many_wait_and_what_to_do",),
    ),
    Defence(
        name="a workspace's runs that wait have a bound",
        stops="the queue grows until the server is slow",
        edits=(never(_RULES, "every >= bounds.workspace"),),
        tests=(f"{_TURNS}::test_a_full_line_is_refused_with_how_many_wait_and_what_to_do",),
    ),
    Defence(
        name="a test is not taken into a full queue",
        stops="tests fill the queue without an order",
        edits=(
            changed(
                _RUNS,
                "    queue.check_room(unit, workspace, view.member.organisation)\n    if len(",
                "    if len(",
            ),
        ),
        tests=(f"{_QUEUES}::test_a_full_queue_takes_no_test_and_no_order",),
    ),
    Defence(
        name="runs of a line stand behind each other",
        stops="who has five hundred runs delays another's next run by all of them",
        edits=(changed(_RULES, "max(taken, last or 0) + WEIGHTS[kind]", "taken + WEIGHTS[kind]"),),
        tests=(f"{_TURNS}::test_five_hundred_runs_of_one_organisation_delay_another_by_one",),
    ),
    Defence(
        name="who has waited long has saved up no turns",
        stops="a line that was empty takes every worker for a while",
        edits=(changed(_RULES, "max(taken, last or 0) + WEIGHTS[kind]", "(last or 0) + WEIGHTS[kind]"),),
        tests=(f"{_TURNS}::test_an_organisation_that_waited_long_has_saved_up_no_turns",),
    ),
    Defence(
        name="a line that could not be had has saved up no turns",
        stops="who keeps one's own key service stopped gets five hundred runs in before everybody",
        edits=(changed(_LINES, "        _move_up(session, row)\n", "        pass\n"),),
        tests=(f"{_QUEUES}::test_runs_that_waited_for_an_absent_key_service_have_saved_up_no_turns",),
    ),
    Defence(
        name="a nonce that is used up gives the run back",
        stops="a reply that was lost uses up an acceptance",
        edits=(
            never(
                "jupyter_secure_jobs/worker/loop.py",
                "all(reason.startswith(_NO_NONCE) for reason in refusals.values())",
            ),
        ),
        tests=("tests/unit/worker/test_patience.py::test_a_nonce_that_is_used_up_gives_the_run_back_but_not_for_ever",),
    ),
    Defence(
        name="and not for ever",
        stops="a key service that takes no nonce of its own keeps a worker at one run",
        edits=(
            changed(
                "jupyter_secure_jobs/worker/loop.py", "if self._unheard[lease.run] < MOST_GRANTS_PER_ORDER:", "if True:"
            ),
        ),
        tests=("tests/unit/worker/test_patience.py::test_a_nonce_that_is_used_up_gives_the_run_back_but_not_for_ever",),
    ),
    Defence(
        name="a worker without room on its disk takes no run",
        stops="one worker with a full disk fails all that was ordered",
        edits=(changed("jupyter_secure_jobs/worker/loop.py", "        self._ciphertext.make_room(_LEAST_FREE)\n", ""),),
        tests=(
            "tests/unit/worker/test_patience.py::test_a_worker_without_room_on_its_disk_takes_no_run_and_asks_again",
        ),
    ),
    Defence(
        name="a process whose loop has ended ends",
        stops="a key service or worker is there, serves nothing and is started again by nobody",
        edits=(never("jupyter_secure_jobs/cli/parts.py", "ended.is_set()"),),
        tests=("tests/unit/cli/test_loops.py::test_loop_that_ends_by_itself_ends_the_process",),
    ),
    Defence(
        name="no lease ends while the server is away",
        stops="a server that is started again takes back what its workers are about to hand in",
        edits=(
            changed(
                _DISPATCH,
                "unit.now - unit.server.started >= timedelta(seconds=unit.server.settings.lease_seconds)",
                "unit.now",
            ),
        ),
        tests=(f"{_LEASES}::test_no_lease_ends_while_the_server_is_away",),
    ),
    Defence(
        name="the server is asked again for what hours have made",
        stops="an outcome is thrown away and its job runs twice, since the server was away for seconds",
        edits=(
            changed("jupyter_secure_jobs/worker/patience.py", "if time.monotonic() - began > seconds:", "if True:"),
        ),
        tests=("tests/unit/worker/test_patience.py::test_a_server_that_is_away_is_asked_until_it_is_back",),
    ),
    Defence(
        name="each organisation has a line of its own",
        stops="all stand behind who has ordered most",
        edits=(
            changed(
                _LINES,
                "line = (RunRow.workspace == workspace, RunRow.organisation == organisation, RunRow.kind == kind)",
                "line = (RunRow.workspace == workspace, RunRow.kind == kind)",
            ),
        ),
        tests=(f"{_QUEUES}::test_runs_are_taken_in_the_order_of_the_places_that_were_told",),
    ),
    Defence(
        name="a run that cannot be handed out is passed by",
        stops="runs that wait for an absent key service hide all others",
        edits=(changed(_LINES, "RunRow.workspace == workspace, ~away.exists())", "RunRow.workspace == workspace)"),),
        tests=(f"{_QUEUES}::test_runs_that_wait_for_an_absent_key_service_are_passed_by",),
    ),
    Defence(
        name="one worker gets a run",
        stops="a run has two outcomes",
        edits=(changed(_LINES, 'row.status != "Queued" or row.lease is not None', 'row.status != "Queued"'),),
        tests=(f"{_QUEUES}::test_two_workers_never_get_the_same_run",),
    ),
    Defence(
        name="the newest turn that was taken only grows",
        stops="later runs come before earlier ones, which wait for ever",
        edits=(changed(_LINES, "QueueRow.id == 1, QueueRow.taken <= row.turn", "QueueRow.id == 1"),),
        tests=(f"{_QUEUES}::test_the_taken_turn_only_grows",),
    ),
    Defence(
        name="a run that got no keys lets others go first",
        stops="one silent key service holds every worker",
        edits=(changed(_DISPATCH, "    queue.let_others_first(unit, row)\n", ""),),
        tests=(f"{_LEASES}::test_a_run_that_is_given_back_lets_the_others_go_first",),
    ),
    Defence(
        name="a silent key service is waited for only while there is nothing else to do",
        stops="a key service that is connected and silent holds a worker for half a minute at each run",
        edits=(
            never(
                "jupyter_secure_jobs/worker/loop.py",
                "asked.request is None and answer.others and waited > lease.patience_seconds",
            ),
        ),
        tests=("tests/unit/worker/test_patience.py::test_a_silent_key_service_is_not_waited_for_while_others_wait",),
    ),
    Defence(
        name="a key that is on its way is waited for",
        stops="a run is used up because another one waited",
        edits=(
            changed(
                "jupyter_secure_jobs/worker/loop.py",
                "if asked.request is None and answer.others and waited",
                "if answer.others and waited",
            ),
        ),
        tests=("tests/unit/worker/test_patience.py::test_once_keys_are_asked_for_it_waits_on",),
    ),
    Defence(
        name="the server tells a worker whether there is other work",
        stops="a worker waits for nobody's sake, or gives up for nothing",
        edits=(
            changed("jupyter_secure_jobs/services/keymail.py", "others=queue.anything(unit, served)", "others=False"),
        ),
        tests=(f"{_LEASES}::test_a_run_says_whose_key_service_did_not_answer",),
    ),
    Defence(
        name="a run says whose key service did not answer",
        stops="nobody learns why a run starts again and again",
        edits=(changed(_DISPATCH, "    note_silent(row, silent)\n", ""),),
        tests=(f"{_LEASES}::test_a_run_says_whose_key_service_did_not_answer",),
    ),
)

LEASES: Final = (
    Defence(
        name="a run is its worker's alone",
        stops="another worker ends, holds or gives back a run",
        edits=(changed(_DISPATCH, "row is None or row.lease is None or row.lease != lease", "row is None"),),
        tests=(f"{_LEASES}::test_whose_lease_is_another_or_gone_is_not_heard",),
    ),
    Defence(
        name="signs of life come from workers",
        stops="a member holds a run for ever",
        edits=(changed(_DISPATCH, '    enrolled(unit, "worker", "was_worker")\n    row =', "    row ="),),
        tests=(f"{_LEASES}::test_whose_lease_is_another_or_gone_is_not_heard",),
    ),
    Defence(
        name="a silent worker's lease ends",
        stops="a run stays with a worker that is gone",
        edits=(changed(_STATE, "    run.lease = run.lease_expires = None\n    run.request =", "    run.request ="),),
        tests=(f"{_LEASES}::test_a_silent_workers_run_is_taken_back_and_its_lease_is_worth_nothing",),
    ),
    Defence(
        name="what key services said to one enclave is not shown to the next",
        stops="an old nonce uses up a run's keys for nothing",
        edits=(changed(_STATE, "        mail.nonce = mail.grant = mail.refusal = None\n", "        pass\n"),),
        tests=(f"{_LEASES}::test_a_silent_workers_run_is_taken_back_and_its_lease_is_worth_nothing",),
    ),
    Defence(
        name="a run that takes its worker along is not tried for ever",
        stops="one run ends every worker in turn",
        edits=(
            changed(
                "jupyter_secure_jobs/domain/run.py",
                "return RunStatus.FAILED if final else RunStatus.QUEUED",
                "return RunStatus.QUEUED",
            ),
        ),
        tests=(f"{_LEASES}::test_a_run_whose_worker_dies_with_its_keys_is_tried_once_more",),
    ),
    Defence(
        name="a run ends as one that has ended",
        stops="a worker brings a run back to life under its outcome",
        edits=(never(_DISPATCH, "body.status not in rules.ENDED"),),
        tests=(f"{_LEASES}::test_a_run_ends_once_and_as_one_that_ended",),
    ),
    Defence(
        name="an expired order is not handed out",
        stops="an order of last month runs today",
        edits=(changed(_DISPATCH, "    for run in runs.overdue(unit.session, now=unit.now):", "    for run in ():"),),
        tests=(f"{_LEASES}::test_an_order_that_expired_is_not_handed_out",),
    ),
    Defence(
        name="a worker fetches files of its own workspaces",
        stops="a worker of another workspace copies ciphertext",
        edits=(never(_DISPATCH, 'workspace not in {row.workspace for row in enrolled(unit, "worker")}'),),
        tests=(f"{_LEASES}::test_a_worker_gets_the_runs_and_files_of_its_own_workspaces",),
    ),
    Defence(
        name="a lost lease stops the enclave",
        stops="two enclaves run one order",
        edits=(
            changed(
                _LIFE,
                "                self._enclave.cancel()  # the lease is lost: whatever comes out would be thrown away\n"
                "                return\n",
                "                return\n",
            ),
        ),
        tests=(f"{_LIVES}::test_a_lost_lease_stops_the_enclave",),
    ),
    Defence(
        name="a cancellation stops the enclave",
        stops="a run that was cancelled goes on",
        edits=(
            changed(
                _LIFE, "            self._cancelled.set()\n            self._enclave.cancel()\n", "            pass\n"
            ),
        ),
        tests=(f"{_LIVES}::test_a_cancellation_stops_the_enclave_once",),
    ),
    Defence(
        name="an enclave that hangs is ended",
        stops="a run and its worker wait for ever",
        edits=(
            changed(
                "jupyter_secure_jobs/worker/enclave_process.py",
                "threading.Timer(seconds, self._process.kill)",
                "threading.Timer(seconds, lambda: None)",
            ),
        ),
        tests=("tests/unit/worker/test_silent_enclave.py::test_silent_enclave_is_ended",),
    ),
)

PROFILES: Final = (
    Defence(
        name="a profile is its organisation's to change",
        stops="another organisation changes what jobs will ask for",
        edits=(
            changed("jupyter_secure_jobs/domain/profile.py", "member == made_by or organisation == made_at", "member"),
        ),
        tests=(f"{_WHOSE}::test_its_maker_and_their_organisation_change_a_profile",),
    ),
    Defence(
        name="the server asks who may change a profile",
        stops="what the page disables is done by hand",
        edits=(not_raised(_PROFILES, 'NotAllowedError("profile_refused", refused'),),
        tests=(f"{_KEPT}::test_another_organisation_neither_changes_nor_deletes_it",),
    ),
    Defence(
        name="a profile stays in its workspace",
        stops="members of another workspace read or change it",
        edits=(
            changed(
                "jupyter_secure_jobs/store/profiles.py",
                "return row if row is not None and row.workspace == workspace else None",
                "return row",
            ),
        ),
        tests=(f"{_KEPT}::test_it_stays_in_its_workspace",),
    ),
    Defence(
        name="a profile's name leads to one of its own workspace",
        stops="a draft is filled from another workspace's profile",
        edits=(
            changed(
                "jupyter_secure_jobs/store/profiles.py",
                "select(ProfileRow).where(ProfileRow.workspace == workspace, ProfileRow.folded == folded)",
                "select(ProfileRow).where(ProfileRow.folded == folded)",
            ),
        ),
        tests=(f"{_KEPT}::test_it_stays_in_its_workspace",),
    ),
    Defence(
        name="nobody takes the built-in profile's name",
        stops="a draft that says Standard has another's sizes",
        edits=(changed(_PROFILES, "if folded(name) == folded(STANDARD) or profiles", "if profiles"),),
        tests=(f"{_KEPT}::test_the_built_in_one_is_nobodys_to_change_and_its_name_is_taken",),
    ),
    Defence(
        name="a workspace keeps so many profiles",
        stops="a member fills the server",
        edits=(never(_PROFILES, "profiles.count(unit.session, workspace) >= rules.MOST_PROFILES"),),
        tests=(f"{_KEPT}::test_there_are_only_so_many",),
    ),
    Defence(
        name="a change of a profile says which revision it changes",
        stops="one member's change is lost under another's",
        edits=(never(_PROFILES, "revision is not None and revision != row.revision"),),
        tests=(f"{_KEPT}::test_another_organisation_neither_changes_nor_deletes_it",),
    ),
    Defence(
        name="a new profile's sizes are checked before it is kept",
        stops="a profile without bounds fills drafts",
        edits=(changed(_PROFILES, "    _limits(body.limits)\n    row = ProfileRow(", "    row = ProfileRow("),),
        tests=(f"{_KEPT}::test_what_is_kept_was_checked",),
    ),
    Defence(
        name="a changed profile's sizes are checked before they are kept",
        stops="a profile loses its bounds by a change",
        edits=(changed(_PROFILES, "        _limits(body.limits)\n        row.limits", "        row.limits"),),
        tests=(f"{_KEPT}::test_what_is_kept_was_checked",),
    ),
    Defence(
        name="what the author typed stays",
        stops="the server's profile takes the place of sizes that its author chose",
        edits=(changed(_PROFILES, '"limits": body.limits or limits,', '"limits": limits,'),),
        tests=(f"{_KEPT}::test_a_draft_gets_a_copy_and_what_was_typed_stays",),
    ),
    Defence(
        name="what a worker says of itself is bounded and well-formed",
        stops="a worker fills the members' pages",
        edits=(never(_PROFILES, "len(said.packages) > rules.MOST_OFFERED"),),
        tests=(f"{_KEPT}::test_a_workers_word_is_bounded",),
    ),
)

TOLD: Final = (
    Defence(
        name="all that was heard is told",
        stops="words that the server refuses for ever keep later ones untold",
        edits=(changed("jupyter_secure_jobs/keyservice/state.py", "        while rows := ", "        if rows := "),),
        tests=(f"{_NOTICES}::test_words_that_are_refused_for_ever_keep_none_from_being_told",),
    ),
    Defence(
        name="the inbox is heard while the server is told",
        stops="a server that answers slowly delays a revocation that came without it",
        edits=(
            changed(
                _WATCH,
                "(each.statement.hash)\n            self._inbox.look(now=self._clock())\n",
                "(each.statement.hash)\n",
            ),
        ),
        tests=(f"{_NOTICES}::test_server_that_takes_its_time_keeps_nothing_from_being_heard",),
    ),
)
