"""What holds between the settings about keys: one source for each, and a word about keys in plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from cortensor_tui.settings.env_file import EnvFile
from cortensor_tui.settings.model import SettingNote, SettingProblem


class KeyRole(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two keys: its name on the command line, and the settings and fields it may come from."""

    name: str
    plain_key: str
    keystore_key: str
    password_file_key: str
    credential: str


NODE_ROLE: Final = KeyRole(
    name="node",
    plain_key="NODE_PRIVATE_KEY",
    keystore_key="CORTENSOR_TUI_NODE_KEYSTORE",
    password_file_key="CORTENSOR_TUI_NODE_PASSWORD_FILE",  # noqa: S106 - a name, no password
    credential="cortensor-node-password",
)
OWNER_ROLE: Final = KeyRole(
    name="owner",
    plain_key="CORTENSOR_TUI_OWNER_PRIVATE_KEY",
    keystore_key="CORTENSOR_TUI_OWNER_KEYSTORE",
    password_file_key="CORTENSOR_TUI_OWNER_PASSWORD_FILE",  # noqa: S106 - a name, no password
    credential="cortensor-owner-password",
)
ROLES: Final = (NODE_ROLE, OWNER_ROLE)
WATCHING_KEY: Final = "CORTENSOR_TUI_WATCH_ADDRESS"
WATCHING_FIELD: Final = "watch_address"


def key_problems(
    path: Path, file: EnvFile, fields: Mapping[str, Any], found: Sequence[SettingProblem]
) -> list[SettingProblem]:
    """Return the problems found so far with those between the keys' settings."""
    problems = [problem for problem in found if not _is_unused_example(problem, fields)]
    for role in ROLES:
        if _field(fields, role, "private_key") is not None and _field(fields, role, "keystore") is not None:
            problems.append(_both(path, file, role))
    has_problem = any(problem.key == NODE_ROLE.plain_key for problem in problems)
    if fields[WATCHING_FIELD] is not None:
        return problems + _keys_beside_watching(path, file, fields)
    if fields["node_private_key"] is None and fields["node_keystore"] is None and not has_problem:
        problems.append(_no_key(path, file))
    return problems


def key_notes(path: Path, file: EnvFile, fields: Mapping[str, Any]) -> list[SettingNote]:
    """Return a warning for each key that stands in plain text."""
    notes = []
    for role in ROLES:
        if _field(fields, role, "private_key") is None:
            continue
        entry = file.entries.get(role.plain_key)
        command = f"cortensor-tui keys import --env {path} --role {role.name}"
        notes.append(
            SettingNote(
                key=role.plain_key,
                line=entry.line if entry else None,
                text=f"{role.plain_key} is a key in plain text; a keystore keeps it encrypted: {command}",
            )
        )
    return notes


def _field(fields: Mapping[str, Any], role: KeyRole, name: str) -> Any:
    return fields[f"{role.name}_{name}"]


def _is_unused_example(problem: SettingProblem, fields: Mapping[str, Any]) -> bool:
    """Tell whether it is the example file's zero key, which nobody needs beside a keystore or to watch."""
    has_better = fields["node_keystore"] is not None or fields[WATCHING_FIELD] is not None
    return problem.key == NODE_ROLE.plain_key and problem.found == "zeros" and has_better


def _both(path: Path, file: EnvFile, role: KeyRole) -> SettingProblem:
    entry = file.entries.get(role.plain_key)
    return SettingProblem(
        path=str(path) if entry else "the environment",
        line=entry.line if entry else None,
        key=role.plain_key,
        what=f"is set and so is {role.keystore_key}: which of them is meant is not clear",
        remedy=f"Leave {role.plain_key} empty to use the keystore, or take {role.keystore_key} out",
    )


def _keys_beside_watching(path: Path, file: EnvFile, fields: Mapping[str, Any]) -> list[SettingProblem]:
    """Return a problem for the first key beside an address to watch: a key that is given is meant for use."""
    entry = file.entries.get(WATCHING_KEY)
    keys = (
        (key, field)
        for role in ROLES
        for key, field in ((role.plain_key, "private_key"), (role.keystore_key, "keystore"))
        if _field(fields, role, field) is not None
    )
    return [
        SettingProblem(
            path=str(path) if entry else "the environment",
            line=entry.line if entry else None,
            key=WATCHING_KEY,
            what=f"is set and so is {key}: a node that watches has no key",
            remedy=f"Take {key} out to watch, or {WATCHING_KEY} to answer tasks with the key",
        )
        for key, _ in list(keys)[:1]
    ]


def _no_key(path: Path, file: EnvFile) -> SettingProblem:
    entry = file.entries.get(NODE_ROLE.plain_key)
    return SettingProblem(
        path=str(path),
        line=entry.line if entry else None,
        key=NODE_ROLE.plain_key,
        what="is empty" if entry else "is not set",
        accepted="64 hex digits, with or without 0x",
        remedy="Or make a keystore with: cortensor-tui keys new; or watch an address without any key, with "
        f"{WATCHING_KEY}",
    )
