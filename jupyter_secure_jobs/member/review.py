"""A version in plain words, from the statement that this side verified: what a reviewer sees and signs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.compute import STANDARD, Compute
from jupyter_secure_jobs.domain.job import JobLimits, LogPolicy
from jupyter_secure_jobs.domain.output import THE_JOB, OutputRules, combine, describe_rules, of_dataset
from jupyter_secure_jobs.member.counts import describe_counts
from jupyter_secure_jobs.member.hints import hints
from jupyter_secure_jobs.member.yours import own_data
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.output import rules_of
from jupyter_secure_jobs.wire.job import GrantWire, InputVariableWire, LimitsWire
from jupyter_secure_jobs.wire.member_side import FactWire, NoteWire, ReviewStatement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.domain.job import Grant
    from jupyter_secure_jobs.member.planned import Planned
    from jupyter_secure_jobs.protocol.dataset import Manifest
    from jupyter_secure_jobs.protocol.version import Version

_MIB = 1024**2


def describe(
    version: Version,
    version_hash: str,
    *,
    manifests: Mapping[str, Manifest],
    previous: Version | None,
    organisation: str,
    author_organisation: str,
    members: int,
    plan: Planned | None = None,
) -> ReviewStatement:
    """Return the review of a verified version for a member of `organisation`; `plan` is what a test claims of it."""
    rules = rules_of(version, manifests)
    now, before = facts_of(version, manifests), facts_of(previous, manifests) if previous else {}
    own = own_data(version, manifests, organisation, plan=plan)
    facts = [
        FactWire(
            name=name,
            value=value,
            previous=before.get(name) if previous else None,
            changed=previous is not None and before.get(name) != value,
        )
        for name, value in now.items()
    ]
    diff = None
    if previous is not None:
        lines = difflib.unified_diff(
            previous.code.splitlines(), version.code.splitlines(),
            f"version {previous.number}", f"version {version.number}", lineterm="",
        )  # fmt: skip
        diff = "\n".join(lines) or "The code is the same."
    return ReviewStatement(
        workspace=version.workspace,
        job=version.job,
        number=version.number,
        version_hash=version_hash,
        sentence=_sentence(version, manifests, organisation, author_organisation, members),
        facts=facts,
        code=version.code,
        language=str(version.language),
        diff=diff,
        previous_code=previous.code if previous is not None else None,
        previous_number=previous.number if previous is not None else None,
        flow=own.flow,
        marks=own.marks,
        inputs=[
            InputVariableWire.model_validate({**codec.to_json(each), "constraint": each.constraint()})
            for each in version.inputs
        ],
        grant=GrantWire(reruns=version.grant.reruns, most_runs=version.grant.most_runs, until=version.grant.until),
        limits=LimitsWire.model_validate(codec.to_json(version.limits)),
        author=version.author,
        submitted=version.time,
        checked=[
            "The roster chain leads to the genesis that this machine has pinned.",
            f"The author, {version.author}, signed this version for the members as they are now.",
            "Results are sealed to members of the author's organisation and nobody else.",
            "Every dataset it names is signed by its owner.",
            *_compared(previous),
        ],
        notes=[
            *(NoteWire(text=note) for note in _output_notes(version, rules)),
            *hints(version, rules, own.followed, manifests),
        ],
    )


def _compared(previous: Version | None) -> list[str]:
    if previous is None:
        return []
    accepted = f"Version {previous.number}, which this one is compared with, was accepted by every member of then."
    return [f"{accepted} That none was accepted in between is the server's word."]


def _grant(grant: Grant) -> str:
    if not grant.reruns:
        return "one run"
    text = f"up to {grant.most_runs} runs" if grant.most_runs is not None else "any number of runs"
    return text + (f" until {grant.until:%m/%d/%Y}" if grant.until is not None else "")


def _sentence(
    version: Version, manifests: Mapping[str, Manifest], organisation: str, author_organisation: str, members: int
) -> str:
    reads = []
    for read in version.datasets:
        manifest = manifests[read.manifest]
        whose = "yours" if manifest.owner == organisation else manifest.owner
        reads.append(f"{read.table} ({whose})")
    what = ", ".join(reads[:-1]) + (" and " if len(reads) > 1 else "") + reads[-1] if reads else "no dataset"
    grant = "any number of runs" if members == 1 else _grant(version.grant)
    rules = describe_rules(rules_of(version, manifests))
    output = f"; output: {', '.join(rules)}" if rules else ""
    return f"Reads {what}; result goes to {author_organisation}; {grant}; log policy: {version.log_policy}{output}."


def _engine(version: Version) -> str:
    return f"{version.compute.engine}, worker: {version.measurement}"


def _profile(version: Version) -> str:
    """Return the profile's name; of the built-in one this side knows what it says."""
    if version.profile != STANDARD or (version.compute, version.limits) == (Compute(), JobLimits()):
        return version.profile
    return f"{STANDARD}, changed by the author"


def facts_of(version: Version, manifests: Mapping[str, Manifest]) -> dict[str, str]:
    """Return what a version fixes, in words by name."""
    limits = version.limits
    facts = {
        "Name": version.name,
        "Description": version.description or "none",
        "Language": str(version.language),
        "Runs": _grant(version.grant),
        "Log policy": f"{version.log_policy}: {version.log_policy.words}",
        "Output rules": _output(version, manifests),
        "Counts": ", ".join(version.counts) or "none declared",
        "Recipients": ", ".join(who.member for who in version.recipients),
        "Engine": _engine(version),
        "Lowest assurance": str(version.lowest_assurance),
        "Limits": f"{limits.seconds} s, {limits.memory_bytes // _MIB:,} MiB memory, "
        f"{limits.result_bytes // _MIB:,} MiB result, {limits.log_bytes // 1024:,} KiB log, "
        f"{limits.scratch_bytes // _MIB:,} MiB scratch, {limits.cores} cores",
        "Engine settings": ", ".join(f"{each.name}={each.value}" for each in version.compute.settings) or "none",
        "Compute profile": _profile(version),
        "Packages": ", ".join(each.name for each in version.compute.packages) or "none",
    }
    # Each stands alone and whole: a digest that is cut short could be met by another wheel.
    facts |= {f"Package {each.name}": f"{each.version}, {each.wheel}" for each in version.compute.packages}
    for read in version.datasets:
        manifest = manifests.get(read.manifest)
        of = f"{manifest.owner}, version {manifest.version}, {manifest.rows:,} rows" if manifest else read.manifest[:20]
        facts[f"Reads {read.table}"] = of
    for each in version.inputs:
        default = f", default {codec.to_json(each.default)}" if each.default is not None else ""
        facts[f"Input {each.name}"] = each.constraint() + default
    return facts


def _output(version: Version, manifests: Mapping[str, Manifest]) -> str:
    """Return the combined rules; a version of before may name manifests that are not at hand."""
    there = [manifests[read.manifest] for read in version.datasets if read.manifest in manifests]
    asked = [(of_dataset(each.owner, each.name), each.output_policy) for each in there]
    rules = combine([*asked, (THE_JOB, version.output_policy)], counts=version.counts)
    unknown = len({read.manifest for read in version.datasets} - set(manifests))
    more = "; and what the owners asked of the dataset versions that it read" if unknown else ""
    return ("; ".join(describe_rules(rules)) or "none: results leave as they are") + more


def _output_notes(version: Version, rules: OutputRules) -> list[str]:
    notes = describe_counts(version.language, version.code, version.counts)
    if rules.about_counts and not rules.counts:
        notes.append("A rule about counts holds, but no count is declared: every run would be refused.")
    if rules.about_counts:
        notes.append(
            "The enclave holds the declared counts to the rules and cannot know what they count, nor what other "
            "columns tell: that is for you to judge."
        )
    if not rules.empty and version.log_policy is not LogPolicy.ERRORS:
        notes.append("Where output rules hold, printed text and messages of errors stay in the enclave.")
    return notes
