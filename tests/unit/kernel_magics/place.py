"""A workspace in memory: members, datasets, pinned queries; its names try to be markup."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pandas as pd

from jupyter_secure_jobs.domain.audit import Event
from jupyter_secure_jobs.domain.compute import STANDARD
from jupyter_secure_jobs.domain.job import Language
from jupyter_secure_jobs.wire.audit import AuditWire
from jupyter_secure_jobs.wire.base import Page
from jupyter_secure_jobs.wire.compute import ComputeWire
from jupyter_secure_jobs.wire.dataset import ColumnWire, DatasetWire
from jupyter_secure_jobs.wire.job import LimitsWire
from jupyter_secure_jobs.wire.member_side import (
    DatasetAsked,
    DatasetProposal,
    IdentityWire,
    StatusWire,
    TwinLine,
)
from jupyter_secure_jobs.wire.output import OutputPolicyWire
from jupyter_secure_jobs.wire.pinned import PinnedNew, PinnedWire, ScriptWire
from jupyter_secure_jobs.wire.profile import ProfileNew, ProfileWire
from jupyter_secure_jobs.wire.workspace import MemberWire, WorkspaceWire

if TYPE_CHECKING:
    from jupyter_secure_jobs.wire.base import Wire

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "http://127.0.0.1:8888/secure-jobs/api/v1/"
SECRET = "row-4711"
EVIL = "<img src=x onerror=alert(1)>"
ROWS = pd.DataFrame({"year": [1999, 2004], "who": [SECRET, None]})


class Place:
    """What stays the same while jobs come and go."""

    def __init__(self) -> None:
        self.pinned: list[PinnedWire] = []
        self.profiles = [
            ProfileWire(id="standard", name=STANDARD, built_in=True, compute=ComputeWire(), limits=LimitsWire())
        ]
        self.audit_asked: dict[str, str] = {}
        self.policy = OutputPolicyWire()
        self.withheld: list[str] = []
        self.published: list[DatasetAsked] = []
        self.acting = "ana@airline.example"

    def status(self, _: httpx.Request) -> Wire:
        identities = [
            IdentityWire(email=email, organisation=name, fingerprint="f", unlocked=True)
            for email, name in (("ana@airline.example", "Airline"), ("lin@maker.example", "Manufacturer"))
        ]
        return StatusWire(
            mode="embedded",
            demonstration=True,
            acting_as=self.acting,
            identities=identities,
            assurance="software",
            assurance_text="Software enclave, not hardware",
            workspace_url="",
            version="1",
        )

    def workspaces(self, _: httpx.Request) -> Wire:
        one = WorkspaceWire(
            id="w",
            name="Flights",
            genesis="g",
            epoch=1,
            roster="r",
            active=True,
            waiting_for=[],
            members=2,
            organisations=["Airline", "Manufacturer"],
            log_key="k",
            log_origin="o",
            created=NOW,
        )
        return Page[WorkspaceWire](items=[one])

    def audit(self, request: httpx.Request) -> Wire:
        self.audit_asked = dict(request.url.params)
        one = AuditWire(
            time=NOW,
            actor="ana@airline.example",
            organisation="Airline",
            event=Event.ORDERED,
            label="Job run ordered",
            job="j1",
            job_name=EVIL,
            version=1,
            run="r1",
            detail="job run 1: \u202emonth=7",
            statement="sha256:00",
            index=9,
            salt="s",
        )
        return Page[AuditWire](items=[one])

    def audit_csv(self, request: httpx.Request) -> httpx.Response:
        self.audit_asked = dict(request.url.params)
        return httpx.Response(200, content=b"time,actor\r\n")

    def members(self, _: httpx.Request) -> Wire:
        one = MemberWire(email=EVIL, organisation="Airline", signing_key="k", fingerprint="ab12", joined=True)
        return Page[MemberWire](items=[one])

    def datasets(self, _: httpx.Request) -> Wire:
        column = ColumnWire(name="tailnum", type="string", nullable=True, public=False, key_group="tail")
        made = [
            DatasetWire(
                id=f"id-{name}",
                name=name,
                description=EVIL,
                owner=owner,
                publisher="p",
                version=1,
                manifest="m",
                columns=[column],
                rows=336_776,
                bytes=1,
                synthetic_rows=10,
                output_policy=self.policy if name == "flights" else OutputPolicyWire(),
                published=NOW,
                withdrawn=None,
                declaration_sql=f"-- reads {name}",
                declaration_python=f"# reads {name}",
            )
            for name, owner in (("flights", "Airline"), ("planes", "Manufacturer"))
        ]
        return Page[DatasetWire](items=made)

    def list_pinned(self, _: httpx.Request) -> Wire:
        return Page[PinnedWire](items=self.pinned)

    def pin(self, request: httpx.Request) -> Wire:
        new = PinnedNew.model_validate_json(request.content)
        self.pinned.append(PinnedWire(id=f"p{len(self.pinned)}", created=NOW, **new.model_dump()))
        return self.pinned[-1]

    def unpin(self, _: httpx.Request, query: str) -> httpx.Response:
        self.pinned = [each for each in self.pinned if each.id != query]
        return httpx.Response(204)

    def list_profiles(self, _: httpx.Request) -> Wire:
        return Page[ProfileWire](items=self.profiles)

    def add_profile(self, request: httpx.Request) -> Wire:
        new = ProfileNew.model_validate_json(request.content)
        made = ProfileWire(id=f"c{len(self.profiles)}", built_in=False, made_by=self.acting, **dict(new))
        self.profiles.append(made)
        return made

    def drop_profile(self, _: httpx.Request, profile: str) -> httpx.Response:
        self.profiles = [each for each in self.profiles if each.id != profile]
        return httpx.Response(204)

    def scripts(self, _: httpx.Request) -> Wire:
        one = ScriptWire(name="count", title="Count rows", language=Language.SQL, code="SELECT count(*) FROM flights")
        return Page[ScriptWire](items=[one])

    def publish(self, request: httpx.Request) -> Wire:
        asked = DatasetAsked.model_validate_json(request.content)
        self.published.append(asked)
        twin = [TwinLine(column="tailnum", type="string", reveals="lengths 5 to 6")]
        return DatasetProposal(name=asked.name, rows=3, twin=twin, dataset="d" if asked.confirm else None)
