"""What starts something goes through `launch`, with what was given on the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

import cortensor_tui
from cortensor_tui.cli.commands import with_cortensord_form, with_env_behind
from cortensor_tui.cli.main import run
from tests.cli.conftest import Home


def _asked(given: Mapping[str, bool]) -> list[str]:
    return [name for name, value in given.items() if value]


class Recorder(ModuleType):
    """Stands where `launch` stands and notes how it is called; its parts have tests of their own."""

    def __init__(self) -> None:
        super().__init__("cortensor_tui.launch")
        self.calls: list[tuple[object, ...]] = []

    def open_dashboard(self, settings_path: Path, environ: Mapping[str, str], **given: bool) -> int:
        self.calls.append(("open_dashboard", settings_path, environ is os.environ, *_asked(given)))
        return 0

    def run_node(self, settings_path: Path, environ: Mapping[str, str], **given: bool) -> int:
        self.calls.append(("run_node", settings_path, environ is os.environ, *_asked(given)))
        return 0

    def run_devnet(
        self, backend: str, port: int, as_json: bool, block_interval_s: float, generation: str
    ) -> int:
        self.calls.append(("run_devnet", backend, port, as_json, block_interval_s, generation))
        return 0

    def run_demo(self, environ: Mapping[str, str]) -> int:
        self.calls.append(("run_demo", environ is os.environ))
        return 4


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(cortensor_tui, "launch", recorder, raising=False)
    monkeypatch.setenv("HOME", "/home/op")
    return recorder


HOME_ENV = Path("/home/op/.cortensor/.env")


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        ([], ("open_dashboard", HOME_ENV, True)),
        (["--env", "/a/.env"], ("open_dashboard", Path("/a/.env"), True, "is_named")),
        (["--new-journal"], ("open_dashboard", HOME_ENV, True, "may_make_journal")),
        (["node", "run", "--new-journal"], ("run_node", HOME_ENV, True, "may_make_journal")),
        (["node", "run", "--passwords-on-stdin"], ("run_node", HOME_ENV, True, "has_passwords_on_stdin")),
        (["node", "run"], ("run_node", HOME_ENV, True)),
        (["node", "run", "--env", "/a/.env"], ("run_node", Path("/a/.env"), True)),
        (["--env", "/a/.env", "node", "run"], ("run_node", Path("/a/.env"), True)),
        (["--env=/a/.env", "node", "run"], ("run_node", Path("/a/.env"), True)),
        (
            ["node", "~/.cortensor/.env", "minerv3", "1", "docker"],
            ("run_node", HOME_ENV, True, "in_container"),
        ),
        (["node", ".env-2", "minerv4"], ("run_node", Path(".env-2"), True)),
        (["node", ".env-2", "minerv4", "7"], ("run_node", Path(".env-2"), True)),
        (["devnet"], ("run_devnet", "embedded", 0, False, 1.0, "new")),
        (["devnet", "--generation", "mid"], ("run_devnet", "embedded", 0, False, 1.0, "mid")),
        (
            ["devnet", "--backend", "anvil", "--port", "8545", "--block-time", "0", "--json"],
            ("run_devnet", "anvil", 8545, True, 0.0, "new"),
        ),
    ],
)
def test_a_command_starts_what_it_says(
    launch: Recorder, arguments: list[str], call: tuple[object, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(arguments)

    assert ended.value.code == 0
    assert launch.calls == [call]


def test_the_exit_code_is_the_one_of_what_ran(launch: Recorder) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["demo"])

    assert ended.value.code == 4
    assert launch.calls == [("run_demo", True)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["node", "run", "x"],
        ["node", "stop", "--json"],
        ["node", "rnu", "--json"],
        ["node", "--help", "x"],
        ["status"],
    ],
)
def test_only_the_form_of_cortensord_is_taken_for_it(arguments: list[str]) -> None:
    assert with_cortensord_form(arguments) == arguments


def test_a_settings_file_before_the_command_leaves_what_follows_two_dashes_alone() -> None:
    told = with_env_behind(["--env", "/a", "submit", "1", "--", "--env", "x"])
    assert told == ["submit", "1", "--env", "/a", "--", "--env", "x"]


@pytest.mark.parametrize("form", [("node", "run", "--env"), ("node",)])
async def test_a_node_with_bad_settings_does_not_start(home: Home, form: tuple[str, ...]) -> None:
    home.settings.write_text("CHAINID=x\n")
    role = () if "run" in form else ("minerv4", "1")

    ended = await home.run(*form, str(home.settings), *role)

    assert ended.code == 2
    assert f"{home.settings}:1: CHAINID is not a whole number" in ended.err
    assert "NODE_PRIVATE_KEY is not set" in ended.err
