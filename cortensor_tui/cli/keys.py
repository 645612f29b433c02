"""`keys`: keystores made from a plain key or from nothing, and which keys a node would use."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import table
from cortensor_tui.cli.options import AsJson, Env
from cortensor_tui.cli.output import (
    Exit,
    print_json,
    print_notice,
    print_text,
    problem_json,
    usage_error,
)
from cortensor_tui.domain.inert import inert
from cortensor_tui.settings import ROLES, KeyRole

if TYPE_CHECKING:
    from cortensor_tui.launch.keys import KeyBlanked, KeyEntry, KeyMade

key_commands = typer.Typer(help="Keystore files: make, import, list.", rich_markup_mode=None)

Role = Annotated[str, typer.Option("--role", metavar="NAME", help="node or owner.")]
KeystorePath = Annotated[
    Path | None,
    typer.Option(
        "--keystore", metavar="PATH", help="The file to write.", show_default="beside the settings file"
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", metavar="FILE", help="Read the password from this file of mode 0600; else ask."
    ),
]
Blank = Annotated[
    bool | None,
    typer.Option(
        "--blank/--keep",
        help="Empty the plain key in the settings file and name the keystore there, or leave it; else ask.",
        show_default=False,
    ),
]


@key_commands.command("import")
def import_key(
    env: Env = DEFAULT_ENV,
    role: Role = "node",
    keystore: KeystorePath = None,
    password_file: PasswordFile = None,
    blank: Blank = None,
    as_json: AsJson = False,
) -> int:
    """Write the plain key of a settings file to an encrypted keystore, then offer to blank it there."""
    from cortensor_tui.launch import keys

    found, env = _role(role), env.expanduser()
    made = keys.import_key(env, found, _expanded(keystore), _expanded(password_file))
    if not as_json:
        print_text(f"The key of {made.address} is in {inert(str(made.keystore))}, and its password opens it.")
    if blank is None:
        blank = not as_json and _wants_blank(env, found)
    blanked = keys.blank_key(env, found, made, _expanded(password_file)) if blank else None
    if as_json:
        print_json(_made_json(made) | _blanked_json(blanked))
    else:
        _print_rest(env, found, made, blanked)
    return Exit.DONE


@key_commands.command("new")
def new_key(
    env: Env = DEFAULT_ENV,
    role: Role = "node",
    keystore: KeystorePath = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> int:
    """Make a fresh key in an encrypted keystore."""
    from cortensor_tui.launch import keys

    found = _role(role)
    made = keys.make_key(env.expanduser(), found, _expanded(keystore), _expanded(password_file))
    if as_json:
        print_json(_made_json(made))
    else:
        print_text(
            f"The new key of {made.address} is in {inert(str(made.keystore))}, and its password opens it.\n"
            f"Set {found.keystore_key}={inert(str(made.keystore.absolute()))} to use it, and keep a copy of "
            "the file and of the password: nobody can restore them."
        )
    return Exit.DONE


@key_commands.command("list")
def list_keys(env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Show which key each role would use, where it is, and how it would be unlocked."""
    from cortensor_tui.launch import keys

    found = keys.list_keys(env.expanduser(), os.environ)
    if as_json:
        print_json({"keys": [_entry_json(entry) for entry in found]})
        return Exit.DONE
    rows = [
        (entry.role, entry.address or "unknown", entry.unlock, inert(str(entry.file or "")))
        for entry in found
    ]
    print_text(table(("ROLE", "ADDRESS", "UNLOCKED BY", "FILE"), rows))
    for entry in found:
        if entry.problem is not None:
            print_notice(f"{entry.role}: {entry.problem.sentence()}")
    return Exit.DONE


def _role(name: str) -> KeyRole:
    for role in ROLES:
        if role.name == name:
            return role
    raise usage_error(f"{name!r} is no role", remedy="Give node or owner")


def _expanded(path: Path | None) -> Path | None:
    return None if path is None else path.expanduser()


def _wants_blank(env: Path, role: KeyRole) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    question = f"Empty {role.plain_key} in {inert(str(env))} now, and name the keystore there?"
    return typer.confirm(question, default=False, err=True)


def _print_rest(env: Path, role: KeyRole, made: KeyMade, blanked: KeyBlanked | None) -> None:
    if blanked is None:
        print_text(
            f"{inert(str(env))} still has the key in plain text. To use the keystore, empty {role.plain_key} "
            f"there and set {role.keystore_key}={inert(str(made.keystore.absolute()))}."
        )
        return
    print_text(
        f"{role.plain_key} is empty in {inert(str(env))} now, and {role.keystore_key} names the keystore. "
        "No copy of the old file was kept; backups that you made before still hold the key."
    )
    if blanked.left_on_lines:
        lines = ", ".join(str(number) for number in blanked.left_on_lines)
        print_notice(f"{env}: the same key still stands on line {lines}. Take it out by hand.")


def _made_json(made: KeyMade) -> dict[str, object]:
    return {"role": made.role, "address": made.address, "keystore": str(made.keystore)}


def _blanked_json(blanked: KeyBlanked | None) -> dict[str, object]:
    return {
        "is_blanked": blanked is not None,
        "left_on_lines": [] if blanked is None else list(blanked.left_on_lines),
    }


def _entry_json(entry: KeyEntry) -> dict[str, object]:
    return {
        "role": entry.role,
        "address": entry.address,
        "unlock": entry.unlock,
        "file": None if entry.file is None else str(entry.file),
        "password_file": None if entry.password_file is None else str(entry.password_file),
        "problem": None if entry.problem is None else problem_json(entry.problem),
    }
