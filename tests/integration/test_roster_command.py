"""`jupyter secure-jobs roster` and `reseal`, as a person types them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.crypto import keyfile
from jupyter_secure_jobs.member.identity import CARD_FILE, KEY_FILE, card_of
from tests.support.circle import Circle
from tests.support.parts import ANA, BEN, MIA, PASSPHRASE, WEI
from tests.support.process import ROOT, clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_secure_jobs.member.context import Acting
    from tests.support.parts import Parts


class Typing:
    """Runs commands as one member or another; their keys are put under a passphrase first."""

    def __init__(self, circle: Circle) -> None:
        """Keep the circle."""
        self.circle = circle

    def store(self, who: Acting) -> Acting:
        """Make the key store and card of somebody who acts in memory."""
        keyfile.save(who.folder / KEY_FILE, who.ring, PASSPHRASE)
        (who.folder / CARD_FILE).write_text(who.card.to_text())
        return who

    def run(self, who: Acting, *words: object, passphrase: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        secret = ("--passphrase-file", str(self.circle.passphrase_file)) if passphrase else ()
        place = (
            "--key-store",
            str(who.folder),
            "--workspace-url",
            self.circle.url,
            "--workspace",
            self.circle.workspace,
        )
        return subprocess.run(
            command(*(str(word) for word in words), *place, *secret),
            cwd=ROOT, env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def done(self, who: Acting, *words: object, passphrase: bool = True) -> str:
        """Run one command that succeeds; return what it printed."""
        made = self.run(who, *words, passphrase=passphrase)
        assert made.returncode == 0, made.stderr
        return made.stdout

    def refused(self, who: Acting, *words: object) -> str:
        """Run one command that is refused; return why."""
        made = self.run(who, *words)
        assert made.returncode == 1, made.stdout
        assert "Traceback" not in made.stderr
        return made.stderr


@pytest.fixture
def typing(parts: Parts, tmp_path: Path) -> Iterator[Typing]:
    circle = Circle(parts, tmp_path)
    yield Typing(circle)
    circle.close()


def test_recovery_of_a_lost_key_as_it_is_typed(typing: Typing, tmp_path: Path) -> None:
    circle = typing.circle
    run = circle.ended(circle.order(circle.accepted().id))
    ana, wei = typing.store(circle.ana), typing.store(circle.acting(WEI))
    # The organisation's printed seed becomes its recovery key by a change of its own.
    seed = os.urandom(32)
    ring = keyfile.ring_of_seed(seed, {"kind": "recovery", "name": "Airline", "organisation": "Airline"})
    recovery_card = tmp_path / "recovery.json"
    recovery_card.write_text(card_of(ring).to_text())
    shown = typing.done(ana, "roster", "propose", "--recovery", recovery_card)
    assert f"CHANGED recovery key ({card_of(ring).fingerprint}" in shown
    change = shown.partition("change:    ")[2].split()[0]
    assert "There is no terminal to ask" in typing.refused(wei, "roster", "accept")
    assert "--yes needs the hash" in typing.refused(wei, "roster", "accept", "--yes")
    assert "nothing was signed" in typing.refused(wei, "roster", "accept", "--change", "sha256:0", "--yes")
    assert f"Waits for {BEN}, {MIA}." in typing.done(wei, "roster", "accept", "--change", change, "--yes")
    assert circle.sign(circle.acting(BEN), circle.acting(MIA)) == ()

    # Ben has lost his keys; whoever holds the seed signs for them.
    del circle._acting[BEN]
    new = typing.store(circle.newcomer(BEN, "Airline"))
    seed_file = tmp_path / "seed"
    seed_file.write_text(" ".join(seed.hex()[i : i + 8] for i in range(0, 64, 8)) + "\n")
    words = ("roster", "recover", "--card", new.folder / CARD_FILE, "--genesis", circle.genesis)
    # What would be signed is shown and asked for, and nothing is proposed before.
    asked = typing.run(new, *words, "--seed-file", seed_file, passphrase=False)
    assert f"NEW KEY {BEN} (Airline): {new.card.fingerprint}" in asked.stdout
    assert "There is no terminal to ask" in asked.stderr
    assert "A change proposed" not in typing.done(wei, "roster", "show")
    done = typing.done(new, *words, "--seed-file", seed_file, "--yes", passphrase=False)
    assert "Signed with the recovery key." in done
    shown = typing.done(wei, "roster", "show")
    assert "A change proposed by recovery key of Airline" in shown
    assert f"NEW KEY {BEN} (Airline): {new.card.fingerprint}" in shown
    change = shown.partition("recovery key of Airline, ")[2].split(":\n")[0]
    assert circle.sign(circle.ana, circle.acting(WEI), circle.acting(MIA)) != ()
    joining = ("roster", "accept", "--genesis", circle.genesis, "--roster", change, "--yes")
    assert "The change is in force." in typing.done(new, *joining)

    assert "1 outcomes sealed again" in typing.done(ana, "reseal", "--for", BEN)
    assert "0 outcomes sealed again" in typing.done(new, "reseal", "--for", ANA)
    assert "is no member of your organisation" in typing.refused(ana, "reseal", "--for", MIA)
    assert circle.run(run.id).status == "Succeeded"

    # A worker's card is proposed, and refused with a reason.
    worker = tmp_path / "worker.json"
    worker.write_text(circle.new_worker("worker-2").to_text())
    assert "JOINS   the worker worker-2" in typing.done(ana, "roster", "propose", "--worker", worker)
    assert "Refused: sha256:" in typing.done(wei, "roster", "refuse", "--reason", "Not ours.")
    assert f"refused, {WEI}: Not ours." in typing.done(ana, "roster", "show")
    assert "No change waits" in typing.refused(wei, "roster", "refuse", "--reason", "Again.")
    assert "Nothing would change." in typing.refused(ana, "roster", "propose")
    for wrong, why in (
        (("--remove", "nobody@airline.example"), "is no member"),
        (("--add", new.folder / CARD_FILE), "is a member already"),
        (("--replace", worker), "is a worker card, no member card"),
        (("--drop-worker", "worker-9"), "There is no worker"),
    ):
        assert why in typing.refused(ana, "roster", "propose", *wrong)
