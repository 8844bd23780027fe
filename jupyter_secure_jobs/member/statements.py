"""What a member signs, made from what the server says and checked against what this side knows."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jupyter_secure_jobs.domain.errors import InvalidError, RefusedError
from jupyter_secure_jobs.domain.inputs import check_values
from jupyter_secure_jobs.domain.job import Assurance, Grant, JobLimits, Scope
from jupyter_secure_jobs.domain.review import DECISION_DAYS, Verdict
from jupyter_secure_jobs.domain.run import ORDER_DAYS
from jupyter_secure_jobs.protocol.decision import Decision, Revocation
from jupyter_secure_jobs.protocol.order import RunOrder
from jupyter_secure_jobs.protocol.version import ANY_ENROLLED, DatasetRead, Version
from jupyter_secure_jobs.trust.version import recipients_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_secure_jobs.trust.roster import TrustedRosters
    from jupyter_secure_jobs.wire.job import JobDetailWire


def version_of(
    job: JobDetailWire, rosters: TrustedRosters, manifests: Mapping[str, str], *, author: str, now: datetime
) -> Version:
    """Return the version that submits the draft; `manifests` gives the manifest's hash for each dataset.

    Raises:
        InvalidError: the draft is not a draft, or a part of it is wrong.
    """
    draft = job.version
    if draft.state != "draft":
        raise InvalidError(
            "no_draft",
            f"Version {draft.number} is {draft.state}; there is no draft to submit.",
            "Cancel the review to change it, or open a new draft beside the accepted version.",
        )
    grant = draft.grant
    return Version(
        workspace=rosters.workspace,
        genesis=rosters.genesis,
        epoch=rosters.newest.epoch,
        roster=rosters.hash,
        job=job.id,
        number=draft.number,
        nonce=secrets.token_urlsafe(24),
        name=draft.name,
        description=draft.description,
        author=author,
        language=draft.language,
        code=draft.code,
        datasets=tuple(
            DatasetRead(table=read.table, dataset=read.dataset, manifest=manifests[read.dataset])
            for read in draft.datasets
        ),
        inputs=tuple(each.declared() for each in draft.inputs),
        grant=Grant(reruns=grant.reruns, most_runs=grant.most_runs, until=grant.until),
        profile=draft.profile,
        compute=draft.compute.compute(),
        measurement=ANY_ENROLLED,
        lowest_assurance=Assurance.SOFTWARE,
        limits=JobLimits(**draft.limits.model_dump()),
        log_policy=draft.log_policy,
        output_policy=draft.output_policy.policy(),
        counts=tuple(draft.counts),
        recipients=recipients_of(rosters, author),
        time=now,
    )


def decision_of(
    version_hash: str,
    rosters: TrustedRosters,
    *,
    verdict: Verdict,
    comment: str,
    member: str,
    now: datetime,
    checkpoint: str,
) -> Decision:
    """Return a member's decision on the version with this hash; `comment` is the digest of what is said beside it."""
    return Decision(
        workspace=rosters.workspace,
        genesis=rosters.genesis,
        epoch=rosters.newest.epoch,
        version=version_hash,
        verdict=verdict,
        comment=comment,
        member=member,
        time=now,
        expires=now + timedelta(days=DECISION_DAYS),
        checkpoint=checkpoint,
    )


def revocation_of(
    version_hash: str,
    rosters: TrustedRosters,
    *,
    scope: Scope,
    member: str,
    now: datetime,
    checkpoint: str,
) -> Revocation:
    """Return a member's revocation of the version with this hash."""
    return Revocation(
        workspace=rosters.workspace,
        genesis=rosters.genesis,
        epoch=rosters.newest.epoch,
        version=version_hash,
        scope=scope,
        member=member,
        time=now,
        checkpoint=checkpoint,
    )


def order_of(
    version: Version,
    version_hash: str,
    given: Mapping[str, object],
    *,
    member: str,
    now: datetime,
    checkpoint: str,
) -> RunOrder:
    """Return the author's order for one run with these input values.

    Raises:
        InvalidError: a value is missing, unknown or outside its constraint.
        RefusedError: the member is not the author.
    """
    if version.author != member:
        raise RefusedError("not_the_author", "Only the author runs a job.", "Ask the author.")
    return RunOrder(
        workspace=version.workspace,
        genesis=version.genesis,
        epoch=version.epoch,
        version=version_hash,
        member=member,
        inputs=check_values(version.inputs, given),
        nonce=secrets.token_urlsafe(24),
        time=now,
        expires=now + timedelta(days=ORDER_DAYS),
        checkpoint=checkpoint,
    )
