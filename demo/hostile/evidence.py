"""Attacks on the way to a key: a corrupt worker's process asks the key services without any enclave."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from demo.apart.ground import key_service
from demo.hostile.attack import OWNERS, Attack, AttackSucceededError, Refusal, services
from demo.hostile.forging import Json, signed
from jupyter_secure_jobs.protocol import codec
from jupyter_secure_jobs.protocol.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.hostile.scene import Scene

Made = tuple[Json, Json]


def _asked(make: Callable[[Scene, dict[str, str]], Made]) -> Callable[[Scene], list[Refusal]]:
    """Get a fresh nonce of every key service for a run that all accepted, then ask for the keys with what is made."""

    def run(scene: Scene) -> list[Refusal]:
        dossier = scene.prepared.dossier
        with ThreadPoolExecutor() as pool:
            fresh = dict(zip(OWNERS, pool.map(lambda owner: _nonce(scene, owner), OWNERS), strict=True))
            request, evidence = make(scene, fresh)
            asked = [
                pool.submit(scene.stage.ask, owner, "grant", dossier=dossier, request=request, evidence=evidence)
                for owner in OWNERS
            ]
            return [_refusal(owner, each.result()) for owner, each in zip(OWNERS, asked, strict=True)]

    return run


def _nonce(scene: Scene, owner: str) -> str:
    reply = scene.stage.ask(owner, "nonce", dossier=scene.prepared.dossier)
    if not reply.get("nonce"):
        raise AttackSucceededError(f"The key service of {owner} gave no nonce for a run that is right: {reply}")
    return str(reply["nonce"])


def _refusal(owner: str, reply: Json) -> Refusal:
    if not reply.get("refusal"):
        raise AttackSucceededError(f"The key service of {owner} gave a key.")
    return Refusal(by=key_service(owner), code=reply["refusal"].partition(":")[0], where="at the call for a key")


def _claims(**claims: Any) -> Callable[[Scene, dict[str, str]], Made]:  # noqa: ANN401 -- claims of evidence
    return lambda scene, nonces: scene.attest(scene.prepared.dossier, nonces, **claims)


def _platform(scene: Scene, nonces: dict[str, str]) -> Made:
    return scene.attest(scene.prepared.dossier, nonces, signer=scene.mallory)


def _old_nonce(scene: Scene, _nonces: dict[str, str]) -> Made:
    return scene.attest(scene.prepared.dossier, scene.prepared.play.said("nonce", "nonce"))


def _replayed(scene: Scene, _nonces: dict[str, str]) -> Made:
    play = scene.prepared.play
    return play.request or {}, play.evidence or {}


def _replayed_evidence(scene: Scene, nonces: dict[str, str]) -> Made:
    request, _ = scene.attest(scene.prepared.dossier, nonces)
    return request, scene.prepared.play.evidence or {}


def _stale(scene: Scene, nonces: dict[str, str]) -> Made:
    return scene.attest(scene.prepared.dossier, nonces, iat=codec.to_json(utc_now() - timedelta(hours=1)))


def _other_tables(scene: Scene, nonces: dict[str, str]) -> Made:
    request, evidence = scene.attest(scene.prepared.dossier, nonces)
    return signed(request, [scene.mallory], lambda words: words["manifests"].pop()), evidence


def _request_by_another(scene: Scene, nonces: dict[str, str]) -> Made:
    request, evidence = scene.attest(scene.prepared.dossier, nonces)
    return signed(request, [scene.author]), evidence


def _row(name: str, sentence: str, code: str, make: Callable[[Scene, dict[str, str]], Made]) -> Attack:
    return Attack(name=name, sentence=sentence, expected=services(code), run=_asked(make))


EVIDENCE: Final = (
    _row("other_platform_key", "A process that is no enrolled worker asks for the keys of an accepted run.",
         "unknown_platform", _platform),
    _row("other_measurement", "An enrolled worker asks with an enclave that nobody listed.", "measurement",
         _claims(measurement="sha256:" + "0" * 64)),
    _row("hardware_pretended", "Software evidence says that it is hardware.", "evidence_assurance",
         _claims(assurance="hardware")),
    _row("debug_hidden", "Software evidence says that it is closed to debugging.", "evidence_assurance",
         _claims(dbgstat="disabled")),
    _row("evidence_of_another_order", "Evidence that was made for another order.", "evidence_binding",
         _claims(order="sha256:" + "0" * 64)),
    _row("evidence_replayed", "Evidence of an earlier run stands beside a new request.", "evidence_binding",
         _replayed_evidence),
    _row("evidence_stale", "Evidence of an hour ago.", "evidence_stale", _stale),
    _row("nonce_replayed", "Nonces of an earlier run stand in new evidence.", "nonce", _old_nonce),
    _row("key_request_replayed", "The whole request of an earlier run is sent again for a new order.",
         "evidence_binding", _replayed),
    _row("key_request_for_other_tables", "The request names other datasets than the version.", "key_request",
         _other_tables),
    _row("key_request_by_another", "The request is not signed by the enclave that the evidence attests.",
         "signature_missing", _request_by_another),
)  # fmt: skip
