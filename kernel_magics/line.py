"""`%securejob VERB …`: everything but writing a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_secure_jobs.domain.errors import InvalidError
from kernel_magics.arguments import meant, split
from kernel_magics.bundle import code
from kernel_magics.showing import show
from kernel_magics.verbs import VERBS
from kernel_magics.verbs.verb import manual

if TYPE_CHECKING:
    from kernel_magics.desk import Desk

MANUAL: Final = f"""Look at secure jobs, run them, and everything else but writing them (that is `%%securejob`).

{manual(VERBS.values())}

Names of several words stand in quotes. `%securejob help` shows this page. Errors say what to do next.

Rows of job runs are not saved in the notebook: `%securejob results "NAME"` returns a DataFrame that shows (and
prints) a placeholder, with a button for the first 100 rows; what you take out of it, such as `rows.head()`, is an
ordinary frame and is saved where a cell shows it. `--save-rows` shows and saves the first 100. Rows of test runs are
synthetic and are saved, marked so. A kernel cannot accept or decline: that is done on the review page.
"""


def run_line(desk: Desk, line: str) -> object:
    """Do what the line says; return a DataFrame for `results` and `audit`, else None.

    Raises:
        InvalidError: there is no such verb, or its arguments cannot be read.
        SecureJobsError: as the member side answered.
    """
    words = split(line)
    if not words or words[0] in {"help", "--help", "-h"}:
        show(code(MANUAL))
        return None
    verb = VERBS.get(words[0])
    if verb is None:
        raise InvalidError(
            "no_such_verb",
            f"%securejob knows no {words[0]!r}.",
            f"{meant(words[0], list(VERBS))}`%securejob help` lists all verbs.",
        )
    return verb.do(desk, verb.parser().read(words[1:]))
