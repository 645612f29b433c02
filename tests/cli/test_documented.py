"""The documented commands run, and docs/command-line.md has every key of their documents."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cortensor_tui.cli.main import INTERRUPTED, run
from cortensor_tui.cli.output import Exit
from tests.cli.conftest import Home
from tests.cli.scripted_node import ScriptedNode
from tests.cli.test_starting import Recorder, launch

__all__ = ["launch"]  # the fixture

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs/command-line.md").read_text(encoding="utf-8")
VERIFY = (REPOSITORY / "docs/verify.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DEVNET = (REPOSITORY / "docs/devnet.md").read_text(encoding="utf-8")
COMMANDS = list(
    dict.fromkeys(
        re.findall(r"^    \$ (.*)$", PAGE + DEVNET + VERIFY, re.MULTILINE)
        + re.findall(r"^(cortensor-tui.*)$", README, re.MULTILINE)
    )
)
_STARTING = re.compile(r"cortensor-tui( node (run( --new-journal)?|~.*)| devnet.*| demo)?")
STARTING = [command for command in COMMANDS if _STARTING.fullmatch(command)]
ASKING = [command for command in COMMANDS if command not in STARTING]


def keys_of(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from keys_of(value)
    elif isinstance(document, list):
        for value in document:
            yield from keys_of(value)


@pytest.mark.parametrize("command", ASKING)
async def test_a_documented_command_runs_and_its_keys_are_documented(
    home: Home, node: ScriptedNode, command: str
) -> None:
    programs = Path(sys.executable).parent
    ended = await home.execute("bash", "-c", command, PATH=f"{programs}:{home.environ['PATH']}")

    complaints = [line for line in ended.err.splitlines() if ": note: " not in line]
    assert (ended.code, complaints) == (0, [])
    if "--json" in command:
        undocumented = {
            key for key in keys_of(ended.document) if f"`{key}`" not in PAGE and f'"{key}"' not in PAGE
        }
        assert undocumented == set()


@pytest.mark.parametrize("command", STARTING)
def test_a_documented_command_starts_something(launch: Recorder, command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(shlex.split(command)[1:])

    assert ended.value.code in (0, 4)  # 4 is what the recorder's demo ends with
    assert len(launch.calls) == 1


def test_the_page_names_every_exit_code() -> None:
    documented = re.findall(r"^\| (\d+) \| ", PAGE, re.MULTILINE)
    assert [int(code) for code in documented] == [*Exit, INTERRUPTED]


def test_the_page_names_every_command() -> None:
    for name in (
        "status",
        "sessions",
        "tasks",
        "txs",
        "assign",
        "unassign",
        "session create",
        "session update",
        "session deactivate",
        "swap",
        "submit",
        "verify",
    ):
        assert any(f"cortensor-tui {name}" in command for command in ASKING)
    assert len(STARTING) >= 6


def test_the_readme_names_no_command_that_no_test_runs() -> None:
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
    others = [line for line in shell.splitlines() if line and line not in COMMANDS]
    # end_to_end/test_demo.py runs the first, CI the second, end_to_end/test_wheel.py builds and reads what
    # the third installs, and the last is below.
    assert others == ["make demo", "make test", "pip install .", COPY]


COPY = "cp .env.example ~/.cortensor/.env"


async def test_the_example_is_copied_and_says_what_is_left_to_fill_in(home: Home) -> None:
    programs = Path(sys.executable).parent
    steps = (
        f"cd {shlex.quote(str(REPOSITORY))} && mkdir -p ~/.cortensor && {COPY} && cortensor-tui config check"
    )
    ended = await home.execute("bash", "-c", steps, PATH=f"{programs}:{home.environ['PATH']}")

    assert ended.code == 2
    assert "NODE_PRIVATE_KEY" in ended.err + ended.out
    assert "Traceback" not in ended.err
