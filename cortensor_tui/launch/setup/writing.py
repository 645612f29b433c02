"""Writes what the set-up has gathered: keystore, then settings file, mode 0600, never over another."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.chain.signing.keystore import (
    address_of,
    decrypt,
    new_key,
    read_keystore,
    write_keystore,
)
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.launch.keys import default_keystore
from cortensor_tui.launch.passwords import require_good_password
from cortensor_tui.settings import NODE_ROLE, Secret, parse_private_key
from cortensor_tui.settings.env_file import parse_env
from cortensor_tui.settings.loading import settings_from
from cortensor_tui.settings.private_file import write_private_file
from cortensor_tui.settings.private_folder import make_private_folder
from cortensor_tui.settings.setup_draft import KeyWay, SetUp, SetupDraft, env_text, env_values


def write_setup(settings_path: Path, draft: SetupDraft) -> SetUp:
    """Write keystore and settings. Takes a second. Raises `ProblemError`, and then no settings are written.

    A keystore that was written stays in its place: a key is never deleted here.
    """
    path = settings_path.expanduser().absolute()
    require_absent(path)
    has_own_key = not draft.is_watching and draft.key_way is not KeyWay.EXISTING
    key = _key(draft) if has_own_key else None
    keystore = _keystore(path, draft, key)
    text = env_text(env_values(draft, keystore))
    settings_from(path, parse_env(text, path), {})
    make_private_folder(path.parent)
    if key is not None and keystore is not None:
        keep_key(keystore, key, draft.password)
    write_private_file(path, text.encode(), may_replace=False)
    return SetUp(
        settings_path=path,
        password=None if keystore is None else draft.password,
        keystore=None if key is None else keystore,
    )


def keep_key(path: Path, key: Secret, password: Secret) -> None:
    """Write a keystore, unless it is there already from a try that did not come to its end.

    Raises `ProblemError`, also where the keystore that is there is not opened by this password.
    """
    require_good_password(password.reveal())
    if not path.exists():
        write_keystore(path, key, password.reveal())
    elif decrypt(read_keystore(path), password.reveal()) != key:
        raise problem_error(
            "file_exists",
            f"{path} is there already",
            "it holds another key and is not overwritten",
            "Move it to another place",
        )


def require_absent(path: Path) -> None:
    """Raise `ProblemError` "file_exists" where a settings file is already."""
    if path.exists():
        raise problem_error(
            "file_exists", f"{path} is there already", "it is not overwritten", "Name another settings file"
        )


def _keystore(path: Path, draft: SetupDraft, key: Secret | None) -> Path | None:
    """Return where the key is or will be, None for a node that has none."""
    if draft.is_watching:
        return None
    if key is None:
        return Path(draft.keystore.strip()).expanduser().absolute()
    return default_keystore(path, NODE_ROLE, address_of(key))


def _key(draft: SetupDraft) -> Secret:
    if draft.key_way is KeyWay.IMPORTED:
        return parse_private_key(draft.private_key.reveal().strip())
    return new_key()
