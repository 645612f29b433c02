"""Key files: made from a settings file's plain key or from nothing, listed, and blanked where they were."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.chain.signing.keystore import address_of, new_key, read_keystore, write_keystore
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.launch.passwords import ask_new_password, require_good_password
from cortensor_tui.node.key_source import KeySource, UnlockWay, key_source
from cortensor_tui.settings import (
    NODE_ROLE,
    OWNER_ROLE,
    ROLES,
    KeyRole,
    NotAccepted,
    Secret,
    SettingProblem,
    Settings,
    load_settings,
    parse_private_key,
    read_env_file,
)
from cortensor_tui.settings.env_edit import with_values
from cortensor_tui.settings.key_addresses import address_problems
from cortensor_tui.settings.password_file import read_password_file
from cortensor_tui.settings.private_file import write_private_file


class KeyMade(msgspec.Struct, frozen=True, kw_only=True):
    """A keystore that was written and decrypted again."""

    role: str
    address: str
    keystore: Path


class KeyBlanked(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed in a settings file; `left_on_lines` are the lines where the key still stands."""

    settings: dict[str, str]
    left_on_lines: tuple[int, ...]


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One role's key: where it is and how it would be unlocked. `problem` says why it could not be."""

    role: str
    address: str | None
    unlock: str
    file: Path | None = None
    password_file: Path | None = None
    problem: Problem | None = None


def import_key(
    settings_path: Path, role: KeyRole, keystore: Path | None, password_file: Path | None
) -> KeyMade:
    """Write a role's plain key from a settings file to a new keystore. The settings file is not changed."""
    key = plain_key(settings_path, role)
    path = keystore or default_keystore(settings_path, role, address_of(key))
    return _write(role, key, path, password_file)


def make_key(
    settings_path: Path, role: KeyRole, keystore: Path | None, password_file: Path | None
) -> KeyMade:
    """Write a fresh key to a new keystore."""
    key = new_key()
    path = keystore or default_keystore(settings_path, role, address_of(key))
    return _write(role, key, path, password_file)


def blank_key(settings_path: Path, role: KeyRole, made: KeyMade, password_file: Path | None) -> KeyBlanked:
    """Empty the plain key in the settings file and name the keystore there. No copy of the file is kept."""
    path = settings_path.resolve()
    key = plain_key(path, role)
    if address_of(key) != made.address:
        raise problem_error(
            "settings_not_changed",
            f"{settings_path} was left as it is",
            f"its {role.plain_key} is not the key that was imported",
            "Import it again",
        )
    changes = {role.plain_key: "", role.keystore_key: str(made.keystore.absolute())}
    if password_file is not None:
        changes[role.password_file_key] = str(password_file.absolute())
    changed = with_values(_text(path), changes, path)
    write_private_file(path, changed.encode(), may_replace=True)
    digits = key.reveal().removeprefix("0x")
    left = [number for number, line in enumerate(changed.splitlines(), 1) if digits in line.lower()]
    return KeyBlanked(settings=changes, left_on_lines=tuple(left))


def list_keys(settings_path: Path, environ: Mapping[str, str]) -> list[KeyEntry]:
    """Return each role's key. Decrypts nothing."""
    settings = load_settings(settings_path, environ)
    return [_entry(settings, role, environ) for role in ROLES]


def addresses_apart_from_keys(settings: Settings, environ: Mapping[str, str]) -> tuple[SettingProblem, ...]:
    """Return a problem for each address in the settings that is not that of its key. Decrypts nothing.

    A keystore is taken at its word; opening it checks that.
    """
    if settings.node_address is None and settings.owner_address is None:
        return ()
    return address_problems(settings, key_addresses(settings, environ))


def key_addresses(settings: Settings, environ: Mapping[str, str]) -> dict[KeyRole, str]:
    """Return the addresses of the keys that can be told without decrypting one."""
    entries = {role: _own_entry(settings, role, environ) for role in ROLES}
    return {role: entry.address for role, entry in entries.items() if entry and entry.address}


def default_keystore(settings_path: Path, role: KeyRole, address: str) -> Path:
    """Return where a keystore goes unless told otherwise: a folder beside the settings file."""
    return settings_path.absolute().parent / "keystore" / f"{role.name}-{address.lower()}.json"


def _write(role: KeyRole, key: Secret, path: Path, password_file: Path | None) -> KeyMade:
    if path.exists():
        raise problem_error(
            "file_exists", f"{path} is there already", "it is not overwritten", "Name another with --keystore"
        )
    if password_file is None:
        password = ask_new_password(path)
    else:
        password = read_password_file(password_file)
        require_good_password(password)
    return KeyMade(role=role.name, address=write_keystore(path, key, password), keystore=path)


def plain_key(settings_path: Path, role: KeyRole) -> Secret:
    """Return a role's key as it stands in a settings file. Raises `ProblemError` where there is none."""
    file = read_env_file(settings_path)
    entry = file.entries.get(role.plain_key)
    if entry is None or not (entry.value or "").strip():
        why = (
            file.problems[0].what if file.problems and not file.entries else "the setting is empty or absent"
        )
        raise problem_error(
            "no_plain_key",
            f"There is no {role.plain_key} in {settings_path}",
            why,
            "Name the settings file with --env and the key with --role",
        )
    try:
        return parse_private_key((entry.value or "").strip())
    except NotAccepted as error:
        raise problem_error(
            "bad_key",
            f"{role.plain_key} in {settings_path}, line {entry.line}, {error.what}",
            "",
            error.remedy or "Put a key of 64 hex digits there",
        ) from error


def _text(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _own_entry(settings: Settings, role: KeyRole, environ: Mapping[str, str]) -> KeyEntry | None:
    source = key_source(settings, role, environ)
    return None if source is None else _entry_of(source, settings)


def _entry(settings: Settings, role: KeyRole, environ: Mapping[str, str]) -> KeyEntry:
    own = _own_entry(settings, role, environ)
    if own is not None:
        return own
    if settings.watch_address is not None:
        address = checksum(settings.watch_address) if role is NODE_ROLE else None
        return KeyEntry(role=role.name, address=address, unlock="none: this address is only watched")
    if role is OWNER_ROLE and settings.owner_address is not None:
        address = checksum(settings.owner_address)
        return KeyEntry(role=role.name, address=address, unlock="none: the key is in an external wallet")
    node = _entry(settings, ROLES[0], environ)
    return msgspec.structs.replace(node, role=role.name, unlock=f"as the node's own key: {node.unlock}")


def _entry_of(source: KeySource, settings: Settings) -> KeyEntry:
    name, unlock = source.role.name, source.way.value
    if source.plain is not None:
        return KeyEntry(role=name, address=address_of(source.plain), unlock=unlock, file=settings.path)
    path = source.keystore
    if path is None:
        raise RuntimeError("a key that is not in plain text is in a keystore")
    found = KeyEntry(role=name, address=None, unlock=unlock, file=path, password_file=source.password_file)
    try:
        address = read_keystore(path).address
        if source.password_file is not None:
            read_password_file(source.password_file, is_credential=source.way is UnlockWay.CREDENTIAL)
    except ProblemError as error:
        return msgspec.structs.replace(found, problem=error.problem)
    return msgspec.structs.replace(found, address=address)
