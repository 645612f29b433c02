"""Every command tells every option of its own, in words that fit the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from cortensor_tui.cli.commands import app
from tests.cli.conftest import RunInside


def commands_of(group: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that `--help` lists, with the words it is called by."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, *words, name)
        elif not command.hidden:
            yield (*words, name), command


COMMANDS = dict(commands_of(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_says_what_each_option_is_for_within_eighty_columns(
    run_inside: RunInside, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = [one for one in COMMANDS[words].params if not getattr(one, "hidden", False)]
    assert [one.name for one in shown if not one.help] == []

    ended = run_inside(*words, "--help")

    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "9223372036854775807" not in ended.out
