"""The Python face: connecting, drafts, runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pandas as pd
import pyarrow as pa
import pytest

from jupyter_secure_jobs.domain.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from jupyter_secure_jobs.domain.lifecycle import Action
from kernel_magics import connect
from kernel_magics.job import Job

if TYPE_CHECKING:
    from kernel_magics.api import SecureJobs
    from tests.unit.kernel_magics.side import MemberSide

SECRET = "row-4711"
CODE = "SELECT 1 FROM flights"


def test_every_action_of_the_lifecycle_has_a_method() -> None:
    assert [action for action in Action if not hasattr(Job, action)] == []


def test_the_environment_s_token_goes_to_the_environment_s_server_alone(
    side: MemberSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECURE_JOBS_URL", "http://127.0.0.1:8888/secure-jobs/api/v1/")
    monkeypatch.setenv("SECURE_JOBS_TOKEN", "scoped")
    monkeypatch.setenv("SECURE_JOBS_MEMBER", "lin@maker.example")
    transport = httpx.MockTransport(side)
    connect(transport=transport).status()
    connect("http://elsewhere.example/secure-jobs/api/v1/", transport=transport).status()
    assert side.requests[0].headers["X-Secure-Jobs-Token"] == "scoped"
    assert side.requests[0].headers["X-Secure-Jobs-Member"] == "lin@maker.example"
    assert "X-Secure-Jobs-Token" not in side.requests[1].headers


def test_without_any_url_the_next_step_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECURE_JOBS_URL", raising=False)
    with pytest.raises(UnavailableError) as error:
        connect()
    assert "URL and token" in error.value.next_step


def test_a_draft_says_all_of_its_terms(session: SecureJobs, side: MemberSide) -> None:
    session.draft(
        "Delays",
        CODE,
        "sql",
        inputs=["month integer 1..12 = 1"],
        datasets={"f": "flights"},
        most_runs=5,
        until=datetime(2026, 12, 31, tzinfo=UTC),
        description="late",
        log_policy="errors",
        seconds=60,
    )
    version = side.detail("j1").version
    assert version.grant.reruns
    assert version.grant.most_runs == 5
    assert (version.description, str(version.log_policy), version.limits.seconds) == ("late", "errors", 60)
    assert [(read.table, read.dataset) for read in version.datasets] == [("f", "id-flights")]
    session.draft("Delays", CODE, "sql", datasets=["planes"])
    changed = side.detail("j1").version
    assert [read.table for read in changed.datasets] == ["planes"]
    assert (changed.description, changed.limits.seconds, changed.grant.reruns) == ("late", 60, False)


@pytest.mark.parametrize(
    "wrong", [{"language": "perl"}, {"log_policy": "loud"}, {"inputs": ["x"]}, {"datasets": ["ghosts"]}]
)
def test_terms_that_mean_nothing_are_refused(session: SecureJobs, side: MemberSide, wrong: dict[str, object]) -> None:
    with pytest.raises((InvalidError, NotFoundError)):
        session.draft("Delays", CODE, **wrong)  # type: ignore[arg-type]  # wrong on purpose
    assert side.jobs == {}


def test_a_name_is_taken_once(session: SecureJobs) -> None:
    session.create_job("Delays", CODE)
    with pytest.raises(ConflictError):
        session.create_job("delays", CODE)


def test_a_run_gives_rows_in_pandas_and_arrow(session: SecureJobs, side: MemberSide) -> None:
    job = session.draft("Delays", CODE, inputs=["month integer 1..12"])
    with pytest.raises(InvalidError, match="month"):
        job.test()
    states: list[str] = []
    run = job.test(month=7).wait(10, changed=lambda wire: states.append(str(wire.status)))
    assert states == ["Queued", "Succeeded"]
    assert run.synthetic
    assert type(run.to_pandas()) is pd.DataFrame
    assert run.to_arrow().column("who").to_pylist() == [SECRET, None]
    assert isinstance(run.to_arrow(), pa.Table)
    assert run.log().empty_because
    side.accept_all("j1")
    real = job.refresh().run(month=7)
    with pytest.raises(ConflictError, match="no result yet"):
        real.to_pandas()
    real.wait(10)
    assert SECRET not in repr(real.to_pandas())
    assert SECRET not in repr(real) + str(real._repr_mimebundle_())
    assert [each.number for each in job.runs()] == [1]
    with pytest.raises(NotFoundError, match="job run 9"):
        job.run_number(9)


def test_two_columns_of_one_name_are_opened(session: SecureJobs, side: MemberSide) -> None:
    side.names = ["who", "who"]
    run = session.draft("Delays", CODE).test().wait(10)
    assert run.to_arrow().column(1).to_pylist() == [SECRET, None]
    assert list(run.to_pandas().columns) == ["who", "who"]


def test_waiting_ends_in_time_and_the_run_goes_on(session: SecureJobs, side: MemberSide) -> None:
    run = session.draft("Delays", CODE).test()
    with pytest.raises(UnavailableError) as error:
        run.wait(0)
    assert error.value.code == "still_active"
    assert "test1" in side.runs


def test_a_kernel_points_to_where_decisions_are_made(session: SecureJobs) -> None:
    job = session.draft("Delays", CODE)
    for decide in (job.accept, job.decline):
        with pytest.raises(NotAllowedError) as error:
            decide()
        assert "jupyter secure-jobs decide" in error.value.next_step
