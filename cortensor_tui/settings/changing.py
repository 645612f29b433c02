"""Changing one setting in its file: checked like the whole file, shown, then written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.settings.env_edit import line_of, with_values, without_value
from cortensor_tui.settings.env_file import parse_env, read_env_file
from cortensor_tui.settings.kinds import mask_url
from cortensor_tui.settings.loading import closest_name, found_words, settings_from
from cortensor_tui.settings.model import SettingProblem, Settings, SettingsError
from cortensor_tui.settings.parsers import NotAccepted
from cortensor_tui.settings.private_file import write_private_file
from cortensor_tui.settings.spec import REQUIRED, Spec, TakesEffect
from cortensor_tui.settings.table import RPC_HOST_SPECS, SPECS

MOST_LINE_CHARS: Final = 2000
_LIKE_A_KEY = re.compile(r"[0-9a-fA-F]{41,}")
_URL = re.compile(r"(?:https?|wss?)://[^\s'\"]+")


class PlannedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was checked and is not written yet.

    `line_before` and `line_after` are fit to be shown, "" where there is none; `line` is the number of the
    line that changes or comes. `settings` are what the file says after it.
    """

    spec: Spec
    path: Path
    text: str
    fingerprint: str
    line: int | None
    line_before: str
    line_after: str
    settings: Settings

    @property
    def is_change(self) -> bool:
        """Tell whether the file would differ."""
        return self.fingerprint != fingerprint_of(self.text.encode())


def setting_named(name: str) -> Spec:
    """Return the setting of that name, in any case. Raises `ProblemError` "unknown_setting"."""
    wanted = name.strip().upper()
    for spec in (*SPECS, *RPC_HOST_SPECS):
        if spec.key == wanted:
            return spec
    shown = inert(name.strip(), 64) or "nothing"
    near = closest_name(wanted)
    raise problem_error(
        "unknown_setting",
        f"There is no setting {shown}",
        f"perhaps {near} was meant" if near else "",
        "See all of them with: cortensor-tui config list",
    )


def fingerprint_of(content: bytes) -> str:
    """Return what tells one content of a file from another."""
    return hashlib.sha256(content).hexdigest()[:32]


def plan_change(path: Path, environ: Mapping[str, str], name: str, value: str | None) -> PlannedChange:
    """Return what setting a value, or None for the default, would do. Writes nothing.

    Raises `ProblemError`: "unknown_setting", "key_setting" for key material, "setting_from_environment",
    "setting_refused" for what the node could not use, "settings_read_only", "settings_unreadable".
    """
    spec = setting_named(name)
    path = path.expanduser().resolve()
    _require_changeable(spec, environ)
    before = _text(path)
    _require_writable(path)
    after = _changed_text(before, spec, value, path)
    settings = _checked(path, spec, before, after, environ)
    new_line = line_of(after, spec.key)
    old_line = line_of(before, spec.key)
    place = new_line or old_line
    return PlannedChange(
        spec=spec,
        path=path,
        text=after,
        fingerprint=fingerprint_of(before.encode()),
        line=None if place is None else place.number,
        line_before="" if old_line is None else _shown_line(old_line.text),
        line_after="" if new_line is None else _shown_line(new_line.text),
        settings=settings,
    )


def write_change(planned: PlannedChange, fingerprint: str = "") -> None:
    """Write a planned change; the file keeps its mode.

    `fingerprint` is that of the file as a person saw it in the preview, "" where nobody did. Raises
    `ProblemError` "settings_changed" when the file is another by now, and what writing it raises.
    """
    is_same = fingerprint_of(_text(planned.path).encode()) == planned.fingerprint
    if not is_same or (fingerprint and fingerprint != planned.fingerprint):
        raise problem_error(
            "settings_changed",
            f"{planned.path} was changed meanwhile and is left as it is",
            "somebody else wrote to it after it was read here",
            "Look at the change again, then write it",
        )
    if planned.is_change:
        mode = stat.S_IMODE(planned.path.stat().st_mode)
        write_private_file(planned.path, planned.text.encode(), may_replace=True, mode=mode)


def _require_changeable(spec: Spec, environ: Mapping[str, str]) -> None:
    if spec.takes_effect is TakesEffect.BY_KEYS:
        raise problem_error(
            "key_setting",
            f"{spec.key} is not changed here",
            "it says where a key is, and a wrong one would keep the node from starting",
            "Make a keystore with: cortensor-tui keys import (or keys new), set it in the file by hand, and "
            "start the node again",
        )
    if spec.takes_effect is TakesEffect.BY_HAND:
        raise problem_error(
            "secret_setting",
            f"{spec.key} is not changed here",
            "it is a secret, which would stand in the shell's history or on the screen",
            "Set it in the file by hand, and start the node again",
        )
    if spec.is_ours and environ.get(spec.key):
        raise problem_error(
            "setting_from_environment",
            f"{spec.key} comes from the node's environment",
            "the environment goes before the file, so a change of the file would do nothing",
            f"Take {spec.key} out of what starts the node (its service file or shell), then start it again",
        )


def _require_writable(path: Path) -> None:
    found = path.stat()
    why = ""
    if not found.st_mode & 0o222 or not os.access(path, os.W_OK):
        why = "it is read-only"
    elif not os.access(path.parent, os.W_OK):
        why = f"its folder {path.parent} is read-only, so it cannot be replaced whole"
    elif found.st_uid != os.geteuid():
        why = "it belongs to another user, and replacing it would change that"
    if why:
        raise problem_error(
            "settings_read_only",
            f"{path} cannot be written",
            why,
            f"Run: chmod u+w {path}, as the user who owns it, or edit it where it is made",
        )


def _text(path: Path) -> str:
    file = read_env_file(path)
    if file.problems and not file.entries:
        problem = file.problems[0]
        raise problem_error("settings_unreadable", f"{path}: {problem.what}", "", problem.remedy or "")
    with path.open(encoding="utf-8", newline="") as stream:
        return stream.read()


def _changed_text(before: str, spec: Spec, value: str | None, path: Path) -> str:
    entry = parse_env(before, path).entries.get(spec.key)
    if value is None or (not value.strip() and not spec.takes_empty):
        if entry is None:
            return before
        if spec.takes_empty:  # an empty one would be a value of its own
            return without_value(before, spec.key, path)
        return with_values(before, {spec.key: ""}, path)
    text = value if spec.takes_empty else value.strip()
    try:
        spec.kind.parse(text)
    except NotAccepted as error:
        raise problem_error(
            "setting_refused",
            f"{spec.key} {error.what}",
            f"found {found_words(spec, text)!r}, accepted is {spec.kind.accepted}",
            error.remedy or "Give another value",
        ) from error
    return with_values(before, {spec.key: text}, path)


def _checked(path: Path, spec: Spec, before: str, after: str, environ: Mapping[str, str]) -> Settings:
    """Return what the changed file says. Raises "setting_refused" with what the change made wrong."""
    try:
        return settings_from(path, parse_env(after, path), environ)
    except SettingsError as error:
        known = _problem_words(path, before, environ)
        new = [one for one in error.problems if (one.key, one.what) not in known]
        told = new or list(error.problems)
        raise ProblemError(_refusal(spec, told, is_older=not new)) from error


def _problem_words(path: Path, text: str, environ: Mapping[str, str]) -> set[tuple[str | None, str]]:
    try:
        settings_from(path, parse_env(text, path), environ)
    except SettingsError as error:
        return {(one.key, one.what) for one in error.problems}
    return set()


def _refusal(spec: Spec, problems: list[SettingProblem], *, is_older: bool) -> Problem:
    is_missing = spec.default is REQUIRED and any(one.key == spec.key for one in problems)
    what = f"{spec.key} must be set" if is_missing else f"{spec.key} cannot be changed to this"
    if is_older:
        what = f"{spec.key} was not changed, since the settings file has other faults"
    why = " ".join(one.sentence() for one in problems)
    return Problem(
        code="setting_refused", what=what, why=why, remedy="Correct that first; cortensor-tui config check"
    )


def _shown_line(text: str) -> str:
    """Return a line of the file fit to be shown: tokens of endpoints and what may be a key are masked."""
    masked = _URL.sub(lambda found: mask_url(found[0]), _LIKE_A_KEY.sub("(hidden)", text))
    return inert(masked, MOST_LINE_CHARS)
