"""How long a question may wait: a number of seconds within bounds, whatever is asked."""

from __future__ import annotations

import pytest

from jupyter_secure_jobs.rest.handlers import MOST_WAIT, patience


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("0", 0.0), ("3", 3.0), ("-1", 0.0), ("1e400", MOST_WAIT), ("-inf", 0.0)]
    + [(text, MOST_WAIT) for text in ("nan", "-nan", "inf", "soon", "", "0x10")],
)
def test_patience_is_bounded(asked: str, seconds: float) -> None:
    assert patience(asked) == seconds
