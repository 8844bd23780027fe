"""A hostile workspace server in front of real parts: what it invents, rewrites, withholds and replays is refused.

The attacks are those of `make demo-apart`, made on the same parts: processes that only the public command lines
start, each under a user of its own where this machine allows it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from demo.apart import walls
from demo.apart.__main__ import honest
from demo.apart.accounts import find_accounts
from demo.apart.founding import Founding
from demo.apart.ground import PARTS, Ground
from demo.apart.parts import Apart, clean_environment
from demo.apart.story import People
from demo.hostile.attack import Attack, everybody
from demo.hostile.campaign import ATTACKS, attempt
from demo.hostile.prepared import TABLES, prepare
from demo.hostile.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

# The parts start in the first test's fixture; on a busy machine that takes some minutes.
pytestmark = pytest.mark.timeout(900)

ROOT: Final = Path(__file__).parents[2]
# Each of these runs a job or a command; the others of their kind refuse by the same checks.
LONG: Final = {
    "second_run",
    "login_relayed",
    "key_grant_forged_in_name",
    "key_grant_of_another_run",
    "key_grant_for_two",
    "ciphertext_flipped",
    "ciphertext_truncated",
    "ciphertext_swapped",
    "ciphertext_made_up",
    "run_past_the_bound",
    "order_replayed",
    "revocation_hidden",
    "withdrawal_hidden",
    "worker_list_stale",
    "roster_stale",
    "test_forged",
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Apart, str]]:
    ground = Ground(tmp_path_factory.mktemp("apart") / "made")
    ground.clear()
    made = Apart(ground, find_accounts(PARTS, ground.folder, clean_environment()))
    founding = Founding(ground, made, only=TABLES)
    try:
        for step in (founding.raw_files, founding.keys, founding.server, founding.accept, founding.start):
            step()
        assert founding.publish() == founding.expected_tables
        yield made, founding.workspace
    finally:
        made.stop()


@pytest.fixture(scope="module")
def scene(parts: tuple[Apart, str]) -> Iterator[Scene]:
    taken = Scene(People(*parts))
    try:
        prepare(taken)
        yield taken
    finally:
        taken.stop()


@pytest.mark.parametrize(
    "wall", [walls.folders, walls.not_served, walls.listening, walls.outbound, walls.plain_http],
    ids=lambda wall: wall.__name__,
)  # fmt: skip
def test_parts_are_apart(parts: tuple[Apart, str], wall: Any) -> None:
    # Before `scene` is asked for: the honest server still stands at its own address.
    expected, find_out = wall(parts[0])
    assert find_out() == expected


def test_a_part_reads_what_others_leave_open(parts: tuple[Apart, str]) -> None:
    # The control of the test above: the probe does find what can be read.
    made = parts[0]
    own = str(made.ground.passphrase("worker"))
    assert walls.readable(made, "worker", [str(made.ground.cards), own]) == [str(made.ground.cards), own]


def _param(attack: Attack) -> Any:
    return pytest.param(attack, id=attack.name, marks=[pytest.mark.long] if attack.name in LONG else [])


@pytest.mark.parametrize("attack", [_param(attack) for attack in ATTACKS])
def test_attack_is_refused(scene: Scene, attack: Attack) -> None:
    outcome = attempt(scene, attack)
    assert outcome.happened == outcome.expected
    assert outcome.where


def test_a_run_that_nothing_is_wrong_with_is_refused_by_nobody(scene: Scene) -> None:
    # The control: on the same road, made by the same server, a dossier without a lie goes through.
    def run(given: Scene) -> Any:
        return given.refusals(given.play(given.dossier(given.prepared.base)))

    outcome = attempt(scene, Attack(name="none", sentence="No lie.", expected=everybody("declined"), run=run))
    assert outcome.happened == "NOT REFUSED: The run succeeded with 16 rows."
    assert not outcome.refused


def test_after_all_attacks_an_honest_run_works(scene: Scene) -> None:
    # Nothing was used up and nobody was locked out.
    assert honest(scene.people, scene.prepared.base) == "16 rows"


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) >= 60
    assert set(names) >= LONG


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_demonstration(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    done = subprocess.run(
        [sys.executable, "-m", "demo.apart", "--folder", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((folder / "summary.json").read_text())
    assert [each["digest"] for each in told["results"]] == [each["computed_digest"] for each in told["results"]]
    assert [each["attack"] for each in told["attacks"] if not each["refused"]] == []
    assert len(told["attacks"]) == len(ATTACKS)
