"""Verbs that change a job or run it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.lifecycle import LABELS, Action
from jupyter_secure_jobs.domain.run import RunKind
from kernel_magics.arguments import pairs
from kernel_magics.bundle import joined, note
from kernel_magics.cards import run_card
from kernel_magics.quiet import JobsError
from kernel_magics.showing import Live, show
from kernel_magics.verbs.verb import Verb, named, named_run, named_sure
from kernel_magics.wording import ended_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from jupyter_secure_jobs.wire.run import RunWire
    from kernel_magics.arguments import Arguments
    from kernel_magics.bundle import Bundle
    from kernel_magics.desk import Desk
    from kernel_magics.job import Job
    from kernel_magics.run import Run

_SURE: Final = {
    Action.REVOKE: "Your acceptance would then be good for the first run alone: no run after it, for ever.",
    Action.WITHDRAW: "Your acceptance would then be good for nothing: no further key, the first run included, for "
    "ever. A run that has its keys finishes.",
    Action.DELETE: "The job, its drafts and its test runs would be gone.",
}


def watched(run: Run, *, timeout: float | None = None, job: Job | None = None) -> Run:
    """Show the run, its phases as they happen, until it has ended; interrupting stops the watching, not the run.

    With `job`, its card stands above the run in the same output, which is then the job's.

    Raises:
        JobsError: it failed or was cancelled.
        UnavailableError: the time is over; it goes on.
    """

    def below_job(card: Bundle) -> Bundle:
        above = None if job is None else job.card()
        return card if above is None else joined(above, card, reference=above.reference)

    shown = Live(below_job(run.card()))

    def update(wire: RunWire) -> None:
        shown.update(below_job(run_card(wire, member=run.member)))

    run.wait(timeout, changed=update)
    if job is not None:
        job.refresh()
    shown.update(below_job(run.shown()))
    if run.succeeded:
        return run
    kind = "--test " if run.synthetic else ""
    raise JobsError(
        "run_not_succeeded",
        f"{run.wire.job_name}, {run.wire.kind} run {run.number}: {ended_words(run.wire)}.\n"
        f'Next: %securejob log "{run.wire.job_name}" {kind}--run {run.number}',
    )


def test_run(job: Job, values: list[str]) -> Run:
    """Run the job on synthetic data, watch it, and show its rows.

    Raises:
        InvalidError: a value is missing or outside its constraint.
        JobsError: the run failed.
    """
    return watched(job.test(**pairs(values)))


def _values(parser: Arguments) -> None:
    named(parser)
    parser.add_argument("values", nargs="*", metavar="input=value")


def _run_arguments(parser: Arguments) -> None:
    _values(parser)
    parser.add_argument("--wait", action="store_true")
    parser.add_argument("--timeout", type=float, metavar="SECONDS")


def _wait_arguments(parser: Arguments) -> None:
    named_run(parser)
    parser.add_argument("--timeout", type=float, metavar="SECONDS")


def _activate_arguments(parser: Arguments) -> None:
    named(parser)
    parser.add_argument("version", type=int, metavar="N")


def _test(desk: Desk, arguments: argparse.Namespace) -> None:
    test_run(desk.session.job(arguments.name), arguments.values)


def _run(desk: Desk, arguments: argparse.Namespace) -> None:
    run = desk.session.job(arguments.name).run(**pairs(arguments.values))
    if arguments.wait:
        watched(run, timeout=arguments.timeout)
        return
    show(run)
    show(note(f'It goes on by itself; `%securejob wait "{run.wire.job_name}"` waits for its end.'))


def _wait(desk: Desk, arguments: argparse.Namespace) -> None:
    kind = RunKind.TEST if arguments.test else RunKind.JOB
    watched(desk.session.job(arguments.name).run_number(arguments.run, kind=kind), timeout=arguments.timeout)


def _cancel(desk: Desk, arguments: argparse.Namespace) -> None:
    if not arguments.test and arguments.run is None:
        _doing(Action.CANCEL, lambda job: job.cancel())(desk, arguments)
        return
    kind = RunKind.TEST if arguments.test else RunKind.JOB
    run = desk.session.job(arguments.name).run_number(arguments.run, kind=kind).cancel()
    show(note(f'Asked to stop: {run.wire.kind} run {run.number} of "{run.wire.job_name}".'))
    show(run)


def _activate(desk: Desk, arguments: argparse.Namespace) -> None:
    job = desk.session.job(arguments.name).activate(arguments.version)
    show(note(f'{LABELS[Action.ACTIVATE]}: version {arguments.version} of "{job.name}" is live.'))
    show(job)


def _doing(action: Action, do: Callable[[Job], object]) -> Callable[[Desk, argparse.Namespace], None]:
    def done(desk: Desk, arguments: argparse.Namespace) -> None:
        job = desk.session.job(arguments.name)
        do(job)
        show(note(f'{LABELS[action]}: done for "{job.name}".'))
        show(job)

    return done


def _sure(action: Action, do: Callable[[Job], object]) -> Callable[[Desk, argparse.Namespace], None]:
    def done(desk: Desk, arguments: argparse.Namespace) -> None:
        job = desk.session.job(arguments.name)
        if not arguments.yes:
            again = f'`%securejob {action} "{job.name}" --yes`'
            show(note(f'{LABELS[action]} of "{job.name}"? {_SURE[action]}\nNothing was done yet. {again} does it.'))
            return
        do(job)
        show(note(f'{LABELS[action]}: done for "{job.name}".'))

    return done


def _verb(action: Action, summary: str, do: Callable[[Job], object]) -> Verb:
    name = action.replace("_", "-")
    return Verb(name=name, form='"NAME"', summary=summary, arguments=named, do=_doing(action, do))


def _sure_verb(action: Action, summary: str, do: Callable[[Job], object]) -> Verb:
    return Verb(name=str(action), form='"NAME" [--yes]', summary=summary, arguments=named_sure, do=_sure(action, do))


VERBS: Final = (
    Verb(
        name="test",
        form='"NAME" [input=value …]',
        summary="run it on synthetic data and show the rows",
        arguments=_values,
        do=_test,
    ),
    _verb(Action.SUBMIT, "sign the draft and submit it for review", lambda job: job.submit()),
    _verb(Action.CANCEL_REVIEW, "make what is under review a draft again", lambda job: job.cancel_review()),
    Verb(
        name="run",
        form='"NAME" [input=value …] [--wait] [--timeout S]',
        summary="run the live version on the data",
        arguments=_run_arguments,
        do=_run,
    ),
    Verb(
        name="wait",
        form='"NAME" [--run N] [--test] [--timeout S]',
        summary="wait until a run has ended",
        arguments=_wait_arguments,
        do=_wait,
    ),
    Verb(
        name=str(Action.CANCEL),
        form='"NAME" [--run N] [--test]',
        summary="cancel the active run, or the newest test",
        arguments=named_run,
        do=_cancel,
    ),
    Verb(
        name="activate",
        form='"NAME" N',
        summary="make an earlier accepted version the live one",
        arguments=_activate_arguments,
        do=_activate,
    ),
    _verb(Action.NEW_DRAFT, "open a draft beside the accepted version", lambda job: job.new_draft()),
    _verb(Action.DISCARD_DRAFT, "throw the draft away", lambda job: job.discard_draft()),
    _verb(Action.ARCHIVE, "archive the job", lambda job: job.archive()),
    _verb(Action.UNARCHIVE, "take the job out of the archive", lambda job: job.unarchive()),
    _sure_verb(Action.DELETE, "delete a job that never ran", lambda job: job.delete()),
    _sure_verb(Action.REVOKE, "revoke repeatability: no run after the first", lambda job: job.revoke()),
    _sure_verb(Action.WITHDRAW, "withdraw one's acceptance: no run at all", lambda job: job.withdraw()),
)
