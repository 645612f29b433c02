"""Passwords of keystores: asked for on the terminal, or handed on to a node that has none."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.key_source import Ask, UnlockWay, key_source
from cortensor_tui.settings import ROLES, KeyRole, Secret, Settings

LEAST_PASSWORD_CHARS = 8
MOST_LINE_CHARS = 64 * 1024


def can_ask() -> bool:
    """Tell whether a person is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def asked_on_terminal() -> Ask:
    """Return answers that a person types, which are not shown. Whoever is asked again is told why."""
    asked: set[str] = set()

    def answer(role: KeyRole, path: Path) -> str:
        again = "That password is wrong. " if role.name in asked else ""
        asked.add(role.name)
        return _ask(f"{again}Password of the {role.name}'s keystore {path}: ")

    return answer


def ask_for_detached(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, Secret]:
    """Ask for what a node without a terminal could not ask for; by role, empty when it needs nothing.

    A wrong one is asked for again here, where it can be. Raises `ProblemError` as `unlock_keys` does.
    """
    passwords = {}
    ask = asked_on_terminal()
    for role in ROLES:
        source = key_source(settings, role, environ)
        if source is not None and source.way is UnlockWay.PROMPT and source.keystore is not None:
            from cortensor_tui.node.unlock import right_password  # half a second, for this alone

            passwords[role.name] = Secret(right_password(role, source.keystore, ask))
    return passwords


def passwords_line(passwords: Mapping[str, Secret]) -> bytes:
    """Return the one line that `passwords_from` reads."""
    return json.dumps({name: secret.reveal() for name, secret in passwords.items()}).encode() + b"\n"


def passwords_from(stream: TextIO) -> Ask:
    """Return answers from one line of JSON, passwords by role: what a starter writes to a node's stdin."""
    try:
        found = json.loads(stream.readline(MOST_LINE_CHARS))
    except ValueError:
        found = None
    passwords = found if isinstance(found, dict) else {}

    def answer(role: KeyRole, path: Path) -> str:
        password = passwords.pop(role.name, None)  # a second try with the same one would fail like the first
        if isinstance(password, str):
            return password
        raise problem_error(
            "wrong_password",
            f"The node was not given the right password of {path}",
            "",
            f"Start it again, or set {role.password_file_key}",
        )

    return answer


def ask_new_password(path: Path) -> str:
    """Ask for a new keystore's password twice. Raises `ProblemError` "bad_password"."""
    if not can_ask():
        raise problem_error(
            "password_needed",
            "The new keystore needs a password, and nobody can be asked here",
            "there is no terminal",
            "Give --password-file FILE, a file of mode 0600",
        )
    password = _ask(f"New password for {path}: ")
    require_good_password(password)
    if _ask("The same again: ") != password:
        raise problem_error("bad_password", "The two passwords differ", remedy="Try again")
    return password


def require_good_password(password: str) -> None:
    """Raise `ProblemError` "bad_password" for one that is too short to keep a key."""
    if len(password) < LEAST_PASSWORD_CHARS:
        raise problem_error(
            "bad_password",
            "The password is too short to keep a key",
            f"it has less than {LEAST_PASSWORD_CHARS} characters",
            "Choose a longer one",
        )


def _ask(text: str) -> str:
    try:
        return getpass.getpass(inert(text), stream=sys.stderr)
    except EOFError as error:
        raise problem_error("password_needed", "No password was given") from error
