"""From a settings file and the environment to `Settings`, with every problem found at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.domain.inert import inert
from cortensor_tui.settings.cortensord import is_known_unused
from cortensor_tui.settings.engine_rules import engine_notes, engine_problems
from cortensor_tui.settings.env_file import Entry, EnvFile, printable_key, read_env_file
from cortensor_tui.settings.key_rules import key_notes, key_problems
from cortensor_tui.settings.kinds import mask_url
from cortensor_tui.settings.model import (
    SettingNote,
    SettingProblem,
    Settings,
    SettingsError,
    SettingValue,
    SourceKind,
)
from cortensor_tui.settings.parsers import NotAccepted
from cortensor_tui.settings.spec import OUR_PREFIX, REQUIRED, SECRET_ENDINGS, Spec
from cortensor_tui.settings.table import PROCESS_VARIABLES, RPC_HOST_SPECS, SPECS

DEFAULT_SETTINGS_PATH = Path("~/.cortensor/.env")
_MAX_FOUND = 80
_MAX_SHOWN = 1000
_LIKE_A_KEY = re.compile(r"[0-9a-fA-F]{41,}")  # longer than an address
PATH_FIELDS = {
    f"{OUR_PREFIX}{name}": name.lower()
    for name in (
        "MODEL_PATH",
        "ENGINE_TOKEN_FILE",
        "MODELS_DIR",
        "DATA_DIR",
        "DASHBOARD_DIR",
        "NODE_KEYSTORE",
        "NODE_PASSWORD_FILE",
        "OWNER_KEYSTORE",
        "OWNER_PASSWORD_FILE",
    )
}
_INGREDIENTS = ("primary_rpc_url", "multiple_rpc_enabled", "rpc_host_count")


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings of one node. Raises `SettingsError` with everything that is wrong.

    The file decides the network's own keys; for CORTENSOR_TUI_* the environment overrides it.
    """
    path = path.expanduser()
    return settings_from(path, read_env_file(path), environ)


def settings_from(path: Path, file: EnvFile, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a file that was read or is still to be written. Raises `SettingsError`."""
    reading = _Reading(path, file, environ)
    if not file.entries and file.problems:
        raise SettingsError(path, file.problems, ())
    fields = {spec.field: reading.read(spec) for spec in SPECS}
    fields["rpc_urls"] = _rpc_urls(reading, fields)
    reading.notes.extend(_unknown_keys(file, environ))
    reading.notes.extend(_permissions(path, file))
    reading.problems[:] = key_problems(path, file, fields, reading.problems)
    reading.problems.extend(engine_problems(path, file, fields))
    reading.notes.extend(key_notes(path, file, fields))
    reading.notes.extend(engine_notes(file, fields))
    if reading.problems:
        problems = sorted(reading.problems, key=lambda problem: (problem.line is None, problem.line or 0))
        raise SettingsError(path, tuple(problems), reading.sorted_notes(), tuple(reading.values))
    for name in _INGREDIENTS:
        del fields[name]
    _place_paths(path, fields, reading)
    return Settings(
        path=path,
        values=tuple(reading.values),
        typed=reading.typed,
        notes=reading.sorted_notes(),
        **fields,
    )


class _Reading:
    """One pass over the table: values as they are shown, notes and problems gather here."""

    def __init__(self, path: Path, file: EnvFile, environ: Mapping[str, str]) -> None:
        self._path = path
        self._entries = file.entries
        self._environ = environ
        self.problems: list[SettingProblem] = list(file.problems)
        self.notes: list[SettingNote] = list(file.notes)
        self.values: list[SettingValue] = []
        self.typed: dict[str, Any] = {}

    def read(self, spec: Spec) -> Any:
        """Return the typed value, the default where there is none or where it is wrong."""
        source, entry = self._find(spec)
        if entry is None:
            return self._default(spec)
        try:
            if entry.value is None:
                raise NotAccepted("has no = after it")
            text = entry.value if spec.takes_empty else entry.value.strip()
            value = spec.kind.parse(text)
        except NotAccepted as error:
            self.problems.append(self._problem(spec, source, entry, error))
            return None if spec.default is REQUIRED else spec.default
        self.typed[spec.key] = value
        self._show(spec, value, source, entry.line if source is SourceKind.FILE else None)
        return value

    def sorted_notes(self) -> tuple[SettingNote, ...]:
        """Return the notes in the order of the file."""
        return tuple(sorted(self.notes, key=lambda note: note.line or 0))

    def show_again(self, key: str, shown: str) -> None:
        """Replace what is shown for a value that was completed after reading."""
        self.values = [
            msgspec.structs.replace(value, shown=shown) if value.key == key else value
            for value in self.values
        ]

    def _find(self, spec: Spec) -> tuple[SourceKind, Entry | None]:
        if spec.is_ours and (text := self._environ.get(spec.key)):
            return SourceKind.ENVIRONMENT, Entry(text, 0)
        entry = self._entries.get(spec.key)
        is_unset = entry is not None and entry.value is not None and not entry.value.strip()
        if entry is None or (is_unset and not spec.takes_empty):
            return SourceKind.DEFAULT, None
        return SourceKind.FILE, entry

    def _default(self, spec: Spec) -> Any:
        if spec.default is REQUIRED:
            entry = self._entries.get(spec.key)
            problem = SettingProblem(
                path=str(self._path),
                line=entry.line if entry else None,
                key=spec.key,
                what="is empty" if entry else "is not set",
                accepted=spec.kind.accepted,
            )
            self.problems.append(problem)
            return None
        self.typed[spec.key] = spec.default
        self.values.append(SettingValue(key=spec.key, shown=spec.default_text(), source=SourceKind.DEFAULT))
        return spec.default

    def _show(self, spec: Spec, value: Any, source: SourceKind, line: int | None) -> None:
        shown = inert(spec.kind.shown(value), _MAX_SHOWN) or "empty"
        self.values.append(SettingValue(key=spec.key, shown=shown, source=source, line=line))

    def _problem(self, spec: Spec, source: SourceKind, entry: Entry, error: NotAccepted) -> SettingProblem:
        in_file = source is SourceKind.FILE
        return SettingProblem(
            path=str(self._path) if in_file else "the environment",
            line=entry.line if in_file else None,
            key=spec.key,
            what=error.what,
            found=None if entry.value is None else found_words(spec, entry.value),
            accepted=spec.kind.accepted,
            remedy=error.remedy,
        )


def found_words(spec: Spec, text: str) -> str:
    """Return what was found, fit to be printed: never a secret, or what may be one put in the wrong place."""
    if spec.is_secret or _LIKE_A_KEY.search(text):
        digits = len(text.strip())
        return "zeros" if set(text.strip()) <= set("0xX") else f"{digits} characters (hidden)"
    if "://" in text:
        return inert(mask_url(text.strip()), _MAX_FOUND)
    return inert(text, _MAX_FOUND)


def _rpc_urls(reading: _Reading, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return HOST, then the further endpoints if they are switched on, each once."""
    urls = [fields["primary_rpc_url"]]
    if fields["multiple_rpc_enabled"]:
        for spec in RPC_HOST_SPECS[: fields["rpc_host_count"]]:
            url = reading.read(spec)
            if url is None and not any(problem.key == spec.key for problem in reading.problems):
                text = f"{spec.key} is empty, so there is one endpoint less than NUM_RPC_HOST says"
                reading.notes.append(SettingNote(key=spec.key, text=text))
            urls.append(url)
    return tuple(dict.fromkeys(url for url in urls if url is not None))


def _place_paths(path: Path, fields: dict[str, Any], reading: _Reading) -> None:
    """Complete the paths: relative ones count from the settings file; the data folder has a default."""
    import platformdirs

    folder = path.absolute().parent
    for key, field in PATH_FIELDS.items():
        if fields[field] is not None:
            fields[field] = folder / fields[field]
            reading.show_again(key, inert(str(fields[field]), _MAX_SHOWN))
    if fields["data_dir"] is None:
        fields["data_dir"] = platformdirs.user_data_path("cortensor-tui")
        reading.show_again(f"{OUR_PREFIX}DATA_DIR", inert(str(fields["data_dir"]), _MAX_SHOWN))
    if fields["models_dir"] is None:
        fields["models_dir"] = fields["data_dir"] / "models"


def _unknown_keys(file: EnvFile, environ: Mapping[str, str]) -> list[SettingNote]:
    known = {spec.key for spec in (*SPECS, *RPC_HOST_SPECS)}
    process_only = {key for key, _, _ in PROCESS_VARIABLES}
    notes = []
    for key, entry in file.entries.items():
        if key in process_only:
            text = f"{key} is read from the process environment only, so this line does nothing"
            notes.append(SettingNote(key=key, line=entry.line, text=text))
        elif key not in known and not is_known_unused(key):
            notes.append(_unknown_note(key, entry.line))
    for key in environ:
        if key.startswith(OUR_PREFIX) and key not in known | process_only:
            notes.append(_unknown_note(key, None))
    return notes


def closest_name(name: str) -> str | None:
    """Return the known setting that a name was probably meant to be, None where none is near."""
    import difflib  # late: a file without unknown keys does not need it

    known = sorted(spec.key for spec in (*SPECS, *RPC_HOST_SPECS))
    near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.84)
    return near[0] if near else None


def _unknown_note(key: str, line: int | None) -> SettingNote:
    name = printable_key(key)
    if name is None:
        return SettingNote(line=line, text="a key that does not look like a name is ignored")
    near = closest_name(name)
    place = "" if line else " of the environment"
    guess = f"; perhaps {near} was meant" if near else ""
    return SettingNote(key=name, line=line, text=f"{name}{place} is not known here and is ignored{guess}")


def _permissions(path: Path, file: EnvFile) -> list[SettingNote]:
    held = [key for key, entry in file.entries.items() if key.endswith(SECRET_ENDINGS) and entry.value]
    if not (held and file.is_open_to_others):
        return []
    what = "private key" if any(key.endswith("_PRIVATE_KEY") for key in held) else "access token"
    text = f"other users of this machine can read the {what} in this file; run: chmod 600 {path}"
    return [SettingNote(text=text)]
