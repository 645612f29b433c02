"""Writes what the set-up has gathered: keystore, then settings file, mode 0600, never over another."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.chain.signing.keystore import address_of, new_key, write_keystore
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
    is_existing = draft.key_way is KeyWay.EXISTING
    key = None if is_existing else _key(draft)
    keystore = (
        Path(draft.keystore.strip()).expanduser().absolute()
        if key is None
        else default_keystore(path, NODE_ROLE, address_of(key))
    )
    text = env_text(env_values(draft, keystore))
    settings_from(path, parse_env(text, path), {})
    make_private_folder(path.parent)
    if key is not None:
        password = draft.password.reveal()
        require_good_password(password)
        write_keystore(keystore, key, password)
    write_private_file(path, text.encode(), may_replace=False)
    return SetUp(settings_path=path, password=draft.password, keystore=None if key is None else keystore)


def require_absent(path: Path) -> None:
    """Raise `ProblemError` "file_exists" where a settings file is already."""
    if path.exists():
        raise problem_error(
            "file_exists", f"{path} is there already", "it is not overwritten", "Name another settings file"
        )


def _key(draft: SetupDraft) -> Secret:
    if draft.key_way is KeyWay.IMPORTED:
        return parse_private_key(draft.private_key.reveal().strip())
    return new_key()
