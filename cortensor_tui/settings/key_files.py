"""The files that settings about keys name: whether the node will be able to use them, short of decrypting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.settings.key_rules import NODE_ROLE, ROLES, KeyRole
from cortensor_tui.settings.keystore_file import read_keystore_document
from cortensor_tui.settings.model import SettingProblem, Settings, SourceKind
from cortensor_tui.settings.password_file import credential_of, read_password_file

MOST_CHARS = 300


def key_file_problems(settings: Settings, environ: Mapping[str, str]) -> tuple[SettingProblem, ...]:
    """Return what is wrong with the keystores and password files that the settings name.

    A password file counts only where the node would read it: with a keystore, and without a credential.
    """
    found = [problem for role in ROLES for problem in _role_problems(settings, role, environ)]
    return tuple(sorted(found, key=lambda problem: (problem.line is None, problem.line or 0)))


def _role_problems(settings: Settings, role: KeyRole, environ: Mapping[str, str]) -> list[SettingProblem]:
    is_node = role is NODE_ROLE
    keystore = settings.node_keystore if is_node else settings.owner_keystore
    password_file = settings.node_password_file if is_node else settings.owner_password_file
    if keystore is None:
        return []
    problems = [_problem_with(settings, role.keystore_key, keystore, read_keystore_document)]
    if password_file is not None and credential_of(role, environ) is None:
        problems.append(_problem_with(settings, role.password_file_key, password_file, read_password_file))
    return [problem for problem in problems if problem is not None]


def _problem_with(
    settings: Settings, key: str, path: Path, read: Callable[[Path], Any]
) -> SettingProblem | None:
    try:
        read(path)
    except ProblemError as error:
        problem = error.problem
    else:
        return None
    return unusable_file(settings, key, problem)


def unusable_file(settings: Settings, key: str, problem: Problem) -> SettingProblem:
    """Say of a setting that the file which it names cannot be used, and why."""
    [value] = [value for value in settings.values if value.key == key]
    is_in_file = value.source is SourceKind.FILE
    told = ". ".join(part[:1].upper() + part[1:] for part in (problem.what, problem.why) if part)
    return SettingProblem(
        path=str(settings.path) if is_in_file else "the environment",
        line=value.line if is_in_file else None,
        key=key,
        what=f"names a file that the node cannot use. {inert(told, MOST_CHARS)}",
        remedy=inert(problem.remedy, MOST_CHARS) or None,
    )
