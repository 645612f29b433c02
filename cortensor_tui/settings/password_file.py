"""Passwords of keystores in files: the one that a setting names, or a credential of systemd."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings.key_rules import KeyRole
from cortensor_tui.settings.private_file import read_private_file

MOST_PASSWORD_BYTES = 4096


def read_password_file(path: Path, *, is_credential: bool = False) -> str:
    """Return the password in a file, without one line feed at its end."""
    raw = read_private_file(path, "The password file", MOST_PASSWORD_BYTES, is_credential=is_credential)
    try:
        password = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise problem_error(
            "bad_password", f"The password in {path} is no text", "it is not UTF-8", "Save it as UTF-8"
        ) from error
    if not password:
        raise problem_error(
            "bad_password", f"The password file {path} is empty", "", "Put the password there"
        )
    return password


def credential_of(role: KeyRole, environ: Mapping[str, str]) -> Path | None:
    """Return the systemd credential with a role's password, None where there is none."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    path = Path(folder) / role.credential
    return path if os.path.lexists(path) else None
