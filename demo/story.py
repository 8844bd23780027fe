"""The demo's second half: two jobs from draft to opened result, in the notebooks of an author and of reviewers."""

from __future__ import annotations

import csv
import re
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from demo.founding import all_of
from demo.jobs import BY_AGE, BY_AGE_REVISED, BY_WEATHER, COMMENT
from demo.notebook import Notebook
from demo.place import ANA, BEN, MIA, WEI
from demo.summary import DemoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from demo.jobs import DemoJob
    from demo.parts import Parts
    from demo.place import Member, Place
    from demo.raw import RawTables
    from demo.summary import Summary

_BOTH: Final = (BY_WEATHER, BY_AGE)
_RUNS: Final = {1: "runs", 2: "reruns"}
_SURE: Final = "It reads what it says, and shows no figures of small groups."


class Story:
    """The steps in the order of `tell`; every notebook belongs to one member, with a kernel of its own."""

    def __init__(self, place: Place, parts: Parts, summary: Summary, raw: RawTables) -> None:
        """Use a workspace with published datasets, whose parts run; results are compared with `raw`."""
        self._place, self._parts, self._summary, self._raw = place, parts, summary, raw
        self._notebooks: dict[Member, Notebook] = {}
        self._open = ExitStack()

    def tell(self) -> None:
        """Do all steps; the notebooks are saved whatever happens.

        Raises:
            DemoError: a step failed.
        """
        with self._open:
            self._draft()
            self._review()
            self._run()
            self._share()
            self._revoke()

    def _notebook(self, member: Member) -> Notebook:
        if member not in self._notebooks:
            environment = self._parts.kernel_environment(member)
            title = f"{member.email}, {member.organisation}"
            made = Notebook(
                self._place.notebook(member),
                title,
                environment=environment,
                folder=self._place.exports,
                log=self._place.logs / "kernels.log",
            )
            self._notebooks[member] = self._open.enter_context(made)
            made.say("The kernel knows this member's own side, by an address and a token that cannot decide.")
            made.run("%securejob status")
            made.run("from kernel_magics import connect\n\njobs = connect()")
        return self._notebooks[member]

    def _statuses(self, member: Member) -> str:
        names = ", ".join(f'"{job.name}"' for job in _BOTH)
        return self._notebook(member).run(f'print("; ".join(jobs.job(name).status for name in ({names})))').strip()

    def _draft(self) -> None:
        step = self._summary.step
        step("Ana opens a notebook and sees the tables", "airlines, airports, flights, planes, weather", self._tables)
        for job in _BOTH:
            step(
                f'Ana drafts "{job.name}" and tests it on synthetic data',
                "Draft; test Succeeded, with rows",
                partial(self._drafted, job),
            )
        step("Ana submits both for review", "Under Review; Under Review", self._submitted)

    def _tables(self) -> str:
        book = self._notebook(ANA)
        book.run("%securejob datasets")
        book.run("%securejob datasets flights")
        return book.run('print(", ".join(sorted(dataset.name for dataset in jobs.datasets())))').strip()

    def _drafted(self, job: DemoJob) -> str:
        book = self._notebook(ANA)
        book.run(job.cell())
        seen = book.run(
            f'job = jobs.job("{job.name}")\n'
            'test = job.result_run(kind="test")\n'
            "print(f\"{job.status}; test {test.status}, with{'' if test.wire.rows else ' no'} rows\")"
        )
        return seen.strip()

    def _submitted(self) -> str:
        book = self._notebook(ANA)
        book.say("What was tested is signed and submitted. From here on the text cannot change.")
        for job in _BOTH:
            book.run(f'%securejob submit "{job.name}"')
        return self._statuses(ANA)

    def _review(self) -> None:
        step = self._summary.step
        for member in (WEI, MIA):
            step(
                f"{_name(member)} sees what waits, reads it, and repeats the test",
                "2 jobs need me; the same test result",
                partial(self._reviewed, member),
            )
        step("A kernel cannot decide", "kernel_cannot_decide", self._kernel_decides)
        step(f'Mia declines "{BY_AGE.name}"', f"Under Review; Declined: {COMMENT}", self._declined)
        step("Ana cancels the review, revises the text, tests and submits again", "Under Review", self._revised)
        step(
            "Ben, Wei and Mia compare the hash and accept both jobs",
            "Accepted, Approved for rerun; Accepted, Approved for rerun · 5 of 5 left",
            self._accepted,
        )

    def _reviewed(self, member: Member) -> str:
        book = self._notebook(member)
        book.say("What waits for my decision?")
        book.run("%securejob list --needs-me")
        same = True
        for job in _BOTH:
            book.run(f'%securejob show "{job.name}" --diff')
            book.run(f'%securejob test "{job.name}"')
            seen = book.run(
                "from jupyter_secure_jobs.protocol.result_digest import logical_digest\n\n"
                f'tests = jobs.job("{job.name}").runs("test")\n'
                'print(len({logical_digest(test.to_arrow(), ordered=False) for test in tests}), "result of",\n'
                '      len({test.wire.member for test in tests}), "members or more")'
            )
            same = same and seen.startswith("1 result of")
        waiting = book.run('print(len(jobs.jobs("needs_me")), "jobs need me")').strip()
        return f"{waiting}; {'the same test result' if same else 'another test result'}"

    def _kernel_decides(self) -> str:
        book = self._notebook(MIA)
        book.say("Code in a notebook could decide for me; so my own side takes no decision from a kernel.")
        seen = book.run(
            "from jupyter_secure_jobs.domain.errors import NotAllowedError\n"
            "from jupyter_secure_jobs.wire.member_side import DecisionAsked\n\n"
            f'job = jobs.job("{BY_AGE.name}")\n'
            "asked = DecisionAsked(version_hash=job.review().version_hash, decision='accept', passphrase='whatever')\n"
            "try:\n"
            "    jobs.client.decide(jobs.workspace, job.id, asked)\n"
            "except NotAllowedError as error:\n"
            "    print(error.code)"
        )
        return seen.strip()

    def _decision(self, member: Member, job: DemoJob, verdict: str, comment: str) -> Callable[[], str]:
        # The hash comes from the notebook in which the member read the version; the command refuses any other.
        read = self._notebook(member).run(f'print(jobs.job("{job.name}").review().version_hash)').strip()
        words = ("decide", job.name, f"--{verdict}", "--comment", comment, "--hash", read)
        return lambda: self._parts.as_member(member, *words)

    def _declined(self) -> str:
        self._decision(MIA, BY_AGE, "decline", COMMENT)()
        book = self._notebook(ANA)
        book.say("What do the reviewers say?")
        book.run(f'%securejob show "{BY_AGE.name}"')
        seen = book.run(
            f'job = jobs.job("{BY_AGE.name}")\n'
            'said = [f"{a.decision}: {a.comment}" for a in job.wire.approval if a.comment]\n'
            'print(job.status, *said, sep="; ")'
        )
        return seen.strip()

    def _revised(self) -> str:
        book = self._notebook(ANA)
        book.say("Mia is right. The review is cancelled, figures of small groups are left out, and all decide anew.")
        book.run(f'%securejob cancel-review "{BY_AGE.name}"')
        book.run(BY_AGE.cell(BY_AGE_REVISED))
        book.run(f'%securejob submit "{BY_AGE.name}"')
        return book.run(f'print(jobs.job("{BY_AGE.name}").status)').strip()

    def _accepted(self) -> str:
        self._notebook(MIA).run(f'%securejob show "{BY_AGE.name}" --diff')
        all_of([self._decision(member, job, "accept", _SURE) for job in _BOTH for member in (BEN, WEI, MIA)])
        lines = [
            self._notebook(ANA).run(
                f'job = jobs.job("{job.name}")\nprint(job.status, job.wire.rerun_indicator, sep=", ")'
            )
            for job in _BOTH
        ]
        return "; ".join(line.strip() for line in lines)

    def _run(self) -> None:
        first: tuple[tuple[DemoJob, dict[str, object]], ...] = (
            (BY_WEATHER, {"from_month": 1, "origin": "JFK"}),
            (BY_AGE, {"month": 1, "oldest": 30}),
        )
        again: tuple[tuple[DemoJob, dict[str, object]], ...] = (
            (BY_WEATHER, {"from_month": 7, "origin": "EWR"}),
            (BY_AGE, {"month": 6, "oldest": 15}),
        )
        for number, runs in enumerate((first, again), start=1):
            for job, inputs in runs:
                self._summary.step(
                    f'Ana {_RUNS[number]} "{job.name}" with {_values(inputs)} and opens the result',
                    "Succeeded; the digest of the direct computation",
                    partial(self._opened, job, inputs, number),
                )
        self._summary.step(
            "Ana exports CSV, Parquet and log",
            "4 .csv, 4 .parquet, 4 .txt; the log says what was printed",
            self._exports,
        )

    def _opened(self, job: DemoJob, inputs: Mapping[str, object], number: int) -> str:
        book = self._notebook(ANA)
        book.run(f'%securejob run "{job.name}" {_values(inputs)} --wait')
        book.run(f'rows = %securejob results "{job.name}" --run {number}\nrows')
        book.run('print(f"{len(rows):,} rows of {len(rows.columns)} columns")')
        stem = f"{_stem(job)}-{number}"
        for suffix in ("csv", "parquet", "txt"):
            book.run(f'%securejob export "{job.name}" {stem}.{suffix} --run {number}')
        status = book.run(f'print(jobs.job("{job.name}").run_number({number}).status)').strip()
        digest, computed = self._raw.digests(job, inputs, self._place.exports / f"{stem}.parquet")
        self._summary.compare(f"{job.name}, job run {number} ({_values(inputs)})", digest, computed)
        return f"{status}; {'the digest of the direct computation' if digest == computed else 'another digest'}"

    def _exports(self) -> str:
        book = self._notebook(ANA)
        book.run(f'%securejob log "{BY_WEATHER.name}"')
        book.run(f'%securejob history "{BY_WEATHER.name}"')
        folder = self._place.exports
        counts = [f"{len(list(folder.glob(f'*.{suffix}')))} .{suffix}" for suffix in ("csv", "parquet", "txt")]
        printed = "Departures with an hour of weather" in (folder / f"{_stem(BY_WEATHER)}-1.txt").read_text()
        return f"{', '.join(counts)}; the log says {'what was printed' if printed else 'nothing'}"

    def _share(self) -> None:
        self._summary.step("Ben, of Ana's organisation, opens a result of hers", "the same rows", self._colleague)
        self._summary.step(
            "Wei, of another organisation, is refused the result and the log",
            "Results and logs of job runs are for members of the author's organisation.",
            self._outsider,
        )

    def _colleague(self) -> str:
        book = self._notebook(BEN)
        book.say("Ana's result is sealed for our whole organisation.")
        book.run(f'rows = %securejob results "{BY_AGE.name}" --run 1\nrows')
        book.run(f'%securejob export "{BY_AGE.name}" ben.parquet --run 1')
        mine, _ = self._raw.digests(BY_AGE, {"month": 1, "oldest": 30}, self._place.exports / "ben.parquet")
        known = {result.digest for result in self._summary.results}
        return "the same rows" if mine in known else "other rows"

    def _outsider(self) -> str:
        book = self._notebook(WEI)
        book.say("The result is Airline's. I decided about the job, and cannot open what it found.")
        lines = (f'%securejob results "{BY_AGE.name}" --run 1', f'%securejob log "{BY_AGE.name}" --run 1')
        return " ".join(dict.fromkeys(book.refused(line) for line in lines))

    def _revoke(self) -> None:
        step = self._summary.step
        step("Wei revokes repeatability", f"Repeatability revoked by {WEI.email}", self._revoked)
        step("Ana's next rerun is refused", "Repeatability was revoked; no run after the first.", self._rerun_refused)
        step("The notebooks hold no row of a job run", "0 rows in 4 notebooks", self._saved)

    def _revoked(self) -> str:
        self._parts.as_member(WEI, "revoke", BY_WEATHER.name)
        return self._notebook(ANA).run(f'print(jobs.job("{BY_WEATHER.name}").wire.rerun_indicator)').strip()

    def _rerun_refused(self) -> str:
        book = self._notebook(ANA)
        book.say("Wei has revoked repeatability: no run after the first ones. What was opened stays open.")
        return book.refused(f'%securejob run "{BY_WEATHER.name}" from_month=3 --wait')

    def _saved(self) -> str:
        self._open.close()
        saved = [self._place.notebook(member).read_text(encoding="utf-8") for member in self._notebooks]
        found = sum(
            len(re.findall(figures, text))
            for path in self._place.exports.glob("*.csv")
            for figures in _figures(path)
            for text in saved
        )
        return f"{found} rows in {len(saved)} notebooks"


def _figures(path: Path) -> list[str]:
    """Return patterns that find the last two cells of an exported row side by side, in text and in HTML."""
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]
    figures = [
        rf"(?<![\d.]){re.escape(row[-2])}(?!\d)[^\d]{{1,40}}{re.escape(row[-1])}(?!\d)" for row in rows if row[-1]
    ]
    if not figures:
        raise DemoError(f"{path.name} has no rows with figures.")
    return figures


def _name(member: Member) -> str:
    return member.email.partition("@")[0].capitalize()


def _stem(job: DemoJob) -> str:
    return job.name.lower().replace(" ", "-")


def _values(inputs: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in inputs.items())
