"""From settings to unlocked keys: the plain key, or a keystore and the first password that is to be had."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cortensor_tui.chain.signing.keystore import Keystore, decrypt, read_keystore
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.node.key_source import Ask, KeySource, UnlockWay, key_source
from cortensor_tui.settings import NODE_ROLE, OWNER_ROLE, KeyRole, Secret, Settings
from cortensor_tui.settings.password_file import read_password_file

TRIES = 3


class UnlockedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Both roles' keys; `owner` is None where the owner has none of its own. The ways are for people."""

    node: Secret
    owner: Secret | None
    node_way: UnlockWay = UnlockWay.PLAIN
    owner_way: UnlockWay = UnlockWay.PLAIN


def unlock_keys(settings: Settings, environ: Mapping[str, str], ask: Ask | None) -> UnlockedKeys:
    """Return both keys. `ask` is None where nobody can be asked. Blocks, half a second a keystore.

    Raises `ProblemError`: "password_needed", "wrong_password", "bad_keystore", or why a file is refused.
    """
    node = key_source(settings, NODE_ROLE, environ)
    if node is None:
        raise RuntimeError("the settings were not checked: there is no node key")
    owner = key_source(settings, OWNER_ROLE, environ)
    return UnlockedKeys(
        node=_unlock(node, ask),
        owner=None if owner is None else _unlock(owner, ask),
        node_way=node.way,
        owner_way=node.way if owner is None else owner.way,
    )


def right_password(role: KeyRole, path: Path, ask: Ask) -> str:
    """Ask for the password that opens a role's keystore. Raises and blocks as `unlock_keys` does."""
    return _ask_until_right(role, read_keystore(path), ask)[0]


def _unlock(source: KeySource, ask: Ask | None) -> Secret:
    if source.plain is not None:
        return source.plain
    if source.keystore is None:
        raise RuntimeError("a key that is not in plain text is in a keystore")
    keystore = read_keystore(source.keystore)
    if source.password_file is not None:
        is_credential = source.way is UnlockWay.CREDENTIAL
        return decrypt(keystore, read_password_file(source.password_file, is_credential=is_credential))
    if ask is None:
        raise _password_needed(source.role, source.keystore)
    return _ask_until_right(source.role, keystore, ask)[1]


def _ask_until_right(role: KeyRole, keystore: Keystore, ask: Ask) -> tuple[str, Secret]:
    for _ in range(TRIES - 1):
        password = ask(role, keystore.path)
        try:
            return password, decrypt(keystore, password)
        except ProblemError as error:
            if error.problem.code != "wrong_password":
                raise
    password = ask(role, keystore.path)
    return password, decrypt(keystore, password)


def _password_needed(role: KeyRole, path: Path) -> ProblemError:
    return problem_error(
        "password_needed",
        f"The keystore {path} needs its password, and nobody can be asked here",
        "the node was started without a terminal",
        f"Set {role.password_file_key} to a file of mode 0600, give the systemd credential "
        f"{role.credential}, or start the node in a terminal",
    )
