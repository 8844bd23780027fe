"""What to do next after a run that failed: for each class that a run can end with, and for no other."""

from __future__ import annotations

from jupyter_secure_jobs.domain import failure
from jupyter_secure_jobs.engines import errors
from jupyter_secure_jobs.worker import loop

# These say nothing themselves: the first is no failure, of the second nothing is known.
SILENT = {"Cancelled", "Error"}


def test_whatever_a_sandbox_ends_a_run_for_has_a_next_step() -> None:
    assert {name for name in errors.OURS if failure.next_step(name) is None} == SILENT
    for name in ("UnsupportedOperationException", "AnalysisException", "ModuleNotFoundError", "NameError", "KeyError"):
        assert failure.next_step(name) is not None


def test_only_classes_that_a_run_can_have_are_told_of() -> None:
    told = {*failure.STEPS, *failure.SAME, *failure.OF_CODE}
    assert {name for name in told if not errors.is_known(name)} <= set(loop.CLASSES.values())
    assert failure.next_step(None) is None
    assert failure.next_step("Refused") is None


def test_error_of_the_code_needs_no_more_words_than_its_message() -> None:
    assert failure.next_step("ValueError", told=True) is None
    assert failure.next_step("MemoryLimit", told=True) == failure.next_step("MemoryLimit") is not None


def test_a_step_is_a_sentence_that_names_no_data() -> None:
    for step in failure.STEPS.values():
        assert step.endswith(".")
        assert "%" not in step
        assert "{" not in step
