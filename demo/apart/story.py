"""The main job with the parts apart: each person works at their own side, and at no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.jobs import BY_AGE, BY_AGE_REVISED
from demo.place import ANA, BEN, MEMBERS, MIA, WEI
from demo.summary import DemoError
from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.wire.job import DatasetReadWire, GrantWire, InputVariableWire, JobNew
from jupyter_secure_jobs.wire.member_side import DecisionAsked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.apart.parts import Apart
    from demo.place import Member
    from demo.raw import RawTables
    from demo.summary import Summary
    from jupyter_secure_jobs.wire.job import JobDetailWire
    from jupyter_secure_jobs.wire.run import InputValue, RunWire

REVIEWERS = tuple(member for member in MEMBERS if member != ANA)
_PATIENCE = 300.0


class People:
    """What the members do at their own sides, by REST, as their browsers would."""

    def __init__(self, parts: Apart, workspace: str) -> None:
        """Use member sides that run."""
        self.parts, self.workspace = parts, workspace

    def draft(self, new: JobNew, tables: Sequence[str]) -> JobDetailWire:
        """Let Ana draft a job on these tables."""
        client = self.parts.client(ANA)
        known = {each.name: each.id for each in client.datasets(self.workspace)}
        reads = [DatasetReadWire(table=table, dataset=known[table]) for table in tables]
        return client.create_job(self.workspace, new.model_copy(update={"datasets": reads}))

    def submit(self, job: str) -> str:
        """Let Ana sign and submit; return the version's hash."""
        return self.parts.client(ANA).submit(self.workspace, job).version.hash or ""

    def decide(self, member: Member, job: str, verdict: Verdict = Verdict.ACCEPT, comment: str = "Read.") -> str:
        """Let a member read the version and decide with their passphrase; return the job's status."""
        client = self.parts.client(member)
        seen = client.review(self.workspace, job)
        asked = DecisionAsked(
            version_hash=seen.version_hash,
            decision=verdict,
            comment=comment,
            passphrase=self.parts.secret(member.email),
        )
        return client.decide(self.workspace, job, asked).status

    def accepted(self, new: JobNew, tables: Sequence[str]) -> str:
        """Let a job be drafted, submitted and accepted by everybody; return its id."""
        job = self.draft(new, tables).id
        self.submit(job)
        for member in REVIEWERS:
            self.decide(member, job)
        return job

    def run(self, job: str, inputs: Mapping[str, InputValue]) -> RunWire:
        """Let Ana order a run; return it once it has ended."""
        client = self.parts.client(ANA)
        return client.wait(client.run(self.workspace, job, inputs), timeout=_PATIENCE)


def by_age() -> JobNew:
    """Return the main job."""
    return JobNew(
        name=BY_AGE.name,
        language=Language.SQL,
        code=BY_AGE_REVISED,
        inputs=[
            InputVariableWire(name="month", type="integer", low="1", high="12", default=1),
            InputVariableWire(name="oldest", type="integer", low="5", high="60", default=30),
        ],
        grant=GrantWire(reruns=True, most_runs=5),
    )


def tell(people: People, summary: Summary, raw: RawTables) -> None:
    """Do the main job from draft to opened result.

    Raises:
        DemoError: a step failed.
    """
    parts, workspace = people.parts, people.workspace
    jobs: list[str] = []
    runs: list[RunWire] = []
    inputs: dict[str, InputValue] = {"month": 1, "oldest": 30}

    def submitted() -> str:
        jobs.append(people.draft(by_age(), ("airports", "flights", "planes")).id)
        return "signed" if people.submit(jobs[0]).startswith("sha256:") else "not signed"

    def decided() -> str:
        read = parts.client(BEN).review(workspace, jobs[0]).version_hash
        words = ("decide", BY_AGE.name, "--accept", "--comment", "Read.", "--hash", read)
        parts.command(BEN.email, *words, *parts.at_server(BEN.email))
        people.decide(WEI, jobs[0])
        return people.decide(MIA, jobs[0])

    def ran() -> str:
        runs.append(people.run(jobs[0], inputs))
        return f"{runs[0].status}; on {runs[0].worker}"

    def opened() -> str:
        seen = [_digests(people, member, runs[0], inputs, raw) for member in (ANA, BEN)]
        summary.compare(f"{BY_AGE.name}, parts apart", *seen[0])
        return "twice the digest of the direct computation" if {*seen[0], *seen[1]} == {seen[0][0]} else "another"

    def refused() -> str:
        try:
            parts.client(WEI).preview(workspace, runs[0].id)
        except SecureJobsError as error:
            return error.code
        return "opened"

    summary.step("Ana drafts the main job at her own side, signs and submits it", "signed", submitted)
    summary.step("Ben (command line), Wei and Mia (own sides) read it and accept", "Accepted", decided)
    summary.step("Ana orders a run; the enclave asks the three key services", "Succeeded; on worker-1", ran)
    summary.step("Ana and Ben open the result", "twice the digest of the direct computation", opened)
    summary.step("Wei, of another organisation, asks for the result", "not_your_organisation", refused)


def _digests(
    people: People, member: Member, run: RunWire, inputs: Mapping[str, InputValue], raw: RawTables
) -> tuple[str, str]:
    target = people.parts.ground.opened / f"{member.email}.parquet"
    try:
        with target.open("wb") as sink:
            people.parts.client(member).export(people.workspace, run.id, "result.parquet", sink)
    except SecureJobsError as error:
        raise DemoError(f"{member.email} cannot open the result: {error}") from error
    return raw.digests(BY_AGE, dict(inputs), target)
