"""A command is found in its own file, and starts without what the others are made of."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_secure_jobs.cli.main import FILES, parser
from tests.support.process import ROOT

# What only some commands need, and takes a tenth of a second or more.
HEAVY = {"sqlglot", "pandas", "pyarrow", "jupyter_server"}


def _commands(command: str = "") -> set[str]:
    (groups,) = (action for action in parser(command)._actions if action.choices and action.required)
    return set(groups.choices or ())


def test_every_command_is_in_the_table() -> None:
    assert _commands() == set(FILES)
    assert _commands("no such command") == set(FILES)


@pytest.mark.parametrize("command", FILES)
def test_a_command_is_found_alone(command: str) -> None:
    beside = {each for each, file in FILES.items() if file == FILES[command]}
    assert _commands(command) == beside


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines if line.startswith("    ") and line.strip()} >= set(FILES)


@pytest.mark.parametrize("words", ["key show", "worker run", "keyservice run"])
def test_a_start_imports_nothing_of_the_others(words: str) -> None:
    look = "from jupyter_secure_jobs.cli.main import parser; import sys; parser(sys.argv[1]); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", look, *words.split()], cwd=ROOT, capture_output=True, check=True)
    assert not HEAVY & set(ended.stdout.decode().split())


def test_a_server_starts_without_a_grammar_that_nobody_asks_for() -> None:
    look = (
        "import jupyter_secure_jobs.cli.server_app, jsonschema, sys;"
        "checks = jsonschema.FormatChecker();"
        "jsonschema.validate('https://example.org/', {'format': 'uri'}, format_checker=checks);"
        "print(*(name for name, module in sys.modules.items() if module is not None))"
    )
    ended = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, check=True)
    assert not {"rfc3987_syntax", "lark"} & set(ended.stdout.decode().split())
