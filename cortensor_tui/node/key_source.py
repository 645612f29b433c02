"""Where a key is and how it would be unlocked. Needs no cryptography, whose import takes half a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from cortensor_tui.settings import NODE_ROLE, ROLES, KeyRole, Secret, Settings
from cortensor_tui.settings.password_file import credential_of

# Asks a person for the password of a role's keystore; asked for the same role again, the last one was wrong.
Ask = Callable[[KeyRole, Path], str]


class UnlockWay(StrEnum):
    """How a key becomes usable; the value is for people."""

    PLAIN = "plain text in the settings"
    CREDENTIAL = "systemd credential"
    PASSWORD_FILE = "password file"  # noqa: S105 - words, no password
    PROMPT = "prompt"


class KeySource(msgspec.Struct, frozen=True, kw_only=True):
    """Where one role's key is and how it would be unlocked."""

    role: KeyRole
    way: UnlockWay
    plain: Secret | None = None
    keystore: Path | None = None
    password_file: Path | None = None


def needs_person(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Tell whether a key's password has to be asked for."""
    sources = (key_source(settings, role, environ) for role in ROLES)
    return any(source is not None and source.way is UnlockWay.PROMPT for source in sources)


def key_source(settings: Settings, role: KeyRole, environ: Mapping[str, str]) -> KeySource | None:
    """Return where a role's key comes from, None where it has none of its own."""
    is_node = role is NODE_ROLE
    plain = settings.node_private_key if is_node else settings.owner_private_key
    keystore = settings.node_keystore if is_node else settings.owner_keystore
    if plain is not None:
        return KeySource(role=role, way=UnlockWay.PLAIN, plain=plain)
    if keystore is None:
        return None
    credential = credential_of(role, environ)
    if credential is not None:
        return KeySource(role=role, way=UnlockWay.CREDENTIAL, keystore=keystore, password_file=credential)
    password_file = settings.node_password_file if is_node else settings.owner_password_file
    way = UnlockWay.PROMPT if password_file is None else UnlockWay.PASSWORD_FILE
    return KeySource(role=role, way=way, keystore=keystore, password_file=password_file)
