"""Is a reviewer's test the same as the author's? Two outcomes that workers signed, compared by their result digests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError, NotFoundError, RefusedError
from jupyter_secure_jobs.domain.run import RunKind
from jupyter_secure_jobs.member.asked import run_asked
from jupyter_secure_jobs.member.chance import chances
from jupyter_secure_jobs.member.tested import tested
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.version import TestedText, tables_of
from jupyter_secure_jobs.wire.member_side import ComparisonWire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.domain.inputs import Value
    from jupyter_secure_jobs.member.context import Acting
    from jupyter_secure_jobs.protocol.order import TestResult
    from jupyter_secure_jobs.wire.job import JobDetailWire
    from jupyter_secure_jobs.wire.run import RunWire

# Each candidate costs a download and several signatures; the author's newest tests are the ones that matter.
MOST_VERIFIED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    run: RunWire
    result: TestResult
    replaced: tuple[str, ...]


def compare(acting: Acting, workspace: str, run: str) -> ComparisonWire:
    """Compare a test run with the author's newest one on the same text, inputs and synthetic data.

    Text, inputs, synthetic data and result are what enrolled workers signed, each verified here. That the other run is
    the author's is the server's word: a worker does not know who asks for a test.

    Raises:
        NotFoundError: there is no such run.
        InvalidError: it is no test run.
        RefusedError: the server sent other runs than those of this job, or this run as the author's too.
    """
    known = run_asked(acting, workspace, run)
    if known.kind is not RunKind.TEST:
        raise InvalidError("not_a_test", "Only test runs are compared.", "Test the version, then compare.")
    job = acting.client.job(workspace, known.job)
    if (job.workspace, job.id) != (workspace, known.job):
        raise RefusedError("other_job", "The server sent another job than that of the run.", "Warn the others.")
    if known.member == job.author:
        return _cannot("This test run is the author's own: there is nothing to compare it with.")
    try:
        mine = _verified(acting, known)
    except (NotFoundError, RefusedError) as error:
        return _cannot(f"This test's outcome is not verified: {error.detail}")
    if mine.result.result is None:
        return _cannot("This test gave no result to compare.")
    if mine.replaced:
        return _cannot(f"The synthetic data of {', '.join(mine.replaced)} was published anew since: test again.")
    every = acting.client.runs(workspace, known.job, kind=RunKind.TEST)
    if any((each.workspace, each.job) != (workspace, known.job) for each in every):
        raise RefusedError("other_run", "The server sent runs of another job.", "Warn the others.")
    authors = [each for each in every if each.member == job.author and each.has_result]
    # Otherwise a test would be compared with itself, and be the same.
    if any(each.id == run for each in authors):
        raise RefusedError("other_run", "The server sent this very run as the author's.", "Warn the others.")
    if not authors:
        return _cannot("The author has no test run with a result.")
    return _with_any(acting, job, mine, sorted(authors, key=lambda each: each.inputs != known.inputs))


def _cannot(why: str, authors_run: str | None = None) -> ComparisonWire:
    return ComparisonWire(same=None, text=f"Cannot be compared. {why}", authors_run=authors_run)


def _verified(acting: Acting, run: RunWire) -> _Test:
    outcome = acting.client.outcome(run.workspace, run.id, seen=acting.pins.log_size(run.workspace))
    found = tested(acting, run, outcome)
    return _Test(run=run, result=found.result, replaced=found.replaced)


def _with_any(acting: Acting, job: JobDetailWire, mine: _Test, authors: list[RunWire]) -> ComparisonWire:
    """Compare with the first that fits; if none does, say of the one that is nearest why."""
    nearest: dict[int, ComparisonWire] = {}
    for run in authors[:MOST_VERIFIED]:
        named = f"the author's test run {run.number}"
        try:
            theirs = _verified(acting, run)
        except (NotFoundError, RefusedError) as error:
            nearest.setdefault(2, _cannot(f"The outcome of {named} is not verified: {error.detail}", run.id))
            continue
        if theirs.result.result is None or theirs.result.text != mine.result.text:
            nearest.setdefault(3, _cannot("The author has no test run with a result on exactly this text."))
        elif theirs.result.inputs != mine.result.inputs:
            why = f"The author tested with other input values: {_values(theirs.result.inputs)}."
            nearest.setdefault(1, _cannot(why, run.id))
        elif theirs.result.synthetic != mine.result.synthetic:
            why = f"Synthetic data was published anew after {named}."
            nearest.setdefault(0, _cannot(why, run.id))
        else:
            return _judged(job, mine, theirs)
    return nearest[min(nearest)]


def _judged(job: JobDetailWire, mine: _Test, theirs: _Test) -> ComparisonWire:
    named = f"the author's test run {theirs.run.number}, on the same text, input values and synthetic data"
    if mine.result.result == theirs.result.result:
        return ComparisonWire(same=True, text=f"Same result as {named}.", authors_run=theirs.run.id)
    by_chance = _chances(job, mine.result.text)
    if by_chance:
        why = f"The code calls {', '.join(by_chance)}, so each run gives another result; that of {named} differs."
        return _cannot(why, theirs.run.id)
    more = "Sums of floating-point numbers, and LIMIT without ORDER BY, may differ from run to run."
    return ComparisonWire(same=False, text=f"Another result than {named}. {more}", authors_run=theirs.run.id)


def _chances(job: JobDetailWire, text: str) -> list[str]:
    # The code is the server's word; it counts only if it is what the workers tested.
    version = job.version
    shown = TestedText(
        language=version.language,
        code=version.code,
        tables=tables_of({read.table: read.dataset for read in version.datasets}),
        inputs=tuple(each.declared() for each in version.inputs),
        compute=version.compute.compute(),
        output_policy=version.output_policy.policy(),
        counts=tuple(version.counts),
    )
    return chances(version.language, version.code) if shown.hash == text else []


def _values(inputs: Mapping[str, Value]) -> str:
    return ", ".join(f"{name}={codec.to_json(value)}" for name, value in inputs.items()) or "none"
