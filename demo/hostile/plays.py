"""Runs that the hostile server invents: it hands them to the worker and to key services, and serves them itself."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from demo.hostile.server import Answer, answer

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from demo.hostile.server import Asked, HostileServer

Json = dict[str, Any]  # what was read from JSON, and goes back into it

_STEP: Final = 0.4
_USUAL_WAIT: Final = 20.0
_PATIENCE: Final = 120.0
_LEASE_SECONDS: Final = 60.0


def _same(_play: Play, given: Json) -> Json:
    return given


@dataclass(slots=True, kw_only=True, eq=False)
class Play:
    """One invented run: what the worker gets, and what is recorded of it.

    `nonces` and `grants` change what key services answered on its way to the enclave; `files` replaces ciphertext by
    digest.
    """

    dossier: Json
    owners: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    nonces: Callable[[Play, Json], Json] = _same
    grants: Callable[[Play, Json], Json] = _same
    run: str = field(default_factory=lambda: str(uuid.uuid4()))
    phases: list[str] = field(default_factory=list)
    replies: dict[tuple[str, str], Json] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)
    request: Json | None = None
    evidence: Json | None = None
    outcome: Json | None = None

    def said(self, wants: str, what: str) -> Json:
        """Return what the key services have answered, by organisation: `what` is nonce, grant or refusal."""
        return {
            organisation: reply[what]
            for (organisation, kind), reply in self.replies.items()
            if kind == wants and reply.get(what) is not None
        }

    @property
    def granted(self) -> Json:
        """The key grants that key services gave for this run."""
        return self.said("grant", "grant")


class Stage:
    """Serves invented runs beside the honest ones."""

    def __init__(self, server: HostileServer, workspace: str, services: Mapping[str, str]) -> None:
        """Take the mailboxes of worker and key services; `services` gives each key service's organisation by key."""
        self._server, self._workspace, self._services = server, workspace, services
        self._changed = threading.Condition()
        self._plays: dict[str, Play] = {}
        self._waiting: list[Play] = []
        self._tasks: dict[str, list[Json]] = {organisation: [] for organisation in services.values()}
        self._withheld: set[str] = set()
        self._playing: Play | None = None
        self.leases: dict[str, Json] = {}
        run = r"worker/workspaces/[^/]+/runs/([^/]+)/"
        server.always("POST", "worker/leases", self._lease)
        server.always("POST", run + "(heartbeat|release)", self._beat)
        server.always("POST", run + "keys", self._keys)
        server.always("POST", run + "outcome", self._outcome)
        server.always("GET", r"worker/workspaces/[^/]+/files/([^/]+)", self._file)
        server.always("POST", "keyservice/tasks", self._list_tasks)
        server.always("POST", r"keyservice/workspaces/[^/]+/runs/([^/]+)/reply", self._reply)

    # -- what attacks ask for -------------------------------------------------------------------------------------

    def perform(self, play: Play) -> Json:
        """Hand a run to the worker; return the outcome that it reports."""
        with self._changed:
            self._plays[play.run] = play
            self._waiting.append(play)
            self._changed.notify_all()
            self._until(lambda: play.outcome is not None, "the outcome of an invented run")
        outcome = play.outcome
        assert outcome is not None  # noqa: S101 -- what was waited for
        return outcome

    def ask(self, organisation: str, wants: str, **task: Any) -> Json:  # noqa: ANN401 -- parts of a task
        """Give a key service a task, as if an enclave had asked; return its reply."""
        play = Play(dossier=task["dossier"], owners=(organisation,))
        with self._changed:
            self._plays[play.run] = play
            self._give(play, organisation, wants, **task)
            self._until(lambda: (organisation, wants) in play.replies, f"a reply of {organisation}")
        return play.replies[organisation, wants]

    def withhold(self, organisation: str) -> None:
        """Keep every task of the honest server from a key service, so that it does not hear of revocations."""
        self._withheld.add(organisation)

    def withhold_no_more(self) -> None:
        """Let all key services hear again."""
        self._withheld.clear()

    def _until(self, true: Callable[[], bool], what: str) -> None:
        if not self._changed.wait_for(true, timeout=_PATIENCE):
            raise TimeoutError(f"Never came: {what}.")

    def _give(self, play: Play, organisation: str, wants: str, **task: Any) -> None:  # noqa: ANN401 -- as above
        if (organisation, wants) not in play.asked:
            play.asked.add((organisation, wants))
            whole = {"run": play.run, "workspace": self._workspace, "wants": wants, **task}
            self._tasks[organisation].append(whole)
            self._changed.notify_all()

    # -- what the worker asks -------------------------------------------------------------------------------------

    def _lease(self, asked: Asked, _match: re.Match[str]) -> Answer:
        deadline = time.monotonic() + asked.wait(_USUAL_WAIT)
        while True:
            with self._changed:
                if self._waiting:
                    self._playing = self._waiting.pop(0)
                    return answer({"lease": self._handed(self._playing)})
            honest = self._server.forward(asked, wait=0)
            if honest.status != 200 or honest.json["lease"] is not None or time.monotonic() > deadline:  # noqa: PLR2004 -- OK
                self._note(honest)
                return honest
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting), timeout=_STEP)

    def _note(self, honest: Answer) -> None:
        lease = honest.json.get("lease")
        if lease is not None:
            self.leases[lease["run"]] = lease

    def _handed(self, play: Play) -> Json:
        return {
            "run": play.run,
            "workspace": self._workspace,
            "kind": "job",
            "lease": f"lease-of-{play.run}",
            "lease_seconds": _LEASE_SECONDS,
            "heartbeat_seconds": _LEASE_SECONDS / 4,
            "dossier": play.dossier,
        }

    def _beat(self, asked: Asked, match: re.Match[str]) -> Answer | None:
        play = self._plays.get(match[1])
        if play is None:
            return None
        if match[2] == "release":
            with self._changed:
                play.outcome = {"status": "Released", "error_class": None, "error_text": None}
                self._changed.notify_all()
            return answer({})
        if asked.json.get("phase"):
            play.phases.append(asked.json["phase"])
        return answer({"cancel": False})

    def _keys(self, asked: Asked, match: re.Match[str]) -> Answer | None:
        play = self._plays.get(match[1])
        if play is None:
            return None
        body = asked.json
        wants = "grant" if body.get("request") else "nonce"
        more = {"request": body["request"], "evidence": body["evidence"]} if wants == "grant" else {}
        with self._changed:
            play.request, play.evidence = body.get("request") or play.request, body.get("evidence") or play.evidence
            for organisation in play.owners:
                self._give(play, organisation, wants, dossier=play.dossier, **more)
            self._changed.wait_for(
                lambda: all((organisation, wants) in play.replies for organisation in play.owners),
                timeout=asked.wait(_USUAL_WAIT),
            )
            nonces = play.nonces(play, play.said("nonce", "nonce"))
            return answer(
                {
                    "nonces": nonces,
                    "grants": play.grants(play, play.said("grant", "grant")),
                    "refusals": {**play.said("nonce", "refusal"), **play.said("grant", "refusal")},
                    "waiting": [organisation for organisation in play.owners if organisation not in nonces],
                }
            )

    def _outcome(self, asked: Asked, match: re.Match[str]) -> Answer | None:
        play = self._plays.get(match[1])
        if play is None:
            return None
        with self._changed:
            play.outcome = asked.json
            self._playing = None
            self._changed.notify_all()
        return answer({})

    def _file(self, _asked: Asked, match: re.Match[str]) -> Answer | None:
        replaced = self._playing.files.get(match[1]) if self._playing is not None else None
        return Answer(200, replaced, {"content-type": "application/octet-stream"}) if replaced is not None else None

    # -- what key services ask ------------------------------------------------------------------------------------

    def _list_tasks(self, asked: Asked, _match: re.Match[str]) -> Answer:
        organisation = self._services.get(asked.caller or "", "")
        deadline = time.monotonic() + asked.wait(_USUAL_WAIT)
        while True:
            with self._changed:
                mine, self._tasks[organisation] = self._tasks.get(organisation, []), []
            if mine:
                return answer({"items": mine})
            late = time.monotonic() > deadline
            if organisation not in self._withheld:
                honest = self._server.forward(asked, wait=0)
                if honest.status != 200 or honest.json["items"] or late:  # noqa: PLR2004 -- OK
                    return honest
            elif late:
                return answer({"items": []})
            with self._changed:
                self._changed.wait_for(lambda: bool(self._tasks[organisation]), timeout=_STEP)

    def _reply(self, asked: Asked, match: re.Match[str]) -> Answer | None:
        play = self._plays.get(match[1])
        if play is None:
            return None
        body = asked.json
        with self._changed:
            organisation = self._services[asked.caller or ""]
            open_ = {kind for owner, kind in play.asked if owner == organisation and (owner, kind) not in play.replies}
            wants = max(open_)  # the call for a nonce comes before that for a grant
            play.replies[organisation, wants] = body
            self._changed.notify_all()
        return answer({})
