"""Attacks with what the enclave is given: keys, nonces and ciphertext that are not those of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from demo.hostile.attack import OWNERS, Attack, Refusal, enclave, services
from demo.hostile.forging import Json, in_the_name_of, said, signed
from demo.hostile.prepared import digests_of
from jupyter_secure_jobs.crypto import files, sealing
from jupyter_secure_jobs.protocol import codec, places

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.hostile.plays import Play
    from demo.hostile.scene import Scene

_FIRST, _SECOND = OWNERS
_TAG: Final = 16


def _granting(change: Callable[[Scene, Play, Json], Json]) -> Callable[[Scene], list[Refusal]]:
    """Let a run that is right begin, and change the key grants on their way to the enclave."""

    def run(scene: Scene) -> list[Refusal]:
        def grants(play: Play, given: Json) -> Json:
            return change(scene, play, given) if set(given) == set(OWNERS) else given

        return scene.refusals(scene.play(scene.dossier(scene.prepared.base), grants=grants))

    return run


def _own_grant(scene: Scene, play: Play, given: Json) -> Json:
    """Return a grant of the server's own making: a key of its own, well sealed to the enclave."""
    words = said(given[_FIRST])
    granted = words["keys"][0]
    place = places.granted_key(order=words["order"], manifest=granted["manifest"], key_id=granted["key_id"])
    sealed = sealing.seal(said(play.evidence or {})["sealing_key"], files.new_key(), info=place)
    made = [{**granted, "sealed": codec.to_json(sealed)}]
    return signed(given[_FIRST], [scene.mallory], keys=made)


def _forged(scene: Scene, play: Play, given: Json) -> Json:
    return {**given, _FIRST: _own_grant(scene, play, given)}


def _forged_in_name(scene: Scene, play: Play, given: Json) -> Json:
    key = given[_FIRST]["signatures"][0]["keyid"]
    return {**given, _FIRST: in_the_name_of(_own_grant(scene, play, given), key)}


def _of_another_run(scene: Scene, _play: Play, given: Json) -> Json:
    return {**given, _FIRST: scene.prepared.play.granted[_FIRST]}


def _one_for_all(_scene: Scene, _play: Play, given: Json) -> Json:
    return {**given, _SECOND: given[_FIRST]}


def _nonces(scene: Scene) -> list[Refusal]:
    old = scene.prepared.play.said("nonce", "nonce")

    def nonces(_play: Play, given: Json) -> Json:
        return {owner: old[owner] for owner in given}

    return scene.refusals(scene.play(scene.dossier(scene.prepared.base), nonces=nonces))


def _files(change: Callable[[Scene, dict[str, bytes]], dict[str, bytes]]) -> Callable[[Scene], list[Refusal]]:
    """Change the ciphertext on its way to the enclave; `change` gets and returns files by digest."""

    def run(scene: Scene) -> list[Refusal]:
        dossier = scene.dossier(scene.prepared.base)
        known = {digest: scene.ciphertext(digest) for each in dossier["manifests"] for digest in digests_of(each)}
        scene.forget_ciphertext()
        return scene.refusals(scene.play(dossier, files=change(scene, known)))

    return run


def _flipped(_scene: Scene, known: dict[str, bytes]) -> dict[str, bytes]:
    middle = {digest: len(data) // 2 for digest, data in known.items()}
    return {
        digest: data[: middle[digest]] + bytes([data[middle[digest]] ^ 1]) + data[middle[digest] + 1 :]
        for digest, data in known.items()
    }


def _truncated(_scene: Scene, known: dict[str, bytes]) -> dict[str, bytes]:
    return {digest: data[:-_TAG] for digest, data in known.items()}


def _swapped(_scene: Scene, known: dict[str, bytes]) -> dict[str, bytes]:
    return dict(zip(known, reversed(known.values()), strict=True))


def _rolled_back(scene: Scene, known: dict[str, bytes]) -> dict[str, bytes]:
    older = said(scene.prepared.older)
    now = next(each for each in scene.prepared.dossier["manifests"] if said(each)["dataset"] == older["dataset"])
    pairs = zip(digests_of(now), digests_of(scene.prepared.older), strict=True)
    return {**known, **{new: scene.ciphertext(old) for new, old in pairs}}


def _own_files(_scene: Scene, known: dict[str, bytes]) -> dict[str, bytes]:
    return {digest: bytes(len(data)) for digest, data in known.items()}


KEYS: Final = (
    Attack(name="key_grant_forged", sentence="The server grants a key of its own for ciphertext of its own.",
           expected=enclave("signature_missing"), run=_granting(_forged)),
    Attack(name="key_grant_forged_in_name", sentence="It says that the key service signed that grant.",
           expected=enclave("bad_signature"), run=_granting(_forged_in_name)),
    Attack(name="key_grant_of_another_run", sentence="A grant of an earlier run comes again.",
           expected=enclave("key_grant"), run=_granting(_of_another_run)),
    Attack(name="key_grant_for_two", sentence="One owner's grant stands for another owner's too.",
           expected=enclave("key_grant"), run=_granting(_one_for_all)),
    Attack(name="nonces_of_another_run", sentence="The enclave is told the nonces of an earlier run.",
           expected=services("nonce"), run=_nonces),
    Attack(name="ciphertext_flipped", sentence="One bit of a dataset's file is another.",
           expected=enclave("file_altered"), run=_files(_flipped)),
    Attack(name="ciphertext_truncated", sentence="A dataset's file ends early.",
           expected=enclave("file_altered"), run=_files(_truncated)),
    Attack(name="ciphertext_swapped", sentence="The files of two datasets change places.",
           expected=enclave("file_altered"), run=_files(_swapped)),
    Attack(name="ciphertext_rolled_back", sentence="An older version's file stands for the accepted one's.",
           expected=enclave("file_altered"), run=_files(_rolled_back)),
    Attack(name="ciphertext_made_up", sentence="Files of the server's own making stand for the datasets.",
           expected=enclave("file_altered"), run=_files(_own_files)),
)  # fmt: skip
