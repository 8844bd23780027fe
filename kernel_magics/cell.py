"""`%%securejob`: a cell is a job's draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError, SecureJobsError
from jupyter_secure_jobs.domain.job import JobLimits, Language, LogPolicy
from jupyter_secure_jobs.domain.output import check_counts
from jupyter_secure_jobs.wire.job import GrantWire
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from kernel_magics.arguments import Arguments, pairs, split, until
from kernel_magics.bundle import note
from kernel_magics.declared import declarations
from kernel_magics.draft import Wanted, datasets_of
from kernel_magics.output import names, output_arguments, output_policy
from kernel_magics.profiles import told
from kernel_magics.showing import show
from kernel_magics.verbs.act import watched

if TYPE_CHECKING:
    import argparse

    from kernel_magics.desk import Desk
    from kernel_magics.draft import Saved
    from kernel_magics.job import Job
    from kernel_magics.run import Run

MANUAL: Final = """Save the cell's text as a job's draft.

    %%securejob "NAME" [options]
    SELECT ...                      the job's text, in SQL or Python

The first run of the cell creates the job. An unchanged cell does nothing; a changed one updates the draft. Under
review it is refused (`%securejob cancel-review "NAME"` makes it a draft again); beside an accepted version it needs
a new draft (`--new-draft`, or `%securejob new-draft "NAME"`).

    --lang sql|python       the language; guessed from the text if not given
    --input "DECLARATION"   an input variable, once for each:
                              "month integer 1..12 = 1"       "code string /[A-Z]{2}/"
                              "carrier choice AA|UA = UA"     "name string 1..20"
                            with a description in double quotes at its end. In SQL it is :month, in Python
                            inputs["month"]. Values are visible to all members.
    --dataset NAME          a dataset that the job reads, or table=NAME; proposed from the text if not given
    --rerun                 ask for approval of reruns
    --max-runs N            ... of at most N runs (implies --rerun)
    --until DATE            ... until the end of that day, UTC, such as 2026-12-31 (implies --rerun)
    --log-policy P          full, standard (if not given) or errors: what a job run's log may hold
    --counts NAME,NAME      columns of the result that count the rows or persons of a group; rules about counts need one
    --smallest-group N      rows that count fewer are withheld from the result
    --round-counts N        counts are rounded to multiples of N
    --most-rows N           a result with more rows fails
    --withhold NAME,NAME    columns that are left out of the result. The owners of the datasets may ask such rules too
                            (`%securejob datasets`); the strictest holds, and printed text stays in the enclave then
    --description TEXT      at most 150 characters; stays as it is if not given
    --seconds N             the time limit of a run; stays as it is if not given
    --profile NAME          the compute profile (`%securejob profiles`): engine, cores, memory, time, packages; copied
                            into the draft, which keeps what it has if not given, or if it is of this profile already
    --test                  run it on synthetic data at once, with the inputs' defaults, and show the rows
    --test-input NAME=VALUE a value for that test, once for each (implies --test)
    --new-draft             open a new draft where the newest version is frozen
    --overwrite             put this text back although the draft was changed elsewhere

Nothing is submitted: that is `%securejob submit "NAME"`.
"""


def parser() -> Arguments:
    """Return the parser of the cell's first line."""
    made = Arguments("%%securejob", "Save the cell's text as a job's draft.")
    made.add_argument("name", metavar='"NAME"')
    made.add_argument("--lang", choices=[str(language) for language in Language])
    made.add_argument("--input", dest="inputs", action="append", default=[], metavar='"DECLARATION"')
    made.add_argument("--dataset", dest="datasets", action="append", default=[], metavar="NAME")
    made.add_argument("--rerun", action="store_true")
    made.add_argument("--max-runs", type=int, metavar="N")
    made.add_argument("--until", metavar="DATE")
    made.add_argument("--log-policy", choices=[str(policy) for policy in LogPolicy], default="standard")
    made.add_argument("--counts", default="", metavar="NAME,NAME")
    output_arguments(made)
    made.add_argument("--description")
    made.add_argument("--seconds", type=int, metavar="N")
    made.add_argument("--profile", metavar="NAME")
    made.add_argument("--test", action="store_true")
    made.add_argument("--test-input", dest="values", action="append", default=[], metavar="NAME=VALUE")
    made.add_argument("--new-draft", action="store_true")
    made.add_argument("--overwrite", action="store_true")
    return made


def wanted_of(arguments: argparse.Namespace, code: str) -> Wanted:
    """Return what the cell wants its draft to be.

    Raises:
        InvalidError: a declaration, a date or a limit cannot be used.
    """
    if arguments.seconds is not None:
        JobLimits(seconds=arguments.seconds)
    end = until(arguments.until) if arguments.until else None
    return Wanted(
        name=arguments.name,
        code=code.rstrip(),
        language=Language(arguments.lang) if arguments.lang else None,
        inputs=tuple(declarations(arguments.inputs)),
        datasets=datasets_of(arguments.datasets),
        grant=GrantWire(
            reruns=arguments.rerun or arguments.max_runs is not None or end is not None,
            most_runs=arguments.max_runs,
            until=end,
        ),
        log_policy=LogPolicy(arguments.log_policy),
        output_policy=output_policy(arguments) or OutputPolicyWire(),
        counts=check_counts(tuple(names(arguments.counts))),
        description=arguments.description,
        seconds=arguments.seconds,
        profile=arguments.profile,
    )


def report(saved: Saved) -> str:
    """Return what was done and found, a line each; lines of problems count in the cell's text below its first line."""
    lines = [saved.did]
    if saved.guessed:
        lines.append(f"Language: {saved.language} (guessed; --lang says it).")
    reads = ", ".join(read.table for read in saved.job.wire.version.datasets)
    lines.append(f"Reads: {reads}." if reads else "Reads no dataset.")
    lines += told(saved.job.wire.version)
    for problem in saved.problems:
        at = "" if problem.line is None else f"Line {problem.line}"
        at += "" if problem.column is None else f", column {problem.column}"
        lines.append(f"{'Error' if problem.fatal else 'Hint'}: {f'{at}: ' if at else ''}{problem.message}")
    return "\n".join(lines)


def run_cell(desk: Desk, line: str, code: str) -> None:
    """Do what `%%securejob` does with a cell: save, show the card, test if asked.

    Raises:
        InvalidError: the line cannot be read, the cell is empty, or the check found what no run could survive; the
            draft is saved in the last case.
        SecureJobsError: as the member side answered.
    """
    arguments = parser().read(split(line))
    if not code.strip():
        raise InvalidError("cell_empty", "The cell holds no text for the job.", "Write SQL or Python below its line.")
    saved = desk.session.save(wanted_of(arguments, code), new_draft=arguments.new_draft, overwrite=arguments.overwrite)
    show(note(report(saved)))
    if saved.fatal or not (arguments.test or arguments.values):
        show(saved.job)
    if saved.fatal:
        raise InvalidError(
            "check_failed", "The draft is saved, but its text has errors.", "Correct them and run the cell again."
        )
    if arguments.test or arguments.values:
        watched(_started(saved.job, arguments.values), job=saved.job)


def _started(job: Job, values: list[str]) -> Run:
    """Start the test; where it cannot be started, the saved draft is shown all the same."""
    try:
        return job.test(**pairs(values))
    except SecureJobsError:
        show(job)
        raise
