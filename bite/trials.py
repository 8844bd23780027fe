"""Test runs, which nobody has to accept, and whose runs a worker takes."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never

_RUN: Final = "jupyter_secure_jobs/domain/run.py"
_STATE: Final = "jupyter_secure_jobs/services/run_state.py"
_DISPATCH: Final = "jupyter_secure_jobs/services/dispatch.py"
_LOOP: Final = "jupyter_secure_jobs/worker/loop.py"
_SERVES: Final = "jupyter_secure_jobs/worker/served.py"
_TRIED: Final = "tests/unit/services/test_test_runs.py"
_HANDED: Final = "tests/unit/services/test_served_workspaces.py"
_TAKEN: Final = "tests/unit/worker/test_served.py"
_LEFT: Final = f"{_TRIED}::test_the_tests_of_a_member_who_left_are_cancelled"
_ELSEWHERE: Final = f"{_HANDED}::test_elsewhere_no_worker_is_connected_for_as_long_as_it_serves_others"
_AT_ONCE: Final = f"{_HANDED}::test_one_that_served_all_and_now_serves_some_is_gone_elsewhere_at_once"
_GIVEN_BACK: Final = f"{_TAKEN}::test_a_run_of_another_workspace_is_given_back_before_the_enclave_hears_of_it"

TESTS: Final = (
    Defence(
        name="a test has an hour at most",
        stops="a draft that nobody accepted takes a worker for a week",
        edits=(changed(_DISPATCH, 'JobLimits(**text["limits"]).for_test()', 'JobLimits(**text["limits"])'),),
        tests=(f"{_TRIED}::test_a_test_gets_an_hour_at_most_and_all_else_that_its_draft_says",),
    ),
    Defence(
        name="and so says the enclave",
        stops="a server that helps hands out a test of a week",
        edits=(
            changed(
                "jupyter_secure_jobs/enclave/enclave.py", "_limits(task.limits.for_test())", "_limits(task.limits)"
            ),
        ),
        tests=("tests/adversarial/test_compute_attacks.py::test_a_test_gets_an_hour_whatever_the_server_says",),
    ),
    Defence(
        name="every member stops a test",
        stops="one member's tests hold the worker, and only that member can end them",
        edits=(changed(_RUN, "return concerned or kind is RunKind.TEST", "return concerned"),),
        tests=(f"{_TRIED}::test_every_member_cancels_a_test_whether_it_waits_or_runs",),
    ),
    Defence(
        name="a job run is stopped by who started it and by its author",
        stops="any member keeps another organisation's job from running",
        edits=(changed(_RUN, "return concerned or kind is RunKind.TEST", "return True"),),
        tests=(f"{_TRIED}::test_a_job_run_stays_its_starters_and_its_authors_to_cancel",),
    ),
    Defence(
        name="a test that takes its worker along is not tried for ever",
        stops="a worker that is started again gets the test that ends it again",
        edits=(changed(_RUN, "return keys_released or kind is RunKind.TEST", "return keys_released"),),
        tests=(f"{_TRIED}::test_a_test_whose_worker_dies_twice_is_not_tried_again",),
    ),
    Defence(
        name="that it was tried once more is kept",
        stops="the count begins anew with every worker",
        edits=(
            changed(
                _STATE, "    run.retried = run.retried or (lost and ", "    run.retried = run.retried and (lost and "
            ),
        ),
        tests=(f"{_TRIED}::test_a_test_whose_worker_dies_twice_is_not_tried_again",),
    ),
    Defence(
        name="tests of a member who left are cancelled",
        stops="somebody who was removed goes on with the members' workers",
        edits=(never(_RUN, "members_changed and not member_stays"),),
        tests=(_LEFT,),
    ),
)

SERVED: Final = (
    Defence(
        name="a worker is handed runs of the workspaces that it serves",
        stops="who founds a workspace and lists another's worker there has tests run on it",
        edits=(changed(_DISPATCH, "if serves is None or row.workspace in serves]", "]"),),
        tests=(f"{_HANDED}::test_only_runs_of_the_workspaces_that_it_serves_are_handed_out",),
    ),
    Defence(
        name="the worker refuses runs of other workspaces",
        stops="a server that helps hands them out nevertheless",
        edits=(never(_SERVES, "not named <= set(workspaces)"),),
        tests=(_GIVEN_BACK,),
    ),
    Defence(
        name="before its enclave hears of them",
        stops="the author's code of another workspace runs, and is refused afterwards",
        edits=(changed(_LOOP, "            check_served(lease, self._workspaces)\n", "            pass\n"),),
        tests=(_GIVEN_BACK,),
    ),
    Defence(
        name="a job run is of the workspace that its version says",
        stops="a server puts the name of a workspace that is served on another's run",
        edits=(never(_SERVES, "lease.dossier is not None"),),
        tests=(_GIVEN_BACK,),
    ),
    Defence(
        name="a worker says with each call whose runs it takes",
        stops="an honest server hands out what the worker then refuses, again and again",
        edits=(
            changed(
                "jupyter_secure_jobs/client/mailbox.py",
                "LeaseNew(offer=offer, workspaces=self._workspaces)",
                "LeaseNew(offer=offer)",
            ),
        ),
        tests=(f"{_TAKEN}::test_it_says_with_each_call_whose_runs_it_takes",),
    ),
    Defence(
        name="an option without a value is no option for all",
        stops="an empty variable in a script opens a worker to every workspace",
        edits=(never("jupyter_secure_jobs/cli/parts.py", "not text.strip()"),),
        tests=(f"{_TAKEN}::test_the_option_can_be_given_several_times_and_not_empty",),
    ),
    Defence(
        name="where a worker does not serve, it is not there",
        stops="members wait for a worker that never takes their runs, and are not told",
        edits=(changed(_DISPATCH, 'if row.kind != "worker" or row.seen is not None:', "if True:"),),
        tests=(_ELSEWHERE,),
    ),
    Defence(
        name="and what it has is no offer there",
        stops="a page says that a job can run which nobody would run",
        edits=(changed(_DISPATCH, "            row.seen = row.offer = None\n", "            pass\n"),),
        tests=(_AT_ONCE,),
    ),
    Defence(
        name="runs that it does not serve are no other work",
        stops="a worker gives up waiting for keys for the sake of a run that it never gets",
        edits=(
            changed(
                "jupyter_secure_jobs/services/keymail.py",
                ' if each.kind == "worker" and each.seen is not None}',
                ' if each.kind == "worker"}',
            ),
        ),
        tests=(f"{_HANDED}::test_runs_that_it_does_not_serve_are_no_other_work",),
    ),
)
