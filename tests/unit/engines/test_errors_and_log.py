"""The closed list of error classes, and the log as each policy lets it out."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.engines import errors, log
from jupyter_secure_jobs.engines.spec import JobSpec, SpecError
from jupyter_secure_jobs.sandbox.limits import Limits

JOB = JobSpec(
    language="sql",
    code="SELECT :m",
    tables={"t": ("a.parquet",)},
    inputs={"m": ("multiple choice", ("a", "b"))},
    log_policy="full",
    limits=Limits(),
)


def test_a_job_survives_its_bytes() -> None:
    assert JobSpec.from_bytes(JOB.to_bytes()) == JOB


@pytest.mark.parametrize(
    "change",
    [
        (b'"sql"', b'"perl"'),
        (b"a.parquet", b"../a"),
        (b'"full"', b'"loud"'),
        (b"3600", b"-1"),
        (b"multiple choice", b"integer"),
    ],
)
def test_a_wrong_part_is_refused(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(SpecError):
        JobSpec.from_bytes(JOB.to_bytes().replace(*change))


def test_the_list_is_closed() -> None:
    for name in ("TimeLimit", "ValueError", "AnalysisException", "CAST_INVALID_INPUT"):
        assert errors.is_known(name)
    for name in ("", "ValueError: 7", "canary", "Array", "open"):
        assert not errors.is_known(name)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), "MemoryLimit"),
        (OSError(28, "No space left on device"), "DiskFull"),
        (FileNotFoundError("x"), "FileNotFoundError"),
        (Exception("[CAST_INVALID_INPUT] x"), "Error"),
    ],
)
def test_classes(error: Exception, expected: str) -> None:
    assert errors.classify(error) == expected


def test_conditions_come_from_the_list_only() -> None:
    assert errors.condition_in("x [SECRET_VALUE] y [CAST_INVALID_INPUT.DETAIL]") == "CAST_INVALID_INPUT"
    assert errors.condition_in("[SECRET_VALUE]") is None


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("full", "out\nsaid\nFailed: E at line 2.\n"),
        ("standard", "out\nFailed: E at line 2.\n"),
        ("errors", "Failed: E at line 2.\n"),
    ],
)
def test_each_policy_of_a_failed_run(policy: str, expected: str) -> None:
    text, fitted = log.compose(b"out\n", policy=policy, most=100, error_class="E", line=2, message="said\n")  # type: ignore[arg-type]
    assert (text.decode(), fitted) == (expected, True)


def test_an_empty_log_says_why() -> None:
    kept_out, _ = log.compose(b"out", policy="errors", most=100, error_class=None, line=None, message="")
    nothing, _ = log.compose(b"", policy="full", most=100, error_class=None, line=None, message="")
    assert b"log policy `errors`" in kept_out
    assert b"printed nothing" in nothing
