"""What the attacker has: the server, what it ever saw, keys of its own making, and people who act in good faith."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from demo.apart.ground import SERVER, WORKER, key_service
from demo.hostile.attack import ENCLAVE, OWNERS, AttackSucceededError, Refusal
from demo.hostile.forging import Json, hash_of, said, signed
from demo.hostile.plays import Play, Stage
from demo.hostile.server import Answer, HostileServer, answer, problem
from demo.parts import free_port
from demo.place import ANA
from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.crypto.sealing import SealingKey
from jupyter_secure_jobs.crypto.signing import SigningKey
from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.member.identity import KEY_FILE
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.clock import utc_now

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping

    from demo.apart.story import People
    from demo.hostile.prepared import Prepared
    from demo.hostile.server import Asked
    from demo.place import Member
    from jupyter_secure_jobs.crypto.keyfile import KeyRing
    from jupyter_secure_jobs.wire.run import InputValue

_REFUSED: Final = "Refused"
_BY_SERVICE: Final = "key_service"


def _honest(log: Json) -> Json:
    return log


class Scene:
    """The taken-over workspace server and its view of the world."""

    prepared: Prepared

    def __init__(self, people: People) -> None:
        """Take the workspace server over: an honest one goes on behind the hostile one, at the same address."""
        parts = people.parts
        self.people, self.parts, self.workspace = people, parts, people.workspace
        self.mallory, self.mallory_sealing = SigningKey.generate(), SealingKey.generate()
        self._rings: dict[str, KeyRing] = {}
        self._ringing = threading.Lock()
        self._log_lie: Callable[[Json], Json] = _honest
        chain = parts.client(ANA).roster(self.workspace)
        parts.end(SERVER)
        self.server = HostileServer(parts.port, parts.start_server(free_port()))
        self.roster = said(chain.rosters[-1].model_dump())
        self.keys = {each["email"]: each["keys"] for each in self.roster["members"]}
        listed = {each["name"]: each["key_service"] for each in self.roster["organisations"]}
        self.stage = Stage(self.server, self.workspace, {pair["signing"]: name for name, pair in listed.items()})
        # It must be there before the first request: the worker's may wait for the run that everything is made from.
        self.server.start()
        self.worker_key: str = said(chain.workers[-1].model_dump())["workers"][0]["platform_key"]

    def stop(self) -> None:
        """Stop the hostile server; the honest one behind it goes with the parts."""
        self.server.stop()

    # -- what it has ----------------------------------------------------------------------------------------------

    def ring(self, part: str) -> KeyRing:
        """Return the keys of who works together with the server: the author, or the worker's host."""
        with self._ringing:
            if part not in self._rings:
                self._rings[part] = keyfile.load(self.parts.ground.keys(part) / KEY_FILE, self.parts.secret(part))
            return self._rings[part]

    @property
    def author(self) -> SigningKey:
        """The author's signing key, where the author works together with the server."""
        return self.ring(ANA.email).signing

    @property
    def platform(self) -> SigningKey:
        """The worker's platform key, where its host works together with the server."""
        return self.ring(WORKER).signing

    def fetch(self, path: str, *, who: Member = ANA, query: str = "") -> Json:
        """Return what the honest server knows."""
        found: Json = self._as(who, "GET", f"workspaces/{self.workspace}/{path}", query).json
        return found

    def fetch_bytes(self, path: str, *, who: Member = ANA) -> bytes:
        """Return a stored file of the honest server."""
        return self._as(who, "GET", f"workspaces/{self.workspace}/{path}").body

    def ciphertext(self, digest: str) -> bytes:
        """Return a dataset's encrypted file."""
        path = f"worker/workspaces/{self.workspace}/files/{digest}"
        return self.server.as_holder(self.worker_key, "GET", path).body

    def _as(self, who: Member, method: str, path: str, query: str = "") -> Answer:
        given = self.server.as_holder(self.keys[who.email]["signing"], method, path, query=query)
        if given.status >= 400:  # noqa: PLR2004 -- where HTTP's errors begin
            raise AttackSucceededError(f"The honest server did not give {path}: {given.body[:200]!r}")
        return given

    def review(self, job: str, number: int = 1) -> Json:
        """Return the statements about a version."""
        return self.fetch(f"jobs/{job}/versions/{number}/review")

    def forget_ciphertext(self) -> None:
        """Be at a worker that has kept no file of an honest day: with one, it would not ask for any."""
        shutil.rmtree(self.parts.ground.keys(WORKER) / "carried" / "ciphertext")

    # -- orders and dossiers --------------------------------------------------------------------------------------

    def order(self, job: str, inputs: Mapping[str, InputValue] | None = None) -> Json:
        """Return an order that Ana signs in good faith: her side believes that all accepted, and that it was lost."""
        kept: list[Json] = []

        def lost(asked: Asked, _match: re.Match[str]) -> Answer:
            kept.append(asked.json["order"])
            return problem(503, "busy")

        def accepted(asked: Asked, _match: re.Match[str]) -> Answer:
            found = self.server.forward(asked).json
            if found["number"] is None:
                number = self.fetch(f"jobs/{job}")["version"]["number"]
                review = self.server.forward(replace(asked, path=f"{where}/versions/{number}/review")).json
                found |= {"number": number, "review": review}
            return answer(found)

        where = f"workspaces/{self.workspace}/jobs/{job}"
        with self.server.while_("POST", f"{where}/runs", lost), self.server.while_("GET", f"{where}/live", accepted):
            try:
                self.parts.client(ANA).run(self.workspace, job, inputs or {})
            except SecureJobsError as error:
                if not kept:
                    raise AttackSucceededError(f"Ana's side signed no order: {error.code}") from error
        return kept[0]

    def dossier(self, job: str, *, number: int = 1, order: Json | None = None, **changes: Any) -> Json:  # noqa: ANN401 -- parts of a dossier
        """Return a run's statements: whatever the honest server once gave, with this job's own in their places."""
        about = self.review(job, number)
        own = {name: about[name] for name in ("version", "decisions", "revocations", "manifests")}
        return {**self.prepared.given, **own, "order": order or self.order(job), **changes}

    def as_the_log_stands(self, dossier: Json) -> Json:
        """Return a dossier with the newest checkpoint, and honest proofs for all that its statements carry.

        A stale log would be refused before anything else is looked at; `lying_about_the_log` lies about it on purpose.
        """
        parts = [dossier["version"], dossier["order"], *dossier["decisions"], *dossier["revocations"]]
        notes = [said(each).get("checkpoint") for each in parts]
        sizes = sorted({0, *(int(note.split("\n")[1]) for note in notes if note), *self.stage.sizes})
        while True:
            found = [self.fetch("log/checkpoint", query=f"from_size={size}") for size in sizes]
            if len({each["checkpoint"] for each in found}) == 1:
                proofs = {proof["size"]: proof for each in found for proof in each["consistency"]}
                log = {"checkpoint": found[0]["checkpoint"], "consistency": list(proofs.values())}
                self.stage.shown(int(log["checkpoint"].split("\n")[1]))
                return {**dossier, "log": self._log_lie(log)}

    @contextmanager
    def lying_about_the_log(self, lie: Callable[[Json], Json]) -> Iterator[None]:
        """Show another log with every run, for a while."""
        self._log_lie = lie
        try:
            yield
        finally:
            self._log_lie = _honest

    # -- who refuses ----------------------------------------------------------------------------------------------

    def play(self, dossier: Json, **more: Any) -> Play:  # noqa: ANN401 -- parts of a play
        """Give an invented run to the worker, and let the key services answer for it."""
        play = Play(dossier=self.as_the_log_stands(dossier), owners=OWNERS, **more)
        self.stage.perform(play)
        return play

    def succeeded(self, dossier: Json) -> Play:
        """Perform a run that nothing is wrong with: what an attack builds on."""
        play = self.play(dossier)
        outcome = play.outcome or {}
        if outcome.get("status") != "Succeeded":
            raise AttackSucceededError(f"A run that was right ended otherwise: {outcome.get('error_text')}")
        return play

    def refusals(self, play: Play) -> list[Refusal]:
        """Return who refused an invented run.

        Raises:
            AttackSucceededError: nobody did.
        """
        found = [
            Refusal(by=key_service(owner), code=_code(text), where=f"at the call for a {_WANTS[wants]}")
            for wants in _WANTS
            for owner, text in play.said(wants, "refusal").items()
        ]
        outcome = play.outcome or {}
        text = str(outcome.get("error_text"))
        if outcome.get("status") == "Succeeded":
            raise AttackSucceededError(f"The run succeeded with {outcome.get('rows')} rows.")
        if outcome.get("error_class") == _REFUSED and _code(text) != _BY_SERVICE:
            found.append(Refusal(by=ENCLAVE, code=_code(text), where=_where(play)))
        if not found:
            raise AttackSucceededError(f"Nobody refused: {outcome.get('status')}, {outcome.get('error_class')} {text}")
        return found

    def resisted(self, dossier: Json) -> list[Refusal]:
        """Give a run to the enclave, and apart from it to each key service: each must refuse on its own."""
        with ThreadPoolExecutor() as pool:
            played = pool.submit(self.play, dossier)
            asked = [pool.submit(self.asked_directly, owner, dossier) for owner in OWNERS]
            refused = self.refusals(played.result())
            return [*refused, *(each.result() for each in asked)]

    def asked_directly(self, owner: str, dossier: Json) -> Refusal:
        """Ask a key service for a key as a corrupt worker would, with evidence of that worker's own making.

        Raises:
            AttackSucceededError: it gave one, or refuses at one call what it does not at the other.
        """
        dossier = self.as_the_log_stands(dossier)
        nonce = self.stage.ask(owner, "nonce", dossier=dossier)
        request, evidence = self.attest(dossier, {owner: str(nonce.get("nonce"))})
        grant = self.stage.ask(owner, "grant", dossier=dossier, request=request, evidence=evidence)
        codes = {_code(str(reply.get("refusal"))) for reply in (nonce, grant)}
        if len(codes) != 1 or not grant.get("refusal"):
            raise AttackSucceededError(f"The key service of {owner} answered {nonce} and {list(grant)}.")
        return Refusal(by=key_service(owner), code=codes.pop(), where="at the call for a nonce, and for a key")

    def attest(
        self, dossier: Json, nonces: Mapping[str, str], *, signer: SigningKey | None = None, **claims: Any  # noqa: ANN401 -- claims of evidence
    ) -> tuple[Json, Json]:  # fmt: skip
        """Return a key request and evidence that a corrupt worker makes up for a run, without any enclave."""
        version, order = dossier["version"], hash_of(dossier["order"])
        known = self.prepared.play
        own: Json = {
            "eat_nonce": list(nonces.values()),
            "iat": codec.to_json(utc_now()),
            "order": order,
            "signing_key": self.mallory.public,
            "sealing_key": self.mallory_sealing.public,
        }
        evidence = signed(known.evidence or {}, [signer or self.platform], **{**own, **claims})
        request = signed(
            known.request or {},
            [self.mallory],
            order=order,
            version=hash_of(version),
            manifests=[read["manifest"] for read in said(version)["datasets"]],
            nonces=[{"organisation": owner, "nonce": nonce} for owner, nonce in nonces.items()],
            evidence=hash_of(evidence),
        )
        return request, evidence

    def refused_by(self, who: str, where: str, do: Callable[[], object]) -> Refusal:
        """Let somebody do something at their own side; return how that side refused.

        Raises:
            AttackSucceededError: it did not.
        """
        try:
            done = do()
        except SecureJobsError as error:
            return Refusal(by=who, code=error.code, where=where)
        raise AttackSucceededError(f"{who} did not refuse {where}: {str(done)[:200]}")


_WANTS: Final = {"nonce": "nonce", "grant": "key"}


def _code(text: str) -> str:
    return text.partition(":")[0]


def _where(play: Play) -> str:
    if "decrypt" in play.phases:
        return "with the keys in hand, while decrypting" if "run" not in play.phases else "after the job ran"
    if play.granted:
        return "when the grants came, before any was used"
    return "between nonces and key request" if play.said("nonce", "nonce") else "before any key was asked for"


def side(member: Member) -> str:
    """Return the name of a member's own side."""
    return f"{member.email.partition('@')[0].capitalize()}'s side"
