"""`config check` and `config show`: what a settings file says, and what is wrong with it."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import typer

from cortensor_tui.cli.formats import table
from cortensor_tui.cli.options import DEFAULT_ENV, AsJson, Env
from cortensor_tui.cli.output import Exit, print_json, print_notice, print_text, problem_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.settings import (
    SettingNote,
    Settings,
    SettingsError,
    SettingValue,
    SourceKind,
    load_settings,
)
from cortensor_tui.settings.key_files import key_file_problems

config_commands = typer.Typer(help="Check or show a settings file.", rich_markup_mode=None)


@config_commands.command("check")
def check(env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Say what is wrong with a settings file and the keys' files it names; exit 2 if anything is."""
    try:
        settings = load_settings(env, os.environ)
        in_files = key_file_problems(settings, os.environ)
        if in_files:
            raise SettingsError(settings.path, in_files, settings.notes)
    except SettingsError as error:
        if not as_json:
            raise
        print_json(
            {
                "path": str(env.expanduser()),
                "is_usable": False,
                "problems": [msgspec.to_builtins(problem) for problem in error.problems],
                "notes": [msgspec.to_builtins(note) for note in error.notes],
                "error": problem_json(error.problem),
            }
        )
        return Exit.WRONG_USE
    if as_json:
        notes = [msgspec.to_builtins(note) for note in settings.notes]
        print_json({"path": str(settings.path), "is_usable": True, "problems": [], "notes": notes})
    else:
        set_here = sum(value.source is not SourceKind.DEFAULT for value in settings.values)
        print_text(
            f"{inert(str(settings.path))} is usable: {set_here} settings set, the others have defaults."
        )
        print_notes(settings.notes, str(settings.path))
    return Exit.DONE


@config_commands.command("show")
def show(env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Show every setting with where its value came from; secrets are masked."""
    settings = load_settings(env, os.environ)
    if as_json:
        print_json(
            {
                "path": str(settings.path),
                "settings": [_value_json(settings, value) for value in settings.values],
                "notes": [msgspec.to_builtins(note) for note in settings.notes],
            }
        )
    else:
        rows = [(value.key, value.shown, _source(settings, value)) for value in settings.values]
        print_text(table(("SETTING", "VALUE", "FROM"), rows))
        print_notes(settings.notes, str(settings.path))
    return Exit.DONE


def print_notes(notes: tuple[SettingNote, ...], path: str) -> None:
    """Print what is odd but stops nothing, on stderr."""
    for note in notes:
        place = path if note.line is None else f"{path}:{note.line}"
        print_notice(f"{place}: note: {note.text}.")


def _source(settings: Settings, value: SettingValue) -> str:
    if value.source is SourceKind.FILE:
        return f"{inert(settings.path.name, 80)}:{value.line}"
    return value.source.value


def _value_json(settings: Settings, value: SettingValue) -> dict[str, Any]:
    is_in_file = value.source is SourceKind.FILE
    return {
        "key": value.key,
        "value": value.shown,
        "source": value.source.value,
        "file": str(settings.path) if is_in_file else None,
        "line": value.line,
    }
