"""Attacks on what members see at their own sides: reviews, rosters, invitations and logins."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

import httpx

from demo.apart.parts import OTHER_SERVER
from demo.hostile.attack import Attack, AttackSucceededError, Refusal
from demo.hostile.forging import Json, altered, hash_of, said, signed
from demo.hostile.scene import side
from demo.hostile.server import answer, problem
from demo.hostile.statements import next_roster
from demo.nycflights import WEATHER_SERVICE
from demo.place import BEN, MEMBERS, MIA, WEI
from jupyter_secure_jobs.domain.errors import SecureJobsError
from jupyter_secure_jobs.domain.review import Verdict
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.clock import utc_now
from jupyter_secure_jobs.wire.member_side import DatasetAsked, DecisionAsked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from demo.hostile.scene import Scene
    from demo.hostile.server import Asked
    from demo.place import Member

_READING: Final = "when the version is read for review"
# A command says what happened in words; these are the words of the error codes.
_IN_WORDS: Final = {
    "The server shows another roster than the invitation names; nothing was signed.": "other_genesis",
    "The server shows an older roster than before.": "stale_epoch",
}


def _reading(path: str, change: Callable[[Scene, Json], Json]) -> Callable[[Scene], list[Refusal]]:
    """Let Wei read a job for review while the server shows something else at `path`."""

    def run(scene: Scene) -> list[Refusal]:
        job = scene.prepared.waiting
        where = path.format(workspace=scene.workspace, job=job)
        with scene.server.rewriting(where, lambda found: change(scene, found)):
            client = scene.parts.client(WEI)
            return [scene.refused_by(side(WEI), _READING, lambda: client.review(scene.workspace, job))]

    return run


def _other_code(_scene: Scene, found: Json) -> Json:
    return {**found, "version": altered(found["version"], code="SELECT count(*) FROM airports")}


def _other_job(scene: Scene, _found: Json) -> Json:
    return scene.review(scene.prepared.base)


def _invented_member(scene: Scene, found: Json) -> Json:
    return {**found, "rosters": [*found["rosters"], next_roster(scene)]}


def _invented_people(scene: Scene, found: Json) -> Json:
    def change(words: Json) -> None:
        words["members"][1]["keys"] = {"signing": scene.mallory.public, "sealing": scene.mallory_sealing.public}

    first, *rest = found["rosters"]
    return {**found, "rosters": [signed(first, [scene.mallory], change), *rest]}


def _swapped_at_the_decision(scene: Scene) -> list[Refusal]:
    """Show Wei the version, and put another one, signed by the author too, under his decision."""
    job, client = scene.prepared.waiting, scene.parts.client(WEI)
    read = client.review(scene.workspace, job).version_hash

    def change(found: Json) -> Json:
        return {**found, "version": signed(found["version"], [scene.author], code="SELECT count(*) FROM airports")}

    asked = DecisionAsked(
        version_hash=read, decision=Verdict.ACCEPT, comment="Read.", passphrase=scene.parts.secret(WEI.email)
    )
    with scene.server.rewriting(f"workspaces/{scene.workspace}/jobs/{job}/versions/[0-9]+/review", change):
        return [scene.refused_by(side(WEI), "when Wei signs", lambda: client.decide(scene.workspace, job, asked))]


def _key_service_swapped(scene: Scene) -> list[Refusal]:
    """Show an owner a roster in which the key service is the server's, so that the dataset's key is sealed to it."""

    def change(found: Json) -> Json:
        def words(roster: Json) -> None:
            for each in roster["organisations"]:
                if each["name"] == WEATHER_SERVICE:
                    each["key_service"]["sealing"] = scene.mallory_sealing.public

        first, *rest = found["rosters"]
        return {**found, "rosters": [altered(first, words), *rest]}

    file = next(iter(sorted(scene.parts.ground.raw(WEATHER_SERVICE).glob("*.csv"))))
    asked = DatasetAsked(name="airports", files=[str(file)], confirm=True)
    client = scene.parts.client(WEI)
    with scene.server.rewriting(f"workspaces/{scene.workspace}/roster", change):
        do = scene.refused_by(side(WEI), "when a dataset is published", lambda: client.publish(scene.workspace, asked))
    return [do]


def _command(scene: Scene, who: Member, where: str, *words: str) -> Refusal:
    """Let somebody type a command; return how it was refused."""
    done = scene.parts.attempt(who.email, *words)
    first = (done.stderr.strip().splitlines() or [""])[0]
    if not done.returncode or first not in _IN_WORDS:
        raise AttackSucceededError(f"`{words[0]}` ended otherwise: {done.stdout[-200:]} {done.stderr[-200:]}")
    return Refusal(by=side(who), code=_IN_WORDS[first], where=where)


def _other_invitation(scene: Scene) -> list[Refusal]:
    """Show Mia, who is invited, a roster with her own keys and with peers that the server made up."""

    def change(found: Json) -> Json:
        def peers(words: Json) -> None:
            words["members"][1]["keys"] = {"signing": scene.mallory.public, "sealing": scene.mallory_sealing.public}

        genesis = signed(found["rosters"][0], [scene.mallory], peers)
        workers = signed(found["workers"][0], [scene.mallory], genesis=hash_of(genesis))
        return {**found, "rosters": [genesis], "workers": [workers]}

    genesis = hash_of(scene.prepared.dossier["rosters"][0])
    words = ("roster", "accept", "--workspace", scene.workspace, "--genesis", genesis, "--yes")
    with scene.server.rewriting(f"workspaces/{scene.workspace}/roster", change):
        where = "when the invitation is accepted"
        return [_command(scene, MIA, where, *words, *scene.parts.at_server(MIA.email))]


def _stale_roster(scene: Scene) -> list[Refusal]:
    """Show Ben a newer roster that all have signed, and then the older one again."""
    # A second machine of Ben's, with a memory of its own, so that his first one is not led astray for good.
    ground = scene.parts.ground
    second = ground.part(BEN.email) / "second"
    shutil.copytree(ground.keys(BEN.email), second)
    scene.parts.accounts.own(BEN.email, second)
    everyone = [scene.ring(member.email).signing for member in MEMBERS]

    def newer(found: Json) -> Json:
        last = found["rosters"][-1]
        follows = {"epoch": said(last)["epoch"] + 1, "genesis": hash_of(found["rosters"][0]),
                   "previous": hash_of(last), "time": codec.to_json(utc_now())}  # fmt: skip
        return {**found, "rosters": [*found["rosters"], signed(last, everyone, **follows)]}

    own = ("--key-store", str(second), "--passphrase-file", str(ground.passphrase(BEN.email)))
    words = ("decide", "Submitted twice", "--workspace-url", scene.parts.url, *own)
    with scene.server.rewriting(f"workspaces/{scene.workspace}/roster", newer):
        done = scene.parts.attempt(BEN.email, *words)
    if "The members changed since" not in done.stderr:
        raise AttackSucceededError(f"Ben's second machine did not take the newer roster: {done.stderr[-200:]}")
    return [_command(scene, BEN, _READING, *words)]


def _login(scene: Scene, rules: Mapping[str, Callable[[Asked], object]]) -> None:
    """Let Mia's side log in again while the server answers logins in its own way."""
    with ExitStack() as lying:
        for path, do in rules.items():
            lying.enter_context(scene.server.while_("POST", path, lambda asked, _match, do=do: do(asked)))  # type: ignore[misc]
        lying.enter_context(scene.server.while_("GET", "workspaces", lambda _asked, _match: problem(401, "renew")))
        scene.parts.client(MIA).workspaces()


def _relayed(scene: Scene) -> list[Refusal]:
    """Pass the login challenge of another server on, to be logged in there as Mia; then in the server's own name."""
    other = scene.parts.start_other_server()
    refused: list[Refusal] = []
    with httpx.Client(base_url=other, trust_env=False, timeout=30) as elsewhere:

        def challenge() -> Json:
            given: Json = elsewhere.post("sessions/challenge", json={}).json()
            return given

        def passed_on(asked: Asked) -> object:
            login = elsewhere.post("sessions", content=asked.body, headers={"content-type": "application/json"})
            if login.is_success:
                raise AttackSucceededError("The server is logged in elsewhere as Mia.")
            where = "when it is passed on in this server's name"
            refused.append(Refusal(by=OTHER_SERVER, code=login.json()["code"], where=where))
            return problem(401, "login_needed")

        relayed = {"sessions/challenge": lambda _asked: answer(challenge()), "sessions": passed_on}
        where = "at the login, before anything is signed"
        refused.append(scene.refused_by(side(MIA), where, lambda: _login(scene, relayed)))
        own = {"audience": scene.parts.address}
        renamed = {**relayed, "sessions/challenge": lambda _asked: answer({**challenge(), **own})}
        with suppress(SecureJobsError):
            # Mia's side hears that the login came to nothing; who refused it is recorded above.
            _login(scene, renamed)
    scene.parts.end(OTHER_SERVER)
    return refused


_REVIEW: Final = "workspaces/{workspace}/jobs/{job}/versions/[0-9]+/review"
_ROSTER: Final = "workspaces/{workspace}/roster"
SIDES: Final = (
    Attack(name="review_shows_other_code", sentence="Wei is shown other code than the author signed.",
           expected={side(WEI): "bad_signature"}, run=_reading(_REVIEW, _other_code)),
    Attack(name="review_shows_another_job", sentence="Wei is shown a harmless job, to sign for another.",
           expected={side(WEI): "other_job"}, run=_reading(_REVIEW, _other_job)),
    Attack(name="version_swapped_at_the_decision",
           sentence="Between reading and signing, the author and the server put another version there.",
           expected={side(WEI): "version_changed"}, run=_swapped_at_the_decision),
    Attack(name="roster_shown_with_invented_member", sentence="Wei is shown a roster with a member made up.",
           expected={side(WEI): "signature_missing"}, run=_reading(_ROSTER, _invented_member)),
    Attack(name="roster_shown_of_invented_people", sentence="Wei is shown a roster of another beginning.",
           expected={side(WEI): "other_genesis"}, run=_reading(_ROSTER, _invented_people)),
    Attack(name="roster_stale", sentence="Ben is shown a roster older than he has seen.",
           expected={side(BEN): "stale_epoch"}, run=_stale_roster),
    Attack(name="invitation_to_invented_peers", sentence="Mia, invited, is shown a roster with peers made up.",
           expected={side(MIA): "other_genesis"}, run=_other_invitation),
    Attack(name="key_service_swapped", sentence="An owner is shown a key service of the server's.",
           expected={side(WEI): "other_genesis"}, run=_key_service_swapped),
    Attack(name="login_relayed", sentence="The server tries to log in at another workspace server as Mia.",
           expected={side(MIA): "audience", OTHER_SERVER: "audience"}, run=_relayed),
)  # fmt: skip
