"""A settings file that exists already: what is understood of it, line by line, and taking it over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cortensor_tui.chain.signing.keystore import address_of
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.launch.keys import KeyMade, blank_key, default_keystore, plain_key
from cortensor_tui.launch.setup.writing import keep_key, require_absent
from cortensor_tui.settings import (
    NODE_ROLE,
    RPC_HOST_SPECS,
    Secret,
    SettingNote,
    SettingProblem,
    Settings,
    SettingsError,
)
from cortensor_tui.settings.cortensord import is_known_unused
from cortensor_tui.settings.env_edit import with_values
from cortensor_tui.settings.env_file import EnvFile, printable_key, read_env_file
from cortensor_tui.settings.loading import PATH_FIELDS, settings_from
from cortensor_tui.settings.private_file import write_private_file
from cortensor_tui.settings.private_folder import make_private_folder
from cortensor_tui.settings.setup_draft import KeyTreatment, SetUp, Understood, UnderstoodLine

MOST_FILES = 12
_DEDICATED, _WATCHED = "ENABLE_DEDICATED_NODE", "CORTENSOR_TUI_WATCH_ADDRESS"
_PLACES = ("~/.cortensor", "/root/.cortensor", "/etc/cortensor", "~", ".")


def likely_files() -> tuple[Path, ...]:
    """Return settings files where cortensord and this program have them, each once."""
    found: dict[Path, None] = {}
    for place in _PLACES:
        for path in _env_files(Path(place).expanduser()):
            found.setdefault(path.resolve())
    return tuple(found)[:MOST_FILES]


def _env_files(folder: Path) -> Iterator[Path]:
    try:
        for path in sorted(folder.glob(".env*")):
            if path.is_file() and not path.name.endswith((".example", ".part")):
                yield path
    except OSError:
        return  # a folder that this user may not look into has nothing to offer


def understand(path: Path, environ: Mapping[str, str]) -> Understood:
    """Return what the node would make of each line. Raises `ProblemError` when it cannot be read."""
    path = path.expanduser().absolute()
    file = _read(path)
    problems: tuple[SettingProblem, ...] = ()
    try:
        settings = settings_from(path, file, environ)
        values, notes = settings.values, settings.notes
    except SettingsError as error:
        problems, values, notes = error.problems, error.values, error.notes
    shown = {value.key: value.shown for value in values}
    bad = [_bad_line(one) for one in problems]
    told = {problem.key for problem in problems}
    good = [_line(key, file, shown) for key in file.entries if key not in told]
    odd = [_odd_line(note) for note in notes if note.key is None]
    entry = file.entries.get(NODE_ROLE.plain_key)
    return Understood(
        path=path,
        lines=tuple(sorted((*bad, *good, *odd), key=lambda one: one.line or 0)),
        is_usable=not problems,
        has_plain_key=bool(entry and (entry.value or "").strip()),
    )


def _read(path: Path) -> EnvFile:
    if not path.exists():
        raise problem_error(
            "no_file",
            f"There is no file {path}",
            "",
            "Check the path; the right arrow completes one as you type",
        )
    file = read_env_file(path)
    if file.problems and not file.entries:
        problem = file.problems[0]
        raise problem_error("settings", f"{path}: {problem.what}", "", problem.remedy or "Name another file")
    return file


def _bad_line(problem: SettingProblem) -> UnderstoodLine:
    found = "" if problem.found is None else f": {problem.found}"
    accepted = "" if problem.accepted is None else f". Accepted: {problem.accepted}"
    says = inert(f"{problem.what}{found}{accepted}", 300)
    name = printable_key(problem.key) if problem.key else None
    return UnderstoodLine(line=problem.line, name=name or "(no setting)", says=says, is_good=False)


def _odd_line(note: SettingNote) -> UnderstoodLine:
    name = "(the file)" if note.line is None else "(no setting)"
    return UnderstoodLine(line=note.line, name=name, says=inert(note.text, 300), is_good=None)


def _line(key: str, file: EnvFile, shown: Mapping[str, str]) -> UnderstoodLine:
    line, name = file.entries[key].line, printable_key(key) or "(no name)"
    is_watching = shown.get(_WATCHED, "").startswith("0x")
    if key == _DEDICATED and shown.get(key) == "0" and not is_watching:
        says = "0: this program runs dedicated nodes only, so the node would be BLOCKED; set it to 1"
        return UnderstoodLine(line=line, name=name, says=says, is_good=None, is_doubtful=True)
    if key in shown:
        return UnderstoodLine(line=line, name=name, says=inert(shown[key], 300), is_good=True)
    if any(spec.key == key for spec in RPC_HOST_SPECS):
        says = "one more endpoint, not switched on"
    elif is_known_unused(key):
        says = "a part of cortensord that is not here; kept"
    else:
        says = "not known here; kept"
    return UnderstoodLine(line=line, name=name, says=says, is_good=None)


def take_over(
    source: Path, target: Path, treatment: KeyTreatment, password: Secret, environ: Mapping[str, str]
) -> SetUp:
    """Use a settings file from now on: copied to `target`, unless it is there already; its key encrypted.

    Takes a second. Raises `ProblemError`; the file itself is only changed to empty its key.
    """
    source, target = source.expanduser().absolute(), target.expanduser().absolute()
    is_here = source.resolve() == target.resolve()
    if not is_here:
        require_absent(target)
    settings = settings_from(source, read_env_file(source), environ)
    text = source.read_bytes().decode()
    values = _absolute_paths(settings)
    made = None
    if treatment is not KeyTreatment.KEEP:
        made = _encrypt(source, target, password)
        values |= {NODE_ROLE.plain_key: "", NODE_ROLE.keystore_key: str(made.keystore)}
    if not is_here:
        make_private_folder(target.parent)
        write_private_file(target, with_values(text, values, target).encode(), may_replace=False)
    if made is not None and (is_here or treatment is KeyTreatment.ENCRYPT_AND_BLANK):
        blank_key(source, NODE_ROLE, made, None)
    if made is None:
        return SetUp(settings_path=target)
    return SetUp(settings_path=target, password=password, keystore=made.keystore)


def _absolute_paths(settings: Settings) -> dict[str, str]:
    """Return the paths that are counted from the file's folder as what they are from anywhere."""
    set_here = {value.key for value in settings.values if value.line is not None}
    return {key: str(getattr(settings, field)) for key, field in PATH_FIELDS.items() if key in set_here}


def _encrypt(source: Path, target: Path, password: Secret) -> KeyMade:
    key = plain_key(source, NODE_ROLE)
    path = default_keystore(target, NODE_ROLE, address_of(key))
    keep_key(path, key, password)
    return KeyMade(role=NODE_ROLE.name, address=address_of(key), keystore=path)
