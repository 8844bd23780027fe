"""Verbs that show jobs, runs, results and logs."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.lifecycle import Action
from jupyter_secure_jobs.domain.run import RunKind
from kernel_magics import cards
from kernel_magics.bundle import code, note, table
from kernel_magics.job import decide_where
from kernel_magics.rows import preview_table, withheld_note
from kernel_magics.showing import show
from kernel_magics.verbs.verb import Verb, named, named_run
from kernel_magics.wording import values_words

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from kernel_magics.arguments import Arguments
    from kernel_magics.desk import Desk
    from kernel_magics.job import Job

_EMPTY_LOG: Final = "The log is empty."


def _kind(arguments: argparse.Namespace) -> RunKind:
    return RunKind.TEST if arguments.test else RunKind.JOB


def _list_arguments(parser: Arguments) -> None:
    which = parser.add_mutually_exclusive_group()
    for name in ("needs-me", "mine", "others", "archived"):
        which.add_argument(f"--{name}", dest="which", action="store_const", const=name.replace("-", "_"))
    parser.add_argument("text", nargs="?")


def _list(desk: Desk, arguments: argparse.Namespace) -> None:
    show(cards.jobs_table(desk.session.jobs(arguments.which, q=arguments.text)))


def _show_arguments(parser: Arguments) -> None:
    named(parser)
    parser.add_argument("--diff", action="store_true")
    parser.add_argument("--version", type=int, metavar="N")


def _show(desk: Desk, arguments: argparse.Namespace) -> None:
    job = desk.session.job(arguments.name)
    if arguments.version is not None:
        client = desk.session.client
        show(cards.version_text(client.version(job.wire.workspace, job.id, arguments.version)))
        return
    show(job)
    if arguments.diff:
        _show_diff(job)
        return
    show(cards.version_text(job.wire.version))
    if job.wire.approval or job.wire.last_review:
        show(cards.approval_table(job.wire))


def _show_diff(job: Job) -> None:
    offer = job.offer(Action.ACCEPT)
    if offer is not None:
        review = job.review()
        show(cards.review_card(review))
        if review.diff is None:
            show(note("Nothing was accepted before; this is the full text."))
            show(cards.version_text(job.wire.version))
        else:
            show(code(review.diff, title="What changed since the last accepted version"))
        return
    live = job.wire.live
    front = job.wire.version
    if live is None or live.number == front.number:
        show(note("Nothing was accepted before; this is the full text."))
        show(cards.version_text(front))
        return
    names = (f"version {live.number} (live)", f"version {front.number} ({front.state})")
    lines = difflib.unified_diff(live.code.splitlines(), front.code.splitlines(), *names, lineterm="")
    show(code("\n".join(lines) or "The texts are equal.", title="What changed since the live version"))


def _results_arguments(parser: Arguments) -> None:
    named_run(parser)
    parser.add_argument("--save-rows", action="store_true")


def _results(desk: Desk, arguments: argparse.Namespace) -> pd.DataFrame | None:
    run = desk.session.job(arguments.name).result_run(arguments.run, kind=_kind(arguments))
    if run.synthetic or arguments.save_rows:
        show(preview_table(run.preview(), title=f"{run.wire.job_name} · {run.wire.kind} run {run.number}"))
        return None
    rows, withheld = run.opened()
    if withheld:
        show(withheld_note(withheld))
    return rows


def _compare(desk: Desk, arguments: argparse.Namespace) -> None:
    run = desk.session.job(arguments.name).result_run(arguments.run, kind=RunKind.TEST)
    show(note(f"Test run {run.number}. {run.compare().text}"))


def _compare_arguments(parser: Arguments) -> None:
    named(parser)
    parser.add_argument("--run", type=int, metavar="N")


def _log(desk: Desk, arguments: argparse.Namespace) -> None:
    run = desk.session.job(arguments.name).run_number(arguments.run, kind=_kind(arguments))
    log = run.log()
    title = f"Log of {run.wire.kind} run {run.number}"
    show(code(log.text, title=title) if log.text else note(f"{title}: {log.empty_because or _EMPTY_LOG}"))


def _export_arguments(parser: Arguments) -> None:
    named(parser)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--run", type=int, metavar="N")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--overwrite", action="store_true")


def _export(desk: Desk, arguments: argparse.Namespace) -> None:
    job = desk.session.job(arguments.name)
    wants_log = Path(arguments.file).suffix.lower() == ".txt"
    find = job.run_number if wants_log else job.result_run
    run = find(arguments.run, kind=_kind(arguments))
    path = run.export(arguments.file, overwrite=arguments.overwrite)
    show(note(f"Wrote {path} ({path.stat().st_size:,} bytes) from {run.wire.kind} run {run.number}."))


def _receipt_arguments(parser: Arguments) -> None:
    named(parser)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--run", type=int, metavar="N")
    parser.add_argument("--opened", action="store_true")
    parser.add_argument("--overwrite", action="store_true")


def _receipt(desk: Desk, arguments: argparse.Namespace) -> None:
    run = desk.session.job(arguments.name).run_number(arguments.run, kind=RunKind.JOB)
    path = run.receipt(arguments.file, opened=arguments.opened, overwrite=arguments.overwrite)
    also = ", with the salt and the digest of the rows" if arguments.opened else ""
    show(note(f"Wrote {path} ({path.stat().st_size:,} bytes): everything about job run {run.number}{also}."))
    show(note(f"Anyone can check it, without a server: jupyter secure-jobs verify {path}"))


def _history(desk: Desk, arguments: argparse.Namespace) -> None:
    job = desk.session.job(arguments.name)
    for kind, title in ((RunKind.TEST, "Test Runs"), (RunKind.JOB, "Job Runs")):
        show(cards.runs_table([run.wire for run in job.runs(kind)], title=title))
    show(cards.approval_table(job.wire))
    show(cards.history_table(job.wire.history))


def _versions(desk: Desk, arguments: argparse.Namespace) -> None:
    show(cards.versions_table(desk.session.job(arguments.name).versions()))


def _inputs(desk: Desk, arguments: argparse.Namespace) -> None:
    job = desk.session.job(arguments.name)
    rows = [
        [
            variable.name,
            variable.constraint or variable.type,
            "" if variable.default is None else values_words({"": variable.default})[1:],
            variable.description,
        ]
        for variable in job.wire.version.inputs
    ]
    empty = f'"{job.name}" asks for no input.'
    show(table(["input", "constraint", "default", "description"], rows, empty=empty))


def _decide(desk: Desk, arguments: argparse.Namespace) -> None:
    job = desk.session.job(arguments.name)
    review = job.review()
    show(cards.review_card(review))
    show(note(f"Version {review.number} has the hash\n{review.version_hash}"))
    show(note(f"A kernel cannot decide. {decide_where(job.name)}\nCompare the hash there."))


VERBS: Final = (
    Verb(
        name="list",
        form="[--needs-me|--mine|--others|--archived] [TEXT]",
        summary="the jobs of the workspace",
        arguments=_list_arguments,
        do=_list,
    ),
    Verb(
        name="show",
        form='"NAME" [--diff] [--version N]',
        summary="a job: status, what you can do, its text, decisions",
        arguments=_show_arguments,
        do=_show,
    ),
    Verb(
        name="results",
        form='"NAME" [--run N] [--test] [--save-rows]',
        summary="all rows as a DataFrame; of a test run, or with --save-rows, the first 100 as a saved table",
        arguments=_results_arguments,
        do=_results,
    ),
    Verb(name="log", form='"NAME" [--run N] [--test]', summary="a run's log", arguments=named_run, do=_log),
    Verb(
        name="compare",
        form='"NAME" [--run N]',
        summary="is your test's result the same as the author's",
        arguments=_compare_arguments,
        do=_compare,
    ),
    Verb(
        name="export",
        form='"NAME" FILE [--run N] [--test] [--overwrite]',
        summary="rows to FILE.csv or FILE.parquet, the log to FILE.txt",
        arguments=_export_arguments,
        do=_export,
    ),
    Verb(
        name="receipt",
        form='"NAME" FILE [--run N] [--opened] [--overwrite]',
        summary="everything about a job run to FILE, for others to verify; --opened adds what proves the rows",
        arguments=_receipt_arguments,
        do=_receipt,
    ),
    Verb(
        name="history", form='"NAME"', summary="test runs, job runs, decisions, actions", arguments=named, do=_history
    ),
    Verb(name="versions", form='"NAME"', summary="the versions", arguments=named, do=_versions),
    Verb(name="inputs", form='"NAME"', summary="the input variables", arguments=named, do=_inputs),
    Verb(name="accept", form='"NAME"', summary="what is to be decided, and where", arguments=named, do=_decide),
    Verb(name="decline", form='"NAME"', summary="what is to be decided, and where", arguments=named, do=_decide),
)
