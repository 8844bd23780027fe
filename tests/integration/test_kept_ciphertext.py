"""A worker keeps the ciphertext that it fetched for later runs, and fetches anew what went bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_secure_jobs.protocol import envelope as envelopes
from jupyter_secure_jobs.protocol.dataset import Manifest
from tests.support.parts import Draft, Parts

if TYPE_CHECKING:
    from pathlib import Path

FLIGHTS_ALONE = Draft(code="SELECT month, count(*) AS n FROM flights GROUP BY month ORDER BY month", inputs=())


def files_of(parts: Parts, job: str) -> list[str]:
    """Return the names of the ciphertext files that a job reads."""
    statements = parts.ana.client.review_statements(parts.workspace, job, 1)
    manifests = [
        envelopes.read(Manifest, envelopes.Envelope.from_json(each.model_dump())) for each in statements.manifests
    ]
    return [file.digest.removeprefix("sha256:") for manifest in manifests for file in manifest.files]


def spoil(path: Path) -> None:
    """Change a byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_ciphertext_is_fetched_once_and_anew_when_it_went_bad(parts: Parts) -> None:
    job = parts.accepted(FLIGHTS_ALONE)
    (name,) = files_of(parts, job.id)
    assert parts.ended(parts.order(job.id)).status == "Succeeded"
    kept = parts.worker_folder / "carried" / "ciphertext" / name
    stored = parts.folder / "server" / "files" / name
    assert kept.read_bytes() == stored.read_bytes()

    away = stored.rename(stored.with_suffix(".away"))
    try:
        assert parts.ended(parts.order(job.id)).status == "Succeeded"
        spoil(kept)
        run = parts.ended(parts.order(job.id))
        assert (run.status, run.error_class) == ("Failed", "Refused")
        assert (run.error_text or "").startswith("file_altered")
        assert not kept.exists()
    finally:
        away.rename(stored)
    another = parts.accepted(FLIGHTS_ALONE)
    assert parts.ended(parts.order(another.id)).status == "Succeeded"
    assert kept.read_bytes() == stored.read_bytes()


def test_altered_file_of_the_server_is_refused_before_keys_are_asked_for(parts: Parts) -> None:
    job = parts.accepted(FLIGHTS_ALONE)
    (name,) = files_of(parts, job.id)
    kept = parts.worker_folder / "carried" / "ciphertext" / name
    kept.unlink(missing_ok=True)
    stored = parts.folder / "server" / "files" / name
    right = stored.read_bytes()
    spoil(stored)
    try:
        run = parts.ended(parts.order(job.id))
        assert (run.status, run.error_class, run.used_up) == ("Failed", "Refused", False)
        assert (run.error_text or "").startswith("file_altered")
        assert not kept.exists()
    finally:
        stored.write_bytes(right)
    with parts.key_service("Airline") as service:
        assert service._state.used(job.version.hash or "") == 0, "no key was released"
    assert parts.ended(parts.order(job.id)).status == "Succeeded"
