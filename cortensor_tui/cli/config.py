"""`config check` and `config show`: what a settings file says, and what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cortensor_tui.cli.asking import ask_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import table
from cortensor_tui.cli.options import AsJson, Env
from cortensor_tui.cli.output import Exit, print_json, print_notice, print_text, problem_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node.settings_messages import ChangeSetting, SettingChanged
from cortensor_tui.settings import (
    RPC_HOST_SPECS,
    SPECS,
    SettingNote,
    SettingProblem,
    Settings,
    SettingsError,
    SettingValue,
    SourceKind,
    Spec,
    load_settings,
)
from cortensor_tui.settings.changing import PlannedChange, plan_change, write_change
from cortensor_tui.settings.key_files import key_file_problems
from cortensor_tui.settings.spec import TakesEffect

Name = Annotated[
    str, typer.Argument(metavar="NAME", show_default=False, help="The setting, such as LLM_PORT.")
]
Value = Annotated[str, typer.Argument(metavar="VALUE", show_default=False, help="Its new value.")]

config_commands = typer.Typer(help="Check, show or change a settings file.", rich_markup_mode=None)


@config_commands.command("check")
def check(env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Say what is wrong with a settings file and what it names on this machine; exit 2 if anything is."""
    try:
        settings = load_settings(env, os.environ)
        notes = _notes_after_looking(settings)
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
        told = [msgspec.to_builtins(note) for note in notes]
        print_json({"path": str(settings.path), "is_usable": True, "problems": [], "notes": told})
    else:
        set_here = sum(value.source is not SourceKind.DEFAULT for value in settings.values)
        print_text(
            f"{inert(str(settings.path))} is usable: {set_here} settings set, the others have defaults."
        )
        print_notes(notes, str(settings.path))
    return Exit.DONE


def _notes_after_looking(settings: Settings) -> tuple[SettingNote, ...]:
    """Return what is odd in the file or on this machine; raise `SettingsError` where anything is wrong."""
    from cortensor_tui import launch

    machine = launch.check_machine(settings, os.environ)
    notes = tuple(sorted((*settings.notes, *machine.notes), key=lambda note: note.line or 0))
    problems = (*_problems_about_keys(settings), *machine.problems)
    if problems:
        raise SettingsError(settings.path, problems, notes)
    return notes


def _problems_about_keys(settings: Settings) -> tuple[SettingProblem, ...]:
    """Return what is wrong with the keys' files, and with the addresses stated beside keys."""
    from cortensor_tui import launch

    found = key_file_problems(settings, os.environ)
    return found + launch.addresses_apart_from_keys(settings, os.environ)


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


@config_commands.command("list")
def list_settings(
    env: Env = DEFAULT_ENV,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not the default.")] = False,
    as_json: AsJson = False,
) -> int:
    """List every setting with what it is for, what it takes, and when a change of it takes effect."""
    settings = load_settings(env, os.environ)
    specs = {spec.key: spec for spec in (*SPECS, *RPC_HOST_SPECS)}
    listed = [value for value in settings.values if not (changed and value.source is SourceKind.DEFAULT)]
    if as_json:
        rows = [_value_json(settings, value) | _spec_json(specs[value.key]) for value in listed]
        print_json({"path": str(settings.path), "settings": rows})
        return Exit.DONE
    group = None
    for value in listed:
        spec = specs[value.key]
        if spec.group is not group:
            group = spec.group
            print_text(f"\n{group.value}")
        print_text(f"  {value.key} = {value.shown}  ({_source(settings, value)})")
        print_text(f"      {spec.help} Takes {spec.kind.accepted}. Changes: {spec.takes_effect.value}.")
    return Exit.DONE


@config_commands.command("set")
def set_value(name: Name, value: Value, env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Change one setting in the file; a running node takes it at once where it can."""
    return change(env, name, value, as_json)


@config_commands.command("unset")
def unset_value(name: Name, env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Put one setting back to its default."""
    return change(env, name, None, as_json)


def change(env: Path, name: str, value: str | None, as_json: bool) -> int:
    """Write a setting, None for its default, through the running node where there is one, and say so."""
    planned = _planned(env, name, value)
    is_applied = is_running = False
    if planned.is_change:
        try:
            body = ChangeSetting(name=planned.spec.key, value=value, fingerprint=planned.fingerprint)
            is_applied, is_running = ask_node(env.expanduser(), body, SettingChanged).is_applied, True
        except ProblemError as error:
            if error.problem.code != "no_node":
                raise
            write_change(planned)
    if as_json:
        told = {"key": planned.spec.key, "path": str(planned.path), "line": planned.line}
        lines = {"before": planned.line_before, "after": planned.line_after}
        effect = {"is_changed": planned.is_change, "is_applied": is_applied}
        print_json(told | lines | effect | {"environment_wins": _environment_wins(planned.spec)})
        return Exit.DONE
    if not planned.is_change:
        print_text(f"{planned.spec.key} is so already; nothing was written.")
        return Exit.DONE
    for sign, line in (("-", planned.line_before), ("+", planned.line_after)):
        if line:
            print_text(f"{sign} {line}")
    print_text(_effect(planned.spec, is_running=is_running, is_applied=is_applied))
    _tell_who_wins(planned.spec)
    return Exit.DONE


def _planned(env: Path, name: str, value: str | None) -> PlannedChange:
    """Plan a change of the file; this shell's variables are not the node's, so they do not hinder it."""
    try:
        return plan_change(env, {}, name, value)
    except ProblemError:
        # A file may stand on what the environment adds, such as where the keystore is.
        others = {key: text for key, text in os.environ.items() if key != name.strip().upper()}
        try:
            return plan_change(env, others, name, value)
        except ProblemError:
            pass
        raise


def _tell_who_wins(spec: Spec) -> None:
    if _environment_wins(spec):
        print_notice(
            f"note: {spec.key} is set in this shell's environment too, which goes before the file: "
            "a node or dashboard started from here does not see the change."
        )


def _environment_wins(spec: Spec) -> bool:
    return spec.is_ours and bool(os.environ.get(spec.key))


def _effect(spec: Spec, *, is_running: bool, is_applied: bool) -> str:
    if spec.takes_effect is TakesEffect.AT_OPENING:
        return "Written; a dashboard takes it when it is opened next."
    if is_applied:
        return "Written, and the running node works with it now."
    if is_running:
        return "Written; the running node takes it at its next start."
    return "Written. No node runs for these settings."


def _spec_json(spec: Spec) -> dict[str, Any]:
    return {
        "group": spec.group.value,
        "help": spec.help,
        "accepted": spec.kind.accepted,
        "default": spec.default_text(),
        "takes_effect": spec.takes_effect.value,
    }


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


@config_commands.command("bindings")
def bindings() -> int:
    """Print a key file for the dashboard with every id and its keys, ready to be changed."""
    from cortensor_tui import launch

    print_text(launch.key_file_text().rstrip())
    return Exit.DONE
