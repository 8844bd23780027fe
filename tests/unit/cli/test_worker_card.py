"""`worker card`: after an upgrade the card says what runs now, with the same keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jupyter_secure_jobs.cli.main import main
from jupyter_secure_jobs.crypto.memory import swap_is_on
from jupyter_secure_jobs.enclave.measurement import measure
from jupyter_secure_jobs.member.identity import CARD_FILE, Card, create
from tests.support.keys import digest

if TYPE_CHECKING:
    from pathlib import Path


def test_card_of_a_worker_that_was_upgraded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = create(tmp_path / "worker", kind="worker", name="worker-1", organisation="", passphrase="correct horse")
    path = tmp_path / "worker" / CARD_FILE
    path.write_text(replace(made, measurement=digest("an enclave of before")).to_text())
    main(["worker", "card", "--key-store", str(path.parent)])
    assert Card.read(path) == replace(made, measurement=measure())
    said = capsys.readouterr().out
    assert made.fingerprint in said
    assert "roster propose --worker" in said


def test_card_where_there_is_no_worker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["worker", "card", "--key-store", str(tmp_path)])
    assert "There is no card file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "on"),
    [
        ("Filename Type Size Used Priority\n", False),
        ("Filename Type Size\n/dev/vda2 partition 976\n", True),
        ("", False),
    ],
)
def test_swap_is_noticed(tmp_path: Path, lines: str, on: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    (tmp_path / "swaps").write_text(lines)
    assert swap_is_on(tmp_path / "swaps") is on
    assert not swap_is_on(tmp_path / "none")
